import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";
import { TransientRetry } from "./transientRetry";

/**
 * Fails if the injection guard of another component refuses pods with the role. A lost state leaves one, and so does a hand-back that was
 * killed or reached its limit. Pods that are restarted would not come back.
 *
 * Only a dry run shows it: the names of other guards are not known, and the documented rights do not allow to list them.
 */
export async function refuseAnotherGuard(context: RunContext): Promise<void> {
    const { cluster, subject } = context;
    const admission = await new TransientRetry(context).read(() => cluster.testAdmission(subject.roleArn));
    if (admission.verdict === "unknown" && admission.anotherGuard !== undefined) {
        throw refusals.anotherInjectionGuard(subject, admission.anotherGuard);
    }
}
