import type { UnreadCall } from "./otherDelivery";

/** The managed add-on `vpc-cni`, as EKS describes it: https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html */
export type AddOnSeen =
    | ({ readonly is: "there" } & ManagedAddOn)
    | { readonly is: "missing"; readonly clusterName: string }
    /** EKS was not asked, since the name of the cluster is unknown. */
    | { readonly is: "unnamed"; readonly why: string }
    | { readonly is: "unread"; readonly call: UnreadCall };

export interface ManagedAddOn {
    /** The name with which EKS was asked. */
    readonly clusterName: string;
    /** `ACTIVE`, `UPDATING`, `DEGRADED` and others. */
    readonly status: string;
    /** The role that it gives the service account. */
    readonly roleArn: string | undefined;
    /** As JSON or YAML. An update sends them as they are. */
    readonly configurationValues: string | undefined;
    /** The codes and messages of its health issues. */
    readonly health: readonly string[];
    /** When EKS changed it last, in milliseconds since the epoch. Undefined if EKS does not say it. */
    readonly modifiedAt: number | undefined;
}

/** The role that the managed add-on has. Undefined if it has none, or if EKS does not show the add-on. */
export function roleOfAddOn(addOn: AddOnSeen | undefined): string | undefined {
    return addOn?.is === "there" ? addOn.roleArn : undefined;
}

/** States in which EKS refuses an update, and which end by themselves. */
const BUSY: readonly string[] = ["CREATING", "UPDATING", "DELETING"];

/**
 * Whether EKS is changing the add-on. One that is DEGRADED, or whose last change has failed, is not busy: the update may be what repairs it.
 */
export function isBusy({ status }: Pick<ManagedAddOn, "status">): boolean {
    return BUSY.includes(status);
}

/** A request to EKS. It always states the role, unless the role is to go. */
export interface AddOnUpdate {
    readonly clusterName: string;
    /** Undefined: the add-on has no role afterwards. */
    readonly roleArn: string | undefined;
    /** As read. Undefined if there are none. */
    readonly configurationValues: string | undefined;
    /** Makes the request idempotent. */
    readonly clientRequestToken: string;
}

/** The answer to an update: EKS carries it out later, or is busy with another one, or the add-on was deleted since it was read. */
export type AddOnUpdateSent =
    | { readonly is: "sent"; readonly updateId: string }
    | { readonly is: "busy"; readonly why: string }
    | { readonly is: "missing"; readonly why: string };

/** How far an update is: https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html */
export interface AddOnUpdateSeen {
    /** `Missing`: EKS does not know the update, since the add-on was deleted. */
    readonly status: "InProgress" | "Successful" | "Failed" | "Cancelled" | "Missing";
    readonly errors: readonly string[];
}

/** How the run's last update of the add-on has ended. EKS does not undo one that failed, and may have applied it. */
export interface AddOnUpdateEnded {
    readonly roleArn: string | undefined;
    readonly at: number;
    readonly isSuccessful: boolean;
    /** With the errors of EKS. */
    readonly why: string;
}

/** Whether the identity of the live checks may pass a role to EKS. `unknown`: IAM's simulator was not allowed, or does not know the identity. */
export type PassRole = "allowed" | "denied" | "gone" | "unknown";
