/** What a look at the cluster and the account shows. Decisions are pure functions of it. */
export interface World {
    /** When it was looked at, in milliseconds since the epoch. */
    readonly at: number;
    readonly cluster: ClusterSeen;
    readonly account: AccountSeen;
}

/** What a look at the cluster shows. */
export interface ClusterSeen {
    /** The UID of the namespace kube-system, which tells one cluster from another. */
    readonly uid: string;
    /** Undefined when it does not exist. */
    readonly serviceAccount: ServiceAccountSeen | undefined;
    /** Undefined when it does not exist. */
    readonly daemonSet: DaemonSetSeen | undefined;
    /** The nodes that the DaemonSet selects: neither Fargate nor Auto Mode, hybrid or Windows. */
    readonly nodes: readonly NodeSeen[];
    /** The pods that the DaemonSet owns, terminating ones included. */
    readonly pods: readonly PodSeen[];
    /** Whether the injection guard is there (policy or binding), and the field manager that wrote it. */
    readonly injectionGuard: { readonly present: boolean; readonly inForce: boolean };
    /** Messages of the FailedCreate events of the DaemonSet in the last minutes, newest first. */
    readonly refusedPods: readonly string[];
    /** Pods of kube-system/aws-node on these nodes, without a role of their own, where another DaemonSet is handed over. */
    readonly defaultPodsWithoutRole?: readonly string[];
}

export interface ServiceAccountSeen {
    readonly uid: string;
    /** Those of `eks.amazonaws.com/`, and those of ours. */
    readonly annotations: Readonly<Record<string, string>>;
    /** The field managers that own the annotation `eks.amazonaws.com/role-arn`. */
    readonly roleArnOwners: readonly string[];
}

export interface DaemonSetSeen {
    readonly uid: string;
    readonly updateStrategy: "RollingUpdate" | "OnDelete";
    /** How many of its pods may be missing at a time: maxUnavailable, resolved against the number of its nodes; at least 1. */
    readonly maxUnavailable: number;
    /** The labels and annotations of its pod template. */
    readonly templateLabels: Readonly<Record<string, string>>;
    readonly templateAnnotations: Readonly<Record<string, string>>;
    /** Images of the containers by name, for the version of the CNI. */
    readonly images: Readonly<Record<string, string>>;
    /** Plain environment variables of the container `aws-node`, for ENABLE_IMDS_ONLY_MODE and credentials set by hand. */
    readonly environment: Readonly<Record<string, string>>;
    /** Arguments of the container `aws-eks-nodeagent`, for --enable-cloudwatch-logs. */
    readonly nodeAgentArguments: readonly string[];
    /** Whether the controller has seen the newest template. */
    readonly observed: boolean;
    /** Whether it still has the mark by which a run has woken its controller. */
    readonly woken: boolean;
}

export interface NodeSeen {
    readonly name: string;
    readonly ready: boolean;
    /** Of the EC2 instance, from spec.providerID. Undefined for what is no EC2 instance. */
    readonly instanceId: string | undefined;
}

export interface PodSeen {
    readonly name: string;
    readonly uid: string;
    /** Empty until it is scheduled; a DaemonSet's pod names its node by affinity, which counts. */
    readonly node: string;
    readonly createdAt: number;
    readonly ready: boolean;
    /** Milliseconds since the epoch. */
    readonly readySince: number | undefined;
    readonly terminating: boolean;
    /** Whether it is of the DaemonSet's current template. */
    readonly current: boolean;
    readonly credentials: CredentialSource;
    /** The message of its newest MissingIAMPermissions event, if it has one. */
    readonly missingPermissions: string | undefined;
    /** How often its containers were restarted, in all. */
    readonly restarts: number;
}

/** Where a pod's credentials come from, told by its specification (facts of the AWS SDK's credential chain). */
export type CredentialSource =
    /** No container has AWS_WEB_IDENTITY_TOKEN_FILE: the webhook missed it, or had nothing to say. */
    | { readonly kind: "nodeRole" }
    /** Every container, init containers too, has the same role, the token file and the volume with the audience. */
    | { readonly kind: "webIdentity"; readonly roleArn: string; readonly regionalSts: string | undefined }
    /** Pod Identity, or credentials that the container sets itself. */
    | { readonly kind: "other"; readonly what: string }
    /** The token file in some containers only, another role in one of them, the volume or the audience missing. */
    | { readonly kind: "incomplete"; readonly roleArns: readonly string[]; readonly what: string };

/** What a look at the AWS account shows. */
export interface AccountSeen {
    /** Whether this is the account of an earlier look. */
    readonly reused?: boolean;
    /** The role of each EC2 instance by its instance profile. Undefined: it has none, or it is not shown. */
    readonly roleOfInstance: Readonly<Record<string, string | undefined>>;
    /** Every role of a node of this cluster, and every role that was asked for by name. */
    readonly nodeRoles: readonly NodeRoleSeen[];
}

export interface NodeRoleSeen {
    readonly name: string;
    readonly exists: boolean;
    /** Tells a role from an earlier one of the same name. */
    readonly uniqueId: string | undefined;
    /** Attached managed policies, AWS's and the customer's, that grant what the CNI needs: see documents/cniGrants.ts. */
    readonly cniPolicies: readonly CniPolicySeen[];
    /** Names of inline policies with such grants. */
    readonly inlineCniPolicies: readonly string[];
    /** Ids of this cluster's instances that run with it (joined or not). */
    readonly instancesOfCluster: readonly string[];
    /** Instances that run with it and are not of this cluster, as `<region>/<id>`. */
    readonly instancesElsewhere: readonly string[];
}

export interface CniPolicySeen {
    readonly arn: string;
    /**
     * `cni`: AmazonEKS_CNI_Policy, or a customer's policy with nothing but what the CNI needs; `broad`: another AWS managed
     * policy, `ec2:*`, or one that grants or denies anything besides, so that taking it away would change something else.
     */
    readonly kind: "cni" | "broad";
    /** Whether it alone grants all that the family needs. */
    readonly sufficient: boolean;
}
