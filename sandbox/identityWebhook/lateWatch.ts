import { createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from "node:http";
import { type RequestOptions, request as secureRequest } from "node:https";

import { KubeConfig } from "@kubernetes/client-node";

import { LateQueue } from "./lateQueue";

export interface LateWatch {
    /** The address of a proxy to the API server. The client needs no credentials. */
    readonly url: string;
    /** Resolves when a client has read its first list; a failed one does not count. */
    readonly listed: Promise<void>;
    setDelay(milliseconds: number): void;
    stop(): Promise<void>;
}

/**
 * A proxy to the API server that holds back the events of watches, so that a client's cache lags behind the cluster.
 *
 * A watch that ends while events wait stays open for the client until they are delivered: otherwise its next watch, or list,
 * would get them at once.
 */
export async function startLateWatch(kubeconfigPath: string): Promise<LateWatch> {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(kubeconfigPath);
    const server = kubeconfig.getCurrentCluster()?.server ?? "";
    const late = new LateQueue();
    const { promise: listed, resolve: hasListed } = firstTime();
    const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
        const options: RequestOptions = { method: incoming.method, headers: { accept: "application/json" } };
        await kubeconfig.applyToHTTPSOptions(options);
        const isWatch = /[?&]watch=(?:true|1)(?:&|$)/.test(incoming.url ?? "");
        const send = server.startsWith("https:") ? secureRequest : plainRequest;
        const call = send(`${server}${incoming.url ?? ""}`, options, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 502, { "content-type": "application/json" });
            outgoing.flushHeaders();
            // A part may be half of an event. The client joins the parts.
            answer.on("data", (part: Buffer) => {
                late.push(() => outgoing.write(part));
            });
            answer.on("error", () => undefined);
            answer.on("close", () => {
                const isList = !isWatch && answer.statusCode === 200 && answer.complete;
                late.push(() => outgoing.end(isList ? hasListed : undefined));
            });
        });
        call.on("error", () => outgoing.destroy());
        outgoing.on("close", () => call.destroy());
        call.end();
    };
    const proxy = createServer((incoming, outgoing) => {
        forward(incoming, outgoing).catch(() => outgoing.destroy());
    });
    await new Promise<void>((resolve, reject) => {
        proxy.once("error", reject);
        proxy.listen(0, "127.0.0.1", resolve);
    });
    const address = proxy.address();
    return {
        url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
        listed,
        setDelay: (milliseconds) => late.setDelay(milliseconds),
        stop: async () => {
            const closed = new Promise((resolve) => proxy.close(resolve));
            proxy.closeAllConnections();
            await closed;
        },
    };
}

function firstTime(): { promise: Promise<void>; resolve: () => void } {
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((onResolve) => (resolve = onResolve));
    return { promise, resolve };
}
