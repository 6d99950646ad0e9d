/** Live checks with one planted bug each, about other clusters, node roles of the same program, and other DaemonSets. */
import type { CredentialGuardInputs, CredentialGuardOutputs } from "../../handover/run/credentialGuardResource";
import type { DetachmentInputs, DetachmentOutputs } from "../../handover/run/detachmentResource";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, type Resources } from "./engine";

type Guard = CredentialGuardInputs & CredentialGuardOutputs;
type Detachment = DetachmentInputs & DetachmentOutputs;

const { credentialGuard, detachment } = REAL_RESOURCES;

/** An update to another role does not know that other clusters share the present one. */
export const replacesASharedRole: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        update: (state, inputs, operation) => credentialGuard.update(ofOneCluster(state), inputs, operation),
    },
};

/** The hand-back does not know that other clusters share the role. */
export const handsBackASharedRole: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        delete: (state, operation) => credentialGuard.delete(ofOneCluster(state), operation),
    },
};

function ofOneCluster(state: Guard): Guard {
    return { ...state, subject: { ...state.subject, issuers: state.subject.issuers.slice(0, 1) } };
}

/** Each listed node role counts as the program's own. */
export const ownsAllNodeRoles: Resources = withOwnNodeRoles((inputs) => inputs.detachFromNodeRoles);

/** No node role counts as the program's own. */
export const ownsNoNodeRole: Resources = withOwnNodeRoles(() => []);

function withOwnNodeRoles(own: (inputs: CredentialGuardInputs) => readonly string[]): Resources {
    const changed = <I extends CredentialGuardInputs>(inputs: I): I => ({ ...inputs, ownNodeRoles: own(inputs) });
    return {
        ...REAL_RESOURCES,
        credentialGuard: {
            ...credentialGuard,
            create: (inputs, operation) => credentialGuard.create(changed(inputs), operation),
            update: (state, inputs, operation) => credentialGuard.update(changed(state), changed(inputs), operation),
            delete: (state, operation) => credentialGuard.delete(changed(state), operation),
        },
    };
}

/** The hand-back does not see the pods of other DaemonSets. */
export const handsBackBlindly: Resources = {
    ...REAL_RESOURCES,
    credentialGuard: {
        ...credentialGuard,
        delete: (state, operation) => credentialGuard.delete(state, withoutOtherCarriers(operation)),
    },
};

/** The last part of the hand-over does not see them: another role replaces the one that they carry. */
export const handsOverBlindly: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...detachment,
        create: (inputs, operation) => detachment.create(inputs, withoutOtherCarriers(operation)),
        update: (state: Detachment, inputs, operation) =>
            detachment.update(state, inputs, withoutOtherCarriers(operation)),
    },
};

/** No part looks at the service accounts that the plugin has left. */
export const forgetsFormerAccounts: Resources = {
    ...REAL_RESOURCES,
    detachment: {
        ...detachment,
        create: (inputs, operation) => detachment.create(withoutAccounts(inputs), operation),
        update: (state, inputs, operation) =>
            detachment.update(withoutAccounts(state), withoutAccounts(inputs), operation),
    },
};

function withoutAccounts<I extends DetachmentInputs>(inputs: I): I {
    return { ...inputs, record: { ...inputs.record, serviceAccounts: [] } };
}

function withoutOtherCarriers(operation: OperationContext): OperationContext {
    const { open } = operation;
    return open === undefined ? operation : { ...operation, open: async (...args) => blind(await open(...args)) };
}

function blind(context: RunContext): RunContext {
    const look = async () => ({ ...(await context.cluster.look()), otherCarriers: [] });
    return { ...context, cluster: { ...context.cluster, look } };
}
