import { nextWideningStep, WideningTarget } from "../decide/admittedRoles";
import type { RunContext } from "../observe/runContext";
import { awaitAdmission } from "./awaitAdmission";
import { Goal, reach } from "./loop";
import { withoutAccount } from "./withoutAccount";

/**
 * Makes the injection guard admit pods with the new role, before the service account gets it. Otherwise the guard would refuse
 * the new pods.
 */
export async function widenInjectionGuard(
    context: RunContext,
    target: WideningTarget,
    limit: Pick<Goal, "limitSeconds" | "limitArgument">,
): Promise<void> {
    const what = "Waiting until the injection guard admits the new role";
    const { world } = await reach(withoutAccount(context), {
        what,
        next: (seen) => nextWideningStep(target, seen),
        ...limit,
    });
    const { present, roleArns } = world.cluster.injectionGuard;
    if (present && roleArns !== undefined) {
        const { roleArn } = context.subject;
        const otherwise = "the API server still refuses them";
        await awaitAdmission(context, { what, roleArn, verdict: "admitted", otherwise }, limit);
    }
}
