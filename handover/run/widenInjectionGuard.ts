import { nextWideningStep, WideningTarget } from "../decide/admittedRoles";
import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";
import { Goal, reach } from "./loop";
import { TransientRetry } from "./transientRetry";
import { withoutAccount } from "./withoutAccount";

/** An API server learns of a policy through a watch, a second or two later. EKS runs several, and a request may reach any. */
const PASSES_IN_A_ROW = 5;
const BETWEEN_TESTS_MILLISECONDS = 500;
/** If dry runs are not possible. */
const FIXED_WAIT_MILLISECONDS = 10_000;

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
        await untilAdmitted(context, what, limit);
    }
}

async function untilAdmitted(
    context: RunContext,
    what: string,
    { limitSeconds, limitArgument }: Pick<Goal, "limitSeconds" | "limitArgument">,
): Promise<void> {
    const { cluster, subject, now, sleep, progress } = context;
    const retry = new TransientRetry(context);
    const deadline = now() + limitSeconds * 1000;
    for (let passes = 0; passes < PASSES_IN_A_ROW;) {
        const admission = await retry.read(() => cluster.testAdmission(subject.roleArn));
        if (admission.verdict === "unknown") {
            const seconds = String(FIXED_WAIT_MILLISECONDS / 1000);
            progress(`a dry run cannot show whether it does, so the run waits ${seconds} s. ${admission.why}`);
            return sleep(FIXED_WAIT_MILLISECONDS);
        }
        passes = admission.verdict === "admitted" ? passes + 1 : 0;
        if (now() >= deadline) {
            throw refusals.timeout(what, limitSeconds, limitArgument, "the API server still refuses them");
        }
        await sleep(BETWEEN_TESTS_MILLISECONDS);
    }
}
