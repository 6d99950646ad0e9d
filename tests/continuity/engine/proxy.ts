/**
 * A proxy between the engine and an API. A gate can drop each call, before the call is forwarded or before its response is.
 * Responses are streamed, so that a WATCH works.
 */
import { Agent as HttpAgent, createServer as createHttpServer, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { Agent as HttpsAgent, createServer as createHttpsServer, request as httpsRequest } from "node:https";
import { selfSigned } from "local-eks";
import { awsCall, type Call, kubernetesCall, type Request } from "./calls";

/** Called for each call: before it is forwarded, and before its response is. False drops it, and breaks the connection. */
export interface Gate {
    before(call: Call): boolean | Promise<boolean>;
    after(call: Call): boolean;
}

export interface ProxyOptions {
    readonly to: Call["to"];
    readonly target: string;
    /** The CA of the target's certificate. */
    readonly ca?: string;
    readonly gate: Gate;
}

export interface Proxy {
    readonly url: string;
    /** The CA of the proxy's own certificate; undefined for plain HTTP. */
    readonly ca: string | undefined;
    close(): Promise<void>;
}

/** Longer than any pause between two calls. A client that reuses a connection just as it is closed would see a network error. */
const KEEP_ALIVE_MILLISECONDS = 10 * 60 * 1000;

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
    const isTls = options.target.startsWith("https:");
    const handle = handler(options, isTls);
    const certificate = isTls ? await selfSigned() : undefined;
    const server = certificate ? createHttpsServer({ ...certificate }, handle) : createHttpServer(handle);
    server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
    const port = await listen(server);
    return {
        url: `${isTls ? "https" : "http"}://127.0.0.1:${String(port)}`,
        ca: certificate?.cert,
        close: async () => {
            const closed = new Promise((resolve) => server.close(resolve));
            server.closeAllConnections();
            await closed;
        },
    };
}

function handler({ to, target, ca, gate }: ProxyOptions, isTls: boolean): RequestListener {
    const { hostname, port } = new URL(target);
    const agent = isTls ? new HttpsAgent({ keepAlive: true, ca }) : new HttpAgent({ keepAlive: true });
    const send = isTls ? httpsRequest : httpRequest;
    const pass = async (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<void> => {
        const call = callOf(to, incoming, body.toString("utf8"));
        if (!(await gate.before(call))) {
            incoming.socket.destroy();
            return;
        }
        const { method, url: path, headers } = incoming;
        const upstream = send({ hostname, port, path, method, headers, agent }, (response) => {
            // A write has been carried out as soon as its answer begins.
            if (!gate.after(call)) {
                incoming.socket.destroy();
                response.destroy();
                return;
            }
            outgoing.writeHead(response.statusCode ?? 502, response.headers);
            response.pipe(outgoing);
        });
        const fail = () => incoming.socket.destroy();
        upstream.on("error", fail);
        outgoing.on("close", () => upstream.destroy());
        upstream.end(body);
    };
    return (incoming, outgoing) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", () => undefined);
        incoming.on("end", () => void pass(incoming, outgoing, Buffer.concat(chunks)));
    };
}

function callOf(to: Call["to"], { method = "GET", url = "/", headers }: IncomingMessage, body: string): Call {
    const scope = /Credential=[^/,]+\/\d{8}\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "");
    const contentType = headers["content-type"] ?? "";
    const request: Request = { method, url, contentType, service: scope?.[1] ?? "sts", body };
    return { at: Date.now(), to, ...(to === "aws" ? awsCall(request) : kubernetesCall(request)) };
}

function listen(server: Server): Promise<number> {
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address ? address.port : 0);
        });
    });
}
