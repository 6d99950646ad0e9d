import { LIVE_CHECKS_ANNOTATION, SKIP_CONTAINERS_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import { listNames, listTexts } from "../listNames";
import { Refusal } from "../refusal";
import type { ServiceAccountName } from "../subject";
import type { OtherCarrier } from "../world";
import { LEAVE_SHARED_ROLE } from "./texts";

/** The refusals because pods carry a role that is about to go, or that this cluster shares with others. */
export const carriedRoleRefusals = {
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
            `The update turns the live checks off, and replaces the role ${former} with ${roleArn}.`,
            "No live check would watch pods change to the new role, and an injection guard would refuse them. If the component created the former role, Pulumi would delete it at the end of the update. The service account was not changed.",
            "Turn the live checks on again, and run pulumi up until it succeeds. Then turn them off.",
        ),
    turnedOffWhileDetached: (nodeRoles: readonly string[]) =>
        new Refusal(
            "policies-detached",
            `The program has no live checks any more, and policies are detached from these node roles: ${listTexts(nodeRoles)}.`,
            "Without the live checks, no later run would attach them again. Nothing was changed.",
            "Turn the live checks on again, remove detachFromNodeRoles, and run pulumi up: the node roles get their policies back. Then turn the live checks off. " +
                "To destroy the stack instead, run pulumi destroy without --run-program.",
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
            `Other pods ${carry(pods)} a role that is about to be deleted: ${listNames(pods)}.`,
            "They do not belong to the component's DaemonSet, so the live checks do not restart them. Nothing was deleted.",
            `Make sure that the roles of their nodes hold the CNI policy. Then restart them, and run the same command again: ${restartCommands(pods)}`,
        ),
    /** The association goes only after these pods: until then, each of their restarts gives them its credentials again. */
    associatedOthers: (pods: readonly OtherCarrier[]) =>
        new Refusal(
            "role-still-carried",
            `Other pods ${carry(pods)} a role that is about to be deleted: ${listNames(pods)}.`,
            "They do not belong to the component's DaemonSet, so the live checks do not restart them. While the Pod Identity association exists, the webhook gives them its credentials at each restart. The association was not deleted.",
            `Make sure that the roles of their nodes hold the CNI policy. Then exclude all their containers from the webhook by an annotation of their pod template: ${skipCommands(pods)}. ` +
                "With the update strategy OnDelete, delete the pods, too. When they are Ready with the roles of their nodes, run the same command again. Keep the annotation until that run has succeeded, or asks for its removal.",
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
};

/** A pod with the credentials of an association does not show its role. */
function carry(pods: readonly OtherCarrier[]): string {
    return pods.some(({ roleArns }) => roleArns.length === 0) ? "may carry" : "carry";
}

/**
 * A changed pod template restarts the pods of a DaemonSet. The webhook then gives the containers that the annotation lists neither web identity nor
 * container credentials.
 *
 * Source: github.com/aws/amazon-eks-pod-identity-webhook pkg/handler/handler.go (getContainersToSkip)
 */
function skipCommands(pods: readonly OtherCarrier[]): string {
    const commands = pods.map(({ name, daemonSet, associated, serviceAccount: { namespace } }) => {
        const containers = associated?.containers.join(",") ?? "CONTAINER,CONTAINER";
        const annotations = { [SKIP_CONTAINERS_ANNOTATION]: containers };
        return daemonSet === undefined
            ? `${SKIP_CONTAINERS_ANNOTATION}: ${containers} for the controller of ${name} in ${namespace}`
            : `kubectl patch daemonset/${daemonSet} -n ${namespace} --type merge -p '${JSON.stringify({ spec: { template: { metadata: { annotations } } } })}'`;
    });
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
