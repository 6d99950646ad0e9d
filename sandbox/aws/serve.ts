import type { IncomingMessage, ServerResponse } from "node:http";

import { fromInternet } from "./callOrigin";
import { AwsError } from "./errors";
import type { ModelGuard } from "./modelGuard";
import { errorAnswer, parseRequest, withRequestId, type AwsRequest, type AwsResponse } from "./protocol";

/** The services behind the front. They answer with an error, or throw it. */
export type Answer = (request: AwsRequest) => Promise<AwsResponse>;

/** Answers one call over HTTP. */
export async function serve(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    answer: Answer,
    guard: ModelGuard,
): Promise<void> {
    const { status, contentType, headers, body } = withRequestId(await responseTo(incoming, answer, guard));
    outgoing.writeHead(status, { "content-type": contentType, ...headers });
    outgoing.end(body);
}

/** Whatever fails, the guard too, becomes an answer. */
async function responseTo(incoming: IncomingMessage, answer: Answer, guard: ModelGuard): Promise<AwsResponse> {
    let request: AwsRequest | undefined;
    try {
        const { method = "GET", url = "/" } = incoming;
        const parsed = parseRequest(method, url, singleHeaders(incoming), await bodyOf(incoming));
        request = { ...parsed, origin: fromInternet(incoming.socket.remoteAddress ?? "") };
        return guard.checked(request, await answered(request, answer));
    } catch (error) {
        return errorAnswer(request?.service ?? "sts", asAwsError(error));
    }
}

/** A thrown error is an answer as well, which the guard checks. */
async function answered(request: AwsRequest, answer: Answer): Promise<AwsResponse> {
    try {
        return await answer(request);
    } catch (error) {
        return errorAnswer(request.service, asAwsError(error));
    }
}

function asAwsError(error: unknown): AwsError {
    return error instanceof AwsError
        ? error
        : new AwsError("InternalFailure", error instanceof Error ? (error.stack ?? error.message) : String(error), 500);
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
        chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
}

function singleHeaders(incoming: IncomingMessage): Record<string, string> {
    return Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
    );
}
