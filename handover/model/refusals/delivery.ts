import { ROLE_ARN_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import type { ManagedAddOn } from "../addOn";
import { listNames, listTexts } from "../listNames";
import { AnsweredRefusal, Refusal } from "../refusal";
import type { Subject } from "../subject";
import type { PodSeen, ServiceAccountSeen } from "../world";
import { CLUSTER, KEEPS_CONFIGURATION, unannotate, withFullStop } from "./texts";

/** An update that changes no value takes no ownership: kubernetes.io, server-side apply. */
const SAME_VALUE =
    "If the annotation already has this value, the writer must use server-side apply: any other update with the same value leaves its owner unchanged, and the wait would not end.";

/** The refusals when another writer does not deliver the role, or when the managed add-on does not take it or give it up. */
export const deliveryRefusals = {
    roleNotDelivered: (subject: Subject, seen: string, seconds: number) =>
        new Refusal(
            "role-not-delivered",
            `No other writer gave ${subject.roleArn} to the service account within ${String(seconds)} s: ${withFullStop(seen)}`,
            'With delivery: "external" the component waits for another writer, and annotates nothing itself. This run restarted no pod, and detached no policy.',
            `Let the writer set ${ROLE_ARN_ANNOTATION}: ${subject.roleArn} (the managed add-on: serviceAccountRoleArn), and run the same command again. ` +
                `${SAME_VALUE} If the managed add-on is to deliver the role, set delivery: "eksAddon": the component then gives the add-on the role. timeouts.deliverySeconds sets the limit.`,
        ),
    /** Before a wait for another writer, while the engine runs one operation at a time. */
    waitsAlone: (subject: Subject, seen: string) =>
        new Refusal(
            "role-not-delivered",
            `No other writer has given ${subject.roleArn} to the service account yet (${seen}), and Pulumi runs one operation at a time (--parallel 1).`,
            "The component would wait for the writer, and hold up every other resource of the program meanwhile: a writer in this program could not deliver the role. This run restarted no pod, and detached no policy.",
            "Run pulumi up --parallel 2. If the writer is outside of this program, it can deliver the role now, since it is proved: let the writer set " +
                `${ROLE_ARN_ANNOTATION}: ${subject.roleArn}, and run the same command again.`,
        ),
    /** `seen`: what the service account has instead, after the role was delivered. */
    deliveryLost: (subject: Subject, seen: string) =>
        new Refusal(
            "role-not-delivered",
            `The service account no longer gets ${subject.roleArn} from another writer: ${withFullStop(seen)}`,
            'With delivery: "external" the component annotates nothing itself, so new pods would not get the role.',
            `Let the writer set ${ROLE_ARN_ANNOTATION}: ${subject.roleArn} again (the managed add-on: serviceAccountRoleArn), and run pulumi up --refresh.`,
        ),
    /** Nothing may rely on these pods, since nothing shows that they use the role as it is delivered now. */
    deliveredAfterPods: ({ roleArn, daemonSetName, serviceAccount }: Subject, pods: readonly PodSeen[]) =>
        new Refusal(
            "role-not-delivered",
            `These pods carry ${roleArn}, but are older than the annotation that names it: ${listNames(pods)}.`,
            "The annotation was written again after these pods were created, so they may use the role with other settings than new pods.",
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
                  `detachFromNodeRoles, in which the add-on takes serviceAccountRoleArn: \${${component}.provedRoleArn}; the second with the program as it is now.`
                : `Use delivery: "eksAddon", and let the add-on take serviceAccountRoleArn: \${${component}.ready}: the component then gives the add-on the role.` +
                  (liveChecks === "proved"
                      ? ` Or set serviceAccountRoleArn: ${roleArn} as text in this update, since this role is proved; when it has succeeded, replace the text by \${${component}.provedRoleArn}.`
                      : "") +
                  " Do not set liveChecks: false: the live checks of this stack have run, and would hand back.") +
                " If a writer outside this program delivers the role, run pulumi up all the same: the update waits for that writer, and then goes on.",
        ),
    roleStillDelivered: (
        { serviceAccount, clusterName = CLUSTER }: Subject,
        account: ServiceAccountSeen,
        seconds: number,
    ) =>
        new Refusal(
            "role-still-delivered",
            `After ${String(seconds)} s, the service account ${serviceAccount.namespace}/${serviceAccount.name} still has ${account.annotations[ROLE_ARN_ANNOTATION] ?? "the role"}, from ${owners(account)}.`,
            "Each new pod gets this role, so the run has not deleted it. The node roles hold their policies again.",
            account.roleArnOwners.includes("eks")
                ? removeFromAddOn(clusterName)
                : `Let that writer remove the annotation, and run the same command again. If that writer no longer exists, remove it yourself: kubectl ${unannotate(serviceAccount, ROLE_ARN_ANNOTATION)}`,
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
                "If EKS has taken the plugin away with the add-on, and the node roles do not hold the CNI policy, create it with " +
                "--service-account-role-arn and the role that the pods had: its new pods would have no permissions otherwise. " +
                "Or remove delivery: the component then annotates the service account itself, which is right for a self-managed plugin.",
        ),
    addOnUpdateFailed: ({ clusterName, status, health }: ManagedAddOn, answer: string) =>
        new AnsweredRefusal(
            "add-on-update-failed",
            `EKS did not carry out an update of the managed add-on vpc-cni of ${clusterName}`,
            [
                withFullStop(answer),
                ...(health.length === 0 ? [] : [`The add-on's health issues: ${listTexts(health)}.`]),
            ].join(" "),
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
    /** The add-on and the service account name different roles, so the role of the next pods is unknown. */
    addOnDiffers: ({ clusterName = CLUSTER }: Subject, addOnRoleArn: string, annotated: string | undefined) =>
        new Refusal(
            "role-not-delivered",
            `The managed add-on vpc-cni has the role ${addOnRoleArn}, and the service account ${annotated === undefined ? "has no role" : `is annotated with ${annotated}`}.`,
            "Another writer has changed the annotation, or EKS has not applied the add-on's role yet. New pods may get either.",
            "Give both the same role. If another writer sets the annotation, stop that writer first. Then let EKS write the add-on's role again: aws eks update-addon " +
                `--cluster-name ${clusterName} --addon-name vpc-cni --resolve-conflicts OVERWRITE --service-account-role-arn ${addOnRoleArn} (OVERWRITE also resets fields ` +
                `of the add-on that other tools have changed). ${KEEPS_CONFIGURATION} When the annotation has this role, run the same command again.`,
        ),
    rolesNotPassed: (roleArns: readonly string[]) =>
        new Refusal(
            "add-on-update-failed",
            `The identity that the live checks use may not pass ${listTexts(roleArns)} to EKS (iam:PassRole).`,
            "EKS rejects an update of the managed add-on with a role that this identity may not pass. The update gives the add-on the component's role, and destroy gives it its former role back. Nothing on the cluster was changed.",
            "Allow this identity iam:PassRole on each of these roles, with iam:PassedToService eks.amazonaws.com (PassRoleToTheAddOn in docs/least-rights.md in the " +
                "repository), or set other credentials with the argument `aws`, and run the same command again.",
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
