import { ROLLOUT_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { nextCanaryStep } from "../decide/canary";
import { carriedBefore } from "../decide/carriedBefore";
import { nextDetachmentStep } from "../decide/detachment";
import { nextGiveBackStep } from "../decide/giveBack";
import { preflightRefusals } from "../decide/preflight";
import { remainingSteps } from "../decide/remainingSteps";
import { isAnnotated } from "../model/isAnnotated";
import { Preflight } from "../model/preflight";
import { freshRecord, HandOverRecord, recorded, subjectOf } from "../model/record";
import type { Refusal } from "../model/refusal";
import type { Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import { Forecast } from "./forecast";
import { inferredRecord, isAnotherRole } from "./inferredRecord";
import { planLines } from "./planLines";

/** What a preview knows of the hand-over that an update is about to do. */
export interface PlanInputs {
    /** What was seen, and what was asked for. */
    readonly preflight: Preflight;
    /** Undefined where the credential guard is about to act: a preview does not know then what it has recorded. */
    readonly record: HandOverRecord | undefined;
    /** Whether the canary is about to act, too. It always is where the credential guard is. */
    readonly canaryActs: boolean;
    /** What is delivered to the pods, by the component's digest. Undefined where it is not known yet. */
    readonly delivered: string | undefined;
    /** Undefined: nothing is detached. */
    readonly detachFromNodeRoles: readonly string[] | undefined;
    readonly detachPolicyArns: readonly string[] | undefined;
    readonly stableSeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
}

export interface HandOverPlan {
    /** Why the update would refuse: every reason that can be seen now. */
    readonly refusals: readonly Refusal[];
    /** What it would do otherwise, a line each with its code in brackets. Empty where nothing moves. */
    readonly moves: readonly string[];
    /** What is left to do then. */
    readonly remaining: readonly string[];
}

/**
 * What an update would do, by the decisions of the update itself: each step that they ask for is imagined to work, and then they
 * are asked for the next one. What only happens on the way (a canary that fails, a proof that is refused) is not foreseen.
 */
export function planHandOver(question: PlanInputs): HandOverPlan {
    const { preflight } = question;
    const reasons = question.record === undefined ? preflightRefusals(preflight) : [];
    const { moves, remaining, refusals: onTheWay } = follow(question);
    const refusals = distinct([...reasons, ...onTheWay]);
    return refusals.length === 0 ? { refusals, moves, remaining } : { refusals, moves: [], remaining: [] };
}

/** In the order of the component's resources. */
function follow(question: PlanInputs): HandOverPlan {
    const { preflight } = question;
    const record = recordAfter(question);
    const subject = subjectOf(record, preflight.subject);
    const forecast = new Forecast(preflight.world);
    const moves = [
        ...(question.record === undefined ? giveBackForAnotherRole(question, record, forecast) : []),
        ...annotate(subject, forecast),
        ...(question.canaryActs ? canary(question, record, subject, forecast) : []),
        ...rollOut(question, subject, forecast),
        ...detachment(question, record, subject, forecast),
    ];
    const plan = { ...question, ...preflight, subject, record, detachFromNodeRoles: question.detachFromNodeRoles };
    const remaining = moves.length === 0 ? [] : remainingSteps(plan, forecast.world);
    return { refusals: forecast.refusals, moves, remaining };
}

/** What the credential guard will have recorded when the rest begins. */
function recordAfter({ preflight, record, detachPolicyArns }: PlanInputs): HandOverRecord {
    const { subject, world, detachFromNodeRoles } = preflight;
    if (record !== undefined) {
        return record;
    }
    const before = inferredRecord(preflight, detachPolicyArns) ?? freshRecord(subject, world);
    // A pod may still carry a role that was approved before the one that is annotated.
    const carried = world.cluster.pods.flatMap(({ credentials }) =>
        credentials.kind === "webIdentity" ? [credentials.roleArn] : [],
    );
    return recorded(
        { ...before, approvedRoleArns: [...new Set([...before.approvedRoleArns, ...carried])] },
        {
            roleArn: subject.roleArn,
            detachFromNodeRoles,
            detachPolicyArns: detachPolicyArns ?? [],
            nodeRoles: world.account.nodeRoles,
        },
    );
}

function giveBackForAnotherRole(question: PlanInputs, record: HandOverRecord, forecast: Forecast): string[] {
    const { preflight, detachPolicyArns, iamPropagationSeconds } = question;
    const roleNames = inferredRecord(preflight, detachPolicyArns)?.namedNodeRoles ?? [];
    if (roleNames.length === 0 || !isAnotherRole(preflight)) {
        return [];
    }
    const plan = { record, roleNames, iamPropagationSeconds };
    const part = forecast.through((world, memory) => nextGiveBackStep(plan, world, memory));
    return [
        ...planLines.attach(part, "before the service account gets another role"),
        ...planLines.wait(part, forecast.world),
    ];
}

function annotate(subject: Subject, forecast: Forecast): string[] {
    const already = isAnnotated(subject, forecast.world.cluster);
    forecast.patchServiceAccount(subject.annotations);
    return already ? [] : planLines.annotate(subject.serviceAccount);
}

function canary(question: PlanInputs, record: HandOverRecord, subject: Subject, forecast: Forecast): string[] {
    const { preflight, stableSeconds } = question;
    const plan = { subject, record, serviceAccountUid: undefined, stableSeconds };
    const part = forecast.through((world, memory) => nextCanaryStep(plan, world, memory));
    return [...planLines.canary(part, preflight.world, stableSeconds), ...planLines.wait(part, forecast.world)];
}

/** With OnDelete the pods are restarted by the detachment. */
function rollOut({ preflight, delivered }: PlanInputs, subject: Subject, forecast: Forecast): string[] {
    const { daemonSet, pods } = preflight.world.cluster;
    const { [ROLLOUT_ANNOTATION]: live } = daemonSet?.templateAnnotations ?? {};
    if (daemonSet === undefined || forecast.isStuck || (delivered !== undefined && live === delivered)) {
        return [];
    }
    if (carriedBefore(subject, webhookAnnotations(preflight.world), forecast.world.cluster)) {
        return [];
    }
    forecast.patchTemplate();
    return daemonSet.updateStrategy === "OnDelete"
        ? []
        : planLines.rollout(
              pods.filter(({ terminating }) => !terminating),
              daemonSet,
          );
}

function detachment(question: PlanInputs, record: HandOverRecord, subject: Subject, forecast: Forecast): string[] {
    const { preflight, detachFromNodeRoles, detachPolicyArns, stableSeconds, iamPropagationSeconds, maxNotReadyNodes } =
        question;
    const { injectionGuard, world: seen } = preflight;
    if (injectionGuard) {
        forecast.makeInjectionGuard();
    }
    const left = record.namedNodeRoles.filter((name) => !(detachFromNodeRoles ?? []).includes(name));
    const back = forecast.through((world, memory) =>
        nextGiveBackStep({ record, roleNames: left, iamPropagationSeconds: 0 }, world, memory),
    );
    const plan = {
        subject,
        record,
        detachFromNodeRoles,
        detachPolicyArns,
        injectionGuard,
        stableSeconds,
        iamPropagationSeconds,
        maxNotReadyNodes,
    };
    const part = forecast.through((world, memory) => nextDetachmentStep(plan, world, memory));
    return [
        ...planLines.attach(back, "since detachFromNodeRoles no longer lists it"),
        ...planLines.wait(back, forecast.world),
        ...planLines.attach(part, "since pods without the role use it"),
        ...planLines.restart(part, seen),
        ...planLines.detach(part),
        ...planLines.wait(part, forecast.world),
    ];
}

function distinct(refusals: readonly Refusal[]): Refusal[] {
    return refusals.filter(({ message }, at) => refusals.findIndex((other) => other.message === message) === at);
}
