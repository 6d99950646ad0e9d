import { LIVE_CHECKS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { HandOverRecord, subjectOf } from "../model/record";
import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";

/**
 * Refuses when an earlier update began to turn the live checks off, and this run's program registers the component without them.
 *
 * `pulumi up` and `pulumi destroy --run-program` look the same then, and the second would let the role go under the pods. The
 * annotation is removed first, so that `pulumi up --refresh` has to write it, which a destroy never does.
 */
export async function refuseIfInterrupted(context: RunContext, record: HandOverRecord): Promise<void> {
    if (context.turningOff !== "registered") {
        return;
    }
    const { cluster } = context;
    const { uid, serviceAccount } = await cluster.look();
    if (uid !== record.clusterUid) {
        throw refusals.clusterChanged(record.clusterUid, uid);
    }
    const subject = subjectOf(record, context.subject);
    const { annotations = {}, roleArnOwners = [] } = serviceAccount ?? {};
    if (annotations[LIVE_CHECKS_ANNOTATION] !== undefined && roleArnOwners.includes(subject.fieldManager)) {
        const kept = Object.entries(annotations).filter(([name]) => name in subject.annotations);
        await cluster.annotate(Object.fromEntries(kept), false);
    }
    throw refusals.turningOffInterrupted();
}
