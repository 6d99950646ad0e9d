import { carriersLeft, type HandBackTarget, nextHandBackStep, nextReturnStep } from "../decide/handBack";
import { notGivenBack } from "../decide/giveBack";
import { sharingWarnings } from "../decide/sharedNodeRoles";
import { type HandOverRecord, subjectOf } from "../model/record";
import { isRefusal, Refusal } from "../model/refusal";
import type { Memory } from "../model/steps";
import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { formerRole } from "./formerRole";
import type { LiveInputs } from "./liveResource";
import { reach } from "./loop";
import { withoutAccount } from "./withoutAccount";

export interface HandBackInputs extends LiveInputs {
    /** Whether the node roles stay as they are when the live checks are turned off. Missing if the program does not set it. */
    readonly keepDetached?: boolean;
    /** How many NotReady nodes the hand-back may skip. Missing: none. */
    readonly maxNotReadyNodes?: number;
    /** Whether existingRoleArn is a role of the component's program. Missing if it is not. */
    readonly existingRoleOfProgram?: boolean;
}

/** Gives back what the record says, and moves the pods back. */
export async function handBack(opened: RunContext, state: HandBackInputs, record: HandOverRecord): Promise<void> {
    const context = { ...opened, subject: subjectOf(record, state.subject) };
    const former = await formerRole(opened, record, state);
    const target = {
        subject: context.subject,
        record,
        iamPropagationSeconds: state.iamPropagationSeconds,
        formerAnnotations: former === "gone" ? {} : record.originalAnnotations,
        ...(opened.turningOff === undefined ? {} : { turningOff: opened.turningOff }),
        keepDetached: state.keepDetached ?? false,
        canarySeconds: state.timeouts.canarySeconds,
        maxNotReadyNodes: state.maxNotReadyNodes ?? 0,
    };
    const limitSeconds = state.timeouts.handBackSeconds;
    const { account } = await movePodsBack(context, target, limitSeconds).catch(async (error: unknown) => {
        if (former !== "unproved" || !isRefusal(error, "former-credentials-fail")) {
            throw error;
        }
        context.progress("The role before the hand-over does not work on these nodes: no role is restored");
        return movePodsBack(context, { ...target, formerAnnotations: {} }, limitSeconds);
    });
    notGivenBack(record, record.namedNodeRoles, account).forEach((line) => context.progress(line));
}

/** If pods do not work with their former credentials, they get the role again. */
async function movePodsBack(context: RunContext, target: HandBackTarget, limitSeconds: number): Promise<World> {
    const limit = { limitSeconds, limitArgument: "timeouts.handBackSeconds" } as const;
    let isWarned = false;
    const { world } = await reach(context, {
        what: "The hand-back",
        next: (seen, memory) => {
            if (!isWarned) {
                sharingWarnings(target.record, seen).forEach((line) => context.progress(line));
                isWarned = true;
            }
            return nextHandBackStep(target, seen, memory);
        },
        left: (seen) => carriersLeft(target, seen),
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
    return world;
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
