import { type GiveBackTarget, nextGiveBackStep } from "../decide/giveBack";
import type { RunContext } from "../observe/runContext";
import type { HandBackInputs } from "./handBack";
import { reach } from "./loop";

/**
 * Attaches the recorded policies to node roles again, as far as they are missing.
 *
 * With Pod Identity, IAM also gets time to enforce the new role, since a changed association reaches pods that never restart.
 */
export async function giveBackPolicies(
    context: RunContext,
    { subject: { delivery }, timeouts }: Pick<HandBackInputs, "subject" | "timeouts">,
    target: GiveBackTarget,
    why: string,
): Promise<void> {
    const { roleNames, iamPropagationSeconds, movesToPodIdentity } = target;
    const waits = delivery === "podIdentity" && iamPropagationSeconds > 0;
    if (roleNames.length > 0 || waits || movesToPodIdentity !== undefined) {
        await reach(
            { ...context, roleNames },
            {
                what: `Attaching the policies to the node roles again, ${why}`,
                next: (world, memory) => nextGiveBackStep(target, world, memory),
                limitSeconds: timeouts.handBackSeconds,
                limitArgument: "timeouts.handBackSeconds",
            },
        );
    }
}
