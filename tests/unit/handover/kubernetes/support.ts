/** An API server with scripted answers, for failures that a real one does not produce on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "../../../../handover/kubernetes/clusterAccess";
import { type ClusterSettings, DEFAULT_SETTINGS } from "../../../../handover/kubernetes/clusterSettings";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import { Refusal } from "../../../../handover/model/refusal";
import type { Subject } from "../../../../handover/model/subject";

export interface Answer {
    readonly status?: number;
    readonly headers?: Record<string, string>;
    readonly body?: unknown;
    /** Lines of a WATCH. The stream stays open unless `end` is set. */
    readonly stream?: { readonly lines: readonly object[]; readonly end?: boolean };
}

export interface Request {
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
}

/** `hang` gives no answer, and `reset` breaks the connection. */
export type Script = (request: Request, number: number) => Answer | "hang" | "reset";

export class ScriptedApi {
    public readonly requests: Request[] = [];
    /** Connections that are open now. */
    public open = 0;
    /** Connections that have ever been opened. */
    public opened = 0;
    private readonly sockets = new Set<Socket>();
    private constructor(
        private readonly server: Server,
        public script: Script,
    ) {}

    public static async start(script: Script): Promise<ScriptedApi> {
        const server = createServer();
        const api = new ScriptedApi(server, script);
        server.on("request", (request, response) => void api.answer(request, response));
        server.on("connection", (socket) => {
            api.sockets.add(socket);
            api.open += 1;
            api.opened += 1;
            socket.on("close", () => (api.open -= 1));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return api;
    }

    public get url(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    public async stop(): Promise<void> {
        this.sockets.forEach((socket) => socket.destroy());
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
            chunks.push(chunk as Buffer);
        }
        const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
        const body = Buffer.concat(chunks).toString();
        const { method = "", headers } = request;
        const parsed = { method, path: pathname, query: searchParams, headers, body };
        const scripted = this.script(parsed, this.requests.push(parsed));
        if (scripted === "reset") {
            request.socket.resetAndDestroy();
        } else if (scripted !== "hang") {
            response.writeHead(scripted.status ?? 200, { "content-type": "application/json", ...scripted.headers });
            scripted.stream?.lines.forEach((line) => response.write(`${JSON.stringify(line)}\n`));
            if (scripted.stream === undefined) {
                response.end(JSON.stringify(scripted.body ?? {}));
            } else if (scripted.stream.end) {
                response.end();
            } else {
                response.flushHeaders();
            }
        }
    }
}

export const subject: Subject = {
    component: "cni",
    fieldManager: "eks-cni-tests",
    serviceAccount: { namespace: "kube-system", name: "aws-node" },
    daemonSetName: "aws-node",
    injectionGuardName: "eks-cni-guard",
    ipFamily: "ipv4",
    roleArn: "arn:aws:iam::111122223333:role/cni",
    issuers: ["oidc.eks.us-west-2.amazonaws.com/id/1"],
    annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/cni" },
};

/** Short time limits, which a test can await. */
export const quick: ClusterSettings = {
    ...DEFAULT_SETTINGS,
    attemptMilliseconds: 150,
    retryMilliseconds: 600,
    credentialsMilliseconds: 600,
    pauseMilliseconds: 5,
    burstMilliseconds: 10,
};

/** For tests that are not about time limits: with `quick`, a late answer of a busy machine would count as none. */
export const patient: ClusterSettings = {
    ...quick,
    attemptMilliseconds: 3000,
    retryMilliseconds: 6000,
    credentialsMilliseconds: 6000,
};

/** A kubeconfig as an object: JSON is YAML. The client allows plain HTTP only if it does not verify certificates. */
export function kubeconfig(server: string, user: object = { token: "the-token" }): object {
    return {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "tests",
        clusters: [{ name: "tests", cluster: { server, "insecure-skip-tls-verify": true } }],
        users: [{ name: "tests", user }],
        contexts: [{ name: "tests", context: { cluster: "tests", user: "tests" } }],
    };
}

export function accessTo(server: string, user?: object, settings = patient, of = subject): Promise<ClusterAccess> {
    return connectCluster({ kubeconfig: JSON.stringify(kubeconfig(server, user)) }, of, settings);
}

export const namespaceAnswer = { body: { metadata: { name: "kube-system", uid: "uid-of-kube-system" } } };
export const versionAnswer = { body: { major: "1", minor: "30+" } };

export const identityScript: Script = ({ path }) => (path === "/version" ? versionAnswer : namespaceAnswer);

export const status = (code: number, message: string, more: object = {}) => ({
    status: code,
    body: { kind: "Status", status: "Failure", code, message, ...more },
});

/** The refusal that a promise is rejected with. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
    try {
        await promise;
    } catch (error) {
        if (error instanceof Refusal) {
            return error;
        }
        throw error;
    }
    throw new Error("It was not refused.");
}
