import { OperationContext } from "../observe/runContext";
import { canary } from "../run/canaryResource";
import { credentialGuard } from "../run/credentialGuardResource";
import { detachment } from "../run/detachmentResource";
import { changedInputs, LiveInputs, LiveResource } from "../run/liveResource";

/** The states of stacks contain these names, so they must not change. */
const RESOURCES = { canary, credentialGuard, detachment };

export type LiveCheckName = keyof typeof RESOURCES;

export function isLiveCheckName(name: string): name is LiveCheckName {
    return Object.hasOwn(RESOURCES, name);
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
    return provide(RESOURCES[name] as unknown as LiveResource<LiveInputs, object>);
}

/** The casts rely on the component, which sends inputs of these types: components/live/liveResources.ts. */
function provide(resource: LiveResource<LiveInputs, object>): LiveCheckProvider {
    return {
        changes: (state, inputs) => changedInputs(state, inputs).length > 0,
        create: async (inputs, operation) => ({
            id: (inputs as LiveInputs).subject.fieldManager,
            state: { ...inputs, ...(await resource.create(inputs as LiveInputs, operation)) },
        }),
        update: async (state, inputs, operation) => ({
            ...inputs,
            ...(await resource.update(state as LiveInputs, inputs as LiveInputs, operation)),
        }),
        delete: (state, operation) => resource.delete(state as LiveInputs, operation),
        read: async (state, operation) => {
            const { outputs, drift } = await resource.read(state as LiveInputs, operation);
            return { ...state, ...outputs, drift };
        },
    };
}
