import { associateAgainStep, hasContainerCredentials } from "../decide/association";
import { watchedRollout } from "../decide/canary";
import { complainedBefore } from "../decide/complaints";
import { hasDelivery } from "../decide/delivered";
import { nextRolloutStep, podsLeft } from "../decide/rollout";
import { isAnnotated } from "../model/isAnnotated";
import { subjectOf } from "../model/record";
import { isRefusal } from "../model/refusal";
import type { ClusterSeen, PodSeen, World } from "../model/world";
import { seeingAssociations } from "../observe/associations";
import { look } from "../observe/look";
import { RunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import { refuseAnotherGuard } from "./anotherGuard";
import { awaitDelivery } from "./awaitDelivery";
import { CanaryInputs, CanaryOutputs, CanaryState, outputsOf, RolloutRun } from "./canaryState";
import { provedSinceComplaint } from "./complaints";
import { reach } from "./loop";
import { provePodSession } from "./provePodSession";
import { prove } from "./proveRole";
import { finishTakingBack, RunSeen, takeBack } from "./takeBackRollout";
import { TransientRetry } from "./transientRetry";

/** With these codes the cluster is the wrong one, or lacks the plugin, so there is nothing to take back. */
const WRONG_CLUSTER = ["cluster-changed", "another-cluster", "service-account-missing", "daemon-set-missing"];

/**
 * A cancelled run ends without taking anything back, so that the user does not wait. The next run continues from there. Without a
 * kubeconfig, the rollout has not begun. A pod that does not start for a reason of its own would not start with its former credentials either.
 */
const NOTHING_TO_TAKE_BACK = [...WRONG_CLUSTER, "cancelled", "kubeconfig-invalid", "pods-do-not-start"];

/** Restarts the pods. `before`: the state of the last rollout. */
export async function rollOut(
    opened: RunContext,
    inputs: CanaryInputs,
    before: CanaryState | undefined,
): Promise<CanaryOutputs> {
    const subject = subjectOf(inputs.record, inputs.subject);
    const context = seeingAddOn(seeingAssociations({ ...opened, subject }));
    const isRepair = before?.approvedRole === inputs.approvedRole;
    const isReplacing = before !== undefined && !isRepair;
    const serviceAccountUid = inputs.serviceAccountUid === "" ? undefined : inputs.serviceAccountUid;
    const canarySeconds = inputs.timeouts.canarySeconds;
    const associatedBefore = otherAssociatedRole(inputs, before);
    const target = { ...inputs, subject, serviceAccountUid, canarySeconds, isRepair, isReplacing, associatedBefore };
    await awaitDelivery({ ...opened, subject }, target);
    await proveAfterFailure(context, target);
    const shown = await restartAll(context, target);
    return { shown, rollouts: outputsOf(before ?? {}).rollouts + 1 };
}

function otherAssociatedRole({ subject }: CanaryInputs, before: CanaryState | undefined): string | undefined {
    const { delivery, roleArn } = before?.subject ?? {};
    return subject.delivery === "podIdentity" && delivery === "podIdentity" && roleArn !== subject.roleArn
        ? roleArn
        : undefined;
}

/** A rollout that was taken back has taken the annotation or the association away. The next one begins with the proof, since the role may still not work. */
async function proveAfterFailure(context: RunContext, target: RolloutRun): Promise<void> {
    const cluster = await new TransientRetry(context).read(() => context.cluster.look());
    const isTheCluster = cluster.uid === target.record.clusterUid && cluster.serviceAccount !== undefined;
    if (isTheCluster && !isDelivered(target, cluster)) {
        await refuseAnotherGuard(context);
        const proving = async () => {
            await prove(context, { ...target, isOwn: isOwnRole(target) }, { cluster });
            if (target.associatedBefore !== undefined) {
                await associateAgain(context, target);
                // Another role of an association reaches pods that do not restart, so no canary is the first to use it.
                await provePodSession(context, target, cluster);
            }
        };
        await proving().catch(async (error: unknown) => {
            throw await finishTakingBack(context, target, error);
        });
    }
}

function isOwnRole({ record: { approvedRoleArns, ownRoleArns = approvedRoleArns }, subject }: RolloutRun): boolean {
    return ownRoleArns.includes(subject.roleArn);
}

/** A rollout that was taken back has given the association its former role. EKS Auth gives pods the one that it has. */
async function associateAgain(context: RunContext, { subject, record }: RolloutRun): Promise<void> {
    const world = await new TransientRetry(context).read(() => look(context, { searchElsewhere: false }));
    const step = associateAgainStep(subject, record, world);
    if (step?.do === "changeAssociation") {
        context.progress(step.why);
        await context.aws.changeAssociation(step.clusterName, step.associationId, step.roleArn);
    }
}

/**
 * With an association, the pods show whether a rollout has begun: the association itself is created again before. They do not show it with another role of
 * the association: an earlier rollout may have given it the former one back.
 */
function isDelivered({ subject, associatedBefore }: RolloutRun, cluster: ClusterSeen): boolean {
    return subject.delivery === "podIdentity"
        ? associatedBefore === undefined && cluster.pods.some(hasContainerCredentials)
        : isAnnotated(subject, cluster);
}

/** Returns the result as a sentence. */
async function restartAll(context: RunContext, target: RolloutRun): Promise<string> {
    const startedAt = context.now();
    const seen: RunSeen = { first: undefined, last: undefined, memory: undefined };
    try {
        const { why } = await reach(context, {
            what: "The rollout",
            next: (world, memory) => {
                seen.first ??= world;
                seen.last = world;
                seen.memory = memory;
                return nextRolloutStep(target, world, memory);
            },
            watched: watchedRollout(target),
            left: (world) => podsLeft(target, world),
            // Deleting a pod and creating the next one takes time before the limit of the new pod begins.
            limitSeconds: 2 * target.canarySeconds,
            awaitsVerdict: true,
            limitArgument: "timeouts.canarySeconds",
        });
        return why;
    } catch (error) {
        if (isRefusal(error, ...NOTHING_TO_TAKE_BACK) || isAssociationAlone(error, carriers(target, seen.last))) {
            throw error;
        }
        const isFromBefore = complainedBefore(carriers(target, seen.last), target, startedAt);
        const provedAt = await provedAfterComplaint(context, target, error, isFromBefore);
        if (provedAt !== undefined) {
            context.progress("The role has been proved since this event: only later events count");
            return restartAll(context, { ...target, provedAt });
        }
        throw await takeBack(context, target, seen, error);
    }
}

/** Pods with the credentials of an association work as long as it exists. A canary that the run has restarted before may not. */
const isAssociationAlone = (error: unknown, carrying: readonly PodSeen[]) =>
    isRefusal(error, "pod-identity-association") && carrying.every(({ ready }) => ready);

const carriers = (target: RolloutRun, world: World | undefined) =>
    (world?.cluster.pods ?? []).filter((pod) => hasDelivery(pod, target));

/**
 * A pod keeps the event of a complaint for an hour, also after the role was repaired. So a complaint from before this run says nothing once the
 * role is proved. In a role with which the pods were verified before, any complaint is outdated by a proof. Each run proves once.
 */
async function provedAfterComplaint(
    context: RunContext,
    target: RolloutRun,
    error: unknown,
    isFromBefore: boolean,
): Promise<number | undefined> {
    return isRefusal(error, "pod-misses-permissions") &&
        (target.isRepair || isFromBefore) &&
        target.provedAt === undefined
        ? provedSinceComplaint(context, target.subject)
        : undefined;
}
