import { ROLLOUT_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { Approval, reasonsToRefuse } from "../decide/preflight";
import { assumedRecord, isAnotherRole } from "./inferredRecord";
import { nextCanaryStep } from "../decide/canary";
import { carriedBefore } from "../decide/carriedBefore";
import { nextDetachmentStep } from "../decide/detachment";
import { webhookAnnotations } from "../decide/formerAnnotations";
import { nextGiveBackStep } from "../decide/giveBack";
import { Journey } from "./forecast";
import { planLines } from "./planLines";
import { freshRecord, HandOverRecord, recorded, subjectOf } from "../model/record";
import type { Refusal } from "../model/refusal";
import { remainingSteps } from "../decide/remainingSteps";
import type { Subject } from "../model/subject";

/** What a preview knows of the hand-over that an update is about to do. */
export interface PlanQuestion {
    /** What was seen, and what was asked for. */
    readonly approval: Approval;
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
export function planHandOver(question: PlanQuestion): HandOverPlan {
    const { approval } = question;
    const reasons = question.record === undefined ? reasonsToRefuse(approval) : [];
    const { moves, remaining, refusals: onTheWay } = follow(question);
    const refusals = distinct([...reasons, ...onTheWay]);
    return refusals.length === 0 ? { refusals, moves, remaining } : { refusals, moves: [], remaining: [] };
}

/** In the order of the component's resources. */
function follow(question: PlanQuestion): HandOverPlan {
    const { approval } = question;
    const record = recordAfter(question);
    const subject = subjectOf(record, approval.subject);
    const journey = new Journey(approval.world);
    const moves = [
        ...(question.record === undefined ? giveBackForAnotherRole(question, record, journey) : []),
        ...annotate(subject, journey),
        ...(question.canaryActs ? canary(question, record, subject, journey) : []),
        ...rollOut(question, subject, journey),
        ...detachment(question, record, subject, journey),
    ];
    const plan = { ...question, ...approval, subject, record, detachFromNodeRoles: question.detachFromNodeRoles };
    const remaining = moves.length === 0 ? [] : remainingSteps(plan, journey.world);
    return { refusals: journey.refusals, moves, remaining };
}

/** What the credential guard will have recorded when the rest begins. */
function recordAfter({ approval, record, detachPolicyArns }: PlanQuestion): HandOverRecord {
    const { subject, world, detachFromNodeRoles } = approval;
    if (record !== undefined) {
        return record;
    }
    const before = assumedRecord(approval, detachPolicyArns) ?? freshRecord(subject, world);
    // A pod may still carry a role that was approved before the one that is annotated.
    const carried = world.cluster.pods.flatMap(({ identity }) =>
        identity.source === "role" ? [identity.roleArn] : [],
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

function giveBackForAnotherRole(question: PlanQuestion, record: HandOverRecord, journey: Journey): string[] {
    const { approval, detachPolicyArns, iamPropagationSeconds } = question;
    const roleNames = assumedRecord(approval, detachPolicyArns)?.namedNodeRoles ?? [];
    if (roleNames.length === 0 || !isAnotherRole(approval)) {
        return [];
    }
    const plan = { record, roleNames, iamPropagationSeconds };
    const leg = journey.through((world, memory) => nextGiveBackStep(plan, world, memory));
    return [
        ...planLines.attach(leg, "before the service account gets another role"),
        ...planLines.wait(leg, journey.world),
    ];
}

function annotate({ annotations, serviceAccount }: Subject, journey: Journey): string[] {
    const live = journey.world.cluster.serviceAccount?.annotations ?? {};
    const same = Object.entries(annotations).every(([name, value]) => live[name] === value);
    journey.patchServiceAccount(annotations);
    return same ? [] : planLines.annotate(serviceAccount);
}

function canary(question: PlanQuestion, record: HandOverRecord, subject: Subject, journey: Journey): string[] {
    const { approval, stableSeconds } = question;
    const plan = { subject, record, serviceAccountUid: undefined, stableSeconds };
    const leg = journey.through((world, memory) => nextCanaryStep(plan, world, memory));
    return [...planLines.canary(leg, approval.world, stableSeconds), ...planLines.wait(leg, journey.world)];
}

/** With OnDelete the pods are restarted by the detachment. */
function rollOut({ approval, delivered }: PlanQuestion, subject: Subject, journey: Journey): string[] {
    const { daemonSet, pods } = approval.world.cluster;
    const { [ROLLOUT_ANNOTATION]: live } = daemonSet?.templateAnnotations ?? {};
    if (daemonSet === undefined || journey.isStuck || (delivered !== undefined && live === delivered)) {
        return [];
    }
    if (carriedBefore(subject, webhookAnnotations(approval.world), journey.world.cluster)) {
        return [];
    }
    journey.patchTemplate();
    return daemonSet.updateStrategy === "OnDelete"
        ? []
        : planLines.rollout(
              pods.filter(({ terminating }) => !terminating),
              daemonSet,
          );
}

function detachment(question: PlanQuestion, record: HandOverRecord, subject: Subject, journey: Journey): string[] {
    const { approval, detachFromNodeRoles, detachPolicyArns, stableSeconds, iamPropagationSeconds, maxNotReadyNodes } =
        question;
    const { injectionGuard, world: seen } = approval;
    if (injectionGuard) {
        journey.makeInjectionGuard();
    }
    const left = record.namedNodeRoles.filter((name) => !(detachFromNodeRoles ?? []).includes(name));
    const back = journey.through((world, memory) =>
        nextGiveBackStep({ record, roleNames: left, iamPropagationSeconds: 0 }, world, memory),
    );
    const plan = {
        ...{ subject, record, detachFromNodeRoles, detachPolicyArns, injectionGuard },
        ...{ stableSeconds, iamPropagationSeconds, maxNotReadyNodes },
    };
    const leg = journey.through((world, memory) => nextDetachmentStep(plan, world, memory));
    return [
        ...planLines.attach(back, "which detachFromNodeRoles does not name any more"),
        ...planLines.wait(back, journey.world),
        ...planLines.attach(leg, "which pods without the role live off"),
        ...planLines.restart(leg, seen),
        ...planLines.detach(leg),
        ...planLines.wait(leg, journey.world),
    ];
}

function distinct(refusals: readonly Refusal[]): Refusal[] {
    return refusals.filter(({ message }, at) => refusals.findIndex((other) => other.message === message) === at);
}
