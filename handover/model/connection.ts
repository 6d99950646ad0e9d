import type { Subject } from "./subject";

/** How the live checks reach the AWS account: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
export interface AwsConnection {
    readonly region?: string;
    readonly profile?: string;
    /** Static credentials from the stack's `aws:` configuration. */
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
    /** A role to assume first. */
    readonly roleArn?: string;
    readonly externalId?: string;
    readonly sessionName?: string;
    /** Custom endpoints by service: `iam`, `sts`, `ec2`, `eks`. Others are ignored. */
    readonly endpoints?: Readonly<Record<string, string>>;
}

/** How the live checks reach the cluster. */
export interface ClusterConnection {
    /** A kubeconfig (YAML or JSON) or its path. Default: the ambient kubeconfig (KUBECONFIG, ~/.kube/config). */
    readonly kubeconfig?: string;
    /** The context to use instead of the current one. */
    readonly context?: string;
    /** The EKS cluster that the program names. Only for messages. */
    readonly clusterName?: string;
    /** Whether this is the connection of a destroy or a refresh, which does not see the present program. */
    readonly fromState?: boolean;
}

/** How a live check reaches the cluster and the account. Kept in the stack's state. */
export interface ConnectionInputs extends ClusterConnection {
    readonly subject: Subject;
    /** A secret, since it may contain credentials. */
    readonly aws?: AwsConnection;
    /** The region of the cluster, from its ARN or from the configuration. */
    readonly region?: string;
    /** The regions in which instances may use the node roles. Missing: all enabled ones. */
    readonly regions?: readonly string[];
}
