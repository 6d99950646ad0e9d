import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { CallsFromNodes } from "../aws/inside";
import type { Session } from "../aws/sts/sessions";
import { type NodeNetwork, type StartCall, setupRetrySeconds, startCalls, workCalls } from "./cniStart";
import { ContainerLife } from "./containerLife";
import type { PodIdentityAgent } from "./podIdentity/agent";
import type { IpFamily } from "./programs";
import { type IdentitySource, type TokenVolume, identitySourceOf } from "./podIdentitySource";

/** The environment of an agent. */
export interface AgentSurroundings {
    aws: CallsFromNodes;
    ipFamily: IpFamily;
    /** Whether the pod's node can reach STS: a private subnet may have no path to it. */
    stsIsReachable(): boolean;
    /** The id of a node's EC2 instance. Undefined when the node is gone, and with it everything that ran there. */
    instanceId(node: string): Promise<string | undefined>;
    /**
     * A token bound to the pod, from the API server. Undefined when the API server issues none: the kubelet retries.
     */
    token(pod: V1Pod, volume: TokenVolume): Promise<string | undefined>;
    now(): number;
    /** The Pod Identity agent of a node. Undefined if none answers there. */
    podIdentityAgent(node: string): Pick<PodIdentityAgent<Session>, "credentials"> | undefined;
    /** So long before the end of container credentials, the SDK asks for new ones. */
    sdkWindowSeconds(): number;
    /** What the pod's node has from earlier starts of the CNI. */
    network: NodeNetwork;
    /** Scales the times of a failed start. */
    startFactor: number;
}

/** One line of agents.jsonl. */
export interface AgentResult {
    /** Milliseconds since the epoch. */
    time: number;
    pod: string;
    uid: string;
    node: string;
    source: IdentitySource["source"];
    /** The role whose permissions were used or requested; undefined when no role is known. */
    roleArn?: string;
    ok: boolean;
    /** The failed call, for instance `ec2:DescribeNetworkInterfaces` or `sts:AssumeRoleWithWebIdentity`. */
    call?: string;
    /** AWS's code of the error. */
    error?: string;
    message?: string;
}

type WorkCall = Pick<StartCall, "action" | "parameters"> & Partial<Pick<StartCall, "onFailure" | "afterDelay">>;

interface Failure {
    readonly call: string;
    readonly error: string;
    readonly message: string;
}

function failureOf(call: string, error: unknown): Failure {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { call, error: name, message };
}

/** The reason of a failed call that AWS did not answer. */
class CallFailure extends Error {
    public constructor(name: string, message: string) {
        super(message);
        this.name = name;
    }
}

/** The status of the container aws-node. */
export function statusOf({ status }: V1Pod): V1ContainerStatus | undefined {
    return status?.containerStatuses?.find(({ name }) => name === "aws-node");
}

/** The result of one step, and the new state of the container. */
export interface Step {
    /** Undefined when no call was made. */
    readonly result?: AgentResult;
    /** The calls that EC2 denied without ending the start. */
    readonly denied?: readonly string[];
    readonly container?: "ready" | "backOff" | "restarted";
}

/**
 * kwok's pods run nothing. An agent makes, for one pod of aws-node, the calls that the CNI would make with the pod's credentials:
 * those of its start, and then those of its work.
 */
export class PodAgent {
    private readonly identity: IdentitySource;
    private readonly life: ContainerLife;
    private session: Session | undefined;
    private token: { text: string; renewAt: number } | undefined;
    private isKilled = false;

    public constructor(
        private readonly pod: V1Pod,
        private readonly surroundings: AgentSurroundings,
        isRunning: boolean,
    ) {
        this.identity = identitySourceOf(pod, "aws-node");
        const restarts = statusOf(pod)?.restartCount;
        this.life = new ContainerLife(() => surroundings.now(), surroundings.startFactor, isRunning, restarts);
    }

    /** Completed restarts of the container. */
    public get restarts(): number {
        return this.life.restarts;
    }

    /** Whether the container runs and its probes succeed. */
    public get isRunning(): boolean {
        return this.life.phase.is === "running";
    }

    /** Undefined when there is nothing to do, or when the kubelet has not started the container, since it has no token. */
    public async step(): Promise<Step | undefined> {
        const due = this.isKilled ? this.life.ended() : this.life.passTime();
        this.isKilled = false;
        if (due !== undefined) {
            // The memory of the process is gone, and with it its credentials.
            this.session = due === "ready" ? this.session : undefined;
            return { container: due };
        }
        const { is } = this.life.phase;
        if (is === "starting") {
            return this.start();
        }
        return is === "running" ? this.work() : undefined;
    }

    private async start(): Promise<Step | undefined> {
        const { ipFamily, network } = this.surroundings;
        const denied: string[] = [];
        const endsAt = ({ onFailure }: StartCall, failure: Failure) => {
            denied.push(...(failure.error === "UnauthorizedOperation" ? [failure.call] : []));
            return onFailure === "ends";
        };
        const outcome = await this.call(startCalls(ipFamily, network), endsAt, ({ action }) => {
            // EC2 keeps the tags, however the start ends.
            network.isTagged ||= action === "CreateTags";
        });
        if (outcome === undefined) {
            return undefined;
        }
        if (outcome.ended !== undefined) {
            this.life.failed();
            return { result: this.result({ ok: false, ...outcome.ended }), denied };
        }
        const delays = outcome.failed.filter(({ call: { onFailure } }) => onFailure === "delays");
        network.hasAddresses ||= delays.every(({ call: { action } }) => !action.startsWith("Assign"));
        this.life.succeeded(delays.length > 0 ? setupRetrySeconds : 0);
        return {
            result: this.result({ ok: true }),
            denied,
            ...(this.life.phase.is === "running" && { container: "ready" as const }),
        };
    }

    private async work(): Promise<Step | undefined> {
        const outcome = await this.call(workCalls[this.surroundings.ipFamily], () => true);
        if (outcome === undefined) {
            return undefined;
        }
        return { result: this.result(outcome.ended ? { ok: false, ...outcome.ended } : { ok: true }) };
    }

    /** Makes the calls in their order, up to one whose failure ends them. Undefined without a token. */
    private async call<C extends WorkCall>(
        calls: readonly C[],
        endsAt: (call: C, failure: Failure) => boolean,
        succeeded: (call: C) => void = () => undefined,
    ): Promise<{ readonly ended?: Failure; readonly failed: readonly { readonly call: C }[] } | undefined> {
        const failed: { call: C }[] = [];
        let session: Session | undefined;
        try {
            session = await this.currentSession();
        } catch (error) {
            return { ended: failureOf(callForCredentials[this.identity.source], error), failed };
        }
        if (session === undefined) {
            return undefined;
        }
        for (const call of calls) {
            if (call.afterDelay && failed.every(({ call: { onFailure } }) => onFailure !== "delays")) {
                continue;
            }
            try {
                await this.surroundings.aws.ec2(session, call.action, call.parameters);
                succeeded(call);
            } catch (error) {
                const failure = failureOf(`ec2:${call.action}`, error);
                if (endsAt(call, failure)) {
                    return { ended: failure, failed };
                }
                failed.push({ call });
            }
        }
        return { failed };
    }

    /** Ends the container, which the kubelet restarts in the same pod: no admission, and the same token. */
    public killContainer(): void {
        this.isKilled = true;
    }

    /** Drops the session, as when it has expired. */
    public renewSession(): void {
        this.session = undefined;
    }

    /**
     * Keeps the session until it expires, as the SDK does: changes of the trust policy have no effect until then.
     *
     * Container credentials are replaced a while before they expire (aws/aws-sdk-go-v2 config/resolve_credentials.go, resolveHTTPCredProvider). If
     * that fails, the call fails, although they are still valid: there is no fallback, neither to them nor to the next source of the chain. So it is
     * in the SDK of aws-node v1.23.1; a later one keeps them (aws/credential_cache.go, advisoryRefresh).
     */
    private async currentSession(): Promise<Session | undefined> {
        const { source } = this.identity;
        const window = source === "containerCredentials" ? this.surroundings.sdkWindowSeconds() * 1000 : 0;
        if (this.session === undefined || this.session.expiresAt - window <= this.surroundings.now()) {
            this.session = await this.newSession();
        }
        return this.session;
    }

    private async newSession(): Promise<Session | undefined> {
        const { aws } = this.surroundings;
        if (this.identity.source === "instanceRole") {
            const instanceId = await this.surroundings.instanceId(this.pod.spec?.nodeName ?? "");
            if (instanceId === undefined) {
                return undefined;
            }
            const session = await aws.instanceCredentials(instanceId);
            if (session === undefined) {
                throw new CallFailure("NoCredentialProviders", "no EC2 IMDS role found");
            }
            return session;
        }
        if (this.identity.token === undefined) {
            throw new CallFailure("TokenFileMissing", "open the token file: no such file or directory");
        }
        const token = await this.currentToken(this.identity.token);
        if (token === undefined) {
            return undefined;
        }
        if (this.identity.source === "containerCredentials") {
            return this.containerCredentials(this.identity.uri, token);
        }
        if (!this.surroundings.stsIsReachable()) {
            throw new CallFailure("RequestTimeout", "request send failed, Post https://sts: dial tcp: i/o timeout");
        }
        return aws.assumeRole(this.identity.roleArn, token);
    }

    private async containerCredentials(uri: string, token: string): Promise<Session> {
        const agent = this.surroundings.podIdentityAgent(this.pod.spec?.nodeName ?? "");
        const { host, hostname, port } = new URL(uri);
        if (agent === undefined) {
            const address = `${hostname}:${port || "80"}`;
            throw new CallFailure(
                "ConnectionRefused",
                `Get "${uri}": dial tcp ${address}: connect: connection refused`,
            );
        }
        return agent.credentials(host, token);
    }

    /** The kubelet renews a token after 80 % of its lifetime, and keeps the old one when it cannot get a new one. */
    private async currentToken(volume: TokenVolume): Promise<string | undefined> {
        const now = this.surroundings.now();
        if (this.token === undefined || this.token.renewAt <= now) {
            const text = await this.surroundings.token(this.pod, volume);
            this.token = text === undefined ? this.token : { text, renewAt: now + volume.expirationSeconds * 800 };
        }
        return this.token?.text;
    }

    private result(outcome: Pick<AgentResult, "ok" | "call" | "error" | "message">): AgentResult {
        const { metadata, spec } = this.pod;
        const roleArn = this.identity.source === "webIdentity" ? this.identity.roleArn : this.session?.roleArn;
        return {
            time: this.surroundings.now(),
            pod: metadata?.name ?? "",
            uid: metadata?.uid ?? "",
            node: spec?.nodeName ?? "",
            source: this.identity.source,
            ...(roleArn !== undefined && { roleArn }),
            ...outcome,
        };
    }
}

const callForCredentials: Record<IdentitySource["source"], string> = {
    webIdentity: "sts:AssumeRoleWithWebIdentity",
    containerCredentials: "eks-auth:AssumeRoleForPodIdentity",
    instanceRole: "imds:GetCredentials",
};
