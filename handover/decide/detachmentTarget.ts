import type { SharingTarget } from "./sharedNodeRoles";

/** The goal of the last part of the hand-over. */
export interface DetachmentTarget extends SharingTarget {
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    /** How long a pod may take until it works. */
    readonly canarySeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
    /** How long an update of the managed add-on may take. Missing: as long as the default says. */
    readonly deliverySeconds?: number;
    /** The node roles that an earlier run has detached, and after which it has watched the pods. Missing: none. */
    readonly finishedRoles?: readonly string[];
    /** When the role was proved after a pod had complained. Earlier complaints are outdated. */
    readonly provedAt?: number;
}
