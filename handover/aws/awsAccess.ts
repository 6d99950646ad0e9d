import type { OtherDelivery } from "../model/preflight";
import type { Proof, ProofQuestion } from "../model/proof";
import type { AccountSeen } from "../model/world";

/** All that the hand-over reads and writes in the AWS account. Each call is bounded in time and retries throttling. */
export interface AwsAccess {
    /** The account of the caller (sts:GetCallerIdentity). */
    callerAccount(): Promise<string>;
    /** One look at the node roles: of the instances given, and of the names given. */
    look(question: AccountQuestion): Promise<AccountSeen>;
    /** Attaches a managed policy. It being attached already is no error; a role that is gone is `gone`. */
    attach(roleName: string, policyArn: string): Promise<"attached" | "gone">;
    /** Detaches a managed policy. It not being attached is no error; a role that is gone is `gone`. */
    detach(roleName: string, policyArn: string): Promise<"detached" | "gone">;
    /** What EKS tells of the cluster; `gone` only if EKS itself says ResourceNotFoundException. */
    clusterStatus(clusterName: string): Promise<"there" | "gone" | "unknown">;
    /** How else EKS gives aws-node credentials: the add-on's role, and Pod Identity associations of the service account. */
    otherDelivery(
        clusterName: string,
        serviceAccount: { readonly namespace: string; readonly name: string },
    ): Promise<OtherDelivery>;
    /** Evidence that a token can assume the role and that the role has the rights; see aws/proof.ts. */
    prove(question: ProofQuestion): Promise<Proof>;
}

export interface AccountQuestion {
    /** Ids of the instances that the cluster's nodes are. */
    readonly instanceIds: readonly string[];
    /** Role names to look at besides. */
    readonly roleNames: readonly string[];
    readonly ipFamily: "ipv4" | "ipv6";
    /** Whether to look for instances that use these roles outside the cluster, in all enabled regions. */
    readonly searchElsewhere: boolean;
    readonly clusterName?: string;
}
