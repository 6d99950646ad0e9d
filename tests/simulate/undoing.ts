/** Several act at once: a run does not undo what another party has done, also if its last look was before that. */
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../../handover/model/carriedRole";
import type { ClusterSeen } from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
import { FOREIGN_OWNER, type ModelWorld } from "../model/world";

/**
 * No program of the simulation sets overrideExistingServiceAccount, so that no run may give the service account another role than one that a
 * person has annotated. The exception is a hand-back that has restarted pods with that role, which does not work: it gives them back the role
 * that they had.
 */
export function checkWrites(context: RunContext, world: ModelWorld): RunContext {
    const { cluster, subject } = context;
    let seen: ClusterSeen | undefined;
    return {
        ...context,
        cluster: {
            ...cluster,
            look: async () => (seen = await cluster.look()),
            annotate: async (annotations, force) => {
                const { owner, annotations: present } = world.accountOf(subject.serviceAccount.name);
                const { [ROLE_ARN_ANNOTATION]: annotated = "" } = present;
                const { [ROLE_ARN_ANNOTATION]: role } = annotations;
                const isRescue = seen?.pods.some((pod) => !pod.ready && carriesAnyOf(pod, [annotated])) ?? false;
                await cluster.annotate(annotations, force);
                if (owner === FOREIGN_OWNER && role !== undefined && role !== annotated && !isRescue) {
                    world.problem(`a run overwrites the annotation of ${FOREIGN_OWNER}`);
                }
            },
        },
    };
}
