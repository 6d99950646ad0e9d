import { createServer, type Server, type ServerResponse } from "node:http";
import { request } from "node:https";

import type { IdentityWebhook } from "../../../identityWebhook";

export const roleArn = "arn:aws:iam::111122223333:role/cni";

export interface Answer {
    readonly status: number;
    readonly body: {
        apiVersion?: string;
        kind?: string;
        response?: { uid: string; patch?: string; status?: { message?: string } };
    };
}

export function patchOf(answer: Answer): string {
    return Buffer.from(answer.body.response?.patch ?? "", "base64").toString("utf8");
}

export function post(
    webhook: IdentityWebhook,
    review: object | string,
    contentType = "application/json",
): Promise<Answer> {
    const ca = Buffer.from(webhook.caBundle, "base64").toString("utf8");
    return new Promise((resolve, reject) => {
        const outgoing = request(
            webhook.url,
            { method: "POST", ca, agent: false, headers: { "content-type": contentType } },
            (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk));
                response.on("end", () => {
                    const text = Buffer.concat(chunks).toString("utf8");
                    const status = response.statusCode ?? 0;
                    resolve({ status, body: (status === 200 ? JSON.parse(text) : {}) as Answer["body"] });
                });
            },
        );
        outgoing.on("error", reject);
        outgoing.end(typeof review === "string" ? review : JSON.stringify(review));
    });
}

/** Takes back what a test did to the webhook. */
export async function restore(webhook: IdentityWebhook): Promise<void> {
    webhook.delay(0);
    webhook.setCacheDelay(0);
    webhook.showWrongCertificate(false);
    await webhook.start();
}

export interface Account {
    readonly metadata: {
        readonly name: string;
        readonly namespace: string;
        readonly resourceVersion: string;
        readonly annotations: Record<string, string>;
    };
}

export function serviceAccount(name: string, role: string, resourceVersion: string): Account {
    const annotations = { "eks.amazonaws.com/role-arn": role };
    return { metadata: { name, namespace: "kube-system", resourceVersion, annotations } };
}

/** LIST and WATCH of service accounts, with the API server's answers; nothing else. */
export class ServiceAccountApi {
    readonly accounts = [serviceAccount("aws-node", roleArn, "1")];
    private readonly watches = new Set<ServerResponse>();

    private constructor(private readonly server: Server) {}

    static async start(): Promise<ServiceAccountApi> {
        const server = createServer();
        const api = new ServiceAccountApi(server);
        server.on("request", (incoming, outgoing) => {
            outgoing.writeHead(200, { "content-type": "application/json" });
            const query = new URL(incoming.url ?? "", "http://localhost").searchParams;
            if (query.get("watch") === "true") {
                outgoing.flushHeaders();
                api.watches.add(outgoing);
                // A watch begins with the events since the requested version.
                api.accounts
                    .filter(({ metadata }) => Number(metadata.resourceVersion) > Number(query.get("resourceVersion")))
                    .forEach((account) => api.send("ADDED", account));
            } else {
                const metadata = { resourceVersion: "1" };
                outgoing.end(
                    JSON.stringify({ apiVersion: "v1", kind: "ServiceAccountList", metadata, items: api.accounts }),
                );
            }
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return api;
    }

    get kubeconfig(): string {
        const address = this.server.address();
        const port = typeof address === "object" && address ? address.port : 0;
        return JSON.stringify({
            "current-context": "test",
            clusters: [
                { name: "test", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
            ],
            users: [{ name: "test", user: {} }],
            contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
        });
    }

    send(type: "ADDED" | "MODIFIED" | "DELETED", account: Account): void {
        for (const watch of this.watches) {
            watch.write(
                `${JSON.stringify({ type, object: { kind: "ServiceAccount", apiVersion: "v1", ...account } })}\n`,
            );
        }
    }

    breakWatches(): void {
        for (const watch of this.watches) {
            watch.destroy();
        }
        this.watches.clear();
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }
}
