import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";

/** Puts an annotation back that was removed, but does not overwrite another owner's. */
export function annotateAgainStep(subject: Subject, cluster: ClusterSeen, why: string): Step {
    const others = otherOwners(subject, cluster);
    return others.length > 0
        ? { do: "refuse", refusal: refusals.annotationOwned(subject, others) }
        : { do: "annotate", annotations: subject.annotations, why };
}

/** The field managers besides the component's own that own the role annotation. */
export function otherOwners({ fieldManager }: Subject, { serviceAccount }: ClusterSeen): readonly string[] {
    return (serviceAccount?.roleArnOwners ?? []).filter((owner) => owner !== fieldManager);
}
