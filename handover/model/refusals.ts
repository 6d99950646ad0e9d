import { AUDIENCE_ANNOTATION, ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { listNames } from "./listNames";
import type { Proof } from "./proof";
import { Refusal } from "./refusal";
import type { RolePolicy } from "./steps";
import { managedPolicyOf, Subject } from "./subject";
import type { CredentialSource, NodeRoleSeen, PodSeen } from "./world";

/** https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html */
const ON_AUTO_MODE =
    "On a cluster whose nodes are all those of EKS Auto Mode, EKS runs the CNI itself: remove this component, there is nothing to do.";

/** The component then has no live checks, so it accepts neither `detachFromNodeRoles` nor `liveChecks: true`. */
const LEAVE_TO_THE_ADD_ON =
    "Use delivery: \"external\" (without detachFromNodeRoles), and set this component's output ready as the add-on's " +
    "serviceAccountRoleArn. Or remove the role from the add-on, if the node roles hold the CNI policy.";

/** For a policy that is attached by hand, which the hand-back does not always wait for. */
const ENFORCED = "wait two minutes until IAM enforces it, and run the same command again";

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
                "If that cluster no longer exists, set forceDestroy: true, run pulumi up, then pulumi destroy. If it was recreated under the same name, " +
                "pulumi up cannot do this: remove the component's cluster resources from the state, as docs/upgrades.md in the repository shows.",
        ),
    anotherCluster: ({ serviceAccount }: Subject) =>
        new Refusal(
            "another-cluster",
            `The service account ${serviceAccount.namespace}/${serviceAccount.name} that the live checks see is not the one that the Kubernetes provider annotated.`,
            "The component's Kubernetes provider and its kubeconfig point to two different clusters.",
            "Use the kubeconfig of this component's cluster for both, and run pulumi up --refresh. If the provider annotated a different cluster, " +
                `remove the annotation there, or new pods get this role, which does not work on that cluster: kubectl --kubeconfig FILE ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
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
            `${ON_AUTO_MODE} On other clusters install the plugin, or set serviceAccount. To find the name: kubectl get daemonset ${daemonSetName} -n ${serviceAccount.namespace} -o jsonpath='{.spec.template.spec.serviceAccountName}'`,
        ),
    daemonSetMissing: ({ daemonSetName, serviceAccount }: Subject) =>
        new Refusal(
            "daemon-set-missing",
            `There is no DaemonSet ${serviceAccount.namespace}/${daemonSetName}.`,
            "The Amazon VPC CNI plugin is not installed, or its DaemonSet has another name.",
            `${ON_AUTO_MODE} On other clusters install the plugin, or set rollout.daemonSetName.`,
        ),
    annotationOwned: ({ serviceAccount }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            annotationBelongsTo(serviceAccount, owners),
            "Two writers overwrite each other's annotation, so pods get one role or the other.",
            owners.includes("eks")
                ? 'The managed add-on vpc-cni ("eks") writes it again with each update, so do not override it. ' +
                      LEAVE_TO_THE_ADD_ON
                : `Set overrideExistingServiceAccount: true to take it over. Or, if the node roles hold the CNI policy, remove it: kubectl ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
        ),
    annotationOutlivesRole: ({ serviceAccount }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            annotationBelongsTo(serviceAccount, owners),
            "It names a role that pods must no longer get, since that role is about to be deleted.",
            owners.includes("eks")
                ? "Remove the role from the managed add-on vpc-cni, and run the same command again."
                : `Remove the annotation, and run the same command again: kubectl ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
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
                : "Make sure that the node roles hold the CNI policy. Then remove these credentials from the DaemonSet's pod template.",
        ),
    webhookSkipped: (what: string) =>
        new Refusal(
            "webhook-skipped",
            `The DaemonSet's pod template has ${what}.`,
            "It makes the pod identity webhook skip the pods, or some of their containers, so these get no role.",
            "Remove it from the pod template first.",
        ),
    audience: ({ serviceAccount }: Subject, audience: string) =>
        new Refusal(
            "audience-annotation",
            `The service account has the annotation ${AUDIENCE_ANNOTATION}: ${audience}.`,
            `The role's trust policy requires the audience ${TOKEN_AUDIENCE}, in every partition.`,
            `Remove the annotation: kubectl ${unannotate(serviceAccount, AUDIENCE_ANNOTATION)}`,
        ),
    nodeAgentLogs: () =>
        new Refusal(
            "network-policy-logs",
            "The container aws-eks-nodeagent runs with --enable-cloudwatch-logs=true.",
            "It writes to CloudWatch Logs with the permissions of the node role. Once the pod carries the CNI role, it uses that role instead, and crashes without these permissions.",
            "Add a policy with logs:DescribeLogGroups, logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents to additionalPolicyArns, or turn the logs off (--enable-cloudwatch-logs=false).",
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
            "Upgrade the cluster first. If only the injection guard needs it, setting injectionGuard: false is enough.",
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
    nodeRoleShared: ({ name, instancesElsewhere }: NodeRoleSeen) =>
        new Refusal(
            "node-role-shared",
            `Instances outside this cluster use the node role ${name}: ${listStrings(instancesElsewhere)}.`,
            "They would lose the policy too, and their pods cannot be seen from here.",
            "Give each cluster a node role of its own. Or remove detachFromNodeRoles here, hand the other cluster over too and, once every pod of both " +
                `carries its own role, detach the policy: aws iam detach-role-policy --role-name ${name} --policy-arn POLICY_ARN`,
        ),
    defaultPodsWithoutRole: ({ serviceAccount, daemonSetName }: Subject, pods: readonly string[]) =>
        new Refusal(
            "node-role-in-use",
            `Besides ${serviceAccount.namespace}/${daemonSetName}, the DaemonSet kube-system/aws-node runs pods that have no role of their own: ${listStrings(pods)}.`,
            "They use the permissions of the node roles, and would lose them with the policies.",
            "Hand kube-system/aws-node over first, with a component of its own and without detachFromNodeRoles. Or remove detachFromNodeRoles here.",
        ),
    nodeRoleWithoutPermissions: (roles: readonly NodeRoleSeen[], subject: Subject) =>
        new Refusal(
            "node-role-without-permissions",
            `Nodes run with ${roles.map(({ name }) => name).join(", ")}, which ${roles.length === 1 ? "holds" : "hold"} no policy that is sufficient for the CNI, and no such policy is recorded.`,
            "Without the CNI role, their pods would have no permissions, so the hand-back has stopped.",
            subject.ipFamily === "ipv4"
                ? `Attach the CNI policy, ${ENFORCED}: ${roles.map(({ name }) => `aws iam attach-role-policy --role-name ${name} --policy-arn ${managedPolicyOf(subject)}`).join("; ")}`
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
    podMissesPermissions: ({ name, missingPermissions }: PodSeen, roleArn: string) =>
        new Refusal(
            "pod-misses-permissions",
            `The pod ${name} carries ${roleArn} and reports in an event: ${missingPermissions ?? ""}`,
            "The role lacks a permission, or something else denies it: a permissions boundary, a service control policy, or a VPC endpoint policy.",
            "Find the action in the text of this event, allow it for the role, and run the update again.",
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
            "Take the role out of those clusters first. Then remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy.",
        ),
    timeout: (what: string, seconds: number, argument: string, last: string) =>
        new Refusal(
            "time-limit",
            `${what} did not finish within ${String(seconds)} s. Last seen: ${withFullStop(last)}`,
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
            `The service account and the canary pod were reverted (${back}). Other pods were not restarted. Policies that were attached to the node roles again stay until the next successful run.`,
            "Fix the cause and run the update again.",
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
        "(1) Make sure that the node roles hold the CNI policy. If you attach it now, wait two minutes. (2) Delete the association: " +
        `${deleteAssociation(subject)} (3) At once, restart the pods, ` +
        `which cannot renew their credentials any more: kubectl rollout restart daemonset/${subject.daemonSetName} -n ${subject.serviceAccount.namespace}`
    );
}

function deleteAssociation({ serviceAccount: { namespace, name }, clusterName = "CLUSTER" }: Subject): string {
    return (
        `aws eks list-pod-identity-associations --cluster-name ${clusterName} --namespace ${namespace} --service-account ${name} shows its ID, ` +
        `aws eks delete-pod-identity-association --cluster-name ${clusterName} --association-id ID deletes it.`
    );
}

function annotationBelongsTo({ namespace, name }: Subject["serviceAccount"], owners: readonly string[]): string {
    return `The role annotation of ${namespace}/${name} belongs to ${owners.map((owner) => JSON.stringify(owner)).join(", ")}.`;
}

/** The arguments of kubectl that remove an annotation from the service account. */
function unannotate({ namespace, name }: Subject["serviceAccount"], annotation: string): string {
    return `annotate serviceaccount ${name} -n ${namespace} ${annotation}-`;
}

function listStrings(names: readonly string[]): string {
    return listNames(names.map((name) => ({ name })));
}

/** Messages of AWS and Kubernetes may lack the full stop. */
function withFullStop(text: string): string {
    return text.endsWith(".") ? text : `${text}.`;
}
