import type { Subject } from "./subject";

/** How the AWS account is reached by the live checks: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
export interface AwsConnection {
    readonly region?: string;
    readonly profile?: string;
    /** Static credentials, from the stack's `aws:` configuration. */
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
    /** A role to assume first. */
    readonly roleArn?: string;
    readonly externalId?: string;
    readonly sessionName?: string;
    /** Endpoints by service: `iam`, `sts`, `ec2`, `eks`. Others are ignored. */
    readonly endpoints?: Readonly<Record<string, string>>;
}

/** How the cluster is reached by the live checks. */
export interface ClusterConnection {
    /** The text of a kubeconfig, YAML or JSON; without it the ambient one (KUBECONFIG, ~/.kube/config). */
    readonly kubeconfig?: string;
    /** The context to use instead of the current one. */
    readonly context?: string;
}

/** How a live check reaches the cluster and the account, as the stack's state keeps it. */
export interface ConnectionInputs extends ClusterConnection {
    readonly subject: Subject;
    /** Secret, since it may hold credentials. */
    readonly aws?: AwsConnection;
    /** The region of the cluster, from its ARN or from the configuration. */
    readonly region?: string;
}
