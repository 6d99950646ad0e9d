/** Several act at once: a run does not undo what another party has done, and that it has seen. */
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
            annotate: (annotations, force) => {
                const { annotations: present = {}, roleArnOwners = [] } = seen?.serviceAccount ?? {};
                const { [ROLE_ARN_ANNOTATION]: annotated = "" } = present;
                const { owner } = world.accountOf(subject.serviceAccount.name);
                const { [ROLE_ARN_ANNOTATION]: role } = annotations;
                const isSeen = roleArnOwners.includes(FOREIGN_OWNER) && owner === FOREIGN_OWNER;
                const isRescue = seen?.pods.some((pod) => !pod.ready && carriesAnyOf(pod, [annotated])) ?? false;
                if (isSeen && role !== undefined && role !== annotated && !isRescue) {
                    world.problem(`a run overwrites the annotation of ${FOREIGN_OWNER}`);
                }
                return cluster.annotate(annotations, force);
            },
        },
    };
}
