/** Live checks with one planted bug each, about the canaries, the waves, and the way back of a rollout that failed. */
import type { ClusterSeen } from "../../handover/model/world";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, type Resources } from "./engine";

const { canary, credentialGuard } = REAL_RESOURCES;

/** The rollout restarts more pods at once than the DaemonSet allows. */
export const restartsLargerWaves = rollingOut((context) => withLook(context, manyUnavailable));

/** The hand-back does. */
export const handsBackInLargerWaves: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        delete: (state, operation) =>
            credentialGuard.delete(
                state,
                opening(operation, (context) => withLook(context, manyUnavailable)),
            ),
    },
};

function manyUnavailable(seen: ClusterSeen): ClusterSeen {
    return { ...seen, daemonSet: seen.daemonSet && { ...seen.daemonSet, maxUnavailable: 10 } };
}

/** The next wave begins when the pods of the one before it exist, also if they are not Ready. */
export const doesNotAwaitWaves = rollingOut((context) =>
    since(context, /^pod\d+ (?:has|carries|uses) /, (seen) => ({
        ...seen,
        pods: seen.pods.map((pod) => (pod.ready ? pod : { ...pod, ready: true, readySince: pod.createdAt })),
    })),
);

/** A rollout that failed leaves annotation and pods as they are. */
export const leavesAFailedRollout = rollingOut((context) =>
    since(context, /^the rollout failed: /, (seen) => ({ ...seen, serviceAccount: undefined, nodes: [], pods: [] })),
);

/** The way back restarts all pods with the role. */
export const takesBackWhatWorks = rollingOut((context) =>
    since(context, /^the rollout failed: /, (seen) => ({
        ...seen,
        pods: seen.pods.map((pod) => (pod.ready ? { ...pod, readySince: context.now() } : pod)),
    })),
);

/** There is one canary for each node role, and none for its other subnets. */
export const skipsOtherSubnets = rollingOut((context) => ({
    ...context,
    aws: {
        ...context.aws,
        look: async (query) => ({ ...(await context.aws.look(query)), networkOfInstance: {} }),
    },
}));

/** The patch of the DaemonSet changes the pod template, as before. */
export const changesTheTemplate: Resources = {
    ...REAL_RESOURCES,
    noteRollout: (world, digest, manager) => {
        REAL_RESOURCES.noteRollout(world, digest, manager);
        world.template = digest;
    },
};

/** The canary with another run context. */
export function rollingOut(changed: (context: RunContext) => RunContext): Resources {
    return {
        ...REAL_RESOURCES,
        canary: {
            ...canary,
            create: (inputs, operation) => canary.create(inputs, opening(operation, changed)),
            update: (state, inputs, operation) => canary.update(state, inputs, opening(operation, changed)),
        },
    };
}

export function opening(operation: OperationContext, changed: (context: RunContext) => RunContext): OperationContext {
    const { open } = operation;
    return open === undefined ? operation : { ...operation, open: async (...args) => changed(await open(...args)) };
}

export function withLook(context: RunContext, changed: (seen: ClusterSeen) => ClusterSeen): RunContext {
    const look = async () => changed(await context.cluster.look());
    return { ...context, cluster: { ...context.cluster, look } };
}

/** Each look after the run has said this. */
function since(context: RunContext, line: RegExp, changed: (seen: ClusterSeen) => ClusterSeen): RunContext {
    let isReached = false;
    const progress = (said: string) => {
        isReached ||= line.test(said);
        context.progress(said);
    };
    return withLook({ ...context, progress }, (seen) => (isReached ? changed(seen) : seen));
}
