import { OperationContext } from "../observe/runContext";
import { addOnRole } from "../run/addOnRoleResource";
import { canary } from "../run/canaryResource";
import { credentialGuard } from "../run/credentialGuardResource";
import { detachment } from "../run/detachmentResource";
import { changedInputs, LiveInputs, LiveResource } from "../run/liveResource";

/** The states of stacks contain these names, so they must not change. */
const PROVIDERS = {
    addOnRole: () => provide(addOnRole),
    canary: () => provide(canary),
    credentialGuard: () => provide(credentialGuard),
    deletionOrder: () => deletionOrder,
    detachment: () => provide(detachment),
};

export type LiveCheckName = keyof typeof PROVIDERS;

export function isLiveCheckName(name: string): name is LiveCheckName {
    return Object.hasOwn(PROVIDERS, name);
}

/** A live check, independent of the engine binding that serves it. Its state contains inputs and outputs. */
export interface LiveCheckProvider {
    readonly changes: (state: object, inputs: object) => boolean;
    readonly create: (
        inputs: object,
        operation: OperationContext,
    ) => Promise<{ readonly id: string; readonly state: object }>;
    readonly update: (state: object, inputs: object, operation: OperationContext) => Promise<object>;
    readonly delete: (state: object, operation: OperationContext) => Promise<void>;
    readonly read: (state: object, operation: OperationContext) => Promise<object>;
}

export function liveCheckProvider(name: LiveCheckName): LiveCheckProvider {
    return PROVIDERS[name]();
}

/** A link of the chain before the credential guard: it only has a place in the engine's order (components/live/deletionOrder.ts). */
const deletionOrder: LiveCheckProvider = {
    changes: () => false,
    create: () => Promise.resolve({ id: "deletion-order", state: {} }),
    update: () => Promise.resolve({}),
    delete: () => Promise.resolve(),
    read: () => Promise.resolve({}),
};

/** The casts rely on the component, which sends inputs of these types: components/live/liveResources.ts. */
function provide<I extends LiveInputs, O extends object>(resource: LiveResource<I, O>): LiveCheckProvider {
    return {
        changes: (state, inputs) =>
            changedInputs(state, inputs).length > 0 || resource.outputs.some((output) => !Object.hasOwn(state, output)),
        create: async (inputs, operation) => ({
            id: (inputs as I).subject.fieldManager,
            state: { ...inputs, ...(await resource.create(inputs as I, operation)) },
        }),
        update: async (state, inputs, operation) => ({
            ...inputs,
            ...(await resource.update(state as I & O, inputs as I, operation)),
        }),
        delete: (state, operation) => resource.delete(state as I & O, { ...operation, fromState: true }),
        read: async (state, operation) => {
            const { outputs, drift } = await resource.read(state as I & O, { ...operation, fromState: true });
            return { ...state, ...outputs, drift };
        },
    };
}
