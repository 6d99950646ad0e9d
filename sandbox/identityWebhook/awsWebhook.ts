import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ManagedProcess } from "../cluster/managedProcess";
import { withFreePorts } from "../cluster/ports";
import { type Certificate, selfSigned } from "../certificate";
import { credentialsUris } from "./injection";
import { type LateWatch, startLateWatch } from "./lateWatch";
import { inTime } from "./serviceAccounts";
import type { Identity, Webhook, WebhookAnswer, WebhookRequest } from "./webhook";

export interface AwsWebhookOptions {
    /** The program, built from amazon-eks-pod-identity-webhook. */
    readonly executable: string;
    readonly kubeconfigPath: string;
    readonly region: string;
    readonly directory: string;
    readonly podIdentities: () => readonly Identity[];
    readonly ipFamily?: "ipv4" | "ipv6";
    /** Other flags of the program than those of EKS, for tests. */
    readonly flags?: readonly string[];
    readonly healthSeconds?: number;
}

/** The time that the program takes to read its file of Pod Identity associations again, with a margin. */
const reloadMilliseconds = 300;

/** AWS's own webhook, with the settings that AWS uses on EKS. */
export async function startAwsWebhook(options: AwsWebhookOptions): Promise<Webhook> {
    const certificate = await selfSigned();
    const cluster = await startLateWatch(options.kubeconfigPath);
    try {
        return await startBehind(cluster, certificate, options);
    } catch (error) {
        await cluster.stop();
        throw error;
    }
}

async function startBehind(cluster: LateWatch, certificate: Certificate, options: AwsWebhookOptions): Promise<Webhook> {
    const { directory, podIdentities } = options;
    // The program watches the whole folder, so that nothing else is in it.
    const folder = join(directory, "pod-identities");
    mkdirSync(folder, { recursive: true });
    const identities = new IdentitiesFile(join(folder, "identities.json"));
    await identities.write(podIdentities());
    const { process: started, port } = await start(options, certificate, cluster, identities.path);
    await inTime(cluster.listed).catch(async (error: unknown) => {
        await started.stop();
        throw error;
    });
    const agent = new Agent({ ca: certificate.cert, keepAlive: true });
    return {
        answer: async (asked) => {
            await identities.write(podIdentities());
            return forward(port, agent, asked);
        },
        setCacheDelay: (milliseconds) => cluster.setDelay(milliseconds),
        stop: async () => {
            agent.destroy();
            await started.stop();
            await cluster.stop();
        },
    };
}

/** As on EKS. */
export function flagsOf(region: string, ipFamily: keyof typeof credentialsUris = "ipv4"): string[] {
    return [
        `--aws-default-region=${region}`,
        "--sts-regional-endpoint=true",
        `--container-credentials-full-uri=${credentialsUris[ipFamily]}`,
    ];
}

async function start(
    {
        executable,
        region,
        directory,
        ipFamily,
        flags = flagsOf(region, ipFamily),
        healthSeconds = 30,
    }: AwsWebhookOptions,
    certificate: Certificate,
    cluster: LateWatch,
    identitiesPath: string,
) {
    const file = (name: string, content: string): string => {
        const path = join(directory, name);
        writeFileSync(path, content, { mode: 0o600 });
        return path;
    };
    const cert = file("aws-webhook.crt", certificate.cert);
    const key = file("aws-webhook.key", certificate.key);
    const kubeconfig = file("aws-webhook.kubeconfig", JSON.stringify(kubeconfigOf(cluster.url)));
    return withFreePorts(2, async ([port = 0, metricsPort = 0]) => {
        const process = ManagedProcess.start({
            name: "pod-identity-webhook",
            executable,
            arguments: [
                "--in-cluster=false",
                `--kubeconfig=${kubeconfig}`,
                `--kube-api=${cluster.url}`,
                `--tls-cert=${cert}`,
                `--tls-key=${key}`,
                `--port=${port}`,
                `--metrics-port=${metricsPort}`,
                ...flags,
                `--watch-container-credentials-config=${identitiesPath}`,
            ],
            logs: directory,
            // The first list is a request of its own then, and not the beginning of a watch.
            environment: { ...globalThis.process.env, KUBE_FEATURE_WatchListClient: "false" },
        });
        const agent = new Agent({ ca: certificate.cert });
        await process.until(async () => (await get(port, agent)) === 200, healthSeconds);
        return { process, port };
    });
}

function kubeconfigOf(server: string): object {
    return {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "webhook",
        clusters: [{ name: "webhook", cluster: { server } }],
        users: [{ name: "webhook", user: {} }],
        contexts: [{ name: "webhook", context: { cluster: "webhook", user: "webhook" } }],
    };
}

/** A program that accepts the connection and never answers is not healthy. */
function get(port: number, agent: Agent): Promise<number | undefined> {
    const signal = AbortSignal.timeout(1000);
    return new Promise((resolve, reject) => {
        const call = request({ host: "127.0.0.1", port, path: "/healthz", agent, signal }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
        });
        call.on("error", reject);
        call.end();
    });
}

function forward(port: number, agent: Agent, { contentType, body }: WebhookRequest): Promise<WebhookAnswer> {
    const headers = { ...(contentType !== undefined && { "content-type": contentType }) };
    return new Promise((resolve, reject) => {
        const call = request({ host: "127.0.0.1", port, path: "/mutate", method: "POST", agent, headers }, (answer) => {
            const chunks: Buffer[] = [];
            answer.on("data", (chunk: Buffer) => chunks.push(chunk));
            answer.on("error", reject);
            answer.on("end", () =>
                resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
            );
        });
        call.on("error", reject);
        call.end(body);
    });
}

/** The file from which the program learns of associations; on EKS, the control plane writes it. */
class IdentitiesFile {
    private written: string | undefined;
    private reload: Promise<void> = Promise.resolve();

    constructor(readonly path: string) {}

    /** Resolves when the program has read the change, or an equal one that came before. */
    async write(identities: readonly Identity[]): Promise<void> {
        const content = JSON.stringify({
            identities: identities.map(({ namespace, serviceAccount }) => ({ namespace, serviceAccount })),
        });
        if (content !== this.written) {
            writeFileSync(`${this.path}.new`, content);
            renameSync(`${this.path}.new`, this.path);
            this.reload = sleep(this.written === undefined ? 0 : reloadMilliseconds);
            this.written = content;
        }
        await this.reload;
    }
}
