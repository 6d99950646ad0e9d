import { ROLE_ARN_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import type { ManagedAddOn } from "../addOn";
import { listNames, listTexts } from "../listNames";
import { AnsweredRefusal, Refusal } from "../refusal";
import type { Subject } from "../subject";
import type { PodSeen, ServiceAccountSeen } from "../world";
import { CLUSTER, KEEPS_CONFIGURATION, unannotate, withFullStop } from "./texts";

/** An update with the value that is there already changes nothing, and so takes no ownership: kubernetes.io, server-side apply. */
const SAME_VALUE =
    "If the annotation has this value already, the writer has to use server-side apply: any other update with an equal value changes no owner, so the wait would not end.";

/** The refusals because another writer does not deliver the role, or because the managed add-on does not take it or give it up. */
export const deliveryRefusals = {
    roleNotDelivered: (subject: Subject, seen: string, seconds: number) =>
        new Refusal(
            "role-not-delivered",
            `For ${String(seconds)} s, no other writer has given ${subject.roleArn} to the service account: ${withFullStop(seen)}`,
            'With delivery: "external" the component waits for another writer, and annotates nothing itself. This run restarted no pod, and detached no policy.',
            `Let the writer set ${ROLE_ARN_ANNOTATION}: ${subject.roleArn} (the managed add-on: serviceAccountRoleArn), and run the same command again. ` +
                `${SAME_VALUE} If the role is to come from the managed add-on, set delivery: "eksAddon": the component then gives it the role. timeouts.deliverySeconds sets the limit.`,
        ),
    /** `seen`: what the service account has instead, after the role was delivered. */
    deliveryLost: (subject: Subject, seen: string) =>
        new Refusal(
            "role-not-delivered",
            `The service account no longer gets ${subject.roleArn} from another writer: ${withFullStop(seen)}`,
            'With delivery: "external" the component annotates nothing itself, so new pods would not get the role.',
            `Let the writer set ${ROLE_ARN_ANNOTATION}: ${subject.roleArn} again (the managed add-on: serviceAccountRoleArn), and run pulumi up --refresh.`,
        ),
    /** Without a proof that these pods use the role as it is delivered now, nothing may rely on them. */
    deliveredAfterPods: ({ roleArn, daemonSetName, serviceAccount }: Subject, pods: readonly PodSeen[]) =>
        new Refusal(
            "role-not-delivered",
            `These pods carry ${roleArn}, and are older than the annotation that delivers it: ${listNames(pods)}.`,
            "The annotation was written again after these pods were created, so they may use the role with other settings than the next pods.",
            `Restart them, and run the same command again: kubectl rollout restart daemonset/${daemonSetName} -n ${serviceAccount.namespace}`,
        ),
    /**
     * A preview in the plugin: an add-on of the same program could not take the role in this update.
     *
     * @param liveChecks Whether the live checks have run in this stack before, and have already proved this role.
     */
    notInTheSameUpdate: ({ component, roleArn }: Subject, liveChecks: "never" | "ran" | "proved") =>
        new Refusal(
            "role-not-delivered",
            "No writer has given the role to the service account yet, and this program runs the component through the plugin.",
            "A program in YAML, Python or Go gets no output of the component before the component has finished. So an aws.eks.Addon of this " +
                "program that takes the role from the component could not deliver it, and the component would wait until its time limit.",
            (liveChecks === "never"
                ? 'Use delivery: "eksAddon": the component then gives the add-on the role. Or run two updates: the first with liveChecks: false and without ' +
                  `detachFromNodeRoles, in which the add-on takes serviceAccountRoleArn: \${${component}.provedRoleArn}; the second as now.`
                : `Use delivery: "eksAddon", and let the add-on take serviceAccountRoleArn: \${${component}.ready}: the component then gives the add-on the role.` +
                  (liveChecks === "proved"
                      ? ` Or set serviceAccountRoleArn: ${roleArn} as text in this update, since this role is proved; when it has succeeded, replace the text by \${${component}.provedRoleArn}.`
                      : "") +
                  " Do not set liveChecks: false: the live checks of this stack have run, and would hand back.") +
                " If a writer outside this program delivers the role, run pulumi up all the same: the update waits for it, and goes on.",
        ),
    roleStillDelivered: (
        { serviceAccount, clusterName = CLUSTER }: Subject,
        account: ServiceAccountSeen,
        seconds: number,
    ) =>
        new Refusal(
            "role-still-delivered",
            `For ${String(seconds)} s, ${owners(account)} has kept giving ${account.annotations[ROLE_ARN_ANNOTATION] ?? "the role"} to ${serviceAccount.namespace}/${serviceAccount.name}.`,
            "This role is about to be deleted, and each new pod would get it. The node roles hold their policies again. The role is still there.",
            account.roleArnOwners.includes("eks")
                ? removeFromAddOn(clusterName)
                : `Let that writer remove the annotation, and run the same command again. If it no longer exists: kubectl ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
        ),
    /** The annotation is gone, and the add-on would bring it back. */
    addOnStillHasRole: ({ clusterName = CLUSTER }: Subject, carried: string) =>
        new Refusal(
            "role-still-delivered",
            `The managed add-on vpc-cni still has the role ${carried}.`,
            "This role is about to be deleted, and each new pod would get it once EKS writes the annotation again. The node roles hold their policies again. The role is still there.",
            removeFromAddOn(clusterName),
        ),
    addOnMissing: (clusterName: string) =>
        new Refusal(
            "add-on-missing",
            `The cluster ${clusterName} has no managed add-on vpc-cni.`,
            'With delivery: "eksAddon" the add-on gives the role to the service account.',
            `Create the add-on (aws eks create-addon --cluster-name ${clusterName} --addon-name vpc-cni --resolve-conflicts NONE), and run pulumi up --refresh. ` +
                "Or remove delivery: the component then annotates the service account itself, which is right for a self-managed plugin.",
        ),
    addOnUpdateFailed: ({ clusterName, status, health }: ManagedAddOn, answer: string) =>
        new AnsweredRefusal(
            "add-on-update-failed",
            `EKS did not carry out an update of the managed add-on vpc-cni of ${clusterName}`,
            [withFullStop(answer), ...(health.length === 0 ? [] : [`Its health issues: ${listTexts(health)}.`])].join(
                " ",
            ),
            `The add-on is ${status}. The pods keep their role, and no policy was detached after this update. EKS does not undo a failed update, and may have applied a part of it.`,
            `Fix the cause, and run the same command again. To see the update: aws eks list-updates --name ${clusterName} --addon-name vpc-cni`,
        ),
    addOnBusy: ({ clusterName, status }: ManagedAddOn, seconds: number) =>
        new Refusal(
            "add-on-update-failed",
            `The managed add-on vpc-cni of ${clusterName} has been ${status} for ${String(seconds)} s.`,
            "EKS accepts no other update of it in this state. The pods keep their role, and no policy was detached meanwhile.",
            `Wait until it is ACTIVE (aws eks describe-addon --cluster-name ${clusterName} --addon-name vpc-cni), and run the same command again. ` +
                "If it never becomes ACTIVE, ask AWS Support to end its update. timeouts.deliverySeconds sets the limit.",
        ),
    /** The service account and the add-on say different things, so that it is not known which role pods get next. */
    addOnDiffers: (addOnRoleArn: string, annotated: string | undefined) =>
        new Refusal(
            "role-not-delivered",
            `The managed add-on vpc-cni has the role ${addOnRoleArn}, and the service account ${annotated === undefined ? "has no role" : `is annotated with ${annotated}`}.`,
            "Another writer has changed the annotation, or EKS has not applied the add-on's role yet. The next pods may get either of the two.",
            "Let both have the same role. If another writer sets the annotation, stop it first. Then let EKS write the add-on's role again: aws eks update-addon " +
                `--cluster-name CLUSTER --addon-name vpc-cni --resolve-conflicts OVERWRITE --service-account-role-arn ${addOnRoleArn} (OVERWRITE also resets fields ` +
                `of the add-on that were changed by other means). ${KEEPS_CONFIGURATION} When the annotation has this role, run the same command again.`,
        ),
    rolesNotPassed: (roleArns: readonly string[]) =>
        new Refusal(
            "add-on-update-failed",
            `The identity that the live checks use may not pass ${listTexts(roleArns)} to EKS (iam:PassRole).`,
            "EKS would reject each update of the managed add-on with this role, and so the one on destroy that gives the add-on its former role back. Nothing on the cluster was changed.",
            "Allow iam:PassRole on this role, with iam:PassedToService eks.amazonaws.com, for this identity (docs/least-rights.md in the repository, " +
                "PassRoleToTheAddOn), or set other credentials with the argument `aws`, and run the same command again.",
        ),
};

function removeFromAddOn(clusterName: string): string {
    return (
        `Remove the role from the managed add-on: aws eks update-addon --cluster-name ${clusterName} --addon-name vpc-cni --resolve-conflicts PRESERVE (without ` +
        `--service-account-role-arn; aws.eks.Addon cannot do it), and run the same command again. ${KEEPS_CONFIGURATION}`
    );
}

function owners({ roleArnOwners }: ServiceAccountSeen): string {
    return roleArnOwners.length === 0 ? "a writer" : roleArnOwners.map((owner) => JSON.stringify(owner)).join(", ");
}
