import { once } from "node:events";
import { createServer, IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";

export interface Answer {
    readonly status: number;
    readonly body: string;
}

/** An AWS API in front of moto that records calls, and answers some calls as the test sets. */
export interface ScriptedApi {
    readonly url: string;
    /** `DeleteRole`, or `POST /clusters/sandbox/updates` for an API without action names. */
    readonly calls: string[];
    /** Answers the next calls of an action with these answers, one each. */
    answer(action: string, ...answers: Answer[]): void;
    stop(): Promise<void>;
}

export async function startScriptedApi(moto: string): Promise<ScriptedApi> {
    const calls: string[] = [];
    const script = new Map<string, Answer[]>();
    const server = createServer((request, response) => {
        void handle(moto, request, response, calls, script);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") {
        throw new Error("no port");
    }
    return {
        url: `http://127.0.0.1:${address.port}`,
        calls,
        answer: (action, ...answers) => script.set(action, [...(script.get(action) ?? []), ...answers]),
        stop: async () => {
            server.close();
            server.closeAllConnections();
            await once(server, "close");
        },
    };
}

async function handle(
    moto: string,
    request: IncomingMessage,
    response: ServerResponse,
    calls: string[],
    script: Map<string, Answer[]>,
): Promise<void> {
    const body = await readText(request);
    const path = request.url ?? "/";
    const action = new URLSearchParams(body).get("Action") ?? `${request.method ?? ""} ${path}`;
    calls.push(action);
    const scripted = script.get(action)?.shift();
    if (scripted !== undefined) {
        response.writeHead(scripted.status).end(scripted.body);
        return;
    }
    const headers = Object.entries(request.headers).filter(
        ([name]) => !["host", "connection", "content-length"].includes(name),
    );
    const forwarded = await fetch(moto + path, {
        method: request.method ?? "GET",
        headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
        ...(body === "" ? {} : { body }),
    });
    const kept = [...forwarded.headers].filter(([name]) => /^(content-type|x-amzn-)/.test(name));
    response.writeHead(forwarded.status, Object.fromEntries(kept));
    response.end(await forwarded.text());
}

/** An error in IAM's format. */
export function iamError(status: number, code: string, message: string): Answer {
    return {
        status,
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
    };
}

/** IAM's answer to an action without a result. */
export function iamDone(action: string): Answer {
    return {
        status: 200,
        body: `<${action}Response><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></${action}Response>`,
    };
}
