/** Live checks with one planted bug each, which the model of Pod Identity must catch. */
import type { LiveInputs } from "../../handover/run/liveResource";
import type { OperationContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, type Resources } from "./engine";
import { opening } from "./plantedDeliveryBugs";

const { credentialGuard, canary, detachment } = REAL_RESOURCES;

async function deleteAssociations(inputs: LiveInputs, operation: OperationContext): Promise<void> {
    const context = await operation.open?.(inputs, [], operation);
    const seen = await context?.aws.associations("prod", inputs.subject.serviceAccount);
    const ids = seen?.is === "seen" ? seen.associations.map(({ id }) => id) : [];
    for (const id of ids) {
        await context?.aws.deleteAssociation("prod", id);
    }
}

/** A move to another delivery, and the hand-back, delete the association before the pods have left it. */
export const deletesTheAssociationFirst: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        update: async (state, inputs, operation) => {
            await (inputs.subject.delivery === "podIdentity" ? undefined : deleteAssociations(inputs, operation));
            return credentialGuard.update(state, inputs, operation);
        },
        delete: async (state, operation) => {
            await deleteAssociations(state, operation);
            return credentialGuard.delete(state, operation);
        },
    },
};

/** The record does not say that an association may have given the pods a role of the component. */
export const forgetsTheAssociation: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        delete: (state, operation) => {
            const { podIdentityDelivered, ...record } = state.record;
            return podIdentityDelivered === undefined
                ? credentialGuard.delete(state, operation)
                : credentialGuard.delete({ ...state, record }, operation);
        },
    },
};

/** The pods count as moved whenever they were created. */
export const trustsYoungPods: Resources = {
    ...REAL_RESOURCES,
    canary: {
        ...canary,
        create: (inputs, operation) => canary.create(inputs, showingOldAssociations(operation)),
        update: (state, inputs, operation) => canary.update(state, inputs, showingOldAssociations(operation)),
    },
    detachment: {
        ...detachment,
        create: (inputs, operation) => detachment.create(inputs, showingOldAssociations(operation)),
        update: (state, inputs, operation) => detachment.update(state, inputs, showingOldAssociations(operation)),
    },
};

function showingOldAssociations(operation: OperationContext): OperationContext {
    return opening(operation, (context) => ({
        ...context,
        aws: {
            ...context.aws,
            associations: async (clusterName, account) => {
                const seen = await context.aws.associations(clusterName, account);
                return seen.is === "seen"
                    ? { ...seen, associations: seen.associations.map((one) => ({ ...one, modifiedAt: 0 })) }
                    : seen;
            },
        },
    }));
}

/** The annotation stays after the pods have moved to the association. */
export const keepsTheAnnotation: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...detachment,
        update: (state, inputs, operation) =>
            detachment.update(
                state,
                inputs,
                opening(operation, (context) => ({
                    ...context,
                    cluster: {
                        ...context.cluster,
                        releaseServiceAccount: () => Promise.resolve(),
                        removeRole: () => Promise.resolve(),
                    },
                })),
            ),
    },
};
