/** Live checks with one planted bug each, which the model finds with instances that are not nodes of the DaemonSet. */
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, Resources } from "./engine";

/** Only the nodes that the DaemonSet selects count as joined. */
export const forgetsOtherNodes: Resources = everywhere((context) => ({
    ...context,
    cluster: {
        ...context.cluster,
        look: async () => ({ ...(await context.cluster.look()), otherNodes: [] }),
    },
}));

/** Each instance of the cluster has to join, as long as it may run again. */
export const awaitsEachInstance: Resources = everywhere((context) => ({
    ...context,
    aws: {
        ...context.aws,
        look: async (query) => {
            const account = await context.aws.look(query);
            if (query.searchElsewhere && account.nodeRoles.some(({ unjoined = [] }) => unjoined.length > 0)) {
                throw new Error("an instance has not joined");
            }
            return account;
        },
    },
}));

function everywhere(change: (context: RunContext) => RunContext): Resources {
    const opening = ({ open, ...operation }: OperationContext): OperationContext => ({
        ...operation,
        open: async (...args) => change((await open?.(...args)) as RunContext),
    });
    const { credentialGuard, detachment } = REAL_RESOURCES;
    return {
        ...REAL_RESOURCES,
        credentialGuard: {
            ...credentialGuard,
            create: (inputs, operation) => credentialGuard.create(inputs, opening(operation)),
            update: (state, inputs, operation) => credentialGuard.update(state, inputs, opening(operation)),
        },
        detachment: {
            ...detachment,
            create: (inputs, operation) => detachment.create(inputs, opening(operation)),
            update: (state, inputs, operation) => detachment.update(state, inputs, opening(operation)),
        },
    };
}
