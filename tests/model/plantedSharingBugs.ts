/** Live checks with one planted bug each, about a node role that several clusters share. */
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import type { DetachmentInputs, DetachmentOutputs } from "../../handover/run/detachmentResource";
import { REAL_RESOURCES, type Resources } from "./engine";

const { credentialGuard, detachment } = REAL_RESOURCES;

/** Detaches the policies whatever other clusters use the node role, as if their instances were not there. */
export const overlooksTheOthers: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...detachment,
        create: (inputs, operation) => detachment.create(inputs, alone(operation)),
        update: (state, inputs, operation) => detachment.update(state, inputs, alone(operation)),
    },
};

function alone({ open, ...operation }: OperationContext): OperationContext {
    return {
        ...operation,
        open: async (...args) => {
            const context = (await open?.(...args)) as RunContext;
            const look: RunContext["aws"]["look"] = async (query) => {
                const seen = await context.aws.look(query);
                return { ...seen, nodeRoles: seen.nodeRoles.map((role) => ({ ...role, instancesElsewhere: [] })) };
            };
            return { ...context, aws: { ...context.aws, look } };
        },
    };
}

/** Detaches a policy again that another cluster's hand-back has attached. */
export const takesAwayAgain: Resources = {
    ...REAL_RESOURCES,
    detachment: { ...detachment, update: (state, ...rest) => detachment.update(forgetting(state), ...rest) },
};

function forgetting(state: DetachmentInputs & DetachmentOutputs): DetachmentInputs & DetachmentOutputs {
    return { ...state, detachedFrom: [], remainingSteps: [] };
}

/** Has not recorded the policies that another cluster's run had detached before. */
export const recordsOnlyAttached: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        delete: ({ record, ...state }, operation) =>
            credentialGuard.delete({ ...state, record: { ...record, detachedBefore: {} } }, operation),
    },
};

/** Gives nothing back when the program stops to name a cluster. */
export const ignoresTheWithdrawal: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        update: (state, inputs, operation) => {
            const sameNames = { handedOverClusterArns: inputs.handedOverClusterArns ?? [] };
            return credentialGuard.update({ ...state, ...sameNames }, inputs, operation);
        },
    },
};
