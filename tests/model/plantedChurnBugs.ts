/** Live checks with one planted bug each, about fleets that never stand still. */
import type { LiveInputs, LiveResource } from "../../handover/run/liveResource";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, Resources } from "./engine";

/** Every live check, in run contexts that this function changes. */
function inContext(changed: (context: RunContext) => RunContext): Resources {
    const within = <I extends LiveInputs, O extends object>(of: LiveResource<I, O>): LiveResource<I, O> => ({
        ...of,
        create: (inputs, operation) => of.create(inputs, opening(operation, changed)),
        update: (state, inputs, operation) => of.update(state, inputs, opening(operation, changed)),
        delete: (state, operation) => of.delete(state, opening(operation, changed)),
    });
    return {
        ...REAL_RESOURCES,
        credentialGuard: within(REAL_RESOURCES.credentialGuard),
        canary: within(REAL_RESOURCES.canary),
        detachment: within(REAL_RESOURCES.detachment),
    };
}

function opening(operation: OperationContext, changed: (context: RunContext) => RunContext): OperationContext {
    const { open } = operation;
    return open === undefined ? operation : { ...operation, open: async (...args) => changed(await open(...args)) };
}

/** Wants one moment at which every node is Ready and every pod has worked for a while: a pod that starts makes each watch begin again. */
export const wantsOneMoment: Resources = inContext((context) => {
    let restlessAt = 0;
    const look = async () => {
        const seen = await context.cluster.look();
        const now = context.now();
        restlessAt = seen.pods.every(({ ready }) => ready) && seen.nodes.every(({ ready }) => ready) ? restlessAt : now;
        const pods = seen.pods.map((pod) => ({
            ...pod,
            readySince: pod.readySince === undefined ? undefined : Math.max(pod.readySince, restlessAt),
        }));
        return { ...seen, pods };
    };
    return { ...context, cluster: { ...context.cluster, look } };
});

/** Does not ask EC2 which instances are terminated. */
export const awaitsTheTerminated: Resources = inContext((context) => {
    const look: RunContext["aws"]["look"] = async (query) => {
        const seen = await context.aws.look(query);
        return { ...seen, leavingInstances: {} };
    };
    return { ...context, aws: { ...context.aws, look } };
});

/** Takes no notice of the pods of nodes that have joined since its first look, not even of those without the role. */
export const skipsYoungNodes: Resources = inContext((context) => {
    let first: ReadonlySet<string> | undefined;
    const look = async () => {
        const seen = await context.cluster.look();
        const known = (first ??= new Set(seen.nodes.map(({ name }) => name)));
        return { ...seen, pods: seen.pods.filter(({ node }) => known.has(node)) };
    };
    return { ...context, cluster: { ...context.cluster, look } };
});
