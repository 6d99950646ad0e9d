import * as pulumi from "@pulumi/pulumi";
import { CniAwsArgs, CniTimeoutsArgs, Proof } from "./cniLiveArgs";

/** The IP family of a cluster's pods and services. It is chosen when the cluster is created and never changes. */
export enum IpFamily {
    /** Pods have IPv4 addresses: the permissions are the AWS managed policy `AmazonEKS_CNI_Policy`. */
    Ipv4 = "ipv4",
    /** Pods have IPv6 addresses: the permissions are a customer managed policy that the component makes. */
    Ipv6 = "ipv6",
}

/** How the role reaches the service account. */
export enum Delivery {
    /** The component annotates the service account with server-side apply, and restarts the pods. */
    ServiceAccountPatch = "serviceAccountPatch",
    /** The component makes the role only; a managed add-on or another program is given its ARN. */
    External = "external",
}

/** The Kubernetes service account that may assume the role. */
export interface CniServiceAccountArgs {
    /**
     * The service account's namespace: at most 63 lower case letters, digits and hyphens. Defaults to `kube-system`.
     */
    namespace?: pulumi.Input<string>;
    /**
     * The service account's name: at most 253 lower case letters, digits, hyphens and dots. Defaults to `aws-node`.
     */
    name?: pulumi.Input<string>;
}

/** The restart of the pods after their service account was annotated. */
export interface CniRolloutArgs {
    /**
     * Whether the DaemonSet's pods are restarted, by its own rolling update, so that they get the role. Without it pods get
     * the role whenever they are next created. Defaults to true.
     *
     * Plain, because it decides which resources exist.
     */
    enabled?: boolean;
    /**
     * How long to wait for the rolling update, in whole seconds from 1 to 9223372036. Defaults to 600.
     */
    timeoutSeconds?: number;
    /**
     * The name of the DaemonSet, in the service account's namespace. Defaults to `aws-node`.
     */
    daemonSetName?: pulumi.Input<string>;
}

/** The arguments of a CniServiceAccountRole. `clusterName`, `oidcProviderArn` or `existingRoleArn` is needed. */
export interface CniServiceAccountRoleArgs {
    /**
     * The name of the EKS cluster. Its OIDC issuer and IP family are looked up by `aws.eks.getCluster` through the
     * component's AWS provider, and compared with the other arguments before anything is created. Not needed with
     * `oidcProviderArn`, in which case no lookup is made. A program that makes the OIDC provider itself passes
     * `oidcProviderArn`, since the lookup could run before the provider exists.
     */
    clusterName?: pulumi.Input<string>;
    /**
     * The ARN of the cluster's IAM OIDC provider. Defaults to the provider of the issuer of `clusterName`. With both given,
     * they must name the same issuer.
     *
     * Source: https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
     */
    oidcProviderArn?: pulumi.Input<string>;
    /**
     * The ARNs of the IAM OIDC providers of more clusters whose service account of the same name may assume the role, in
     * the same account. Each adds a statement to the trust policy, and IAM limits its size: with EKS's issuers four
     * clusters in all fit into the default quota of 2048 characters (above it a warning is printed), and eighteen into the
     * maximum of 8192. Defaults to none.
     */
    additionalOidcProviderArns?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * The ARN of a role that exists already: for the second cluster of a shared role, or where another team owns IAM. The
     * component then makes no role and no policy, and refuses the arguments that would shape them.
     *
     * Whether it is given is plain, because it decides which resources exist.
     */
    existingRoleArn?: pulumi.Input<string>;
    /**
     * The IP family of the cluster, which decides the permissions. Defaults to `ipv4`. With `clusterName`, a family that is
     * not the cluster's own is refused.
     *
     * Plain, because it decides which resources exist.
     */
    ipFamily?: IpFamily;
    /**
     * The role's name: 1 to 64 letters, digits and `+ = , . @ _ -`. Defaults to the component's name and a random suffix,
     * which is also what lets a change that replaces the role go through without a gap.
     */
    roleName?: pulumi.Input<string>;
    /**
     * The role's path, which starts and ends with a slash, at most 512 characters. Defaults to `/`. The IPv6 policy is made
     * under the same path. A change replaces the role.
     */
    rolePath?: pulumi.Input<string>;
    /**
     * The role's description: at most 1000 characters of Latin-1. Defaults to none.
     */
    roleDescription?: pulumi.Input<string>;
    /**
     * The ARN of the managed policy that bounds the role's permissions. Defaults to none.
     *
     * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
     */
    permissionsBoundary?: pulumi.Input<string>;
    /**
     * The longest session of the role, in whole seconds from 3600 to 43200. Defaults to AWS's 3600.
     */
    maxSessionDuration?: pulumi.Input<number>;
    /**
     * The tags of the role and of the IPv6 policy: at most 50, no key that starts with `aws:`. Defaults to none.
     */
    tags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
    /**
     * The ARNs of managed policies to attach beside the CNI policy. At most 24, and IAM's default quota takes 9.
     * Defaults to none.
     *
     * Plain strings may be added, moved and removed. Outputs are attached under their index among the outputs, so of them
     * only the last may be removed, and new ones are appended: one that moves is detached by the update that moves it, and
     * attached again by `pulumi up --refresh`.
     *
     * The list is plain, because it decides which resources exist; its members need not be.
     */
    additionalPolicyArns?: pulumi.Input<string>[];
    /**
     * The service account that may assume the role, and that is annotated. Defaults to `kube-system/aws-node`.
     */
    serviceAccount?: pulumi.Input<CniServiceAccountArgs>;
    /**
     * Whether to take the annotations over from another field manager, as eksctl's `--override-existing-serviceaccounts`
     * does. Defaults to false: a conflict stops the update and names the manager.
     *
     * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
     */
    overrideExistingServiceAccount?: pulumi.Input<boolean>;
    /**
     * Whether the pods use the STS endpoint of their region (true) or the global one (false), by the annotation
     * `eks.amazonaws.com/sts-regional-endpoints`. Defaults to no annotation: clusters of version 1.22 and later use the
     * regional endpoint by themselves.
     */
    stsRegionalEndpoints?: pulumi.Input<boolean>;
    /**
     * The lifetime of the pods' tokens, in whole seconds from 600 to 86400, by the annotation
     * `eks.amazonaws.com/token-expiration`. Defaults to no annotation: the webhook then asks for 86400.
     *
     * Source: https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/constants.go
     */
    tokenExpirationSeconds?: pulumi.Input<number>;
    /**
     * How the role reaches the service account. Defaults to `serviceAccountPatch`.
     *
     * Plain, because it decides which resources exist.
     */
    delivery?: Delivery;
    /**
     * The restart of the pods after the service account was annotated. Defaults to a restart that is waited for.
     */
    rollout?: CniRolloutArgs;
    /**
     * Whether each step is proved on the live cluster before the next one, and taken back in a safe order on destroy. Needs
     * `delivery` serviceAccountPatch and the rollout; without them there is nothing to check. Defaults to true. With false the
     * component is its role, its annotation and its rollout, and nothing else.
     *
     * Plain, because it decides which resources exist.
     */
    liveChecks?: boolean;
    /**
     * The cluster, for the live checks: the text of a kubeconfig, YAML or JSON. It is kept as a secret. Defaults to
     * `kubernetes:kubeconfig` of the stack's configuration, then to the ambient one. A component with a Kubernetes provider of
     * its own needs it.
     */
    kubeconfig?: pulumi.Input<string>;
    /**
     * The AWS account, for the live checks. Defaults to the stack's `aws:` configuration (`region`, `profile`, `accessKey`,
     * `secretKey`, `token`, one of `assumeRoles`, `endpoints`), of which nothing but `region` counts where this is given, then to
     * the ambient credentials. A component with an AWS provider of its own needs it.
     */
    aws?: CniAwsArgs;
    /**
     * The names of the node roles that give their CNI policy up once every pod carries the CNI role: all roles that nodes of
     * this cluster run with, and none that instances elsewhere use. Without it nothing is detached, and `remainingSteps` says
     * which roles still hold the policy.
     *
     * Whether it is given is plain, because it decides which resources exist; its members need not be.
     */
    detachFromNodeRoles?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * The ARNs of the policies that leave the node roles. Defaults to the AWS managed CNI policy on IPv4, and on IPv6 to every
     * attached policy that grants what the CNI does to interfaces and addresses. Other policies of that kind are told of in
     * `remainingSteps`.
     */
    detachPolicyArns?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * How far the proof goes. Defaults to `full`.
     *
     * Plain, because it decides what is asked of AWS.
     */
    proof?: Proof;
    /** The time limits of the live checks. Defaults to those of each. */
    timeouts?: CniTimeoutsArgs;
    /**
     * How long IAM gets to enforce a policy that came back on a node role, before a pod relies on it. Waited in full, since
     * nothing tells when it is enforced. Defaults to 120.
     *
     * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
     */
    iamPropagationSeconds?: number;
    /**
     * How long a pod with the role is watched before it counts as working, in whole seconds from 0 to 3600. Defaults to 20.
     */
    stableSeconds?: number;
    /**
     * How many NotReady nodes rollout and detachment do without, from 0 to 10000. Their pods are deleted at the API first, and
     * start with the role when their node returns. Defaults to 0: a NotReady node is waited for.
     *
     * With more than 0 the pods are waited for by the live checks, within `timeouts.verificationSeconds`.
     */
    maxNotReadyNodes?: number;
    /**
     * Whether an admission policy refuses pods of the service account that the webhook has missed, so that the DaemonSet tries
     * again. Needs `detachFromNodeRoles` and Kubernetes 1.30. Defaults to true with `detachFromNodeRoles`.
     *
     * Plain, because it decides which resources exist.
     */
    injectionGuard?: boolean;
    /**
     * Whether destroy goes on without a look at the cluster, and gives nothing back: for a cluster that goes away with its nodes
     * still up. Set it and run an update first. Defaults to false.
     */
    forceDestroy?: pulumi.Input<boolean>;
    /**
     * Whether the node roles stay as they are when `liveChecks` is turned off later. Set it and run an update first. Defaults to
     * false: then they get back what they gave up, since without live checks nothing gives it back on destroy. With true nobody
     * knows any more what they gave up: attach it by hand before a destroy.
     */
    keepDetached?: pulumi.Input<boolean>;
}
