import { carriersLeft, type HandBackTarget, nextReturnStep } from "../decide/handBack";
import { asSeenByMove, nextLeavePodIdentityStep } from "../decide/leavePodIdentity";
import { isRefusal } from "../model/refusal";
import type { Memory } from "../model/steps";
import type { Subject, Timeouts } from "../model/subject";
import type { World } from "../model/world";
import { seeingOwnAssociation } from "../observe/associations";
import type { RunContext } from "../observe/runContext";
import { reach } from "./loop";

export interface LeavingPodIdentity extends Pick<HandBackTarget, "record" | "iamPropagationSeconds"> {
    /** The subject of the association. */
    readonly before: Subject;
    readonly timeouts: Timeouts;
    readonly maxNotReadyNodes?: number;
}

/** Moves the pods from the association to the node roles, and deletes it. If pods do not work there, they get the association's role again. */
export async function leavePodIdentity(
    context: RunContext,
    { record, before, iamPropagationSeconds, timeouts, maxNotReadyNodes = 0 }: LeavingPodIdentity,
): Promise<void> {
    const target: HandBackTarget = {
        subject: context.subject,
        leaving: before,
        record,
        iamPropagationSeconds,
        formerAnnotations: {},
        canarySeconds: timeouts.canarySeconds,
        maxNotReadyNodes,
    };
    const seeing = seeingOwnAssociation({ ...context, roleNames: record.namedNodeRoles });
    const limit = { limitSeconds: timeouts.handBackSeconds, limitArgument: "timeouts.handBackSeconds" } as const;
    await reach(seeing, {
        what: "Moving the pods from the Pod Identity association to the node roles",
        next: (world, memory) => nextLeavePodIdentityStep(target, world, memory),
        left: (world) => carriersLeft(target, asSeenByMove(world)),
        ...limit,
    }).catch(async (error: unknown) => {
        if (isRefusal(error, "former-credentials-fail")) {
            context.progress(`${error.seen} Giving them the role again`);
            const returning = { ...target, subject: before };
            const next = (world: World, memory: Memory) => nextReturnStep(returning, world, memory);
            await reach(seeing, { what: "Giving the pods the role again", next, ...limit });
        }
        throw error;
    });
}
