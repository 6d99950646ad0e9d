import type { OtherDelivery } from "../../handover/model/otherDelivery";
import type { AccountSeen, ClusterSeen, DaemonSetSeen, NodeRoleSeen } from "../../handover/model/world";
import type { Proof } from "../../handover/model/proof";

/** A call of a live check: `cluster.look`, `aws.attach`. */
export type CallName = `cluster.${string}` | `aws.${string}`;

/**
 * What the live checks see besides the model's own facts: settings of other parties, and calls that fail. All are off by default,
 * so that random sequences do not have them.
 */
export interface Conditions {
    /** The reason why a call fails. Undefined: it works. */
    fails?: ((call: CallName) => Error | undefined) | undefined;
    clusterUid?: string;
    serviceAccountUid?: string;
    noServiceAccount?: boolean;
    /** The field managers of a policy of the injection guard's name that another party has created. */
    othersGuard?: readonly string[];
    noDaemonSet?: boolean;
    version?: { readonly major: number; readonly minor: number };
    templateLabels?: DaemonSetSeen["templateLabels"];
    images?: DaemonSetSeen["images"];
    nodeAgentArguments?: DaemonSetSeen["nodeAgentArguments"];
    settings?: NonNullable<DaemonSetSeen["settings"]>;
    defaultPodsWithoutRole?: NonNullable<ClusterSeen["defaultPodsWithoutRole"]>;
    /** Nodes that the DaemonSet does not select, besides those of `otherInstances`. */
    otherNodes?: NonNullable<ClusterSeen["otherNodes"]>;
    /** The event of each pod that carries a role. */
    missingPermissions?: string | undefined;
    tokenIssuer?: string;
    callerAccount?: string;
    addOnRoleArn?: string | undefined;
    podIdentityRoleArns?: readonly string[];
    /** The calls to EKS that fail. */
    unread?: OtherDelivery["unread"];
    /** The service account of the DaemonSet's pod template. */
    serviceAccountName?: string;
    clusterStatus?: "there" | "gone" | "unknown";
    /** How a proof ends, instead of by the role. */
    proof?: (() => Promise<Proof>) | undefined;
    /** What is different about a node role. */
    nodeRoles?: Readonly<Record<string, Partial<NodeRoleSeen>>>;
    /** The regions, besides the cluster's own, that a search cannot read. */
    unreadRegions?: NonNullable<AccountSeen["unreadRegions"]>;
    /** Policies of a node role besides AmazonEKS_CNI_Policy. */
    otherPolicies?: Readonly<Record<string, readonly string[]>>;
    /** Nodes whose instances EC2 does not show. */
    unknownNodes?: readonly string[];
}
