import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";
import type { Goal } from "./loop";
import { TransientRetry } from "./transientRetry";

/**
 * Each API server takes up changed policies once a second (apiserver: pkg/admission/plugin/policy/generic/policy_source.go,
 * policyRefreshIntervalDefault). EKS runs several, and a dry run may reach only one of them. So the tests in a row take longer than a second:
 * by then the others know the policy, too.
 */
const PASSES_IN_A_ROW = 5;
const BETWEEN_TESTS_MILLISECONDS = 500;
/** If dry runs are not possible. */
const FIXED_WAIT_MILLISECONDS = 10_000;

export interface ExpectedAdmission {
    /** The activity, as the subject of the message when it reaches its limit. */
    readonly what: string;
    /** The role of the test pod. Undefined: it has none, as a pod that the webhook missed. */
    readonly roleArn: string | undefined;
    readonly verdict: "admitted" | "refused";
    /** The last observation, for a message at its limit. */
    readonly otherwise: string;
}

/** Waits until the injection guard answers dry runs as expected, several times in a row. */
export async function awaitAdmission(
    context: RunContext,
    { what, roleArn, verdict, otherwise }: ExpectedAdmission,
    { limitSeconds, limitArgument }: Pick<Goal, "limitSeconds" | "limitArgument">,
): Promise<void> {
    const { cluster, now, sleep, progress } = context;
    const retry = new TransientRetry(context);
    const deadline = now() + limitSeconds * 1000;
    for (let passes = 0; passes < PASSES_IN_A_ROW;) {
        const admission = await retry.read(() => cluster.testAdmission(roleArn));
        if (admission.verdict === "unknown") {
            if (admission.anotherGuard !== undefined && verdict === "admitted") {
                // The API server names one policy that refuses a pod. Until now it was the component's own.
                throw refusals.anotherInjectionGuard(context.subject, admission.anotherGuard);
            }
            const seconds = String(FIXED_WAIT_MILLISECONDS / 1000);
            progress(`a dry run cannot show whether it does, so the run waits ${seconds} s. ${admission.why}`);
            return sleep(FIXED_WAIT_MILLISECONDS);
        }
        passes = admission.verdict === verdict ? passes + 1 : 0;
        if (now() >= deadline) {
            throw refusals.timeout(what, limitSeconds, limitArgument, otherwise);
        }
        await sleep(BETWEEN_TESTS_MILLISECONDS);
    }
}

/**
 * Waits until the injection guard refuses a pod without the role. Its objects may exist a second or more before an API server
 * enforces them, and then a pod that the webhook missed would rely on policies that are about to go.
 */
export async function awaitInjectionGuard(
    context: RunContext,
    limit: Pick<Goal, "limitSeconds" | "limitArgument">,
): Promise<void> {
    context.progress("testing by dry runs that the injection guard refuses a pod without the role");
    const what = "Waiting until the injection guard refuses a pod without the role";
    const otherwise = "the API server still admits it";
    await awaitAdmission(context, { what, roleArn: undefined, verdict: "refused", otherwise }, limit);
}
