import { once } from "node:events";
import { createServer, IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";

export interface Answer {
    readonly status: number;
    readonly body: string;
}

/** An AWS API in front of moto that tells what was called and, for a few calls, says something else. */
export interface ScriptedApi {
    readonly url: string;
    /** `DeleteRole`, or `POST /clusters/sandbox/updates` for an API without action names. */
    readonly calls: string[];
    /** The next calls of an action are answered so, one answer each. */
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

/** An error as IAM words it. */
export function iamError(status: number, code: string, message: string): Answer {
    return {
        status,
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>id</RequestId></ErrorResponse>`,
    };
}

/** What IAM answers to an action that gives nothing back. */
export function iamDone(action: string): Answer {
    return {
        status: 200,
        body: `<${action}Response><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></${action}Response>`,
    };
}
