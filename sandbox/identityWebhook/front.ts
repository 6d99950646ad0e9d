import { randomInt } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import { type Certificate, selfSigned } from "../certificate";
import type { WebhookAnswer, WebhookRequest } from "./webhook";

/** The address that the API server calls. Tests make it slow, unavailable or untrusted. */
export interface Front {
    readonly port: number;
    readonly certificate: Certificate;
    stop(): Promise<void>;
    start(): Promise<void>;
    delay(milliseconds: number): void;
    showWrongCertificate(isWrong: boolean): void;
}

/** A TLS server on 127.0.0.1 that passes each request to the webhook behind it. */
export async function startFront(answer: (request: WebhookRequest) => Promise<WebhookAnswer>): Promise<Front> {
    const [certificate, wrongCertificate] = await Promise.all([selfSigned(), selfSigned()]);
    let shown = certificate;
    let delayMilliseconds = 0;
    const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) {
            chunks.push(chunk as Buffer);
        }
        const contentType = incoming.headers["content-type"];
        const { status, body } = await answer({ contentType, body: Buffer.concat(chunks).toString("utf8") });
        await sleep(delayMilliseconds);
        outgoing.writeHead(status, { "content-type": "application/json" });
        outgoing.end(body);
    };
    const listen = (port: number): Promise<Server> =>
        listening(
            createServer(shown, (incoming, outgoing) => {
                handle(incoming, outgoing).catch(() => incoming.destroy());
            }),
            port,
        );
    let server: Server | undefined = await onFreePort(listen);
    const port = portOf(server);
    return {
        port,
        certificate,
        stop: async () => {
            const stopping = server;
            server = undefined;
            if (stopping) {
                const closed = new Promise((resolve) => stopping.close(resolve));
                stopping.closeAllConnections();
                await closed;
            }
        },
        start: async () => {
            server ??= await listen(port);
        },
        delay: (milliseconds) => (delayMilliseconds = milliseconds),
        showWrongCertificate: (isWrong) => {
            shown = isWrong ? wrongCertificate : certificate;
            server?.setSecureContext(shown);
            // The API server keeps its connections, and would not check the certificate again.
            server?.closeAllConnections();
        },
    };
}

/**
 * A port that the system gives neither to outgoing connections nor to servers without a port (ip_local_port_range begins at 32768): while the server is
 * stopped, its port stays free.
 */
const portOfItsOwn = () => randomInt(20_000, 30_000);

async function onFreePort<T>(listen: (port: number) => Promise<T>, triesLeft = 40): Promise<T> {
    try {
        return await listen(portOfItsOwn());
    } catch (error) {
        if (triesLeft === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") {
            throw error;
        }
        return onFreePort(listen, triesLeft - 1);
    }
}

function listening(server: Server, port: number): Promise<Server> {
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(server));
    });
}

function portOf(server: Server): number {
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
}
