/** Live checks with one planted bug each, which the model must catch. */
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, Resources } from "./engine";

/** Detaches the policies from the node roles before any pod is verified. */
export const detachesEarly: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: async (inputs, operation) => {
            const context = await operation.open?.(inputs, [], operation);
            for (const roleName of inputs.detachFromNodeRoles ?? []) {
                for (const policyArn of inputs.record.nodeRolePolicies[roleName] ?? []) {
                    await context?.aws.detach(roleName, policyArn);
                }
            }
            return REAL_RESOURCES.detachment.create(inputs, operation);
        },
    },
};

/** Has lost the approved roles when it hands back. */
export const forgetsTheRecord: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete(
                { ...state, record: { ...state.record, approvedRoleArns: [] } },
                operation,
            ),
    },
};

/** Removes the injection guard before the node roles have their policies again. */
export const removesTheGuardFirst: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        delete: async (state, operation) => {
            const context = await operation.open?.(state, [], operation);
            await context?.cluster.removeInjectionGuard();
            return REAL_RESOURCES.detachment.delete(state, operation);
        },
    },
};

/** Does not see the injection guard, so that it is not widened before another role is delivered. */
export const neverWidens: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        update: (state, inputs, operation) =>
            REAL_RESOURCES.credentialGuard.update(state, inputs, { ...operation, open: openBlind(operation) }),
    },
};

function openBlind({ open }: OperationContext): OperationContext["open"] {
    return async (...args) => {
        const context = (await open?.(...args)) as RunContext;
        const look = async () => {
            const { injectionGuard, ...seen } = await context.cluster.look();
            return { ...seen, injectionGuard: { present: injectionGuard.present, inForce: injectionGuard.inForce } };
        };
        return { ...context, cluster: { ...context.cluster, look } };
    };
}

/** The hand-back moves pods before IAM enforces the policies. */
export const doesNotAwaitIam: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) =>
            REAL_RESOURCES.credentialGuard.delete({ ...state, iamPropagationSeconds: 0 }, operation),
    },
};

/** The hand-back moves only the pods that carry the newest role. */
export const movesTheNewestRoleOnly: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        delete: (state, operation) => {
            const approvedRoleArns = state.record.approvedRoleArns.slice(-1);
            return REAL_RESOURCES.credentialGuard.delete(
                { ...state, record: { ...state.record, approvedRoleArns } },
                operation,
            );
        },
    },
};

/** The detachment does not ask EKS for the add-on's role. */
export const ignoresTheAddOn: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: (inputs, operation) => REAL_RESOURCES.detachment.create(inputs, withoutOtherDelivery(operation)),
        update: (state, inputs, operation) =>
            REAL_RESOURCES.detachment.update(state, inputs, withoutOtherDelivery(operation)),
    },
};

function withoutOtherDelivery(operation: OperationContext): OperationContext {
    const { open } = operation;
    const none = { addOn: false, addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };
    return open === undefined
        ? operation
        : {
              ...operation,
              open: async (...args) => {
                  const context = await open(...args);
                  return { ...context, aws: { ...context.aws, otherDelivery: () => Promise.resolve(none) } };
              },
          };
}
