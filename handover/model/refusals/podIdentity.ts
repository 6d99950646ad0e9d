import type { AssociationSeen } from "../association";
import { listNames, listTexts } from "../listNames";
import { Refusal } from "../refusal";
import type { Subject } from "../subject";
import type { PodSeen } from "../world";
import { CLUSTER, withFullStop } from "./texts";

/** Pods with container credentials never use their node's role. */
const NO_FALLBACK = "A pod with these credentials does not fall back to the role of its node.";

const JOINING_TAINT = "node.kubernetes.io/not-ready:NoSchedule";

/** Both replace all tolerations by the one of the agent's chart: aws/eks-pod-identity-agent charts/eks-pod-identity-agent/values.yaml. */
const TOLERATIONS = '{"tolerations":[{"operator":"Exists"}]}';

/** The agent's DaemonSet keeps away from these nodes, where the CNI runs. */
export function agentKeptAway(taints: readonly string[]): string {
    return `The DaemonSet kube-system/eks-pod-identity-agent does not tolerate ${listTexts(taints)}, and aws-node does.`;
}

export function agentKeptAwayMeans(taints: readonly string[]): string {
    return (
        `A node with ${taints.length === 1 ? "this taint" : "one of these taints"} gets no agent, so its aws-node pod gets no credentials.` +
        (taints.includes(JOINING_TAINT)
            ? ` Each node joins with ${JOINING_TAINT}, and keeps it until its aws-node pod works.`
            : "") +
        (taints.some((taint) => taint.startsWith("*:"))
            ? " * stands for any other key, such as that of a node group's startup taint."
            : "")
    );
}

/** The way to an agent on each node. */
export function tolerateEverything(subject: Subject): string {
    return (
        `Let the agent tolerate every taint: kubectl patch daemonset eks-pod-identity-agent -n kube-system --type=merge -p '{"spec":{"template":{"spec":${TOLERATIONS}}}}'. ` +
        `If it is the managed add-on: aws eks update-addon --cluster-name ${clusterOf(subject)} --addon-name eks-pod-identity-agent --configuration-values '${TOLERATIONS}' ` +
        `(add the values that the add-on has now). Wait for kubectl rollout status daemonset/eks-pod-identity-agent -n kube-system.`
    );
}

/** The hand-back needs neither the association nor the agent. */
const RETREAT = "Or run pulumi destroy: it moves the pods back to the node roles.";

/** The refusals because Pod Identity does not give the pods the component's role, or would not. */
export const podIdentityRefusals = {
    associationMissing: (subject: Subject, pods: readonly PodSeen[]) =>
        new Refusal(
            "association-missing",
            `The ${accountOf(subject)} has no Pod Identity association.` +
                (pods.length === 0 ? "" : ` These pods have credentials of one: ${listNames(pods)}.`),
            `Pods with the credentials of an association keep their session until it ends, and get no new one. ${NO_FALLBACK} New pods get no credentials from it. The run restarted no pod, and detached no policy.`,
            `Run pulumi up --refresh: it creates the association again, and restarts the pods. ${RETREAT}`,
        ),
    /**
     * @param remains Whether the engine's update would leave a part of it: it sends no null.
     * @param isOwn Whether a hand-back takes the association for the component's, by its role.
     */
    associationDiffers: (subject: Subject, what: string, remains: boolean, isOwn: boolean) =>
        new Refusal(
            "association-differs",
            `The Pod Identity association of the ${accountOf(subject)} has ${what}. It must have the role ${subject.roleArn} and nothing else.`,
            "The pods get permissions that were not proved, including the pods that do not restart. The run restarted no pod, and detached no policy.",
            remains
                ? "If another program manages the association, remove it from that program first. Run pulumi destroy: it moves the pods to the node roles, and deletes the association. Then run pulumi up. An update cannot take away a target role or a session policy."
                : `Run pulumi up --refresh: it changes the association back, and restarts the pods. If another program manages the association, remove it from that program first.${isOwn ? ` ${RETREAT}` : ""}`,
        ),
    /** The hand-back has taken the association out of the state already, so no update changes it. */
    associationOfAnother: (
        subject: Subject,
        { id, roleArn }: Pick<AssociationSeen, "id" | "roleArn">,
        clusterName: string,
    ) =>
        new Refusal(
            "association-differs",
            `The Pod Identity association of the ${accountOf(subject)} has the role ${roleArn}, which this component never gave it.`,
            "While it exists, the webhook gives its credentials to each pod that restarts, and the component deletes no association of another role. The run restarted no pod.",
            "If another program manages the association, remove it from that program first, but keep the association. Then give it the component's role: " +
                `aws eks update-pod-identity-association --cluster-name ${clusterName} --association-id ${id} --role-arn ${subject.roleArn}. ` +
                "Then run the same command again: it moves the pods to the node roles, and deletes the association.",
        ),
    associationTakenBack: (cause: string, back: string) =>
        new Refusal(
            "rollout-taken-back",
            `The rollout failed: ${withFullStop(cause)}`,
            `The Pod Identity association was deleted, and no pod has its credentials any more (${back}).`,
            "Fix the cause, and run pulumi up: it creates the association again, and begins with the canaries. If it stops with association-missing, run pulumi up --refresh.",
        ),
    formerRoleAssociated: (cause: string, roleArn: string, back: string) =>
        new Refusal(
            "rollout-taken-back",
            `The rollout failed: ${withFullStop(cause)}`,
            `The Pod Identity association has its former role ${roleArn} again, and every pod that may have fetched the new role was restarted (${back}). The node roles keep the policies that were attached again.`,
            "Fix the cause, and run pulumi up: it gives the association the role of the program again, and begins with the canaries.",
        ),
    /** @param formerRoleArn The role that the association has again. Undefined: it was deleted. */
    proofTakenBack: (
        { code, seen, fix }: Pick<Refusal, "code" | "seen" | "fix">,
        formerRoleArn: string | undefined,
        back: string,
    ) =>
        new Refusal(
            code,
            seen,
            formerRoleArn === undefined
                ? `The Pod Identity association had the role already. It was deleted, and no pod has its credentials any more (${back}).`
                : `The Pod Identity association had the role already. It has its former role ${formerRoleArn} again, and every pod that may have fetched the new role was restarted (${back}).`,
            fix,
        ),
    nodeRolesFail: (pods: readonly PodSeen[], nodes: readonly string[]) =>
        new Refusal(
            "former-credentials-fail",
            `${listNames(pods)} on ${listTexts(nodes)} restarted with ${pods.length === 1 ? "the role of its node, and is" : "the roles of their nodes, and are"} not Ready.`,
            "The plugin starts on these nodes, but cannot use these roles. The run stopped. The node roles keep the policies that were attached again. If the Pod Identity " +
                "association still exists, the webhook no longer skips the containers of the pod template, and the pods restarted with the role.",
            "Read the plugin's log on one of these nodes: /var/log/aws-routed-eni/ipamd.log. Fix the cause, and run the same command again.",
        ),
    agentsMissing: (subject: Subject, nodes: readonly { readonly name: string }[]) =>
        new Refusal(
            "pod-identity-agent",
            `The EKS Pod Identity Agent is not Ready on these nodes: ${listNames(nodes)}.`,
            `Without it, no pod on these nodes gets the role. ${NO_FALLBACK}`,
            `If it is not installed: aws eks create-addon --cluster-name ${clusterOf(subject)} --addon-name eks-pod-identity-agent. To see its pods: kubectl get pods -n kube-system -l ` +
                "app.kubernetes.io/name=eks-pod-identity-agent -o wide. On nodes with IPv6 disabled, the agent does not start until you disable IPv6 in the agent, too. Then run the same command again.",
        ),
    agentNotTolerating: (subject: Subject, taints: readonly string[]) =>
        new Refusal(
            "pod-identity-agent",
            agentKeptAway(taints),
            agentKeptAwayMeans(taints),
            `${tolerateEverything(subject)} Then run the same command again.`,
        ),
    agentWithoutRights: (roleNames: readonly string[]) =>
        new Refusal(
            "pod-identity-agent",
            `${roleNames.length === 1 ? "The node role" : "The node roles"} ${roleNames.join(", ")} ${roleNames.length === 1 ? "does" : "do"} not allow eks-auth:AssumeRoleForPodIdentity (according to IAM's policy simulator).`,
            "The EKS Pod Identity Agent calls it with the permissions of the node, so no pod on its nodes would get the role.",
            "Attach the AWS managed policy AmazonEKSWorkerNodePolicy to each of them, or a policy of your own that allows this action, and run the same command again.",
        ),
    rolesNotPassedToPods: (roleArns: readonly string[]) =>
        new Refusal(
            "aws-access-denied",
            `The identity that the live checks use may not pass ${listTexts(roleArns)} to EKS Pod Identity (iam:PassRole, according to IAM's policy simulator).`,
            "EKS rejects an association with a role that this identity may not pass. The update needs it for the component's role, and for the association's former role, which the association gets back if the pods cannot use the new one. Nothing on the cluster was changed.",
            "Allow this identity iam:PassRole on each of these roles, with iam:PassedToService pods.eks.amazonaws.com (PassRoleToPodIdentity in docs/least-rights.md in the repository), or set other credentials " +
                "with the argument `aws`, and run the same command again.",
        ),
    cniTooOldForPodIdentity: (version: string, needed: string) =>
        new Refusal(
            "cni-too-old",
            `aws-node runs version ${version}.`,
            `EKS Pod Identity needs version ${needed} or later of the plugin.`,
            "Update the Amazon VPC CNI plugin first.",
        ),
    clusterTooOldForPodIdentity: (seen: string, needed: string) =>
        new Refusal(
            "cluster-too-old",
            `The cluster runs ${seen}.`,
            `EKS Pod Identity needs ${needed} or later.`,
            'Upgrade the cluster first, or use delivery: "serviceAccountPatch".',
        ),
    deliveryNotChanged: (subject: Subject, from: string, to: string) =>
        new Refusal(
            "delivery-not-changed",
            `The delivery changes from ${from} to ${to}.`,
            `This change takes two updates. Nothing on the cluster was changed.`,
            `Set delivery: "serviceAccountPatch" and run pulumi up: the component annotates the ${accountOf(subject)}. Then set delivery: ${JSON.stringify(to)}, and run pulumi up again.`,
        ),
    accountNotChanged: (subject: Subject) =>
        new Refusal(
            "delivery-not-changed",
            'The service account changes while the delivery is "podIdentity".',
            "An association belongs to one service account. Nothing on the cluster was changed.",
            `Change serviceAccount back, and run pulumi up. Or run pulumi destroy, which moves the pods back to the node roles. Then run pulumi up with the ${accountOf(subject)}.`,
        ),
    /** @param before It had the annotation, or its managed add-on the role, before the component came. */
    formerRoleLost: (before: Subject, roleArn: string) => {
        const byAddOn = before.delivery === "eksAddon";
        return new Refusal(
            "delivery-not-changed",
            byAddOn
                ? `The managed add-on had the role ${roleArn} before the component came.`
                : `The ${accountOf(before)} had an annotation with ${roleArn} before the component came.`,
            "A hand-back from Pod Identity moves the pods to the node roles, and does not restore this role. Nothing on the cluster was changed.",
            `Keep delivery: "${before.delivery ?? "serviceAccountPatch"}". Or, if no pod needs that role any more: run pulumi destroy with this delivery, then attach the CNI policy to every node role and wait ` +
                `two minutes, remove ${byAddOn ? "the role from the add-on, wait until the annotation is gone" : "the annotation"}, restart the pods, and run pulumi up with delivery: "podIdentity" ` +
                "(docs/clusters-of-pod-identity.md in the repository, From another tool's annotation).",
        );
    },
    associationNotLeft: (subject: Subject, pods: readonly PodSeen[]) =>
        new Refusal(
            "delivery-not-changed",
            `This update changes the delivery from podIdentity, and turns the live checks off. But the ${accountOf(subject)} still has its Pod Identity association.` +
                (pods.length === 0 ? "" : ` These pods have its credentials: ${listNames(pods)}.`),
            "While it exists, no pod gets the role of the annotation. The association and its role stay, and so do the policies that were attached again to the node roles.",
            'Remove liveChecks: false, keep delivery: "serviceAccountPatch", and run pulumi up: it moves the pods. Then turn the live checks off.',
        ),
    alreadyAnnotated: (subject: Subject, roleArn: string) =>
        new Refusal(
            "delivery-not-changed",
            `The ${accountOf(subject)} is annotated with ${roleArn}.`,
            'With delivery: "podIdentity", the component moves pods only from the node roles, or from its own delivery. Nothing was changed.',
            "To reach Pod Identity, first move the pods to the node roles: docs/clusters-of-pod-identity.md in the repository (From another tool's annotation). To stay with IAM roles for " +
                'service accounts, use delivery: "serviceAccountPatch" with overrideExistingServiceAccount: true, from which no later update moves to Pod Identity, or delivery: "external" if ' +
                "the writer of the annotation stays.",
        ),
};

function accountOf({ serviceAccount: { namespace, name } }: Subject): string {
    return `service account ${namespace}/${name}`;
}

function clusterOf({ clusterName = CLUSTER }: Subject): string {
    return clusterName;
}
