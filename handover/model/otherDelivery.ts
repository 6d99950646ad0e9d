/** Other ways in which EKS gives the service account credentials. */
export interface OtherDelivery {
    /** The cluster's name with which EKS was asked. */
    readonly clusterName?: string;
    /** The cluster's IP family, if the run has asked EKS whether the name is the cluster's. */
    readonly ipFamily?: string;
    /** Why the cluster's name is unknown: EKS was not asked then. */
    readonly clusterNameUnknown?: string;
    /** The role that the managed add-on `vpc-cni` gives the service account. */
    readonly addOnRoleArn: string | undefined;
    /** Role ARNs of the service account's Pod Identity associations, including those of the add-on. */
    readonly podIdentityRoleArns: readonly string[];
    /** Calls without an answer. A run that detaches a policy refuses, any other run reports them. */
    readonly unread: readonly UnreadCall[];
}

/** A call to EKS that is not allowed, or that EKS does not support. */
export interface UnreadCall {
    /** The action that is missing, as IAM names it. */
    readonly action: string;
    readonly cause: "denied" | "unsupported";
    /** With the answer of AWS. */
    readonly why: string;
}

/** The answer of EKS to the name of a cluster. */
export type NamedCluster =
    /** `issuer`: without `https://`. */
    | {
          readonly is: "there";
          readonly issuer: string | undefined;
          readonly ipFamily?: string;
          readonly platformVersion?: string;
      }
    | { readonly is: "missing" }
    | { readonly is: "unread"; readonly call: UnreadCall };
