import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { generate } from "selfsigned";

import { eksDefaults } from "./injection";
import { reviewAnswer, type AdmissionReview } from "./review";
import { watchServiceAccounts } from "./serviceAccounts";

export interface IdentityWebhookOptions {
    readonly kubeconfigPath: string;
    readonly region: string;
    /**
     * The folder for the certificate (identity-webhook.crt) and the log with a line for each pod
     * (identity-webhook.log).
     */
    readonly directory: string;
    readonly port?: number;
    /** Whether EKS has a Pod Identity association for a service account. Defaults to none. */
    readonly hasPodIdentity?: (namespace: string, serviceAccount: string) => boolean;
}

export interface IdentityWebhook {
    /** For clientConfig.url of the MutatingWebhookConfiguration. */
    readonly url: string;
    /** For clientConfig.caBundle: base64 of the PEM. */
    readonly caBundle: string;
    /** Stops listening: the API server's connections are refused. */
    stop(): Promise<void>;
    /** Listens again on the same port. */
    start(): Promise<void>;
    /** Delays every later answer. */
    delay(milliseconds: number): void;
    /**
     * Delays the webhook's view of service accounts. Infinity: it sees no changes, 0: it sees all missed changes at
     * once. It answers meanwhile with its former view.
     */
    setCacheDelay(milliseconds: number): void;
    /**
     * Presents a certificate that the caBundle does not trust, as after a rotation without an update of the caBundle.
     */
    showWrongCertificate(isWrong: boolean): void;
    close(): Promise<void>;
}

/**
 * A mutating admission webhook with the behaviour of amazon-eks-pod-identity-webhook, which AWS runs in EKS's control
 * plane.
 */
export async function startIdentityWebhook(options: IdentityWebhookOptions): Promise<IdentityWebhook> {
    mkdirSync(options.directory, { recursive: true });
    const [certificate, wrongCertificate] = await Promise.all([selfSigned(), selfSigned()]);
    let shown = certificate;
    writeFileSync(join(options.directory, "identity-webhook.crt"), certificate.cert);
    const accounts = await watchServiceAccounts(options.kubeconfigPath);
    const defaults = eksDefaults(options.region);
    let delayMilliseconds = 0;
    const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
        const answer = await answerOf(incoming, (review) =>
            reviewAnswer(review, accounts, defaults, options.hasPodIdentity),
        );
        await sleep(delayMilliseconds);
        appendFileSync(join(options.directory, "identity-webhook.log"), `${new Date().toISOString()} ${answer.line}\n`);
        outgoing.writeHead(answer.status, { "content-type": "application/json" });
        outgoing.end(answer.body);
    };
    const listen = (port: number): Promise<Server> =>
        listening(
            createServer(secureContext(shown), (incoming, outgoing) => {
                void handle(incoming, outgoing);
            }),
            port,
        );
    let server: Server | undefined = await listen(options.port ?? 0);
    const port = portOf(server);
    const stop = async (): Promise<void> => {
        const stopping = server;
        server = undefined;
        if (stopping) {
            const closed = new Promise((resolve) => stopping.close(resolve));
            stopping.closeAllConnections();
            await closed;
        }
    };
    return {
        url: `https://127.0.0.1:${port}/mutate`,
        caBundle: Buffer.from(certificate.cert).toString("base64"),
        stop,
        start: async () => {
            server ??= await listen(port);
        },
        delay: (milliseconds) => (delayMilliseconds = milliseconds),
        setCacheDelay: (milliseconds) => accounts.setDelay(milliseconds),
        showWrongCertificate: (isWrong) => {
            shown = isWrong ? wrongCertificate : certificate;
            server?.setSecureContext(secureContext(shown));
            // The API server keeps its connections, and would not check the certificate again.
            server?.closeAllConnections();
        },
        close: async () => {
            await stop();
            await accounts.stop();
        },
    };
}

interface Certificate {
    readonly private: string;
    readonly cert: string;
}

function secureContext(certificate: Certificate): { key: string; cert: string } {
    return { key: certificate.private, cert: certificate.cert };
}

/** The API server checks the certificate against the host of the URL, which is an IP address here. */
function selfSigned(): Promise<Certificate> {
    return generate([{ name: "commonName", value: "pod-identity-webhook" }], {
        algorithm: "sha256",
        keyType: "ec",
        extensions: [
            { name: "basicConstraints", cA: true },
            { name: "keyUsage", digitalSignature: true, keyCertSign: true },
            { name: "extKeyUsage", serverAuth: true },
            { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
        ],
    });
}

interface Answer {
    readonly status: number;
    readonly body: string;
    readonly line: string;
}

async function answerOf(
    incoming: IncomingMessage,
    review: (review: AdmissionReview) => { answer: AdmissionReview; line: string },
): Promise<Answer> {
    if (incoming.headers["content-type"] !== "application/json") {
        const body = "Invalid Content-Type, expected `application/json`";
        return { status: 415, body, line: body };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
        chunks.push(chunk as Buffer);
    }
    try {
        const { answer, line } = review(JSON.parse(Buffer.concat(chunks).toString("utf8")) as AdmissionReview);
        return { status: 200, body: JSON.stringify(answer), line };
    } catch (error) {
        return { status: 400, body: String(error), line: String(error) };
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
