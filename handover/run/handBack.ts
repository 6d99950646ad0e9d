import { carriersLeft, type HandBackTarget, nextHandBackStep, nextReturnStep } from "../decide/handBack";
import { notGivenBack } from "../decide/giveBack";
import { isTurnedOff } from "../decide/turnedOff";
import { sharingWarnings } from "../decide/sharedNodeRoles";
import { type HandOverRecord, subjectOf } from "../model/record";
import { isRefusal, Refusal } from "../model/refusal";
import type { Memory } from "../model/steps";
import type { World } from "../model/world";
import { deliverySecondsOf } from "../decide/addOnSteps";
import { hadAddOn } from "../decide/handBackAddOn";
import { seeingOwnAssociation } from "../observe/associations";
import { dependsOnAddOn, seeingAddOn } from "../observe/seeingAddOn";
import type { RunContext } from "../observe/runContext";
import { formerRoleWorks } from "./formerRole";
import type { LiveInputs } from "./liveResource";
import { reach } from "./loop";
import { refuseRoleOfAddOn } from "./refuseRoleOfAddOn";
import { withoutAccount } from "./withoutAccount";

export interface HandBackInputs extends LiveInputs {
    /** How many NotReady nodes the hand-back may skip. Missing: none. */
    readonly maxNotReadyNodes?: number;
    /** Whether existingRoleArn is a role of the component's program. Missing if it is not. */
    readonly existingRoleOfProgram?: boolean;
}

/** Gives back what the record says, and moves the pods to their former credentials. If these do not work, the pods get the role again. */
export async function handBack(opened: RunContext, inputs: HandBackInputs, record: HandOverRecord): Promise<void> {
    const { timeouts } = inputs;
    const subject = subjectOf(record, inputs.subject);
    const ofAddOn = dependsOnAddOn(subject) || hadAddOn(record);
    const context = seeingAddOn(seeingOwnAssociation({ ...opened, subject }), ofAddOn);
    const target: HandBackTarget = {
        subject: context.subject,
        record,
        iamPropagationSeconds: inputs.iamPropagationSeconds,
        formerAnnotations: staysDelivered(record, inputs)
            ? subject.annotations
            : (await formerRoleWorks(opened, record, inputs))
              ? record.originalAnnotations
              : {},
        deliverySeconds: deliverySecondsOf(timeouts),
        ...(opened.turningOff === undefined ? {} : { turningOff: opened.turningOff }),
        canarySeconds: timeouts.canarySeconds,
        maxNotReadyNodes: inputs.maxNotReadyNodes ?? 0,
    };
    const limit = { limitSeconds: timeouts.handBackSeconds, limitArgument: "timeouts.handBackSeconds" } as const;
    let isWarned = false;
    const { world } = await reach(context, {
        what: "The hand-back",
        next: (looked, memory) => {
            if (!isWarned) {
                sharingWarnings(record, looked).forEach((line) => context.progress(line));
                isWarned = true;
            }
            return nextHandBackStep(target, looked, memory);
        },
        left: (looked) => carriersLeft(target, looked),
        ...limit,
    }).catch(async (error: unknown) => {
        if (isRefusal(error, "former-credentials-fail")) {
            context.progress(`${error.seen} Giving them the role again`);
            const next = (seen: World, memory: Memory) => nextReturnStep(target, seen, memory);
            const what = "Giving the pods the role again";
            await reach(withoutAccount(context), { what, next, ...limit }).catch(tellingFirst(error));
        }
        throw error;
    });
    if (!ofAddOn && !isTurnedOff(subject, world.cluster, target.turningOff)) {
        await refuseRoleOfAddOn(context, target, world.account);
    }
    notGivenBack(record, record.namedNodeRoles, world.account).forEach((line) => context.progress(line));
}

/** Another writer delivers a role of another owner: neither of the two is about to go, so the pods stay as they are. */
function staysDelivered(
    { ownRoleArns = [] }: HandOverRecord,
    { subject, existingRoleOfProgram }: HandBackInputs,
): boolean {
    return subject.delivery === "external" && !ownRoleArns.includes(subject.roleArn) && existingRoleOfProgram !== true;
}

/** Rejects with the error of a second attempt, and names what had failed first. */
function tellingFirst({ seen: first }: Refusal): (error: unknown) => never {
    return (error) => {
        if (isRefusal(error)) {
            const { code, seen, means, fix } = error;
            throw new Refusal(code, seen, `${means} Before that, the hand-back had failed: ${first}`, fix);
        }
        throw error;
    };
}
