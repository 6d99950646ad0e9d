import { nextTakeBackStep, TakeBackTarget } from "../decide/takeBack";
import { type AssociationTakeBack, nextAssociationTakeBackStep, podsToReturn } from "../decide/takeBackAssociation";
import { isRefusal, Refusal } from "../model/refusal";
import { RunContext } from "../observe/runContext";
import type { RolloutRun } from "./canaryState";
import { reach, Reached } from "./loop";
import { withoutAccount } from "./withoutAccount";

/** A rollout that failed, with the state to restore. */
export type RevertTarget = RolloutRun & Pick<TakeBackTarget, "removesGuard"> & AssociationTakeBack;

export interface Reverted extends Pick<Reached, "world" | "why"> {
    /** The role that the association has again. Undefined if it has none. */
    readonly formerRoleArn?: string | undefined;
}

/** Reverts after any failure, since a pod may already use the permissions of a role that is not known to work. */
export async function revert(context: RunContext, target: RevertTarget, cause: string): Promise<Reverted> {
    context.progress(`the rollout failed: ${cause} Taking it back`);
    try {
        return await takingBack(context, target).catch((error: unknown) => {
            // Another owner has written the annotation after the last look. The next look shows it, and the annotation stays.
            if (isRefusal(error, "annotation-owned-by-another")) {
                return takingBack(context, target);
            }
            if (mayDeleteAssociation(target) && !isRefusal(error, "cancelled")) {
                const { message } = error instanceof Error ? error : { message: String(error) };
                context.progress(`${message} So the pods go to the node roles`);
                return takingBack(context, { ...target, formerRoleArn: undefined });
            }
            throw error;
        });
    } catch (error) {
        throw isRefusal(error) ? notReverted(error, cause) : error;
    }
}

/** Whether pods may use the node roles instead of the former role. */
function mayDeleteAssociation({ formerRoleArn, formerAnnotations, subject }: RevertTarget): boolean {
    return formerRoleArn !== undefined && formerAnnotations !== subject.annotations;
}

async function takingBack(context: RunContext, target: RevertTarget): Promise<Reverted> {
    let left = Infinity;
    // The credentials for the account may be the cause of the failure.
    const { world, why } = await reach(withoutAccount(context), {
        what: "Taking the rollout back",
        next: (world, memory) => {
            if (target.subject.delivery !== "podIdentity") {
                return nextTakeBackStep(target, world, memory);
            }
            left = podsToReturn(target, world, memory);
            return nextAssociationTakeBackStep(target, world, memory);
        },
        left: () => left,
        limitSeconds: target.timeouts.canarySeconds,
        limitArgument: "timeouts.canarySeconds",
    });
    return { world, why, formerRoleArn: target.formerRoleArn };
}

function notReverted(error: Refusal, cause: string): Refusal {
    const left =
        "So the rollout was not taken back completely: pods that do not work with the role may still carry it. The rollout had failed:";
    return sayingMore(error, `${left} ${cause}`);
}

/** The same refusal, with more about what it means. */
export function sayingMore({ code, seen, means, fix }: Refusal, more: string): Refusal {
    return new Refusal(code, seen, `${means} ${more}`, fix);
}
