import { isRefusal } from "../model/refusal";
import type { Subject } from "../model/subject";
import type { RunContext } from "../observe/runContext";
import { proofRequest } from "./proveRole";

/**
 * Whether the role has its permissions again, after a pod complained in an event. Kubernetes keeps events for an hour, and the role may
 * have been repaired since. Returns the time from before the proof: only later complaints count then.
 *
 * Undefined if it is not proved, or if this machine cannot tell.
 */
export async function provedSinceComplaint(context: RunContext, subject: Subject): Promise<number | undefined> {
    const at = context.now();
    try {
        const cluster = await context.cluster.look();
        const { verdict } = await context.aws.prove(await proofRequest(context, subject, "full", cluster));
        return verdict === "yes" ? at : undefined;
    } catch (error) {
        if (!isRefusal(error)) {
            throw error;
        }
        return undefined;
    }
}
