import { ROLE_ARN_ANNOTATION, STS_REGIONAL_ENDPOINTS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { hasContainerCredentials, isOfComponent, seenAssociations } from "../decide/association";
import { annotationsToRestore, mayRemoveGuard } from "../decide/annotationsToRestore";
import { nextCanaryStep } from "../decide/canary";
import { withoutComplaints } from "../decide/complaints";
import { isDetached } from "../decide/reliesOnRole";
import type { AssociationTakeBack } from "../decide/takeBackAssociation";
import { carriesAnyOf, carriesRole } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import { isRefusal, Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { freshMemory, Memory } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { look } from "../observe/look";
import { RunContext } from "../observe/runContext";
import type { RolloutRun } from "./canaryState";
import { revert, type Reverted, sayingMore } from "./revertRollout";
import { TransientRetry } from "./transientRetry";

/** A rollout that fails with one of these codes after its canaries have worked: pods cannot use the role. */
const FOR_CREDENTIALS = ["pods-do-not-work", "pod-misses-permissions"];

/** An association gives pods another role, or none: so does the next pod that restarts. */
const OF_ASSOCIATION = ["pod-identity-association", "association-missing", "association-differs"];

/** Another writer delivers another role, or none: the message says what that writer has to do, and nothing about the canary. */
const OF_ANOTHER_WRITER = ["add-on-owns-the-role", "role-not-delivered"];

/** The first and the last look of a rollout, and its memory. Undefined if it has seen nothing. */
export interface RunSeen {
    first: World | undefined;
    last: World | undefined;
    memory: Memory | undefined;
}

/** Takes the rollout back if pods cannot use their credentials, or if it failed before all canaries worked. Returns the error of the run. */
export async function takeBack(
    context: RunContext,
    target: RolloutRun,
    { first, last, memory }: RunSeen,
    error: unknown,
): Promise<unknown> {
    const tested = last !== undefined && canariesWork(target, last, memory);
    if (tested && !isRefusal(error, ...FOR_CREDENTIALS)) {
        return error;
    }
    const cause = isRefusal(error) ? `${error.seen} ${error.means}` : messageOf(error);
    const formerAnnotations = annotationsToRestore(target, first, last, memory?.attachedAt);
    const isAssociated = target.subject.delivery === "podIdentity";
    if (isAssociated && !knowsAssociation(target, last)) {
        // The pods that restart would get the same credentials again.
        return error;
    }
    const toTakeBack = associationToTakeBack(target, last, error);
    if (
        toTakeBack.formerRoleArn === undefined &&
        (formerAnnotations === target.subject.annotations ||
            (!isAssociated && deliversTheSame(formerAnnotations, target))) &&
        last !== undefined &&
        isAnnotated(target.subject, last.cluster)
    ) {
        // There is nothing to go back to.
        return !isRefusal(error) || isApiFailure(error) || isRefusal(error, ...OF_ASSOCIATION, ...OF_ANOTHER_WRITER)
            ? error
            : withOtherWay(tested ? refusals.waveStays(error) : refusals.canaryStays(cause));
    }
    if (isRefusal(error, "association-missing", "association-differs")) {
        // The next update changes the association back, and restarts the pods.
        return error;
    }
    const removesGuard = mayRemoveGuard(target.record, first, last);
    const reverting = revert(context, { ...target, formerAnnotations, removesGuard, ...toTakeBack }, cause);
    if (isRefusal(error, ...OF_ANOTHER_WRITER)) {
        return leftToItsWriter(error, reverting);
    }
    const { world, why: back, formerRoleArn } = await reverting;
    if (isAssociated) {
        return formerRoleArn === undefined
            ? refusals.associationTakenBack(cause, back)
            : refusals.formerRoleAssociated(cause, formerRoleArn, back);
    }
    if (isApiFailure(error)) {
        return stateUnknown(error, back);
    }
    if (isRefusal(error, "annotation-owned-by-another")) {
        return leftToItsOwner(error, back);
    }
    if (isRefusal(error, "pod-identity-association")) {
        return besideAssociation(error, back);
    }
    const working = tested && isRefusal(error) ? error : undefined;
    return working === undefined
        ? refusals.canaryFailed(cause, back)
        : refusals.rolloutTakenBack(working, workingPods(target, world), back);
}

/** Whether pods get the same credentials with the former annotations: another tool has annotated this role before. */
function deliversTheSame(former: Readonly<Record<string, string>>, { subject: { annotations } }: RolloutRun): boolean {
    return [ROLE_ARN_ANNOTATION, STS_REGIONAL_ENDPOINTS_ANNOTATION].every((name) => former[name] === annotations[name]);
}

/** Whether the canaries have worked. A complaint of a pod that restarted after them says nothing against them, and neither does an association. */
function canariesWork(target: RolloutRun, seenWorld: World, memory: Memory | undefined): boolean {
    const { seen } = memory ?? {};
    const { account, ...world } = withoutComplaints(seenWorld);
    const fresh = { ...freshMemory(world.at), ...(seen === undefined ? {} : { seen }) };
    return nextCanaryStep(target, { ...world, account: { ...account, podIdentityRoleArns: [] } }, fresh).do === "done";
}

/** After the others have restarted with their former credentials. */
function workingPods({ subject }: RolloutRun, { cluster }: World): number {
    return cluster.pods.filter((pod) => pod.ready && carriesRole(pod, subject)).length;
}

/**
 * Finishes what a killed run has begun: it took a rollout back, and left pods with a role that is not proved to work. Returns the error of
 * the run.
 */
export async function finishTakingBack(context: RunContext, target: RolloutRun, error: unknown): Promise<unknown> {
    const lookAtAll = () => look(context, { searchElsewhere: false });
    const world = await new TransientRetry(context).read(lookAtAll).catch(() => undefined);
    const { pods = [] } = world?.cluster ?? {};
    const carries = (pod: PodSeen) =>
        target.subject.delivery === "podIdentity"
            ? hasContainerCredentials(pod)
            : carriesAnyOf(pod, [target.subject.roleArn]);
    const left = pods.filter((pod) => !pod.ready && carries(pod));
    const formerAnnotations = annotationsToRestore(target, world, world);
    const isKept = formerAnnotations === target.subject.annotations;
    const areDetached = world?.account.nodeRoles.some((role) => isDetached(target.record, role)) ?? true;
    const toTakeBack = associationToTakeBack(target, world, error);
    const isAssociated = hasOtherRole(toTakeBack);
    if (!isRefusal(error) || !(isAssociated || (left.length > 0 && !isKept && !areDetached))) {
        return error;
    }
    const { why, formerRoleArn } = await revert(
        context,
        { ...target, formerAnnotations, ...toTakeBack },
        `${error.seen} ${error.means}`,
    );
    const { code, seen, fix } = error;
    return isAssociated
        ? refusals.proofTakenBack(error, formerRoleArn, why)
        : new Refusal(code, seen, `An earlier run had left ${listNames(left)} with the role: ${why}.`, fix);
}

/**
 * The component's association, which the engine has created, and the role that it had before. There is none if it has another party's role. Without an
 * agent, no role of the association helps a pod.
 */
function associationToTakeBack(
    { subject, record, associatedBefore }: RolloutRun,
    world: World | undefined,
    error: unknown,
): Pick<AssociationTakeBack, "association" | "formerRoleArn" | "account"> {
    const seen = world?.account.associations;
    const own =
        subject.delivery === "podIdentity" && seen?.is === "seen"
            ? seen.associations.find((one) => isOfComponent(one, record))
            : undefined;
    return own === undefined || seen?.is !== "seen"
        ? { association: undefined }
        : {
              association: { ...own, clusterName: seen.clusterName },
              account: world?.account,
              formerRoleArn: isRefusal(error, "pod-identity-agent") ? undefined : associatedBefore,
          };
}

/** Whether the run has seen that the association is the component's, or that there is none. */
function knowsAssociation({ record }: RolloutRun, world: World | undefined): boolean {
    const seen = world && seenAssociations(world);
    return seen !== undefined && (seen.length === 0 || seen.some((one) => isOfComponent(one, record)));
}

/** Whether the association has another role than before this rollout. */
function hasOtherRole({
    association,
    formerRoleArn,
}: Pick<AssociationTakeBack, "association" | "formerRoleArn">): boolean {
    return association !== undefined && formerRoleArn !== undefined && association.roleArn !== formerRoleArn;
}

/** Failures that say nothing about the canary: expired credentials, an API that does not answer. */
function isApiFailure(error: unknown): error is Refusal {
    return isRefusal(error) && /^(aws|cluster|sts)-/.test(error.code);
}

function stateUnknown(error: Refusal, back: string): Refusal {
    const meanwhile = `The state of the canaries could not be read. The service account and the canaries that did not work were reverted (${back}). The other pods stay as they are.`;
    return sayingMore(error, meanwhile);
}

/** Another owner has written the annotation amid the rollout. */
function leftToItsOwner(error: Refusal, back: string): Refusal {
    return sayingMore(error, `The run leaves the annotation as it is now, and restarts no pod that works (${back}).`);
}

/** Another writer delivers another role, or none. Until it delivers the role again, the injection guard may refuse pods, so that nothing can go back. */
async function leftToItsWriter(error: Refusal, reverting: Promise<Reverted>): Promise<Refusal> {
    const back = await reverting.then(
        ({ why }) => `The canaries that did not work were reverted (${why}).`,
        (failure: unknown) => {
            if (isRefusal(failure, "time-limit")) {
                return `The rollout was not taken back completely. ${failure.seen}`;
            }
            throw failure;
        },
    );
    return sayingMore(error, `${back} The other pods stay as they are.`);
}

/** A Pod Identity association has appeared amid the canaries. */
function besideAssociation(error: Refusal, back: string): Refusal {
    const reverted = `Pods that had restarted with the role did not work yet: they restarted again, and the service account has its former annotation (${back}).`;
    return sayingMore(error, reverted);
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

function withOtherWay({ code, seen, means, fix }: Refusal): Refusal {
    const other = "Then run pulumi up --refresh. Or run pulumi destroy: it moves every pod back to the node roles.";
    return new Refusal(code, seen, means, `${fix} ${other}`);
}
