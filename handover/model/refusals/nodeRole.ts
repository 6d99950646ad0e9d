import { SKIP_CONTAINERS_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import type { BootObstacles } from "../../../documents/nodeBoot";
import { attachCommand } from "../attachCommand";
import { listNames } from "../listNames";
import { bootFix, cannotBootWords } from "../nodeBoot";
import { Refusal } from "../refusal";
import { sentence } from "../sentence";
import type { RolePolicy } from "../steps";
import { dependsOnAssociation, managedPolicyOf, type Subject } from "../subject";
import type { NodeRoleSeen, PodOnNodeRole, PodSeen } from "../world";

/** For a policy that is attached by hand, which the hand-back does not always wait for. */
const ENFORCED = "wait two minutes until IAM enforces it, and run the same command again";

/** The refusals because of node roles, and of pods that use their permissions. */
export const nodeRoleRefusals = {
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
    podsOnNodeRole: (subject: Subject, pods: readonly PodOnNodeRole[]) =>
        new Refusal(
            "node-role-in-use",
            `On nodes that ${subject.serviceAccount.namespace}/${subject.daemonSetName} does not select, the DaemonSet ${daemonSetsOf(pods)} runs pods that have no role of their own: ${listNames(pods)}.`,
            "They use the permissions of the node roles, and would lose them with the policies.",
            pods.some(({ sharesServiceAccount }) => sharesServiceAccount)
                ? `They have the service account ${subject.serviceAccount.name}, too. ${restartForRole(subject, pods)} Then run the same command again. Or remove detachFromNodeRoles.`
                : `Hand ${daemonSetsOf(pods)} over first, with a component of its own and without detachFromNodeRoles. Or remove detachFromNodeRoles here.`,
        ),
    /** `former`: the role from before the hand-over. With `external`, only the other writer can give it back. */
    nodeRoleWithoutPermissions: (roles: readonly NodeRoleSeen[], subject: Subject, former?: string) =>
        new Refusal(
            "node-role-without-permissions",
            whyInsufficient(roles).join(" "),
            "Without the CNI role, their pods would have no permissions, so the run has stopped.",
            subject.delivery === "external" && former !== undefined
                ? `Let the writer of the annotation restore ${former}, the role from before the hand-over, and run the same command again. Or ${mendNodeRoles(roles, subject)}`
                : sentence(mendNodeRoles(roles, subject)),
        ),
    nodeRoleCannotBoot: (subject: Subject, roleName: string, policies: readonly string[], gap: BootObstacles) =>
        new Refusal(
            "node-role-cannot-boot",
            cannotBootWords(roleName, policies, gap),
            "The nodes that run would go on, and the next one would not join.",
            `${bootFix(gap, roleName, subject)} Then run the same command again.`,
        ),
    policyNotRecorded: ({ roleName, policyArn }: RolePolicy) =>
        new Refusal(
            "policy-not-recorded",
            `${policyArn} was attached to ${roleName} after the hand-over began.`,
            "It is not in the record, so destroy could not attach it again.",
            "Run pulumi up --refresh to record it.",
        ),
    podsWithoutRole: (pods: readonly PodSeen[]) =>
        new Refusal(
            "pods-without-role",
            `Pods without the role keep appearing: ${listNames(pods)}.`,
            "The pod identity webhook does not give it to them. The policies are attached to the node roles again.",
            "Check that the webhook works: kubectl get mutatingwebhookconfigurations must list it, and a new pod must have AWS_ROLE_ARN. Then set injectionGuard: true, and run the update again.",
        ),
};

function whyInsufficient(roles: readonly NodeRoleSeen[]): string[] {
    const { existing, gone } = byExistence(roles);
    return [
        ...(existing.length === 0
            ? []
            : [
                  `Nodes run with ${existing.join(", ")}, which ${existing.length === 1 ? "holds" : "hold"} no policy that is sufficient for the CNI, and the record has none that can be attached.`,
              ]),
        ...(gone.length === 0
            ? []
            : [
                  `Nodes run with ${gone.join(", ")}, which ${gone.length === 1 ? "does" : "do"} not exist in IAM any more.`,
              ]),
    ];
}

function mendNodeRoles(roles: readonly NodeRoleSeen[], subject: Subject): string {
    const { existing, gone } = byExistence(roles);
    const replace = `replace the nodes that run with ${gone.join(", ")}, since their instances get no credentials`;
    if (existing.length === 0) {
        return `${replace}, and run the same command again.`;
    }
    return (
        (gone.length === 0 ? "" : `${replace}, and `) +
        (subject.ipFamily === "ipv4"
            ? `attach the CNI policy, ${ENFORCED}: ${existing.map((name) => attachCommand(name, managedPolicyOf(subject))).join("; ")}`
            : `attach a policy with the IPv6 actions to ${existing.join(", ")}, ${ENFORCED}: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html`)
    );
}

function byExistence(roles: readonly NodeRoleSeen[]): { readonly existing: string[]; readonly gone: string[] } {
    const names = (exist: boolean) => roles.filter(({ exists }) => exists === exist).map(({ name }) => name);
    return { existing: names(true), gone: names(false) };
}

function daemonSetsOf(pods: readonly PodOnNodeRole[]): string {
    return [...new Set(pods.map(({ daemonSet: { namespace, name } }) => `${namespace}/${name}`))].join(", ");
}

/** A refusal of the hand-back from an association has asked for the annotation of the pod template. */
function restartForRole(subject: Subject, pods: readonly PodOnNodeRole[]): string {
    const restart =
        subject.delivery === "podIdentity"
            ? `Check that the EKS Pod Identity Agent is Ready on their nodes. Then restart them, which gives them the role by the association: ${rolloutRestarts(pods)}.`
            : `Once it has the role's annotation, restart them, which gives them the role: ${rolloutRestarts(pods)}.`;
    return dependsOnAssociation(subject)
        ? `${restart} If their pod template has the annotation ${SKIP_CONTAINERS_ANNOTATION}, remove it, which restarts them, too.`
        : restart;
}

function rolloutRestarts(pods: readonly PodOnNodeRole[]): string {
    const commands = pods.map(
        ({ daemonSet: { namespace, name } }) => `kubectl rollout restart daemonset/${name} -n ${namespace}`,
    );
    return [...new Set(commands)].join("; ");
}

function listStrings(names: readonly string[]): string {
    return listNames(names.map((name) => ({ name })));
}
