/** The live checks with a mistake in each, that the model must catch. */
import { REAL_RESOURCES, Resources } from "./engine";

/** The policies leave the node roles before any pod has been looked at. */
export const detachesEarly: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        create: async (inputs, door) => {
            const site = await door.open?.(inputs, [], door);
            for (const roleName of inputs.detachFromNodeRoles ?? []) {
                for (const policyArn of inputs.record.nodeRolePolicies[roleName] ?? []) {
                    await site?.aws.detach(roleName, policyArn);
                }
            }
            return REAL_RESOURCES.detachment.create(inputs, door);
        },
    },
};

/** What was there before is not written down. */
export const forgetsTheRecord: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...REAL_RESOURCES.credentialGuard,
        create: async (inputs, door) => {
            const outputs = await REAL_RESOURCES.credentialGuard.create(inputs, door);
            return { ...outputs, record: { ...outputs.record, approvedRoleArns: [] } };
        },
    },
};

/** On the way back the injection guard goes before the node roles have their policies. */
export const removesTheGuardFirst: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...REAL_RESOURCES.detachment,
        delete: async (state, door) => {
            const site = await door.open?.(state, [], door);
            await site?.cluster.removeInjectionGuard();
            return REAL_RESOURCES.detachment.delete(state, door);
        },
    },
};
