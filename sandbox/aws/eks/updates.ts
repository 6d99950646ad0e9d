import { randomUUID } from "node:crypto";

import { AwsError } from "../errors";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html */
export interface Update {
    readonly id: string;
    readonly status: "InProgress" | "Successful";
    readonly type: "VersionUpdate";
    readonly params: readonly { readonly type: string; readonly value: string }[];
    readonly createdAt: number;
    readonly errors: readonly never[];
}

interface VersionUpdate {
    readonly id: string;
    readonly version: string;
    readonly releaseVersion?: string;
    readonly startedAt: number;
}

/** An update takes about ten minutes on EKS; here it takes just long enough to be observed. */
const updateMilliseconds = 1000;

/** Updates of the Kubernetes version of clusters and node groups, one at a time. moto does not implement them. */
export class VersionUpdates {
    private readonly started = new Map<string, VersionUpdate[]>();

    constructor(private readonly now: () => number = Date.now) {}

    start(cluster: string, current: string, version: string): Update {
        this.refuseWhileUpdating(cluster, "VersionUpdate");
        if (!isNextMinor(current, version)) {
            throw invalidParameter(`Unsupported Kubernetes minor version update from ${current} to ${version}`);
        }
        return this.begin(cluster, version);
    }

    /**
     * Starts an update without checking the request: of the cluster, or of the node group that `nodegroupKey` names.
     */
    begin(of: string, version: string, releaseVersion?: string): Update {
        const update = {
            id: randomUUID(),
            version,
            startedAt: this.now(),
            ...(releaseVersion !== undefined && { releaseVersion }),
        };
        this.started.set(of, [...this.of(of), update]);
        return this.described(update);
    }

    isUpdating(of: string): boolean {
        return this.of(of).some((update) => !this.isDone(update));
    }

    describe(cluster: string, id: string): Update {
        const update = this.of(cluster).find((candidate) => candidate.id === id);
        if (!update) {
            throw new AwsError("ResourceNotFoundException", `No update found for ID: ${id}`, 404);
        }
        return this.described(update);
    }

    ids(cluster: string): string[] {
        return this.of(cluster).map((update) => update.id);
    }

    /** Wording: https://github.com/rancher/eks-operator/issues/547 */
    refuseWhileUpdating(cluster: string, type: string): void {
        const running = this.of(cluster).find((update) => !this.isDone(update));
        if (running) {
            const message = `Cannot ${type} because cluster ${cluster} currently has update ${running.id} in progress`;
            throw new AwsError("ResourceInUseException", message, 409);
        }
    }

    /** The effect of updates on the answers of DescribeCluster and DescribeNodegroup. */
    effectOn(of: string): {
        readonly version?: string;
        readonly releaseVersion?: string;
        readonly status?: "UPDATING";
    } {
        const done = this.of(of).filter((update) => this.isDone(update));
        const version = done.at(-1)?.version;
        const releaseVersion = done.at(-1)?.releaseVersion;
        return {
            ...(version !== undefined && { version }),
            ...(releaseVersion !== undefined && { releaseVersion }),
            ...(this.isUpdating(of) && { status: "UPDATING" as const }),
        };
    }

    /** A new cluster or node group of the same name starts without updates. */
    forget(of: string): void {
        [...this.started.keys()]
            .filter((key) => key === of || key.startsWith(`${of}/`))
            .forEach((key) => this.started.delete(key));
    }

    private of(cluster: string): readonly VersionUpdate[] {
        return this.started.get(cluster) ?? [];
    }

    private isDone({ startedAt }: VersionUpdate): boolean {
        return this.now() >= startedAt + updateMilliseconds;
    }

    private described(update: VersionUpdate): Update {
        return {
            id: update.id,
            status: this.isDone(update) ? "Successful" : "InProgress",
            type: "VersionUpdate",
            params: [
                { type: "Version", value: update.version },
                ...(update.releaseVersion === undefined
                    ? []
                    : [{ type: "ReleaseVersion", value: update.releaseVersion }]),
            ],
            createdAt: update.startedAt / 1000,
            errors: [],
        };
    }
}

/**
 * The same version, a lower one and one that skips a minor version are refused with the same message:
 * https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2607,
 * https://github.com/rancher/rancher/issues/21043
 */
function isNextMinor(current: string, version: string): boolean {
    const [from, to] = [current, version].map((text) => /^1\.(\d+)$/.exec(text)?.[1]);
    return from !== undefined && to !== undefined && Number(to) === Number(from) + 1;
}

function invalidParameter(message: string): AwsError {
    return new AwsError("InvalidParameterException", message, 400);
}
