/** Live checks with one planted bug each, which the model of the managed add-on and of other writers must catch. */
import type { ClusterSeen } from "../../handover/model/world";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, type Resources } from "./engine";
import { ROLE_ARN } from "./world";
import { ModelWriter } from "./writer";

/** The same operation with another run context. */
export function opening(operation: OperationContext, changed: (context: RunContext) => RunContext): OperationContext {
    const { open } = operation;
    return open === undefined ? operation : { ...operation, open: async (...args) => changed(await open(...args)) };
}

function withCluster(operation: OperationContext, changed: (context: RunContext) => Partial<RunContext["cluster"]>) {
    return opening(operation, (context) => ({ ...context, cluster: { ...context.cluster, ...changed(context) } }));
}

/** Releases its annotation as soon as the add-on has the role, without a look at how EKS owns the annotation. */
export const releasesUnseen: Resources = {
    ...REAL_RESOURCES,
    addOnRole: {
        ...REAL_RESOURCES.addOnRole,
        create: async (inputs, operation) => {
            const outputs = await REAL_RESOURCES.addOnRole.create(inputs, operation);
            const context = await operation.open?.(inputs, [], operation);
            await context?.cluster.releaseServiceAccount({});
            return outputs;
        },
    },
};

/** The hand-back takes the role from the add-on before the node roles have their policies again. */
export const handsBackTheAddOnFirst: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: async (state, operation) => {
            const context = await operation.open?.(state, [], operation);
            await context?.cluster.removeInjectionGuard();
            const seen = await context?.aws.addOn("prod");
            if (seen?.is === "there") {
                const { clusterName, configurationValues } = seen;
                const update = { clusterName, roleArn: undefined, configurationValues, clientRequestToken: "first" };
                await context?.aws.updateAddOn(update);
                await context?.sleep(10_000);
            }
            return REAL_RESOURCES.credentialGuard.delete(state, operation);
        },
    },
};

/** The hand-back has lost the role that the add-on had before. */
export const forgetsTheFormerRole: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) => {
            const { addOnRoleArn, ...record } = state.record;
            return addOnRoleArn === undefined
                ? REAL_RESOURCES.credentialGuard.delete(state, operation)
                : REAL_RESOURCES.credentialGuard.delete({ ...state, record }, operation);
        },
    },
};

/** The record does not say that the add-on may carry a role of the component. */
export const forgetsTheAddOn: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) => {
            const { addOnDelivered, ...record } = state.record;
            return addOnDelivered === undefined
                ? REAL_RESOURCES.credentialGuard.delete(state, operation)
                : REAL_RESOURCES.credentialGuard.delete({ ...state, record }, operation);
        },
    },
};

/** An update leaves the configuration of the add-on out. */
export const dropsTheConfiguration: Resources = {
    ...REAL_RESOURCES,
    addOnRole: {
        ...REAL_RESOURCES.addOnRole,
        create: (inputs, operation) =>
            REAL_RESOURCES.addOnRole.create(
                inputs,
                opening(operation, (context) => ({
                    ...context,
                    aws: {
                        ...context.aws,
                        updateAddOn: (update) => context.aws.updateAddOn({ ...update, configurationValues: undefined }),
                    },
                })),
            ),
    },
};

/** The detachment takes a cluster without the plugin for a look that has failed, and uses the one before it. */
export const remembersThePlugin: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: (inputs, operation) => REAL_RESOURCES.detachment.create(inputs, remembering(operation)),
        update: (state, inputs, operation) => REAL_RESOURCES.detachment.update(state, inputs, remembering(operation)),
    },
};

function remembering(operation: OperationContext): OperationContext {
    return withCluster(operation, ({ cluster }) => {
        let last: ClusterSeen | undefined;
        return {
            look: async () => {
                const seen = await cluster.look();
                const { seenAt = 0 } = seen;
                last = seen.daemonSet === undefined ? { ...(last ?? seen), seenAt } : seen;
                return last;
            },
        };
    });
}

/** Takes the value of the annotation for a delivery, and does not look at its owners. */
export const trustsTheValue: Resources = {
    ...REAL_RESOURCES,
    canary: {
        ...REAL_RESOURCES.canary,
        create: (inputs, operation) => REAL_RESOURCES.canary.create(inputs, seeingAWriter(operation)),
        update: (state, inputs, operation) => REAL_RESOURCES.canary.update(state, inputs, seeingAWriter(operation)),
    },
};

function seeingAWriter(operation: OperationContext): OperationContext {
    return withCluster(operation, ({ cluster }) => ({
        look: async () => {
            const { serviceAccount, ...seen } = await cluster.look();
            return {
                ...seen,
                serviceAccount: serviceAccount && {
                    ...serviceAccount,
                    roleArnOwners: [...serviceAccount.roleArnOwners, ModelWriter.MANAGER],
                },
            };
        },
    }));
}

/** The hand-back does not wait for the writer that still delivers the role. */
export const doesNotAwaitTheWriter: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete(
                state,
                withCluster(operation, ({ cluster }) => ({
                    look: async () => {
                        const { serviceAccount, ...seen } = await cluster.look();
                        const all = Object.entries(serviceAccount?.annotations ?? {});
                        const annotations = Object.fromEntries(all.filter(([name]) => name !== ROLE_ARN));
                        return { ...seen, serviceAccount: serviceAccount && { ...serviceAccount, annotations } };
                    },
                })),
            ),
    },
};
