import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { type CniMode, cniModeOf } from "./cniMode";
import { nodeInit, setupRetrySeconds } from "./cniStart";
import { ContainerLife } from "./containerLife";
import { probePath } from "./pathProbe";
import { type CredentialSurroundings, FailedCall, NotRunning, PodCredentials } from "./podCredentials";
import type { IdentitySource } from "./podIdentitySource";
import { type NodeNetwork, poolSeconds, WarmPool } from "./warmPool";

/** The environment of an agent. */
export interface AgentSurroundings extends CredentialSurroundings {
    /** What the pod's node has from the CNI. */
    network: NodeNetwork;
    /** How many pods of the pod's node have an address of their own. */
    podsOnNode(): number;
    /** Scales the times of a failed start. */
    startFactor: number;
}

/** One line of probes.jsonl: whether a pod has a path to every permission of the CNI. */
export interface ProbeResult {
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

/** One line of agents.jsonl: a start of the CNI, or its calls when the warm pool needed them. */
export interface AgentResult extends ProbeResult {
    /** The calls of EC2 in their order, without `ec2:`. A start with ENABLE_IMDS_ONLY_MODE may have none. */
    calls: string[];
}

/** The status of the container aws-node. */
export function statusOf({ status }: V1Pod): V1ContainerStatus | undefined {
    return status?.containerStatuses?.find(({ name }) => name === "aws-node");
}

/** The result of one step, and the new state of the container. */
export interface Step {
    /** Undefined when no call was due. */
    readonly result?: AgentResult;
    /** The calls that EC2 denied without ending the start. */
    readonly denied?: readonly string[];
    readonly container?: "ready" | "backOff" | "restarted";
}

/**
 * kwok's pods run nothing. An agent makes, for one pod of aws-node, the calls that ipamd would make with the pod's credentials:
 * those of its start, and then those that the warm pool needs. A probe of the pod's path is apart from them.
 */
export class PodAgent {
    private readonly mode: CniMode;
    private readonly credentials: PodCredentials;
    private readonly life: ContainerLife;
    private pool: WarmPool;
    private nextLookAt = 0;
    private calls: { action: string; failure?: FailedCall }[] = [];
    private isKilled = false;

    public constructor(
        private readonly pod: V1Pod,
        private readonly surroundings: AgentSurroundings,
        isRunning: boolean,
    ) {
        this.mode = cniModeOf(pod);
        this.credentials = new PodCredentials(pod, surroundings);
        this.pool = this.newPool();
        const restarts = statusOf(pod)?.restartCount;
        this.life = new ContainerLife(() => surroundings.now(), surroundings.startFactor, isRunning, restarts);
        this.lookIn(poolSeconds.first);
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
            if (due !== "ready") {
                // The memory of the process is gone, and with it its credentials.
                this.credentials.forget();
            }
            return { container: due };
        }
        this.calls = [];
        const { is } = this.life.phase;
        return is === "starting" ? this.start() : is === "running" ? this.work() : undefined;
    }

    private async start(): Promise<Step | undefined> {
        const { network } = this.surroundings;
        if (!(await this.credentials.isMounted())) {
            return undefined;
        }
        this.pool = this.newPool();
        const ended = await failureOf(
            nodeInit(this.mode, network, this.pool, this.surroundings.podsOnNode(), this.ec2).then((isSetUp) => {
                this.life.succeeded(isSetUp ? 0 : setupRetrySeconds);
                this.lookIn(poolSeconds.first);
            }),
        );
        if (ended === "notRunning") {
            return undefined;
        }
        if (ended !== undefined) {
            this.life.failed();
        }
        const denied = this.calls.flatMap(({ failure }) =>
            failure?.name === "UnauthorizedOperation" ? [failure.call] : [],
        );
        return {
            result: this.result(ended),
            denied: [...new Set(denied)],
            ...(this.isRunning && { container: "ready" as const }),
        };
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, StartNodeIPPoolManager. The interfaces of the metadata service are those that it knows, so its reconciliation asks EC2 nothing. */
    private async work(): Promise<Step | undefined> {
        const { ipFamily, provisions } = this.mode;
        if (ipFamily === "ipv6" || !provisions || this.surroundings.now() < this.nextLookAt) {
            return undefined;
        }
        this.lookIn(poolSeconds.every);
        const ended = await failureOf(this.pool.update(this.surroundings.podsOnNode()));
        return this.calls.length === 0 || ended === "notRunning" ? undefined : { result: this.result(ended) };
    }

    /** Whether the pod has a path now, in whatever state its container is. Undefined when it cannot run. */
    public async probe(): Promise<ProbeResult | undefined> {
        const failure = await failureOf(probePath(this.credentials, this.mode.ipFamily));
        return failure === "notRunning" ? undefined : this.line(failure);
    }

    /** Ends the container, which the kubelet restarts in the same pod: no admission, and the same token. */
    public killContainer(): void {
        this.isKilled = true;
    }

    /** Drops the session, as when it has expired. */
    public renewSession(): void {
        this.credentials.forget();
    }

    private readonly ec2 = async (action: string, parameters?: Readonly<Record<string, string>>): Promise<void> => {
        const call: (typeof this.calls)[number] = { action };
        this.calls.push(call);
        try {
            await this.credentials.ec2(action, parameters);
        } catch (error) {
            if (error instanceof FailedCall) {
                call.failure = error;
            }
            throw error;
        }
    };

    private newPool(): WarmPool {
        return new WarmPool(this.mode, this.surroundings.network, this.ec2, () => this.surroundings.now());
    }

    private lookIn(seconds: number): void {
        this.nextLookAt = this.surroundings.now() + seconds * 1000;
    }

    private result(failure: FailedCall | undefined): AgentResult {
        return { ...this.line(failure), calls: this.calls.map(({ action }) => action) };
    }

    private line(failure: FailedCall | undefined): ProbeResult {
        const { metadata, spec } = this.pod;
        const { source, roleArn } = this.credentials;
        return {
            time: this.surroundings.now(),
            pod: metadata?.name ?? "",
            uid: metadata?.uid ?? "",
            node: spec?.nodeName ?? "",
            source,
            ...(roleArn !== undefined && { roleArn }),
            ok: failure === undefined,
            ...(failure && { call: failure.call, error: failure.name, message: failure.message }),
        };
    }
}

async function failureOf(calls: Promise<void>): Promise<FailedCall | "notRunning" | undefined> {
    try {
        await calls;
        return undefined;
    } catch (error) {
        if (error instanceof NotRunning) {
            return "notRunning";
        }
        if (error instanceof FailedCall) {
            return error;
        }
        throw error;
    }
}
