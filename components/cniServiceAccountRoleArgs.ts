import * as pulumi from "@pulumi/pulumi";
import { CniAwsArgs, CniTimeoutsArgs, Proof } from "./cniLiveArgs";

/**
 * The IP family of a cluster's pods and services.
 *
 * It is chosen when the cluster is created and never changes.
 */
export enum IpFamily {
    /** Pods have IPv4 addresses. The role gets the AWS managed policy `AmazonEKS_CNI_Policy`. */
    Ipv4 = "ipv4",
    /** Pods have IPv6 addresses. The role gets a customer managed policy that the component creates. */
    Ipv6 = "ipv6",
}

/** How the service account gets the role. */
export enum Delivery {
    /** The component annotates the service account with server-side apply, and restarts the pods. */
    ServiceAccountPatch = "serviceAccountPatch",
    /**
     * The managed add-on `vpc-cni` gives the service account the role. The component moves the pods under its own annotation, and then updates the
     * add-on with the role (UpdateAddon). It changes nothing else of the add-on. The tool that manages the add-on must state the role, too.
     */
    EksAddon = "eksAddon",
    /**
     * An EKS Pod Identity association gives the service account the role. The component creates both, and needs no OIDC provider. Every node needs
     * the EKS Pod Identity Agent.
     *
     * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
     */
    PodIdentity = "podIdentity",
    /**
     * Another writer gives the service account the role: Terraform, Helm, GitOps, eksctl, or an `aws.eks.Addon` of the same program. The component
     * proves the role, waits until that writer delivers it, and then moves the pods. Without live checks, it creates only the role.
     */
    External = "external",
}

/** The Kubernetes service account that may assume the role. */
export interface CniServiceAccountArgs {
    /**
     * The namespace of the service account.
     *
     * At most 63 lower case letters, digits and hyphens. Defaults to `kube-system`.
     */
    namespace?: pulumi.Input<string>;
    /**
     * The name of the service account.
     *
     * At most 253 lower case letters, digits, hyphens and dots. Defaults to `aws-node`.
     */
    name?: pulumi.Input<string>;
}

/** The restart of the pods after the service account is annotated. */
export interface CniRolloutArgs {
    /**
     * Whether to restart the DaemonSet's pods so that they get the role.
     *
     * With live checks, the component restarts them in waves, canaries first. Without them, the DaemonSet restarts them with its
     * own rolling update. With false, a pod gets the role when it is next created, and there are no live checks. Defaults to true.
     *
     * Must be a plain value, not an Output, because it decides which resources exist.
     */
    enabled?: boolean;
    /**
     * How long to wait for the DaemonSet's rolling update, only without live checks.
     *
     * With live checks, `timeouts.canarySeconds` limits how long each pod may take. In whole seconds from 1 to 9223372036. Defaults to 600.
     */
    timeoutSeconds?: number;
    /**
     * The name of the DaemonSet, in the service account's namespace.
     *
     * At most 253 lower case letters, digits, hyphens and dots. Defaults to `aws-node`.
     */
    daemonSetName?: pulumi.Input<string>;
}

/**
 * The arguments of a CniServiceAccountRole.
 *
 * At least one of `clusterName`, `oidcProviderArn` and `existingRoleArn` is required.
 */
export interface CniServiceAccountRoleArgs {
    /**
     * The name of the EKS cluster, for example `production`.
     *
     * 1 to 100 letters, digits, hyphens and underscores. The component looks up the cluster's OIDC issuer and IP family with
     * `aws.eks.getCluster` and its AWS provider, and compares them with the other arguments before it creates anything.
     *
     * Not needed with `oidcProviderArn` or `existingRoleArn`. Without `clusterName` nothing is looked up. A program that creates
     * the OIDC provider itself passes `oidcProviderArn`, because the lookup could run before the provider exists.
     *
     * The delivery `podIdentity` needs the name: the association and the role's trust policy belong to this cluster.
     *
     * The live checks need the name to ask EKS for the role of the managed add-on and for Pod Identity associations. If it is
     * not given, they find it in the kubeconfig or in the tags of the nodes' instances, and compare the issuer. If they find
     * none, nothing is detached: with `detachFromNodeRoles` the update stops (`cluster-name-unknown`).
     */
    clusterName?: pulumi.Input<string>;
    /**
     * The ARN of the cluster's IAM OIDC provider.
     *
     * For example `arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE`. With `clusterName`, it
     * must be the provider of that cluster's issuer. Defaults to the provider of the issuer of `clusterName`. Not used with the delivery
     * `podIdentity`, which rejects it.
     *
     * Source: https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
     */
    oidcProviderArn?: pulumi.Input<string>;
    /**
     * The ARNs of the IAM OIDC providers of other clusters that share the role.
     *
     * The service account of the same name in those clusters may assume the role, too. The providers must be in the account of
     * `oidcProviderArn`. Each one adds a statement to the trust policy, whose size IAM limits: with EKS issuers, four clusters
     * in total fit into the default quota of 2048 characters (above it the component prints a warning), and eighteen into the
     * maximum of 8192. Defaults to none.
     *
     * With live checks, removing a provider prints a `kubectl` command that must print nothing on that cluster. While the list has
     * providers, an update neither replaces the role nor takes anything away from it: the pods of those clusters cannot be seen.
     *
     * Rejected with the delivery `podIdentity`.
     */
    additionalOidcProviderArns?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * The ARN of an existing role to use, for example `arn:aws:iam::111122223333:role/cni`.
     *
     * Use it for the second cluster of a shared role, or if another team manages IAM. The component then creates no role and no
     * policy, and rejects the arguments that configure them.
     *
     * Not the role that this component has created: it would no longer be part of the program, so Pulumi would delete it at the end
     * of the update. With live checks, the update refuses (`own-role-as-existing`).
     *
     * The value may be an Output. Whether it is given must be plain, because that decides which resources exist.
     */
    existingRoleArn?: pulumi.Input<string>;
    /**
     * The IP family of the cluster, which decides the permissions of the role.
     *
     * With `clusterName`, a family other than the cluster's is an error. Defaults to `ipv4`.
     *
     * Must be a plain value, not an Output, because it decides which resources exist.
     */
    ipFamily?: IpFamily;
    /**
     * The name of the role.
     *
     * 1 to 64 letters, digits and `+ = , . @ _ -`. Defaults to a name with a random suffix, for example `cni-role-1a2b3c4`. The
     * suffix also lets an update replace the role without a gap.
     *
     * With live checks and a name, a change that could take something away from running pods (`permissionsBoundary`,
     * `serviceAccount`, the OIDC provider) is refused with `role-narrowed`. A new name in the same update, or none, creates another
     * role, which is proved before the pods move to it.
     */
    roleName?: pulumi.Input<string>;
    /**
     * The path of the role, for example `/eks/`.
     *
     * It starts and ends with a slash, and has at most 512 characters. The IPv6 policy gets the same path. A change replaces the
     * role. Defaults to `/`.
     */
    rolePath?: pulumi.Input<string>;
    /**
     * The description of the role.
     *
     * At most 1000 characters of Latin-1. Defaults to none.
     */
    roleDescription?: pulumi.Input<string>;
    /**
     * The ARN of the managed policy that sets the role's permissions boundary.
     *
     * It must allow what the CNI does. With live checks, a change replaces the role, so that the new one is proved before the pods
     * move to it. With `roleName`, setting or changing the boundary is refused while pods carry the role. Defaults to none.
     *
     * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
     */
    permissionsBoundary?: pulumi.Input<string>;
    /**
     * The maximum session duration of the role.
     *
     * In whole seconds from 3600 to 43200. Defaults to 3600, as in IAM.
     */
    maxSessionDuration?: pulumi.Input<number>;
    /**
     * The tags of the role and of the IPv6 policy, for example `{ team: "network" }`.
     *
     * At most 50. No key may start with `aws:`. Defaults to none. A Pod Identity association does not get them: it has the
     * `defaultTags` of the AWS provider.
     */
    tags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
    /**
     * The ARNs of managed policies to attach to the role in addition to the CNI policy.
     *
     * At most 24. IAM's default quota allows 9. Defaults to none.
     *
     * Plain strings can be added, moved and removed. An Output is identified by its index among the list's Outputs: append new
     * ones, and remove only the last one. An update that moves an Output, or passes the same ARN as a plain string from then on (or the
     * other way round), detaches its policy, and `pulumi up --refresh` attaches the policy again.
     *
     * With live checks, removing a policy is refused with `policy-still-needed` if the rest does not grant what the pods need.
     *
     * The list must be plain, because it decides which resources exist. Its members may be Outputs.
     */
    additionalPolicyArns?: pulumi.Input<string>[];
    /**
     * The service account that may assume the role and that is annotated with it.
     *
     * Defaults to `kube-system/aws-node`.
     */
    serviceAccount?: pulumi.Input<CniServiceAccountArgs>;
    /**
     * Whether to take over the annotations from another field manager.
     *
     * It corresponds to eksctl's `--override-existing-serviceaccounts`. Defaults to false: a conflict stops the update with an
     * error that names the field manager.
     *
     * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
     *
     * Rejected with the delivery `podIdentity`.
     */
    overrideExistingServiceAccount?: pulumi.Input<boolean>;
    /**
     * Whether the pods use the STS endpoint of their region (true) or the global one (false).
     *
     * The component sets the annotation `eks.amazonaws.com/sts-regional-endpoints`. Defaults to no annotation: on Kubernetes 1.22
     * and later the pods then use the regional endpoint.
     *
     * Rejected with the delivery `podIdentity`.
     */
    stsRegionalEndpoints?: pulumi.Input<boolean>;
    /**
     * The lifetime of the pods' service account tokens.
     *
     * In whole seconds from 600 to 86400. The component sets the annotation `eks.amazonaws.com/token-expiration`. Defaults to no
     * annotation: the pod identity webhook then requests 86400 seconds.
     *
     * Source: https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/constants.go
     *
     * Rejected with the delivery `podIdentity`.
     */
    tokenExpirationSeconds?: pulumi.Input<number>;
    /**
     * How the service account gets the role.
     *
     * `eksAddon` and `podIdentity` need the live checks. With `eksAddon`, an `aws.eks.Addon` of the same program takes `ready` as its
     * `serviceAccountRoleArn`. With `external`, a resource of the same program that delivers the role takes `provedRoleArn`. It must not take `ready`,
     * which waits for that resource. `podIdentity` needs `clusterName`. Its role trusts `pods.eks.amazonaws.com` instead of an
     * OIDC provider. Defaults to `serviceAccountPatch`.
     *
     * Must be a plain value, not an Output, because it decides which resources exist.
     */
    delivery?: Delivery;
    /**
     * The restart of the pods after the service account is annotated.
     *
     * Defaults to a restart of all pods, which the component waits for.
     */
    rollout?: CniRolloutArgs;
    /**
     * Whether to prove each step on the live cluster before the next step.
     *
     * On destroy, the live checks run the hand-back, which reverts the steps in a safe order. They need the rollout; otherwise there
     * is nothing to check. With false, the component consists of the role, the annotation and the rollout only, and with the delivery
     * `external` of the role only. Defaults to true.
     *
     * Must be a plain value, not an Output, because it decides which resources exist.
     */
    liveChecks?: boolean;
    /**
     * The kubeconfig with which the live checks connect to the cluster.
     *
     * The text of the kubeconfig, as YAML or JSON; an object with the same content works too. It is stored as a secret. A component
     * with an explicit Kubernetes provider needs it.
     *
     * A new token in it is not a change. A destroy or a refresh uses the token of the last update that changed something. If the API
     * server refuses that token, it uses the credentials that the ambient kubeconfig has for the same server.
     *
     * Defaults to `kubernetes:kubeconfig` of the stack's configuration, then to the ambient kubeconfig.
     */
    kubeconfig?: pulumi.Input<string>;
    /**
     * The AWS credentials and region of the live checks.
     *
     * They are stored as a secret. A component with an explicit AWS provider needs them. Defaults to the stack's `aws:`
     * configuration (`region`, `profile`, `accessKey`, `secretKey`, `token`, one role of `assumeRoles`, `endpoints`), then to the
     * ambient credentials. With this argument, only `aws:region` of that configuration is still used.
     */
    aws?: CniAwsArgs;
    /**
     * The names of the node roles to detach the CNI policy from, for example `["AmazonEKSNodeRole"]`.
     *
     * The AWS managed CNI policy, and every customer managed policy that grants the CNI's actions and nothing else, is detached once every pod carries
     * the CNI role. `remainingSteps` names other policies that grant these actions. The update refuses unless the list has all roles that nodes of
     * this cluster run with. A node role that other clusters use as well keeps the policy (`remainingSteps` names the role) until
     * `handedOverClusterArns` names all these clusters. A node role that is removed from the list gets its policies attached again. If no
     * list is given, nothing is detached, and `remainingSteps` names the roles that still hold the policy.
     *
     * The list and its members may be Outputs. Whether it is given must be plain, because that decides which resources exist.
     */
    detachFromNodeRoles?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * The ARNs of the other clusters that share a node role and are handed over, for example
     * `["arn:aws:eks:us-west-2:111122223333:cluster/blue"]`.
     *
     * Needs `detachFromNodeRoles`. The pods of those clusters cannot be seen from here: name a cluster only once every `aws-node`
     * pod there carries a role of its own, as after a successful update of its own component. The tags of instances show which
     * clusters use a node role, in any region. The policy is detached from the role once the list names all of them. This cluster's own
     * ARN has no effect.
     *
     * Remove a cluster from the list, and run an update, before that cluster is handed back: the shared node roles then get their
     * policies again. If a policy is attached again after its detachment, the clusters that are still listed no longer count: the policy
     * stays, and `remainingSteps` says so (`attached-again`). They count again after an update without them. Defaults to none.
     *
     * The list and its members may be Outputs.
     */
    handedOverClusterArns?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * The regions in which instances may use the node roles, besides the region of the cluster, for example `["eu-west-1"]`.
     *
     * Needs `detachFromNodeRoles`. Before a policy is detached, the live checks look in these regions and in the cluster's own for other
     * instances that use the node roles, and in no others. An instance in a region that is left out loses the policy unseen. Defaults to
     * all regions that are enabled for the account. A region that a service control policy denies counts as empty, unless IAM saw a node
     * role used there last. The plan lists it.
     *
     * The list and its members may be Outputs. Whether it is given must be plain.
     */
    regions?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * How much is proved before anything on the cluster changes.
     *
     * Defaults to `full`.
     *
     * Must be a plain value, not an Output, because it decides which AWS calls are made.
     */
    proof?: Proof;
    /**
     * The time limits of the live checks.
     *
     * Defaults to the default of each limit.
     */
    timeouts?: CniTimeoutsArgs;
    /**
     * How long to wait for IAM to enforce a policy that was attached to a node role again.
     *
     * In whole seconds from 1 to 86400. The component waits before a pod relies on the policy. It always waits the full time,
     * because IAM does not show when it enforces a policy. The limits in `timeouts` do not count this wait. Defaults to 120.
     *
     * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
     */
    iamPropagationSeconds?: number;
    /**
     * How long a pod with the role is watched before it counts as working.
     *
     * In whole seconds from 0 to 3600. Defaults to 20.
     */
    stableSeconds?: number;
    /**
     * How many NotReady nodes the verification, the detachment and the hand-back may skip.
     *
     * From 0 to 10000. Rollout and hand-back restart the pods on Ready nodes in any case. The live checks delete the pods of skipped
     * nodes in the API; the new pods start when their node returns. Nodes that join meanwhile, and nodes whose instance is terminated,
     * hold up no run and do not count. Defaults to 0: the update waits for every other NotReady node, within
     * `timeouts.verificationSeconds`, and destroy within `timeouts.handBackSeconds`. Destroy uses the value of the last update.
     */
    maxNotReadyNodes?: number;
    /**
     * Whether an admission policy refuses pods of the service account that the pod identity webhook missed.
     *
     * The DaemonSet controller retries until the webhook gives the pod the role. Needs `detachFromNodeRoles`, and Kubernetes 1.30
     * or later. Defaults to true with `detachFromNodeRoles`.
     *
     * Must be a plain value, not an Output.
     */
    injectionGuard?: boolean;
    /**
     * Whether destroy may skip the hand-back, for a cluster that no longer exists.
     *
     * Destroy looks first. It refuses if the cluster answers and its pods carry the role, or if the cluster rejects the
     * credentials. It skips the hand-back if no server answers: make sure that this is not a lost VPN. It cannot see the
     * clusters in `additionalOidcProviderArns`. Set it and run an update before you destroy. Defaults to false.
     */
    forceDestroy?: pulumi.Input<boolean>;
}
