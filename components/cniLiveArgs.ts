import * as pulumi from "@pulumi/pulumi";

/** How much is proved before anything on the cluster changes. */
export enum Proof {
    /**
     * A token of the service account can assume the role, and the role has the CNI's permissions. These are tested with DryRun
     * calls and, if the caller is allowed to, with `iam:SimulatePrincipalPolicy`. The canaries test those that each start of a pod uses.
     */
    Full = "full",
    /** A token of the service account can assume the role. */
    AssumeRole = "assumeRole",
    /** Nothing is proved from the machine that runs Pulumi. Only the canary tests the role. */
    Off = "off",
}

/** How the live checks connect to AWS. */
export interface CniAwsArgs {
    /**
     * The region of the cluster, for example `us-west-2`.
     *
     * Defaults to the region of the cluster that `clusterName` names, then to `aws:region` of the stack's configuration, then to
     * the ambient region.
     */
    region?: pulumi.Input<string>;
    /**
     * A profile of the shared AWS configuration files.
     *
     * Defaults to the ambient credentials.
     */
    profile?: pulumi.Input<string>;
    /**
     * The ARN of a role to assume before any other call, for example `arn:aws:iam::111122223333:role/deploy`.
     *
     * Defaults to none.
     */
    roleArn?: pulumi.Input<string>;
    /**
     * The external ID that the role to assume requires.
     *
     * Defaults to none.
     */
    externalId?: pulumi.Input<string>;
    /**
     * The session name of the role to assume.
     *
     * 2 to 64 letters, digits and `+ = , . @ _ -`. Defaults to `eks-cni`.
     */
    sessionName?: pulumi.Input<string>;
    /**
     * The endpoint URLs of the services, for example `{ sts: "https://sts.us-west-2.amazonaws.com" }`.
     *
     * The services are `iam`, `sts`, `ec2` and `eks`. Defaults to AWS's own endpoints.
     */
    endpoints?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
}

/**
 * The time limits of the live checks.
 *
 * The limits do not count the fixed wait `iamPropagationSeconds`.
 */
export interface CniTimeoutsArgs {
    /**
     * How long the proof may take, including the time until IAM makes a new role usable.
     *
     * In whole seconds from 1 to 86400. Defaults to 120.
     */
    proofSeconds?: number;
    /**
     * How long one canary, or one pod of a wave, may take until it works with the role.
     *
     * Taking back a rollout that failed may take as long again. On destroy, it limits how long a pod may take until it works with
     * its former credentials. Less than 90 causes a warning: a start of the plugin that fails takes about so long. In whole seconds from 1
     * to 86400. Defaults to 300.
     */
    canarySeconds?: number;
    /**
     * How long the verification of all pods and the detachment may take without progress.
     *
     * The limit begins again whenever fewer pods without the role are left. In whole seconds from 1 to 86400. Defaults to 900.
     */
    verificationSeconds?: number;
    /**
     * How long the hand-back may take without progress, and how long attaching policies to node roles again may take.
     *
     * For the hand-back on destroy, the limit begins again whenever fewer pods with the role are left. It also limits attaching
     * the policies again to a node role that was removed from `detachFromNodeRoles`, and to all node roles before another role is
     * delivered. In whole seconds from 1 to 86400. Defaults to 1800.
     */
    handBackSeconds?: number;
    /**
     * How long the update waits for another writer to deliver the role (delivery `external`), and how long destroy waits for that writer to remove it.
     *
     * With the delivery `eksAddon`, how long an update of the managed add-on may take. In whole seconds from 1 to 86400. Defaults to 1200.
     */
    deliverySeconds?: number;
}
