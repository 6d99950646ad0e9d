import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startAwsWebhook } from "./awsWebhook";
import { startFront } from "./front";
import { logLine } from "./logLine";
import { startStandIn } from "./standIn";
import type { Identity, Webhook, WebhookAnswer, WebhookRequest } from "./webhook";

export interface IdentityWebhookOptions {
    readonly kubeconfigPath: string;
    readonly region: string;
    /**
     * The folder for the certificate (identity-webhook.crt) and the log with a line for each pod
     * (identity-webhook.log).
     */
    readonly directory: string;
    /** AWS's own program; without it, the stand-in answers. */
    readonly executable?: string;
    /**
     * The service accounts for which EKS has a Pod Identity association, as each replica of the webhook sees them. Defaults to one replica that sees
     * none.
     */
    readonly podIdentities?: readonly (() => readonly Identity[])[];
    /** Decides at which address pods ask for container credentials. Defaults to "ipv4". */
    readonly ipFamily?: "ipv4" | "ipv6";
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
 * EKS runs the webhook next to each of the two API servers of a control plane, each with a view of its own:
 * https://docs.aws.amazon.com/eks/latest/best-practices/control-plane.html. The sandbox has one API server, whose requests the replicas answer in
 * turns.
 */
async function startReplicas(options: IdentityWebhookOptions): Promise<Webhook> {
    const { podIdentities: views = [() => []] } = options;
    const started = await Promise.allSettled(views.map((view, index) => startReplica(options, view, index + 1)));
    const replicas = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const stop = async (): Promise<void> => {
        await Promise.all(replicas.map((replica) => replica.stop()));
    };
    const failed = started.find((one) => one.status === "rejected");
    if (failed !== undefined) {
        await stop();
        throw failed.reason;
    }
    let requests = 0;
    return {
        answer: (request) => (replicas[requests++ % replicas.length] as Webhook).answer(request),
        setCacheDelay: (milliseconds) => replicas.forEach((replica) => replica.setCacheDelay(milliseconds)),
        stop,
    };
}

function startReplica(
    { executable, ...options }: IdentityWebhookOptions,
    podIdentities: () => readonly Identity[],
    number: number,
): Promise<Webhook> {
    const directory = join(options.directory, `replica-${number}`);
    mkdirSync(directory, { recursive: true });
    return executable === undefined
        ? startStandIn({ ...options, podIdentities })
        : startAwsWebhook({ ...options, executable, podIdentities, directory });
}

/** The webhook that AWS runs in EKS's control plane: AWS's own program if there is one, otherwise its stand-in. */
export async function startIdentityWebhook(options: IdentityWebhookOptions): Promise<IdentityWebhook> {
    const { directory } = options;
    mkdirSync(directory, { recursive: true });
    const webhook = await startReplicas(options);
    const log = (request: WebhookRequest, answer: WebhookAnswer): WebhookAnswer => {
        const line = `${new Date().toISOString()} ${logLine(request.body, answer)}\n`;
        appendFileSync(join(directory, "identity-webhook.log"), line);
        return answer;
    };
    const { port, certificate, ...faults } = await startFront(async (request) =>
        log(request, await webhook.answer(request)),
    );
    writeFileSync(join(directory, "identity-webhook.crt"), certificate.cert);
    return {
        ...faults,
        url: `https://127.0.0.1:${port}/mutate`,
        caBundle: Buffer.from(certificate.cert).toString("base64"),
        setCacheDelay: (milliseconds) => webhook.setCacheDelay(milliseconds),
        close: async () => {
            await faults.stop();
            await webhook.stop();
        },
    };
}
