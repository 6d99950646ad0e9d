import { AUDIENCE_ANNOTATION, ROLE_ARN_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import { TOKEN_AUDIENCE } from "../../../documents/trustPolicy";
import { listNames } from "../listNames";
import type { UnreadCall } from "../otherDelivery";
import { AnsweredRefusal, Refusal } from "../refusal";
import type { Subject } from "../subject";
import type { CredentialSource, PodSeen } from "../world";
import { CLUSTER, KEEPS_CONFIGURATION, unannotate } from "./texts";

/** The next update by a tool that states another role for the add-on, or none, would take the role away. */
const LEAVE_TO_THE_ADD_ON =
    'Set delivery: "eksAddon": the component then moves the pods, and gives the add-on the role. The tool that manages ' +
    "the add-on must state this role as well, or its next update takes the role away: in an aws.eks.Addon, set serviceAccountRoleArn to this component's " +
    'output ready. If that tool itself must give the add-on the role, set delivery: "external", and let it use the output provedRoleArn.';

/** Before pods return to the node roles. A cluster that was handed over has node roles without it. */
const HOLDS_POLICY = "Make sure that the node roles hold the CNI policy. If you attach it now, wait two minutes.";

const UNREAD =
    "The run detaches no policy before it has seen that neither the managed add-on vpc-cni nor a Pod Identity association gives aws-node another role.";

/** The refusals when another party gives the pods credentials, or keeps the webhook from giving them the role. */
export const otherDeliveryRefusals = {
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
    annotationOutlivesRole: ({ serviceAccount, clusterName = CLUSTER }: Subject, owners: readonly string[]) =>
        new Refusal(
            "annotation-owned-by-another",
            annotationBelongsTo(serviceAccount, owners),
            "It names a role that is about to be deleted, so no new pod may get it. The node roles hold their policies again.",
            owners.includes("eks")
                ? `Wait two minutes. Then remove the role from the managed add-on (aws eks update-addon --cluster-name ${clusterName} --addon-name vpc-cni ` +
                      `--resolve-conflicts PRESERVE, without --service-account-role-arn), and run the same command again. ${KEEPS_CONFIGURATION}`
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
            "Remove that component from its program, and run pulumi up on its stack until it succeeds. If the stack no longer exists, remove its guard: " +
                `kubectl delete validatingadmissionpolicybinding/${policy} validatingadmissionpolicy/${policy}. Then run pulumi up.`,
        ),
    injectionGuardOfOthers: ({ injectionGuardName: name }: Subject, managers: readonly string[]) =>
        new Refusal(
            "injection-guard-of-another",
            `The cluster has a ValidatingAdmissionPolicy or a ValidatingAdmissionPolicyBinding ${name}, which this component has not applied. ` +
                `Its field managers: ${managers.join(", ") || "none"}.`,
            "The component needs this name for its injection guard, and does not change what another party has created.",
            `If nothing needs it, delete it: kubectl delete validatingadmissionpolicybinding/${name} validatingadmissionpolicy/${name} --ignore-not-found. Then run pulumi up.`,
        ),
    addOnHasRole: (roleArn: string) =>
        new Refusal(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni gives aws-node the role ${roleArn}.`,
            "The add-on writes the annotation again with each of its updates.",
            LEAVE_TO_THE_ADD_ON,
        ),
    /** With `eksAddon`, the add-on has a role that the record of the component does not know. */
    addOnHasAnotherRole: ({ component, roleArn, clusterName = CLUSTER }: Subject, carried: string) =>
        new Refusal(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni gives aws-node the role ${carried}, which this component does not know.`,
            "Another writer has given the add-on this role since the component's first update. The component does not overwrite it, since that writer would overwrite it in turn.",
            `Let that writer give the add-on ${roleArn}, and run pulumi up --refresh. An aws.eks.Addon: serviceAccountRoleArn: ${component}.ready. ` +
                `By hand: aws eks update-addon --cluster-name ${clusterName} --addon-name vpc-cni --resolve-conflicts PRESERVE --service-account-role-arn ${roleArn}. ${KEEPS_CONFIGURATION}`,
        ),
    /** `liveChecks: false`, while the add-on carries the role. */
    addOnKeepsRole: (carried: string) =>
        new Refusal(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni carries ${carried}, which this component has given it.`,
            "Without live checks, no later run would take the role from the add-on, and destroy would delete a role that the add-on gives to new pods.",
            'Use two updates: first remove delivery: "eksAddon" and leave the live checks on, so that the component annotates the service account itself. ' +
                "Then set liveChecks: false.",
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
                    ? ["The run could not read whether the service account has a Pod Identity association."]
                    : [`The service account has a Pod Identity association with ${roleArns.join(", ")}.`]),
                ...(pods.length === 0 ? [] : [`These pods have its credentials: ${listNames(pods)}.`]),
                "New pods get its credentials instead of the CNI role, and the injection guard admits them without a check of their role.",
            ].join(" "),
            "The run restarted no pod that has the association's credentials, attached no policy for such a pod, and detached none. " +
                "These pods work as long as the association and its role do.",
            `To return to the CNI role, delete the association: ${deleteAssociation(subject)} Then run pulumi up --refresh at once: ` +
                "it restarts these pods with the CNI role. They cannot renew their credentials any more.",
        ),
    clusterNameUnknown: (why: string, subject: Subject) =>
        new Refusal(
            "cluster-name-unknown",
            why,
            "Without the cluster's name, the run cannot see whether the managed add-on vpc-cni or a Pod Identity association gives aws-node " +
                "another role. It detaches no policy before it has seen that.",
            "Set clusterName, in addition to oidcProviderArn or existingRoleArn, and run pulumi up (to see the names: aws eks list-clusters)." +
                orWithoutDetachment(subject),
        ),
    otherDeliveryDenied: (calls: readonly UnreadCall[], subject: Subject) =>
        new AnsweredRefusal(
            "other-delivery-unread",
            `AWS rejected ${actionsOf(calls)}`,
            calls.map(({ why }) => why).join(" "),
            `${UNREAD} The identity that the live checks use lacks this permission.`,
            `Allow ${actionsOf(calls)} for this identity (docs/least-rights.md in the repository lists all permissions of this check as ` +
                "SeeOtherCredentials), or set other credentials with the argument `aws`, and run the same command again." +
                orWithoutDetachment(subject),
        ),
    otherDeliveryUnsupported: (calls: readonly UnreadCall[], subject: Subject) =>
        new AnsweredRefusal(
            "other-delivery-unread",
            `EKS does not know ${actionsOf(calls)}`,
            calls.map(({ why }) => why).join(" "),
            `${UNREAD} No permission is missing: EKS in this region, or the endpoint in the argument \`aws\`, lacks the call.`,
            "If `aws` sets an endpoint for eks, correct or remove it, and run the same command again." +
                (isForAddOn(subject)
                    ? ""
                    : " If EKS in this region lacks the call, remove detachFromNodeRoles: the pods then get the role, and the node roles keep their policies."),
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
            "If the service account has a role annotation, first make sure that the role in it works: the pods get that role afterwards. Then remove this setting from the pod template.",
        ),
    audience: ({ serviceAccount }: Subject, audience: string) =>
        new Refusal(
            "audience-annotation",
            `The service account has the annotation ${AUDIENCE_ANNOTATION}: ${audience}.`,
            `The role's trust policy requires the audience ${TOKEN_AUDIENCE}, in every partition.`,
            `If pods use another role with that audience, first let its trust policy accept ${TOKEN_AUDIENCE} as well. Then remove the annotation: kubectl ${unannotate(serviceAccount, AUDIENCE_ANNOTATION)}`,
        ),
};

/** Without the detachment, a run need not see what else gives aws-node a role, unless it is to update the add-on. */
function orWithoutDetachment(subject: Subject): string {
    return isForAddOn(subject)
        ? ""
        : " Or remove detachFromNodeRoles: the pods then get the role, and the node roles keep their policies.";
}

function isForAddOn({ delivery, addOnDelivered }: Subject): boolean {
    return delivery === "eksAddon" || addOnDelivered === true;
}

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

function deleteAssociation({ serviceAccount: { namespace, name }, clusterName = CLUSTER }: Subject): string {
    return (
        `aws eks list-pod-identity-associations --cluster-name ${clusterName} --namespace ${namespace} --service-account ${name} shows its ID, ` +
        `aws eks delete-pod-identity-association --cluster-name ${clusterName} --association-id ID deletes it.`
    );
}

function annotationBelongsTo({ namespace, name }: Subject["serviceAccount"], owners: readonly string[]): string {
    return `The role annotation of ${namespace}/${name} belongs to ${owners.map((owner) => JSON.stringify(owner)).join(", ")}.`;
}

function actionsOf(calls: readonly UnreadCall[]): string {
    return [...new Set(calls.map(({ action }) => action))].join(", ");
}
