import { type GiveBackTarget, missingPolicies, nextGiveBackStep } from "../decide/giveBack";
import { insufficientNodeRoles } from "../decide/insufficientNodeRoles";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import type { HandBackInputs } from "./handBack";
import { reach } from "./loop";

/**
 * Attaches the recorded policies to node roles again, as far as they are missing.
 *
 * With Pod Identity, IAM also gets time to enforce the new role, since a changed association reaches pods that never restart. On the way to it, the
 * node roles must hold the permissions: if a wave fails, pods that have moved go over them.
 */
export async function giveBackPolicies(
    context: RunContext,
    { subject: { delivery }, timeouts }: Pick<HandBackInputs, "subject" | "timeouts">,
    target: GiveBackTarget,
    why: string,
    /** Whether pods may go over the node roles soon, so that these must hold the permissions. */
    mustHold = false,
): Promise<void> {
    const { record, roleNames } = target;
    const next = (world: World, memory: Memory): Step => {
        const attachable = missingPolicies(record, roleNames, world.account, memory).map(({ roleName }) => roleName);
        const lacking = mustHold
            ? insufficientNodeRoles(record, world, memory).filter(({ name }) => !attachable.includes(name))
            : [];
        return lacking.length > 0
            ? { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(lacking, context.subject) }
            : nextGiveBackStep(target, world, memory);
    };
    if (roleNames.length > 0 || (delivery === "podIdentity" && target.iamPropagationSeconds > 0)) {
        await reach(
            { ...context, roleNames },
            {
                what: `Attaching the policies to the node roles again, ${why}`,
                next,
                limitSeconds: timeouts.handBackSeconds,
                limitArgument: "timeouts.handBackSeconds",
            },
        );
    }
}
