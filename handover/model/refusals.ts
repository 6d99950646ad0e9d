import { AUDIENCE_ANNOTATION, ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import type { Proof } from "./proof";
import { Refusal } from "./refusal";
import type { RolePolicy } from "./steps";
import { managedPolicyOf, Subject } from "./subject";
import type { NodeRoleSeen, PodSeen } from "./world";

/**
 * Everything that the decisions refuse. What the clients refuse (a cluster that does not answer, rights that are missing) is
 * beside them.
 */
export const refusals = {
    clusterChanged: (recorded: string, seen: string) =>
        new Refusal(
            "cluster-changed",
            `The kubeconfig leads to a cluster whose namespace kube-system has the UID ${seen}; the hand-over began on the one with ${recorded}.`,
            "This is another cluster, or one made anew under the same name.",
            "Give the kubeconfig of the cluster of this component. If that cluster is gone for good: set forceDestroy: true, run the update, then pulumi destroy.",
        ),
    anotherCluster: ({ serviceAccount }: Subject) =>
        new Refusal(
            "another-cluster",
            `The service account ${serviceAccount.namespace}/${serviceAccount.name} that the live checks see is not the one that the Kubernetes provider annotated.`,
            "The component's Kubernetes provider and its kubeconfig lead to two clusters.",
            "Give the same kubeconfig to both.",
        ),
    wrongIssuer: (token: string, trusted: string) =>
        new Refusal(
            "wrong-cluster",
            `The cluster's tokens come from the issuer ${token}; the role trusts ${trusted}.`,
            "The kubeconfig leads to another cluster than clusterName or oidcProviderArn does.",
            "Give the kubeconfig of the cluster whose OIDC provider the role trusts.",
        ),
    wrongAccount: (caller: string, role: string) =>
        new Refusal(
            "wrong-account",
            `The AWS credentials are of the account ${caller}; the role is in ${role}.`,
            "Nothing is read or written in an account that is not the role's.",
            "Give credentials of the role's account by the argument aws, for instance aws: { profile } or aws: { roleArn }.",
        ),
    serviceAccountMissing: ({ serviceAccount, daemonSetName }: Subject) =>
        new Refusal(
            "service-account-missing",
            `There is no service account ${serviceAccount.namespace}/${serviceAccount.name}.`,
            "The Amazon VPC CNI plugin is not installed, or it uses another service account.",
            `Install it, or give the name as serviceAccount: kubectl get daemonset ${daemonSetName} -n ${serviceAccount.namespace} -o jsonpath='{.spec.template.spec.serviceAccountName}' tells.`,
        ),
    daemonSetMissing: ({ daemonSetName, serviceAccount }: Subject) =>
        new Refusal(
            "daemon-set-missing",
            `There is no DaemonSet ${serviceAccount.namespace}/${daemonSetName}.`,
            "The Amazon VPC CNI plugin is not installed, or its DaemonSet has another name.",
            "Install it, or give the name as rollout.daemonSetName.",
        ),
    annotationOwned: ({ serviceAccount }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            `The role annotation of ${serviceAccount.namespace}/${serviceAccount.name} belongs to ${owners.map((owner) => JSON.stringify(owner)).join(", ")}.`,
            "Two writers of one annotation take it from each other, and pods get now one role and now another.",
            "Set overrideExistingServiceAccount: true to take it over, or take it off there: kubectl annotate serviceaccount " +
                `${serviceAccount.name} -n ${serviceAccount.namespace} ${ROLE_ARN_ANNOTATION}-`,
        ),
    anotherComponent: ({ serviceAccount }: Subject, owner: string) =>
        new Refusal(
            "another-component",
            `Another CniServiceAccountRole, ${owner} (project, stack, name), annotates ${serviceAccount.namespace}/${serviceAccount.name}.`,
            "A service account has one role.",
            "Remove that component first; if it is this one under its old name, run an update under the old name, then rename it with an alias.",
        ),
    addOnHasRole: (roleArn: string) =>
        new Refusal(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni gives aws-node the role ${roleArn}.`,
            "The add-on writes the annotation again at each of its updates.",
            "Use delivery: external and give the add-on this component's role as serviceAccountRoleArn, or remove the role from the add-on.",
        ),
    podIdentityAssociation: (roleArns: readonly string[]) =>
        new Refusal(
            "pod-identity-association",
            `The service account has a Pod Identity association with ${roleArns.join(", ")}.`,
            "With both, new pods get the association's credentials and not the annotation's.",
            "Delete the association first (aws eks list-pod-identity-associations, aws eks delete-pod-identity-association), or keep it and do without this component.",
        ),
    otherCredentials: (pod: string, what: string) =>
        new Refusal(
            "other-credentials",
            `The pod ${pod} carries ${what}.`,
            "The AWS SDK takes those before or instead of the role.",
            "Take them off the DaemonSet's pod template first.",
        ),
    webhookSkipped: (what: string) =>
        new Refusal(
            "webhook-skipped",
            `The DaemonSet's pod template has ${what}.`,
            "The pod identity webhook then gives its pods, or some of their containers, no role.",
            "Take it off the pod template first.",
        ),
    audience: (audience: string) =>
        new Refusal(
            "audience-annotation",
            `The service account has the annotation ${AUDIENCE_ANNOTATION}: ${audience}.`,
            `The role's trust policy asks for the audience ${TOKEN_AUDIENCE}, in every partition.`,
            "Take the annotation off the service account.",
        ),
    nodeAgentLogs: () =>
        new Refusal(
            "network-policy-logs",
            "The container aws-eks-nodeagent runs with --enable-cloudwatch-logs=true.",
            "It writes to CloudWatch Logs by the rights of the node role, which it no longer uses once the pod carries the CNI role; without them it crashes.",
            "Give the CNI role a policy with the CloudWatch Logs actions as one of additionalPolicyArns, or turn the logs off.",
        ),
    cniTooOld: (version: string) =>
        new Refusal(
            "cni-too-old",
            `aws-node is of version ${version}.`,
            "IPv6 clusters need version 1.10.1 or later of the plugin.",
            "Update the Amazon VPC CNI plugin first.",
        ),
    clusterTooOld: (version: string, needed: string, why: string) =>
        new Refusal(
            "cluster-too-old",
            `The cluster is of version ${version}.`,
            `${why} needs ${needed} or later.`,
            "Update the cluster first, or for the injection guard set injectionGuard: false.",
        ),
    unsafeEngine: (variable: string) =>
        new Refusal(
            "unsafe-engine-setting",
            `${variable} is set.`,
            variable === "PULUMI_SKIP_CHECKPOINTS"
                ? "The engine then writes no state while it works: what a killed run has done would be forgotten."
                : "A second failing run then deletes roles that pods still carry.",
            `Unset ${variable} and run again.`,
        ),
    nodeRoleUnknown: (nodes: string) =>
        new Refusal(
            "node-role-unknown",
            `The role of these nodes cannot be told: ${nodes}.`,
            "They are no EC2 instances of this account, or have no instance profile, so nobody can say what their pods live off.",
            "See aws ec2 describe-instances --query 'Reservations[].Instances[].IamInstanceProfile' for them.",
        ),
    nodeRoleNotNamed: (unnamed: readonly string[], named: readonly string[]) =>
        new Refusal(
            "node-role-not-named",
            `Nodes of this cluster run with the roles ${unnamed.join(", ")}, and detachFromNodeRoles has ${named.join(", ")}.`,
            "A policy leaves the node roles only when all of them are accounted for.",
            `Add ${unnamed.map((name) => JSON.stringify(name)).join(", ")} to detachFromNodeRoles.`,
        ),
    nodeRoleMissing: (missing: readonly string[], used: readonly string[]) =>
        new Refusal(
            "node-role-missing",
            `There is no role ${missing.join(", ")} in this account.`,
            "detachFromNodeRoles names what does not exist.",
            used.length === 0 ? "See aws iam list-roles." : `The nodes run with: ${used.join(", ")}.`,
        ),
    nodeRoleShared: ({ name, instancesElsewhere }: NodeRoleSeen) =>
        new Refusal(
            "node-role-shared",
            `Instances that are not of this cluster run with ${name}: ${instancesElsewhere.slice(0, 5).join(", ")}.`,
            "They would lose the policy as well, and their pods cannot be seen from here.",
            "Give each cluster a node role of its own, or hand the other cluster over first and detach by hand.",
        ),
    defaultPodsWithoutRole: ({ serviceAccount, daemonSetName }: Subject, pods: readonly string[]) =>
        new Refusal(
            "node-role-in-use",
            `Beside ${serviceAccount.namespace}/${daemonSetName} there is the DaemonSet kube-system/aws-node, with pods that have no role of their own: ${pods.slice(0, 5).join(", ")}.`,
            "They live off the node roles, and would lose their permissions with the policies.",
            "Hand kube-system/aws-node over first, by a component of its own without detachFromNodeRoles; or leave detachFromNodeRoles out here.",
        ),
    nodeRoleWithoutPermissions: (roles: readonly NodeRoleSeen[], subject: Subject) =>
        new Refusal(
            "node-role-without-permissions",
            `Nodes run with ${roles.map(({ name }) => name).join(", ")}, which ${roles.length === 1 ? "holds" : "hold"} no policy that suffices for the CNI, and none is recorded.`,
            "Without the CNI role their pods would have no path to their permissions, so nothing moves.",
            subject.ipFamily === "ipv4"
                ? `Attach it first: ${roles.map(({ name }) => `aws iam attach-role-policy --role-name ${name} --policy-arn ${managedPolicyOf(subject)}`).join("; ")}`
                : `Attach a policy with the IPv6 actions to ${roles.map(({ name }) => name).join(", ")} first: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html`,
        ),
    policyNotRecorded: ({ roleName, policyArn }: RolePolicy) =>
        new Refusal(
            "policy-not-recorded",
            `${policyArn} was attached to ${roleName} after the hand-over began.`,
            "It is in no record, so destroy could not put it back.",
            "Run pulumi up --refresh, which records it.",
        ),
    injectionGuardMissing: ({ injectionGuardName }: Subject) =>
        new Refusal(
            "injection-guard-missing",
            `The injection guard, the ValidatingAdmissionPolicy ${injectionGuardName}, is not there, though the stack has made it.`,
            "Without it a pod that the webhook misses would have no path once the node roles have lost the policy.",
            "Run pulumi up --refresh, which makes it again.",
        ),
    podMissesPermissions: ({ name, missingPermissions }: PodSeen, roleArn: string) =>
        new Refusal(
            "pod-misses-permissions",
            `The pod ${name} carries ${roleArn} and reports: ${missingPermissions ?? ""}`,
            "The role lacks something, or something else denies it: a permissions boundary, a policy of the organisation, an endpoint's policy.",
            "See the event's action, add it to the role, and run the update again.",
        ),
    restartLimitReached: ({ node }: PodSeen, times: number, why: string) =>
        new Refusal(
            "restart-limit",
            `The pod of node ${node} was restarted ${String(times)} times, and still: ${why}.`,
            "The pod identity webhook does not reach the pods of this node, or does not know their service account.",
            "See the logs of the webhook (on EKS: the control plane's logs), then run the update again; nothing was taken from the node roles.",
        ),
    podsWithoutRole: (pods: readonly PodSeen[]) =>
        new Refusal(
            "pods-without-role",
            `Pods without the role appear again and again: ${pods
                .slice(0, 5)
                .map(({ name }) => name)
                .join(", ")}.`,
            "The pod identity webhook misses them. The node roles have their policies back.",
            "See that the webhook works, set injectionGuard: true, and run the update again.",
        ),
    additionalIssuers: (issuers: readonly string[]) =>
        new Refusal(
            "other-clusters",
            `The role is also trusted for ${issuers.join(", ")}.`,
            "Whether pods of those clusters still carry it cannot be seen from here.",
            "Take the role out of those clusters first, then set forceDestroy: true, run pulumi up, and destroy.",
        ),
    timeout: (what: string, seconds: number, argument: string, last: string) =>
        new Refusal(
            "time-limit",
            `${what} was not done after ${String(seconds)} s. The last thing seen: ${ended(last)}`,
            "Nothing was taken away that pods need; the next run goes on from here.",
            `Fix the cause and run again, or raise ${argument}.`,
        ),
    cancelled: () =>
        new Refusal(
            "cancelled",
            "The run was cancelled.",
            "Nothing was taken away that pods need; the next run goes on from here.",
            "Run the same command again.",
        ),
    canaryFailed: (cause: string, back: string) =>
        new Refusal(
            "canary-failed",
            `The canary did not work: ${ended(cause)}`,
            `The service account and the canary are as before (${back}); other pods were not touched. What the node roles got back stays until the next good run.`,
            "Mend the cause and run the update again: it goes through all of it anew.",
        ),
    proofFailed: (
        { code, why, mend }: Pick<Extract<Proof, { verdict: "no" }>, "code" | "why" | "mend">,
        roleArn: string,
    ) =>
        new Refusal(
            code,
            `The proof that a token of the service account can use ${roleArn} failed: ${ended(why)}`,
            "Nothing on the cluster was moved.",
            mend ??
                "Mend the role, or set proof: assumeRole or proof: off where the operator's machine may not do more; the canary stays.",
        ),
};

/** What others say ends with a full stop or does not. */
function ended(text: string): string {
    return text.endsWith(".") ? text : `${text}.`;
}
