import {
    AUDIENCE_ANNOTATION,
    LIVE_CHECKS_ANNOTATION,
    ROLE_ARN_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { attachCommand } from "./attachCommand";
import { listNames, listTexts } from "./listNames";
import type { UnreadCall } from "./otherDelivery";
import type { Proof } from "./proof";
import { AnsweredRefusal, Refusal } from "./refusal";
import type { RolePolicy } from "./steps";
import { managedPolicyOf, ServiceAccountName, Subject } from "./subject";
import type { CredentialSource, NodeRoleSeen, OtherCarrier, PodOnNodeRole, PodSeen } from "./world";

/** https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html */
const ON_AUTO_MODE =
    "On a cluster whose nodes are all those of EKS Auto Mode, EKS runs the CNI itself: remove this component, there is nothing to do.";

/** The component then has no live checks, so it accepts neither `detachFromNodeRoles` nor `liveChecks: true`. */
const LEAVE_TO_THE_ADD_ON =
    "Use delivery: \"external\" (without detachFromNodeRoles), and set this component's output ready as the add-on's " +
    "serviceAccountRoleArn. Or remove the role from the add-on, once the node roles have held the CNI policy for two minutes.";

/** Before pods return to the node roles. A cluster that was handed over has node roles without it. */
const HOLDS_POLICY = "Make sure that the node roles hold the CNI policy. If you attach it now, wait two minutes.";

/** For a policy that is attached by hand, which the hand-back does not always wait for. */
const ENFORCED = "wait two minutes until IAM enforces it, and run the same command again";

const UNREAD =
    "The run detaches no policy before it has seen that neither the managed add-on vpc-cni nor a Pod Identity association gives aws-node another role.";

/** How many pods a command in a message describes: a wave may have hundreds. */
const MOST_DESCRIBED = 5;

/** The usual fix if the role works from one subnet and not from another. */
const STS_FROM_SUBNET =
    "To reach the regional STS endpoint from such a subnet, the nodes need a NAT gateway or a VPC endpoint (com.amazonaws.REGION.sts) whose security group admits port 443 from the nodes.";

const NO_WAY_BACK =
    "pods cannot return to the node roles: these have given up the policies, the injection guard refuses pods without the role, or the " +
    "service account had this role before.";

/** For a change that is refused in place. */
const ANOTHER_ROLE =
    "Set roleName to a new name in the same update, or remove it if it is set: the update then creates another role, proves it, moves the " +
    "pods to it, and deletes the present one last.";

/** For a role that other clusters share. */
const LEAVE_SHARED_ROLE =
    "Take the role out of those clusters first. Then remove their providers from additionalOidcProviderArns, and run pulumi up";

/** A change in place that takes something away from a role. */
interface Narrowed {
    readonly kind: "role" | "policy";
    readonly arn: string;
    readonly changes: readonly string[];
}

/**
 * The refusals of the decisions.
 *
 * Those of the AWS and Kubernetes clients (a cluster that does not answer, missing permissions) are next to the clients.
 */
export const refusals = {
    clusterChanged: (recorded: string, seen: string) =>
        new Refusal(
            "cluster-changed",
            `The kubeconfig points to a cluster whose kube-system namespace has the UID ${seen}. The hand-over began on the cluster with the UID ${recorded}.`,
            "This is another cluster, or one that was recreated under the same name.",
            "Use the kubeconfig of this component's cluster (to see a cluster's UID: kubectl --kubeconfig FILE get namespace kube-system -o jsonpath='{.metadata.uid}'). " +
                "If that cluster no longer exists, set forceDestroy: true, run pulumi up, then pulumi destroy. If it was deleted and recreated under the same " +
                "name, pulumi up cannot do this: remove the component's cluster resources from the state, as docs/upgrades.md in the repository shows.",
        ),
    anotherClusterAnswers: (recorded: string, seen: string, clusterName: string | undefined) =>
        new Refusal(
            "cluster-changed",
            `The kubeconfig points to a cluster whose kube-system namespace has the UID ${seen}. The hand-over began on the cluster with the UID ${recorded}.`,
            clusterName === undefined
                ? "Without clusterName, nothing shows whether that cluster is gone. Its pods may still carry the role, so nothing was removed."
                : `EKS does not say that the cluster ${clusterName} is gone. Its pods may still carry the role, so nothing was removed.`,
            "Give the kubeconfig of that cluster, run pulumi up, then pulumi destroy: if the cluster no longer exists, no server answers there, and forceDestroy lets the role go. " +
                "If EKS only refuses to show the cluster, use credentials that may call eks:DescribeCluster. Without that kubeconfig, remove the component's cluster " +
                "resources from the state, as docs/upgrades.md in the repository shows.",
        ),
    turningOffInterrupted: () =>
        new Refusal(
            "turning-off-interrupted",
            "The program has no live checks any more, and an earlier run that turned them off did not finish.",
            "pulumi destroy --run-program looks the same, and would delete the role while pods use it. So this run has changed nothing, except that it " +
                `removed the annotation ${LIVE_CHECKS_ANNOTATION} of that run.`,
            "To go on without the live checks, run pulumi up --refresh. To destroy the stack, run pulumi destroy without --run-program.",
        ),
    formerRoleCarried: (pods: readonly { readonly name: string }[]) =>
        new Refusal(
            "former-role-carried",
            `These pods still carry a former role of the component: ${listNames(pods)}.`,
            "An update to another role has not finished. Without the live checks, this update would delete the former role under the pods.",
            "Turn the live checks on again, and run pulumi up until it succeeds. Then turn them off.",
        ),
    replacedAsTurnedOff: (former: string, roleArn: string) =>
        new Refusal(
            "former-role-carried",
            `The update turns the live checks off, and replaces the role ${former} by ${roleArn}.`,
            "The injection guard would refuse pods with the new role. At the end of the update, Pulumi would delete the former role, which pods carry. The service account was not changed.",
            "Turn the live checks on again, and run pulumi up until it succeeds. Then turn them off.",
        ),
    roleNotApproved: (roleArn: string) =>
        new Refusal(
            "role-not-approved",
            `The credential guard has not approved the role ${roleArn}.`,
            "This run left the guard out (--target, --exclude), or goes on although the guard has failed (--continue-on-error). The role is not proved, so the run delivers it to no pod, and the pods keep the role that they have.",
            "If the guard has failed, fix the cause in its message. Run pulumi up without --target and --exclude.",
        ),
    handOverUnfinished: (roleArn: string) =>
        new Refusal(
            "hand-over-unfinished",
            `Not all pods are known to carry the role ${roleArn}, which the credential guard has approved.`,
            "This run left a live check out (--target, --exclude), or goes on although one has failed (--continue-on-error). Pods may still carry the role of before, so the program fails, and the engine deletes no role.",
            "If a live check has failed, fix the cause in its message. Run pulumi up without --target and --exclude.",
        ),
    anotherCluster: ({ serviceAccount }: Subject) =>
        new Refusal(
            "another-cluster",
            `The service account ${serviceAccount.namespace}/${serviceAccount.name} that the live checks see is not the one that the Kubernetes provider annotated.`,
            "The component's Kubernetes provider and its kubeconfig point to two different clusters.",
            "Use the kubeconfig of this component's cluster for both, and run pulumi up --refresh. If the provider annotated a different cluster, new " +
                "pods there get this role, which does not work on that cluster. If the service account there had another role, restore its annotation: run " +
                "pulumi up --refresh on the stack of the component that manages it. If it had none, remove the annotation: " +
                `kubectl --kubeconfig FILE ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
        ),
    wrongIssuer: (token: string, trusted: string) =>
        new Refusal(
            "wrong-cluster",
            `The cluster's token issuer is ${token}. The role trusts ${trusted}.`,
            "The kubeconfig points to a different cluster from the one that clusterName or oidcProviderArn names.",
            "Use the kubeconfig of the cluster whose OIDC provider the role trusts.",
        ),
    wrongAccount: (caller: string, role: string) =>
        new Refusal(
            "wrong-account",
            `The AWS credentials belong to the account ${caller}. The role is in the account ${role}.`,
            "The component reads and writes only in the role's account.",
            "Use credentials of the role's account: set the argument aws, for example aws: { profile } or aws: { roleArn }.",
        ),
    serviceAccountMissing: ({ serviceAccount, daemonSetName }: Subject) =>
        new Refusal(
            "service-account-missing",
            `There is no service account ${serviceAccount.namespace}/${serviceAccount.name}.`,
            "The Amazon VPC CNI plugin is not installed, or it uses another service account.",
            `${ON_AUTO_MODE} On other clusters install the plugin, or set serviceAccount. If it was deleted, create it again (kubectl create serviceaccount ${serviceAccount.name} -n ${serviceAccount.namespace}), and run pulumi up --refresh. To find the name: kubectl get daemonset ${daemonSetName} -n ${serviceAccount.namespace} -o jsonpath='{.spec.template.spec.serviceAccountName}'`,
        ),
    daemonSetMissing: ({ daemonSetName, serviceAccount }: Subject) =>
        new Refusal(
            "daemon-set-missing",
            `There is no DaemonSet ${serviceAccount.namespace}/${daemonSetName}.`,
            "The Amazon VPC CNI plugin is not installed, or its DaemonSet has another name.",
            `${ON_AUTO_MODE} On other clusters install the plugin, or set rollout.daemonSetName.`,
        ),
    serviceAccountNotUsed: ({ serviceAccount, daemonSetName }: Subject, used: string) =>
        new Refusal(
            "service-account-not-used",
            `The pods of the DaemonSet ${serviceAccount.namespace}/${daemonSetName} use the service account ${used}, not ${serviceAccount.name}.`,
            "They would never get the role.",
            `Set serviceAccount: { namespace: ${JSON.stringify(serviceAccount.namespace)}, name: ${JSON.stringify(used)} }, or rollout.daemonSetName to the DaemonSet that uses ${serviceAccount.name}.`,
        ),
    serviceAccountInUse: ({ namespace, name }: ServiceAccountName, pods: readonly OtherCarrier[]) =>
        new Refusal(
            "service-account-in-use",
            `The component moves away from the service account ${namespace}/${name}, whose pods still carry its role: ${listNames(pods)}.`,
            "The update ends with the deletion of that role, and would take it from these pods.",
            `Set serviceAccount to ${namespace}/${name} again, and run pulumi up. Only then, to move the plugin itself to another service ` +
                "account, hand back with pulumi destroy: docs/upgrades.md in the repository shows the order.",
        ),
    carriedByOthers: (pods: readonly OtherCarrier[]) =>
        new Refusal(
            "role-still-carried",
            `Other pods carry a role that is about to be deleted: ${listNames(pods)}.`,
            "They do not belong to the component's DaemonSet, so the live checks do not restart them. Nothing was deleted.",
            `Make sure that the roles of their nodes hold the CNI policy. Then restart them, and run the same command again: ${restartCommands(pods)}`,
        ),
    annotationOwned: ({ serviceAccount }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            annotationBelongsTo(serviceAccount, owners),
            "Two writers overwrite each other's annotation, so pods get one role or the other.",
            owners.includes("eks")
                ? 'The managed add-on vpc-cni ("eks") writes it again with each update, so do not override it. ' +
                      LEAVE_TO_THE_ADD_ON
                : "Set overrideExistingServiceAccount: true to take it over, and run pulumi up. Do not remove the annotation instead: new pods would " +
                      "have no permissions where the node roles do not hold the CNI policy.",
        ),
    annotationOutlivesRole: ({ serviceAccount }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            annotationBelongsTo(serviceAccount, owners),
            "It names a role that pods must no longer get, since that role is about to be deleted. The node roles hold their policies again.",
            owners.includes("eks")
                ? "Wait two minutes. Then remove the role from the managed add-on vpc-cni, and run the same command again."
                : `Wait two minutes. Then remove the annotation, and run the same command again: kubectl ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
        ),
    anotherComponent: ({ serviceAccount }: Subject, owner: string) =>
        new Refusal(
            "another-component",
            `Another CniServiceAccountRole annotates ${serviceAccount.namespace}/${serviceAccount.name}: ${owner} (project, stack and name).`,
            "A service account can have only one role.",
            "First remove that component from its program, and run pulumi up on its stack (without live checks, first move its pods off its role: " +
                "docs/import-and-migration.md in the repository, Removing the component). If it is this component under its former name, " +
                "change the name back, run pulumi up, then rename it with an alias.",
        ),
    anotherInjectionGuard: ({ serviceAccount, roleArn }: Subject, policy: string) =>
        new Refusal(
            "another-injection-guard",
            `The injection guard of another CniServiceAccountRole, the admission policy ${policy}, refuses pods of ${serviceAccount.namespace}/${serviceAccount.name} with the role ${roleArn}.`,
            "Its stack has not handed these pods back. Each pod that restarts would be refused, and its node would be without a pod of the CNI.",
            "Run pulumi destroy on that stack until it succeeds. If the stack no longer exists, remove its guard: " +
                `kubectl delete validatingadmissionpolicybinding/${policy} validatingadmissionpolicy/${policy}. Then run pulumi up.`,
        ),
    addOnHasRole: (roleArn: string) =>
        new Refusal(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni gives aws-node the role ${roleArn}.`,
            "The add-on writes the annotation again with each of its updates.",
            LEAVE_TO_THE_ADD_ON,
        ),
    podIdentityAssociation: (subject: Subject, roleArns: readonly string[]) =>
        new Refusal(
            "pod-identity-association",
            `The service account has a Pod Identity association with ${roleArns.join(", ")}.`,
            "New pods get the association's credentials, and not the annotated role.",
            `Keep it and do not use this component. Or move the pods to the node role, and run pulumi up: ${leavePodIdentity(subject)}`,
        ),
    podIdentityLater: (subject: Subject, roleArns: readonly string[] | undefined, pods: readonly PodSeen[]) =>
        new Refusal(
            "pod-identity-association",
            [
                ...(roleArns === undefined
                    ? ["Whether the service account has a Pod Identity association could not be read."]
                    : [`The service account has a Pod Identity association with ${roleArns.join(", ")}.`]),
                ...(pods.length === 0 ? [] : [`These pods have its credentials: ${listNames(pods)}.`]),
                "New pods get its credentials instead of the CNI role, and the injection guard admits them without a check of their role.",
            ].join(" "),
            "The run restarted no pod that has the association's credentials, attached no policy for such a pod, and detached none. " +
                "These pods work as long as the association and its role do.",
            `To return to the CNI role, delete the association: ${deleteAssociation(subject)} Then run pulumi up --refresh at once: ` +
                "it restarts these pods with the CNI role. They cannot renew their credentials any more.",
        ),
    clusterNameUnknown: (why: string) =>
        new Refusal(
            "cluster-name-unknown",
            why,
            "Without the cluster's name, the run cannot see whether the managed add-on vpc-cni or a Pod Identity association gives aws-node " +
                "another role. It detaches no policy before it has seen that.",
            "Set clusterName, in addition to oidcProviderArn or existingRoleArn, and run pulumi up (to see the names: aws eks list-clusters). " +
                "Or remove detachFromNodeRoles: the pods then get the role, and the node roles keep their policies.",
        ),
    otherDeliveryDenied: (calls: readonly UnreadCall[]) =>
        new AnsweredRefusal(
            "other-delivery-unread",
            `AWS rejected ${actionsOf(calls)}`,
            calls.map(({ why }) => why).join(" "),
            `${UNREAD} The identity that the live checks use lacks this permission.`,
            `Allow ${actionsOf(calls)} for this identity (docs/least-rights.md in the repository lists all permissions of this check as ` +
                "SeeOtherCredentials), or set other credentials with the argument `aws`, and run the same command again. " +
                "Or remove detachFromNodeRoles: the pods then get the role, and the node roles keep their policies.",
        ),
    otherDeliveryUnsupported: (calls: readonly UnreadCall[]) =>
        new AnsweredRefusal(
            "other-delivery-unread",
            `EKS does not know ${actionsOf(calls)}`,
            calls.map(({ why }) => why).join(" "),
            `${UNREAD} No permission is missing: EKS in this region, or the endpoint in the argument \`aws\`, lacks the call.`,
            "If `aws` sets an endpoint for eks, correct or remove it, and run the same command again. If EKS in this region lacks the call, " +
                "remove detachFromNodeRoles: the pods then get the role, and the node roles keep their policies.",
        ),
    otherCredentials: (
        subject: Subject,
        { name, kind, what }: { readonly name: string; readonly kind: CredentialSource["kind"]; readonly what: string },
    ) =>
        new Refusal(
            "other-credentials",
            `The pod ${name} carries ${what}.`,
            "The AWS SDK uses these credentials instead of the role.",
            kind === "containerCredentials"
                ? `They come from a Pod Identity association. Move the pods to the node role, and run pulumi up: ${leavePodIdentity(subject)}`
                : `${HOLDS_POLICY} Then remove these credentials from the DaemonSet's pod template.`,
        ),
    webhookSkipped: (what: string) =>
        new Refusal(
            "webhook-skipped",
            `The DaemonSet's pod template has ${what}.`,
            "It makes the pod identity webhook skip the pods, or some of their containers, so these get no role.",
            "If the service account has a role annotation, make sure that this role works, since the pods get it then. Then remove it from the pod template.",
        ),
    audience: ({ serviceAccount }: Subject, audience: string) =>
        new Refusal(
            "audience-annotation",
            `The service account has the annotation ${AUDIENCE_ANNOTATION}: ${audience}.`,
            `The role's trust policy requires the audience ${TOKEN_AUDIENCE}, in every partition.`,
            `If pods use another role with that audience, first let its trust policy accept ${TOKEN_AUDIENCE} as well. Then remove the annotation: kubectl ${unannotate(serviceAccount, AUDIENCE_ANNOTATION)}`,
        ),
    nodeAgentLogs: () =>
        new Refusal(
            "network-policy-logs",
            "The container aws-eks-nodeagent runs with --enable-cloudwatch-logs=true.",
            "It writes to CloudWatch Logs with the permissions of the node role. Once the pod carries the CNI role, it uses that role instead, and crashes without these permissions.",
            "Add a policy with logs:DescribeLogGroups, logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents to additionalPolicyArns, or turn the logs off (--enable-cloudwatch-logs=false).",
        ),
    wrongIpFamily: (clusterName: string, ipFamily: string, given: Subject["ipFamily"]) =>
        new Refusal(
            "wrong-ip-family",
            `The IP family of the EKS cluster ${clusterName} is ${ipFamily}. The program has ipFamily ${given}.`,
            "Pods would not get the permissions that the plugin needs with this family.",
            `Set ipFamily: "${ipFamily}", and run the update again.`,
        ),
    cniTooOld: (version: string) =>
        new Refusal(
            "cni-too-old",
            `aws-node runs version ${version}.`,
            "IPv6 clusters need version 1.10.1 or later of the plugin.",
            "Update the Amazon VPC CNI plugin first.",
        ),
    clusterTooOld: (version: string, needed: string, why: string) =>
        new Refusal(
            "cluster-too-old",
            `The cluster runs Kubernetes ${version}.`,
            `${why} needs ${needed} or later.`,
            "Upgrade the cluster first. If only the injection guard needs it, remove detachFromNodeRoles until then: the node roles keep the policy, and no injection guard is needed.",
        ),
    unsafeEngine: (variable: string) =>
        new Refusal(
            "unsafe-engine-setting",
            `${variable} is set.`,
            variable === "PULUMI_SKIP_CHECKPOINTS"
                ? "The engine then saves no state during a run, so a killed run leaves no record of its steps."
                : "A second failing run then deletes roles that pods still carry.",
            `Unset ${variable} and run again.`,
        ),
    nodeRoleUnknown: (nodes: string) =>
        new Refusal(
            "node-role-unknown",
            `The roles of these nodes are unknown: ${nodes}.`,
            "They are not EC2 instances of this account, or have no instance profile, so it is unknown whose permissions their pods use.",
            "Give each instance an instance profile, or remove the node. To see the profiles: aws ec2 describe-instances --query 'Reservations[].Instances[].[PrivateDnsName, InstanceId, IamInstanceProfile.Arn]' --output table",
        ),
    nodeRoleNotNamed: (unnamed: readonly string[], named: readonly string[]) =>
        new Refusal(
            "node-role-not-named",
            `Nodes of this cluster use these node roles, which detachFromNodeRoles does not list: ${unnamed.join(", ")}. It lists: ${named.join(", ")}.`,
            "The update detaches a policy only when the list covers the roles of all nodes.",
            `Add ${unnamed.map((name) => JSON.stringify(name)).join(", ")} to detachFromNodeRoles.`,
        ),
    nodeRoleMissing: (missing: readonly string[], used: readonly string[]) =>
        new Refusal(
            "node-role-missing",
            `There is no role ${missing.join(", ")} in this account.`,
            "detachFromNodeRoles lists a role that does not exist.",
            `Correct its name in detachFromNodeRoles, or remove it. ${used.length === 0 ? "To see the roles: aws iam list-roles" : `The nodes use: ${used.join(", ")}.`}`,
        ),
    defaultPodsWithoutRole: ({ serviceAccount, daemonSetName }: Subject, pods: readonly string[]) =>
        new Refusal(
            "node-role-in-use",
            `Besides ${serviceAccount.namespace}/${daemonSetName}, the DaemonSet kube-system/aws-node runs pods that have no role of their own: ${listStrings(pods)}.`,
            "They use the permissions of the node roles, and would lose them with the policies.",
            "Hand kube-system/aws-node over first, with a component of its own and without detachFromNodeRoles. Or remove detachFromNodeRoles here.",
        ),
    podsOnNodeRole: ({ serviceAccount, daemonSetName }: Subject, pods: readonly PodOnNodeRole[]) =>
        new Refusal(
            "node-role-in-use",
            `On nodes that ${serviceAccount.namespace}/${daemonSetName} does not select, the DaemonSet ${daemonSetsOf(pods)} runs pods that have no role of their own: ${listNames(pods)}.`,
            "They use the permissions of the node roles, and would lose them with the policies.",
            pods.some(({ sharesServiceAccount }) => sharesServiceAccount)
                ? `They have the service account ${serviceAccount.name}, too. Once it has the role's annotation, restart them, which gives them the role: ${rolloutRestarts(pods)}. Then run the same command again. Or remove detachFromNodeRoles.`
                : `Hand ${daemonSetsOf(pods)} over first, with a component of its own and without detachFromNodeRoles. Or remove detachFromNodeRoles here.`,
        ),
    nodeRoleWithoutPermissions: (roles: readonly NodeRoleSeen[], subject: Subject) =>
        new Refusal(
            "node-role-without-permissions",
            `Nodes run with ${roles.map(({ name }) => name).join(", ")}, which ${roles.length === 1 ? "holds" : "hold"} no policy that is sufficient for the CNI, and the record has none that can be attached.`,
            "Without the CNI role, their pods would have no permissions, so the hand-back has stopped.",
            subject.ipFamily === "ipv4"
                ? `Attach the CNI policy, ${ENFORCED}: ${roles.map(({ name }) => attachCommand(name, managedPolicyOf(subject))).join("; ")}`
                : `Attach a policy with the IPv6 actions to ${roles.map(({ name }) => name).join(", ")}, ${ENFORCED}: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html`,
        ),
    policyNotRecorded: ({ roleName, policyArn }: RolePolicy) =>
        new Refusal(
            "policy-not-recorded",
            `${policyArn} was attached to ${roleName} after the hand-over began.`,
            "It is not in the record, so destroy could not attach it again.",
            "Run pulumi up --refresh to record it.",
        ),
    injectionGuardMissing: ({ injectionGuardName }: Subject) =>
        new Refusal(
            "injection-guard-missing",
            `The injection guard, the ValidatingAdmissionPolicy ${injectionGuardName}, does not exist, although the stack created it.`,
            "Without it, a pod created while the webhook is down would have no permissions once the node roles have lost the policy.",
            "Run pulumi up --refresh to create it again.",
        ),
    podsMissPermissions: (pods: readonly PodSeen[], nodes: readonly string[], roleArn: string) =>
        new Refusal(
            "pod-misses-permissions",
            `${whoReports(pods, nodes, roleArn)}: ${pods[0]?.missingPermissions ?? ""}`,
            "The role lacks a permission, or something else denies it: a permissions boundary, a service control policy, or a VPC endpoint policy.",
            "Find the action in the text of this event, allow it for the role, and run the update again. If it stops at the same event, which " +
                "Kubernetes keeps for an hour, delete the pods that report it: the next ones have no event.",
        ),
    /** A preview proves nothing. Each complaint that it sees is from before the update. */
    outdatedComplaint: ({ code, seen, means, fix }: Pick<Refusal, "code" | "seen" | "means" | "fix">) =>
        new Refusal(
            code,
            seen,
            `${means} The update proves the role again, and goes on if the proof shows that the role has the permission now.`,
            fix,
        ),
    restartLimitReached: ({ node }: PodSeen, times: number, why: string) =>
        new Refusal(
            "restart-limit",
            `The pod on node ${node} was restarted ${String(times)} times, and the problem remains: ${why}.`,
            "The pod identity webhook does not reach the pods on this node, or does not know their service account.",
            'On EKS, look for "failed calling webhook" in the control plane logs (log type api). Elsewhere, read the logs of the webhook itself: ' +
                "kubectl get mutatingwebhookconfigurations shows its configuration. Fix the cause, then run the same command again. The node roles " +
                "hold their policies.",
        ),
    podsWithoutRole: (pods: readonly PodSeen[]) =>
        new Refusal(
            "pods-without-role",
            `Pods without the role keep appearing: ${listNames(pods)}.`,
            "The pod identity webhook does not give it to them. The policies are attached to the node roles again.",
            "Check that the webhook works: kubectl get mutatingwebhookconfigurations must list it, and a new pod must have AWS_ROLE_ARN. Then set injectionGuard: true, and run the update again.",
        ),
    additionalIssuers: (issuers: readonly string[]) =>
        new Refusal(
            "other-clusters",
            `The role also trusts ${issuers.join(", ")}.`,
            "Whether pods of those clusters still carry the role cannot be seen from here.",
            "Take the role out of those clusters first. Where a component delivers it, run pulumi destroy on its stack. Elsewhere, in this order: attach the " +
                "CNI policy to the node roles, wait two minutes, remove the annotation, restart the pods, and check that no pod names the role " +
                "(docs/import-and-migration.md in the repository, Removing the component). Then remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy.",
        ),
    forceDestroyWithPods: (pods: readonly { readonly name: string }[], isRecordedCluster: boolean) =>
        new Refusal(
            "force-destroy-with-pods",
            `forceDestroy is set, but ${isRecordedCluster ? "the cluster" : "another cluster"} answers, and ${String(pods.length)} of its pods ${pods.length === 1 ? "carries" : "carry"} the role: ${listNames(pods)}.`,
            "Without the role, they would have no permissions, so nothing was removed.",
            isRecordedCluster
                ? "To hand them back, remove forceDestroy, run pulumi up, then pulumi destroy. If the cluster is about to be deleted, delete its node groups first, and run pulumi destroy again."
                : "Take the role out of that cluster first, in this order: attach the CNI policy to its node roles, wait two minutes, remove the annotation, restart " +
                      "the pods, and check that no pod names the role (docs/import-and-migration.md in the repository, Removing the component). Then run pulumi destroy again.",
        ),
    roleNarrowed: (update: Narrowed, pods: readonly { readonly name: string }[]) =>
        new Refusal(
            "role-narrowed",
            `The update would change the ${update.kind} ${update.arn} in place: ${update.changes.join("; ")}. Pods carry the role: ${listNames(pods)}.`,
            "The engine would make this change before the live checks can prove it, so these pods could be left without permissions. It was not made.",
            `${ANOTHER_ROLE} Or undo the change.`,
        ),
    roleNarrowedUnseen: (update: Narrowed, why: string) =>
        new Refusal(
            "role-narrowed",
            `The update would change the ${update.kind} ${update.arn} in place: ${update.changes.join("; ")}. Whether pods carry the role could not be read: ${withFullStop(why)}`,
            "The engine would make this change before the live checks can prove it, so pods could be left without permissions. It was not made.",
            `Make the cluster readable, and run the same command again. ${ANOTHER_ROLE} Or undo the change.`,
        ),
    policyStillNeeded: (policyArns: readonly string[], roleArn: string, missing: readonly string[], logs: boolean) =>
        new Refusal(
            "policy-still-needed",
            `The update takes ${policyArns.join(", ")} away from ${roleArn}. The policies that stay do not grant ${missing.join(", ")}.`,
            "Pods that carry the role need these actions. The policy is still attached.",
            "Put the policy back into additionalPolicyArns, or add one that grants these actions, and run the update again." +
                (logs
                    ? " If only the network policy logs need them, you can turn the logs off instead (--enable-cloudwatch-logs=false)."
                    : ""),
        ),
    ipFamilyNarrows: (
        policyArns: readonly string[],
        roleArn: string,
        former: Subject["ipFamily"],
        missing: readonly string[],
    ) =>
        new Refusal(
            "policy-still-needed",
            `With another ipFamily, the update takes ${policyArns.join(", ")} away from ${roleArn}. The policies that stay do not grant ${missing.join(", ")}.`,
            `Pods that work with the role, and got it with ipFamily ${former}, need these actions. The policy is still attached.`,
            `If ${former} is the cluster's IP family, set ipFamily to it again. Otherwise give another roleName, or none, in the same update: ` +
                "another role is then proved, and the pods move to it.",
        ),
    sharedRoleNarrowed: (update: Narrowed, issuers: readonly string[]) =>
        new Refusal(
            "other-clusters",
            `The update would change the ${update.kind} ${update.arn} in place: ${update.changes.join("; ")}. The role also trusts ${issuers.join(", ")}.`,
            "Whether pods of those clusters carry the role cannot be seen from here. It was not changed.",
            `${LEAVE_SHARED_ROLE}. Make this change in another update.`,
        ),
    /** `first` says which change of the program has to wait until the other clusters have left. */
    sharedRoleReplaced: (roleArn: string, issuers: readonly string[], first?: string) =>
        new Refusal(
            "other-clusters",
            `The update replaces the role ${roleArn}, which also trusts ${issuers.join(", ")}.`,
            "At the end of the update the role would be deleted, and whether pods of those clusters carry it cannot be seen from here. It is still there.",
            `${first === undefined ? "" : `${first} `}${LEAVE_SHARED_ROLE}.`,
        ),
    /** `first` is the change of the program that has to come with it. */
    ownRoleAsExisting: (roleArn: string, first?: string) =>
        new Refusal(
            "own-role-as-existing",
            `existingRoleArn is ${roleArn}, a role that this component has created.`,
            "The program no longer creates it, so Pulumi would delete it at the end of the update, while pods carry it. It is still there.",
            `${first === undefined ? "" : `${first} `}Remove existingRoleArn, and run pulumi up: the component keeps its role. To use another owner's role instead, set the ARN of a role with another name.`,
        ),
    timeout: (what: string, seconds: number, argument: string, last: string) =>
        new Refusal(
            "time-limit",
            `${what} reached its limit of ${String(seconds)} s. Last seen: ${withFullStop(last)}`,
            "Nothing that pods need was taken away. The next run continues from here.",
            `Fix the cause and run again, or raise ${argument}.`,
        ),
    cancelled: () =>
        new Refusal(
            "cancelled",
            "The run was cancelled.",
            "Nothing that pods need was taken away. The next run continues from here.",
            "Run the same command again.",
        ),
    canaryFailed: (cause: string, back: string) =>
        new Refusal(
            "canary-failed",
            `The canary failed: ${withFullStop(cause)}`,
            `The service account and the canaries that did not work were reverted (${back}). The other pods stay as they are. Policies that were attached to the node roles again stay attached until the next successful run.`,
            "Fix the cause and run the update again. It begins with the proof and the canaries.",
        ),
    canaryStays: (cause: string) =>
        new Refusal(
            "canary-failed",
            `The canary failed: ${withFullStop(cause)}`,
            `The canary keeps the role, because ${NO_WAY_BACK} The other pods stay as they are.`,
            "Fix the cause.",
        ),
    canaryMissing: (pods: readonly PodSeen[], nodes: readonly string[]) =>
        new Refusal(
            "canary-missing",
            `${listNames(pods)} on ${listTexts(nodes)} ${pods.length === 1 ? "does" : "do"} not carry the role, and no other pod in the same subnets works with it.`,
            "These nodes were NotReady while the canaries ran. The pods work as before. They were not restarted, because a pod that cannot use the role there would have no credentials.",
            "Run pulumi up --refresh: it restarts one of these pods first, as a canary.",
        ),
    placeUnusable: (pods: readonly PodSeen[], nodes: readonly string[], roleArn: string, seconds: number) =>
        new Refusal(
            "pods-do-not-work",
            `${listNames(pods)} on ${listTexts(nodes)} ${pods.length === 1 ? "carries" : "carry"} ${roleArn}, and ${pods.length === 1 ? "has" : "have"} not been Ready for ${String(seconds)} s. No other pod in the same subnets works with it.`,
            "These nodes were NotReady while the canaries were watched. The plugin starts on them, but cannot use the role, and no event names an AWS error.",
            `Run pulumi up --refresh: it takes the rollout back if these pods still cannot use the role. ${STS_FROM_SUBNET}`,
        ),
    waveStays: ({ code, seen, means, fix }: Pick<Refusal, "code" | "seen" | "means" | "fix">) =>
        new Refusal(
            code,
            seen,
            `${means} The rollout was not taken back, because ${NO_WAY_BACK} The other pods stay as they are.`,
            fix,
        ),
    waveFailed: (pods: readonly PodSeen[], nodes: readonly string[], seconds: number) =>
        new Refusal(
            "pods-do-not-work",
            `${listNames(pods)} on ${listTexts(nodes)} restarted with the role, and ${pods.length === 1 ? "has" : "have"} not been Ready for ${String(seconds)} s.`,
            "The plugin starts on these nodes, but cannot use the role, and no event names an AWS error. Often STS cannot be reached from their subnets: no route to the internet, and no VPC endpoint for STS that admits these nodes.",
            `Read the plugin's log on one of these nodes: /var/log/aws-routed-eni/ipamd.log. ${STS_FROM_SUBNET}`,
        ),
    formerCredentialsFail: (pods: readonly PodSeen[], nodes: readonly string[]) =>
        new Refusal(
            "former-credentials-fail",
            `${listNames(pods)} on ${listTexts(nodes)} restarted with the former credentials, and ${pods.length === 1 ? "is" : "are"} not Ready.`,
            "The plugin starts on these nodes, but cannot use these credentials. The run stopped: the service account has the role's annotation again, and " +
                "these pods restarted with the role. The node roles keep the policies that were attached again.",
            "Read the plugin's log on one of these nodes: /var/log/aws-routed-eni/ipamd.log. Fix the cause, and run the same command again.",
        ),
    podsDoNotStart: (pods: readonly PodSeen[], nodes: readonly string[], { namespace }: Subject["serviceAccount"]) =>
        new Refusal(
            "pods-do-not-start",
            `${listTexts(pods.map(({ name, startProblem = "" }) => `${name} does not start (${startProblem})`))}. Nodes: ${listTexts(nodes)}.`,
            "The role is not the cause. The rollout stopped here: the service account keeps its annotation, the other pods that restarted work with the role, and the pods that have not restarted work as before.",
            `Fix the cause (kubectl describe pods ${pods
                .slice(0, MOST_DESCRIBED)
                .map(({ name }) => name)
                .join(" ")} -n ${namespace} shows it), and run the same command again. It continues from here.`,
        ),
    rolloutTakenBack: ({ seen, means, fix }: Pick<Refusal, "seen" | "means" | "fix">, working: number, back: string) =>
        new Refusal(
            "rollout-taken-back",
            `The rollout failed: ${withFullStop(seen)}`,
            `${means} The service account has its former annotation again, and the pods that did not work restarted with their former credentials (${back}). ${howManyKeep(working)} Policies that were attached to the node roles again stay attached until the next successful run.`,
            `${fix} Then run pulumi up: it begins with the proof and the canaries.`,
        ),
    proofFailed: (
        { code, why, fix }: Pick<Extract<Proof, { verdict: "no" }>, "code" | "why" | "fix">,
        roleArn: string,
    ) =>
        new Refusal(
            code,
            `The proof that a token of the service account can use ${roleArn} failed: ${withFullStop(why)}`,
            "Nothing on the cluster was changed.",
            fix ??
                'Fix the cause, and run the same command again. If the machine that runs Pulumi is not allowed to test more, set proof: "assumeRole" or proof: "off"; the canary still runs.',
        ),
};

/**
 * The way from Pod Identity to the node role, in an order in which no pod loses its permissions: after the association is deleted,
 * the credentials that pods already have stay valid until they expire.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DeletePodIdentityAssociation.html
 */
function leavePodIdentity(subject: Subject): string {
    return (
        `(1) ${HOLDS_POLICY} (2) Delete the association: ${deleteAssociation(subject)} (3) At once, restart the pods, ` +
        `which cannot renew their credentials any more: kubectl rollout restart daemonset/${subject.daemonSetName} -n ${subject.serviceAccount.namespace}`
    );
}

function deleteAssociation({ serviceAccount: { namespace, name }, clusterName = "CLUSTER" }: Subject): string {
    return (
        `aws eks list-pod-identity-associations --cluster-name ${clusterName} --namespace ${namespace} --service-account ${name} shows its ID, ` +
        `aws eks delete-pod-identity-association --cluster-name ${clusterName} --association-id ID deletes it.`
    );
}

function daemonSetsOf(pods: readonly PodOnNodeRole[]): string {
    return [...new Set(pods.map(({ daemonSet: { namespace, name } }) => `${namespace}/${name}`))].join(", ");
}

function rolloutRestarts(pods: readonly PodOnNodeRole[]): string {
    const commands = pods.map(
        ({ daemonSet: { namespace, name } }) => `kubectl rollout restart daemonset/${name} -n ${namespace}`,
    );
    return [...new Set(commands)].join("; ");
}

/** A pod that belongs to no DaemonSet is deleted. Its controller creates it again. */
function restartCommands(pods: readonly OtherCarrier[]): string {
    const commands = pods.map(({ name, daemonSet, serviceAccount: { namespace } }) =>
        daemonSet === undefined
            ? `kubectl delete pod ${name} -n ${namespace}`
            : `kubectl rollout restart daemonset/${daemonSet} -n ${namespace}`,
    );
    return [...new Set(commands)].join("; ");
}

function annotationBelongsTo({ namespace, name }: Subject["serviceAccount"], owners: readonly string[]): string {
    return `The role annotation of ${namespace}/${name} belongs to ${owners.map((owner) => JSON.stringify(owner)).join(", ")}.`;
}

/** The beginning of a message that ends with the event of the first pod. */
function whoReports(pods: readonly PodSeen[], nodes: readonly string[], roleArn: string): string {
    const where = `${listNames(pods)} on ${listTexts(nodes)}`;
    return pods.length === 1
        ? `The pod ${where} carries ${roleArn} and reports in an event`
        : `${String(pods.length)} pods carry ${roleArn} and report missing permissions in events: ${where}. The event of ${listNames(pods.slice(0, 1))}`;
}

/** The arguments of kubectl that remove an annotation from the service account. */
function unannotate({ namespace, name }: Subject["serviceAccount"], annotation: string): string {
    return `annotate serviceaccount ${name} -n ${namespace} ${annotation}-`;
}

function listStrings(names: readonly string[]): string {
    return listNames(names.map((name) => ({ name })));
}

function actionsOf(calls: readonly UnreadCall[]): string {
    return [...new Set(calls.map(({ action }) => action))].join(", ");
}

/** Messages of AWS and Kubernetes may lack the full stop. */
function withFullStop(text: string): string {
    return text.endsWith(".") ? text : `${text}.`;
}

function howManyKeep(working: number): string {
    return working === 1
        ? "1 pod works with the role and keeps it."
        : `${String(working)} pods work with the role and keep it.`;
}
