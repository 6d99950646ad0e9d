import { deliverySecondsOf } from "../decide/addOnSteps";
import { hasContainerCredentials, seenAssociations } from "../decide/association";
import { nextCanaryStep } from "../decide/canary";
import { describeDelivery, isDelivered } from "../decide/delivery";
import { withDelivery } from "../decide/deliveredAgain";
import { nextDetachmentStep } from "../decide/detachment";
import { withDetachedBefore } from "../decide/foundNodeRoles";
import { nextGiveBackStep } from "../decide/giveBack";
import { leftBefore } from "../decide/leftBehind";
import { placesOf } from "../decide/places";
import { podIdentityMoveRefusal } from "../decide/podIdentityMoves";
import { preflightRefusals } from "../decide/preflightRefusals";
import { remainingSteps } from "../decide/remainingSteps";
import { nextRolloutStep } from "../decide/rollout";
import { rolesOfWithdrawn } from "../decide/sharedNodeRoles";
import type { FormerDetachment } from "../model/formerDetachment";
import type { FormerHandOver } from "../model/formerHandOver";
import { isAnnotated } from "../model/isAnnotated";
import { Preflight } from "../model/preflight";
import { freshRecord, HandOverRecord, subjectOf, withObserved, withOwnNodeRoles } from "../model/record";
import { distinctRefusals, type Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import { minutesOf } from "./duration";
import { Forecast } from "./forecast";
import { inferredRecord, isAnotherRole } from "./inferredRecord";
import { planLines } from "./planLines";

/** The facts on which a preview plans the next update's hand-over. */
export interface PlanInputs {
    /** The observed state and the options. */
    readonly preflight: Preflight;
    /** Undefined if the credential guard is about to act: the preview does not know its record then. */
    readonly record: HandOverRecord | undefined;
    /** The record of the credential guard before it acts, and the policies that the role gets and loses. Missing if they are not known. */
    readonly former?: FormerHandOver;
    /** Whether the canary is about to act as well. It always is if the credential guard is. */
    readonly canaryActs: boolean;
    /** Undefined: nothing is detached. */
    readonly detachFromNodeRoles: readonly string[] | undefined;
    /** Those that the component's program manages, and whether their delete detaches policies first, as far as that can be seen. */
    readonly ownNodeRoles: readonly {
        readonly name: string;
        readonly forceDetachPolicies: boolean | undefined;
    }[];
    /** The other clusters whose pods no longer need the node roles, as the program says. Missing if it names none. */
    readonly handedOverClusterArns?: readonly string[];
    /** The detachment as the last update left it. Missing if the preview does not know it, since the credential guard is about to act. */
    readonly formerDetachment?: FormerDetachment;
    readonly stableSeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
    /** How long the update waits for another writer. Missing: as long as the default says. */
    readonly deliverySeconds?: number;
    /** The nodes with a pod of the legacy VPC resource controller. Missing: none. */
    readonly resourceControllersOn?: readonly string[];
    /** Whether the program runs the component through the plugin. Missing: it does not. */
    readonly inPlugin?: boolean;
}

export interface HandOverPlan {
    /** Why the update would refuse: every reason that is visible now. */
    readonly refusals: readonly Refusal[];
    /** The changes of the update if nothing refuses it: one line each, with its code in brackets. */
    readonly changes: readonly string[];
    /** The remaining steps after the update. */
    readonly remaining: readonly string[];
}

/**
 * Plans an update with the decisions of the update itself.
 *
 * It assumes that each step works, and asks the decision for the next one. It does not foresee failures during the update, such as
 * a failed canary or a refused proof.
 */
export function planHandOver(inputs: PlanInputs): HandOverPlan {
    const { preflight } = inputs;
    const notMoved = moveRefusal(inputs);
    if (notMoved !== undefined) {
        return { refusals: [notMoved], changes: [], remaining: [] };
    }
    const before = inputs.former?.record ?? inferredRecord(preflight);
    const isApproved = before !== undefined;
    const reasons = [
        ...(inputs.record === undefined
            ? preflightRefusals({
                  ...preflight,
                  isApproved,
                  ownAssociation: hasAssociation(inputs, isApproved),
                  namedBefore: before?.namedNodeRoles ?? [],
                  keepsRole: before?.approvedRoleArns.includes(preflight.subject.roleArn) ?? false,
              })
            : []),
        ...deliveryRefusals(inputs),
    ];
    const { changes: moves, remaining, refusals: duringUpdate } = follow(inputs);
    const stops = distinctRefusals([...reasons, ...duringUpdate.map(orOutdated)]);
    return stops.length === 0
        ? { refusals: stops, changes: moves, remaining }
        : { refusals: stops, changes: [], remaining: [] };
}

/** The update stops at it before it looks at anything else. */
function moveRefusal({ former, preflight: { subject } }: PlanInputs): Refusal | undefined {
    return former?.subject === undefined
        ? undefined
        : podIdentityMoveRefusal(former.subject, subjectOf(former.record, subject), former.record);
}

/** Whether an association may be the component's. A preview may not know the record. */
function hasAssociation({ former, preflight: { subject } }: PlanInputs, isApproved: boolean): boolean {
    return former === undefined
        ? isApproved && subject.delivery === "podIdentity"
        : former.record.podIdentityDelivered === true && isOfPodIdentity(former);
}

/**
 * Whether the last update had the delivery `podIdentity`. The record cannot say so: it keeps the association of a stack that has left Pod Identity,
 * and a later association is another party's. If the move was interrupted, the subject is that of before.
 */
function isOfPodIdentity({ record, subject }: FormerHandOver): boolean {
    return subject === undefined ? record.podIdentityDelivered === true : subject.delivery === "podIdentity";
}

/** Whether the update restarts no pod, as far as can be foreseen: a plan that waits for the user may restart pods later. */
export function restartsNothing({ changes }: HandOverPlan): boolean {
    return !changes.some((line) => /^\[(canary|restart|wait)\]/.test(line));
}

/** Whether the update leaves the node roles their policies. */
export function detachesNothing({ changes }: HandOverPlan): boolean {
    return !changes.some((line) => line.startsWith("[detach]"));
}

/** Follows the order of the component's resources. */
function follow(inputs: PlanInputs): HandOverPlan {
    const { preflight } = inputs;
    const record = recordAfter(inputs);
    const subject = subjectOf(record, preflight.subject);
    const forecast = new Forecast(preflight.world);
    const moves = [
        ...(inputs.record === undefined ? restoreForAnotherRole(inputs, record, forecast) : []),
        ...(inputs.record === undefined ? restoreForWithdrawn(inputs, record, forecast) : []),
        ...leavePodIdentity(inputs, subject, forecast),
        ...deliver(inputs, subject, forecast),
        ...(inputs.canaryActs ? rollOut(inputs, record, subject, forecast) : []),
        ...tellAddOn(inputs, record, subject),
        ...detachment(inputs, record, subject, forecast),
        ...planLines.policies(inputs.former),
    ];
    const changes = [...moves, ...planLines.networkPolicy(moves, preflight.world)];
    const target = {
        ...preflight,
        ...inputs,
        ...formerNodeRoles(inputs, record),
        subject,
        record,
    };
    const remaining = remainingSteps(target, forecast.world);
    return { refusals: forecast.refusals, changes, remaining };
}

function formerNodeRoles({ formerDetachment }: PlanInputs, record: HandOverRecord) {
    return formerDetachment === undefined ? {} : { leftBefore: leftBefore(formerDetachment, record) };
}

/** The credential guard's record when the other parts begin. */
function recordAfter({ preflight, record, former, ownNodeRoles }: PlanInputs): HandOverRecord {
    const { subject, world, detachFromNodeRoles } = preflight;
    if (record !== undefined) {
        return record;
    }
    const before = withOwnNodeRoles(
        former?.record ?? inferredRecord(preflight) ?? freshRecord(subject, world),
        detachFromNodeRoles,
        ownNodeRoles.map(({ name }) => name),
    );
    // A pod may still carry a role that was approved before the annotated one.
    const carried = world.cluster.pods.flatMap(({ credentials }) =>
        credentials.kind === "webIdentity" ? [credentials.roleArn] : [],
    );
    const known = withDelivery(before, subject, undefined, subject.roleArn, world);
    return withObserved(
        { ...known, approvedRoleArns: [...new Set([...known.approvedRoleArns, ...carried])] },
        {
            roleArn: subject.roleArn,
            detachFromNodeRoles,
            nodeRoles: world.account.nodeRoles,
        },
    );
}

function restoreForAnotherRole(inputs: PlanInputs, record: HandOverRecord, forecast: Forecast): string[] {
    const { preflight, former, iamPropagationSeconds } = inputs;
    const before = former?.record ?? inferredRecord(preflight);
    const roleNames = before?.namedNodeRoles ?? [];
    const movesToAssociation =
        preflight.subject.delivery === "podIdentity" && (former === undefined || !isOfPodIdentity(former));
    const isAnother = isAnotherRole(preflight) || (before !== undefined && movesToAssociation);
    const leaves = before?.addOnDelivered === true && preflight.subject.delivery === undefined;
    if (!isAnother && !leaves) {
        return [];
    }
    const target = {
        record: withDetachedBefore(record),
        roleNames,
        iamPropagationSeconds,
        // Without the state, the pods may have the association already.
        movesToPodIdentity: former !== undefined && movesToAssociation ? preflight.subject : undefined,
    };
    const part = forecast.through((world, memory) => nextGiveBackStep(target, world, memory));
    return [
        ...planLines.attach(
            part,
            isAnother ? "before the service account gets another role" : "before the managed add-on gives up the role",
        ),
        ...planLines.propagation(part),
        ...planLines.wait(part, forecast.world),
    ];
}

/** The credential guard attaches the policies again to the node roles of clusters that the program no longer names as handed over. */
function restoreForWithdrawn(inputs: PlanInputs, record: HandOverRecord, forecast: Forecast): string[] {
    const { preflight, former, handedOverClusterArns: now } = inputs;
    const roleNames = rolesOfWithdrawn(
        { before: former?.handedOverClusterArns, now },
        preflight.world.account.nodeRoles,
    ).filter((name) => former?.record.namedNodeRoles.includes(name));
    const target = { record: withDetachedBefore(record), roleNames, iamPropagationSeconds: 0 };
    const part = forecast.through((world, memory) => nextGiveBackStep(target, world, memory));
    return [
        ...planLines.attach(part, "since handedOverClusterArns no longer lists a cluster that uses it"),
        ...planLines.wait(part, forecast.world),
    ];
}

/** The pods go over the node roles. */
function leavePodIdentity({ former }: PlanInputs, { delivery }: Subject, forecast: Forecast): string[] {
    const { pods } = forecast.world.cluster;
    const isLeft = former !== undefined && isOfPodIdentity(former) && delivery !== "podIdentity";
    if (!isLeft || !pods.some(hasContainerCredentials)) {
        return [];
    }
    forecast.leavePodIdentity();
    return planLines.leavePodIdentity(pods.length);
}

/** In the plugin, an add-on of the same program cannot deliver the role in this update. */
function deliveryRefusals(inputs: PlanInputs): Refusal[] {
    const { preflight, inPlugin = false } = inputs;
    const { subject, world } = preflight;
    return inPlugin && subject.delivery === "external" && !isDelivered(subject, world.cluster)
        ? [refusals.notInTheSameUpdate(subject, liveChecksBefore(inputs))]
        : [];
}

/** An update that turns the live checks off hands back if they have run before. */
function liveChecksBefore({ preflight, record, former }: PlanInputs): "never" | "ran" | "proved" {
    const known = record ?? former?.record;
    if (known !== undefined) {
        return known.approvedRoleArns.includes(preflight.subject.roleArn) ? "proved" : "ran";
    }
    return inferredRecord(preflight) === undefined ? "never" : "ran";
}

/** The component annotates the service account, or another writer delivers the role. */
function deliver(inputs: PlanInputs, subject: Subject, forecast: Forecast): string[] {
    const { world } = forecast;
    if (subject.delivery === "podIdentity") {
        const isThere = (seenAssociations(world) ?? []).some(({ roleArn }) => roleArn === subject.roleArn);
        forecast.associate(subject);
        return isThere ? [] : planLines.associate(subject.serviceAccount);
    }
    const already = isAnnotated(subject, world.cluster);
    const isAwaited = subject.delivery === "external" && !isDelivered(subject, world.cluster);
    forecast.admit(subject.roleArn);
    forecast.patchServiceAccount(subject.annotations);
    forecast.deliver(subject);
    if (subject.delivery === "external") {
        return isAwaited
            ? planLines.awaitWriter(describeDelivery(subject, world.cluster), deliverySecondsOf(inputs))
            : [];
    }
    return already ? [] : planLines.annotate(subject.serviceAccount);
}

/** The managed add-on gives its former role up before the pods move, and gets the role when they all carry it. */
function tellAddOn({ preflight: { world } }: PlanInputs, record: HandOverRecord, subject: Subject): string[] {
    const { addOn } = world.account;
    if (addOn?.is !== "there") {
        return [];
    }
    const isOther = addOn.roleArn !== undefined && addOn.roleArn !== subject.roleArn;
    if (subject.delivery === "eksAddon") {
        return addOn.roleArn === subject.roleArn
            ? []
            : planLines.addOnGets(subject.component, isOther ? addOn.roleArn : undefined);
    }
    if (subject.delivery === "podIdentity") {
        const isOurs = addOn.roleArn !== undefined && record.approvedRoleArns.includes(addOn.roleArn);
        return record.addOnDelivered === true && isOurs ? planLines.addOnLetsGo(addOn.roleArn) : [];
    }
    const isLeft = subject.delivery === undefined && record.addOnDelivered === true && addOn.roleArn !== undefined;
    return isLeft ? planLines.addOnGivesUp(addOn.roleArn) : [];
}

/** The canaries, and the waves after them. */
function rollOut(inputs: PlanInputs, record: HandOverRecord, subject: Subject, forecast: Forecast): string[] {
    const { preflight, stableSeconds, iamPropagationSeconds } = inputs;
    // Every step works in a forecast, so that no pod is late.
    const target = {
        subject,
        record,
        serviceAccountUid: undefined,
        stableSeconds,
        canarySeconds: Infinity,
        iamPropagationSeconds,
    };
    const places = placesOf(preflight.world);
    const first = forecast.through((world, memory) => nextCanaryStep(target, world, memory));
    const rest = forecast.waves((world, memory) => nextRolloutStep(target, world, memory));
    const minutes = minutesOf(first, rest, preflight.world.cluster, stableSeconds);
    return [
        ...planLines.canary(first, preflight.world, stableSeconds),
        ...planLines.untested(first, places),
        ...planLines.onlyCanaries(first, rest, minutes),
        ...planLines.wait(first, forecast.world),
        ...planLines.rollout(rest, preflight.world, minutes, subject),
        ...planLines.template([first, rest], preflight.world),
        ...planLines.wait(rest, forecast.world),
    ];
}

function detachment(inputs: PlanInputs, record: HandOverRecord, subject: Subject, forecast: Forecast): string[] {
    const { preflight, detachFromNodeRoles } = inputs;
    const { injectionGuard, world: seen } = preflight;
    const left = record.namedNodeRoles.filter((name) => !(detachFromNodeRoles ?? []).includes(name));
    const back = forecast.through((world, memory) =>
        nextGiveBackStep({ record, roleNames: left, iamPropagationSeconds: 0 }, world, memory),
    );
    const target = {
        ...inputs,
        ...formerNodeRoles(inputs, record),
        subject,
        record,
        injectionGuard,
        // Every step works in a forecast, so that no pod is late.
        canarySeconds: Infinity,
    };
    const part = forecast.through((world, memory) => nextDetachmentStep(target, world, memory));
    return [
        ...planLines.attach(back, "since detachFromNodeRoles no longer lists it"),
        ...planLines.wait(back, forecast.world),
        ...planLines.attach(part, "since pods without the role use it"),
        ...planLines.restart(part, seen),
        ...planLines.template([part], seen),
        ...planLines.guard(part, subject),
        ...planLines.regions(part, seen, detachFromNodeRoles ?? []),
        ...planLines.detach(part),
        ...planLines.lostByOthers(part, seen),
        ...planLines.resourceControllers(part, inputs.resourceControllersOn ?? [], seen),
        ...planLines.notVerified(part, seen, injectionGuard),
        ...planLines.forceDetach(part, inputs.ownNodeRoles),
        ...planLines.wait(part, forecast.world),
    ];
}

/** A preview proves nothing, so it cannot tell whether a complaint is from before the role was repaired. */
function orOutdated(refusal: Refusal): Refusal {
    return refusal.code === "pod-misses-permissions" ? refusals.outdatedComplaint(refusal) : refusal;
}
