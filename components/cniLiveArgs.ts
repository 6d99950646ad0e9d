import * as pulumi from "@pulumi/pulumi";

/** How far the proof goes before anything on the cluster moves. */
export enum Proof {
    /**
     * A token of the service account assumes the role, the role's rights are tried by DryRun calls and, where the caller may,
     * by `iam:SimulatePrincipalPolicy`.
     */
    Full = "full",
    /** A token of the service account assumes the role. */
    AssumeRole = "assumeRole",
    /** Nothing is proved from the operator's machine; the canary stays. */
    Off = "off",
}

/** The AWS account as the live checks reach it. */
export interface CniAwsArgs {
    /**
     * The region of the cluster. Defaults to that of the ARN of `clusterName`, then to `aws:region` of the stack's configuration,
     * then to the ambient one.
     */
    region?: pulumi.Input<string>;
    /** A profile of the shared configuration files. Defaults to the ambient credentials. */
    profile?: pulumi.Input<string>;
    /** The ARN of a role to assume first. Defaults to none. */
    roleArn?: pulumi.Input<string>;
    /** The external id that the role to assume asks for. Defaults to none. */
    externalId?: pulumi.Input<string>;
    /** The session's name while the role is assumed. Defaults to `eks-cni`. */
    sessionName?: pulumi.Input<string>;
    /** Endpoints by service: `iam`, `sts`, `ec2` and `eks`. Defaults to AWS's own. */
    endpoints?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
}

/** How long the live checks wait, each in whole seconds from 1 to 86400. */
export interface CniTimeoutsArgs {
    /** How long a role may take to be usable. Defaults to 120. */
    proofSeconds?: number;
    /** How long the canaries may take, all node roles together. Defaults to 300. */
    canarySeconds?: number;
    /** How long the verification of all pods may take. Defaults to 900. */
    verificationSeconds?: number;
    /** How long the hand-back may take. Defaults to 1800. */
    handBackSeconds?: number;
}
