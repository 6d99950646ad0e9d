/**
 * How EKS writes the objects of an add-on to the cluster, under the field manager `eks`.
 *
 * AWS documents server-side apply and that manager
 * (https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html), and not the requests. Each value is one way that fits:
 *
 * - `apply`: server-side apply, forced if conflicts are to be overwritten. A field that the add-on leaves out stays if another applier owns it.
 * - `forcedApply`: the same, always forced.
 * - `update`: a patch, which Kubernetes records as Update. It owns the values that it changes, and removes the role for all owners.
 * - `updateThenApply`: a patch with the values that are set, then server-side apply. The role stays after its removal, because the Update entry owns it.
 * - `removesThoughCoOwned`: as `apply`, and the role is removed from the service account for all owners.
 * - `nothing`: the add-on is an entry in EKS's answers.
 */
export type AddOnWrite = (typeof addOnWrites)[number];

export const addOnWrites = [
    "apply",
    "forcedApply",
    "update",
    "updateThenApply",
    "removesThoughCoOwned",
    "nothing",
] as const;

/** The parts of managed add-ons that AWS leaves open: a test plays each of their variants. */
export interface AddOnBehavior {
    /** How EKS writes the objects of an add-on. Defaults to "apply". */
    readonly write: AddOnWrite;
    /**
     * How long a creation, an update and a deletion take. EKS writes to the cluster after half of this time. With 0, they are over when
     * the call returns. Defaults to 2.
     */
    readonly seconds: number;
    /** How long DescribeAddon shows the status of before, after UpdateAddon. Defaults to 0. */
    readonly statusDelaySeconds: number;
    /** When DescribeAddon shows the values of an update: once they are written, or at once. Defaults to "written". */
    readonly valuesShown: "written" | "atOnce";
    /**
     * Whether a change of the role restarts the pods, by a rolling update of the DaemonSet. Defaults to false.
     *
     * The only source says no: https://github.com/aws/amazon-vpc-cni-k8s/issues/1338
     */
    readonly restartsPods: boolean;
    /**
     * How often EKS writes the objects of add-ons again, in seconds; null for never. Defaults to null.
     *
     * EKS did it every 15 minutes until 2022, and sources differ on whether it still does:
     * https://aws.amazon.com/blogs/containers/amazon-eks-add-ons-preserve-customer-edits/,
     * https://github.com/aws/containers-roadmap/issues/2188
     */
    readonly driftRevertSeconds: number | null;
    /** Whether the configuration values stay if UpdateAddon leaves them out. Defaults to "kept". */
    readonly configurationLeftOut: "kept" | "reset";
    /** How long an add-on is DEGRADED after an update that failed and was applied; null for ever. Defaults to 2. */
    readonly healsAfterSeconds: number | null;
}

export const defaultBehavior: AddOnBehavior = {
    write: "apply",
    seconds: 2,
    statusDelaySeconds: 0,
    valuesShown: "written",
    restartsPods: false,
    driftRevertSeconds: null,
    configurationLeftOut: "kept",
    healsAfterSeconds: 2,
};

/**
 * How an update ends. A failed one may have changed the cluster, and the add-on is then DEGRADED for a while:
 * https://github.com/hashicorp/terraform-provider-aws/pull/49104
 */
export type UpdateEnd = "successful" | "failedButApplied" | "failed" | "cancelled" | "neverEnds";

/** How the next creation, the next update and the next deletion end. Each counts once. */
export interface NextEnds {
    readonly create?: "active" | "degraded" | "failed";
    readonly update?: UpdateEnd;
    readonly delete?: "gone" | "failed";
}

/** Keeps the behaviour that a test sets, and how the next changes end. */
export class BehaviorSettings {
    private current: AddOnBehavior = defaultBehavior;
    private next: NextEnds = {};

    get behavior(): AddOnBehavior {
        return this.current;
    }

    /** The other settings stay as they are. */
    set(changed: Partial<AddOnBehavior>): void {
        if (changed.write !== undefined && !addOnWrites.includes(changed.write)) {
            throw new Error(
                `EKS does not write add-ons by "${changed.write}": choose one of ${addOnWrites.join(", ")}.`,
            );
        }
        this.current = { ...this.current, ...changed };
    }

    setNext(ends: NextEnds): void {
        this.next = { ...this.next, ...ends };
    }

    /** The end that was set for the change that begins now. */
    take<Kind extends keyof NextEnds>(kind: Kind): NextEnds[Kind] {
        const { [kind]: end, ...others } = this.next;
        this.next = others;
        return end;
    }

    reset(): void {
        this.current = defaultBehavior;
        this.next = {};
    }
}
