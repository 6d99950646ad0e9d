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

export interface OtherDelivery {
    /** The role that the managed add-on `vpc-cni` gives the service account. */
    readonly addOnRoleArn: string | undefined;
    /** Whether the managed add-on is installed. */
    readonly addOn: boolean;
    /** Role ARNs of Pod Identity associations of the service account (those of the add-on included). */
    readonly podIdentityRoleArns: readonly string[];
    /** What could not be read, and why (missing rights): reported, and no obstacle. */
    readonly unread: readonly string[];
}

export interface ProofQuestion {
    readonly roleArn: string;
    readonly token: string;
    readonly ipFamily: "ipv4" | "ipv6";
    /** `assumeRole`: only the trust; `full`: also DryRuns as the role, and simulation where the caller may. */
    readonly depth: "full" | "assumeRole";
    /** An instance of the cluster, for arguments of DryRun calls that are like a node's. */
    readonly instanceId: string | undefined;
}

/**
 * `undecided`: the operator's machine cannot tell, the canary will. It may become `yes` while IAM settles (IAM shows a policy to its
 * simulator before EC2 heeds it), and so may `no`.
 */
export type Proof =
    | { readonly verdict: "yes"; readonly evidence: readonly string[] }
    | { readonly verdict: "undecided"; readonly why: string; readonly evidence: readonly string[] }
    /** `final`: waiting does not help (another account, a role that trusts somebody else). */
    | {
          readonly verdict: "no";
          readonly code: ProofFailure;
          readonly why: string;
          readonly final: boolean;
          /** Where it is another thing than the role. */
          readonly mend?: string;
      };

export type ProofFailure =
    | "trust-refused"
    | "provider-missing"
    | "token-refused"
    | "sts-region-inactive"
    | "sts-unreachable"
    | "permission-missing";
