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
