import type * as dynamic from "@pulumi/pulumi/dynamic";
import type { OperationContext } from "../observe/runContext";
import { endWithTheEngine } from "./endWithTheEngine";
import { LiveCheckName, liveCheckProvider } from "./liveCheckProvider";

/** Where the engine shows what a dynamic provider prints. */
const operation: OperationContext = { progress: (line) => process.stdout.write(`${line}\n`) };

/** The operation of TypeScript programs: one live check as Pulumi's dynamic providers have it. */
export function dynamicProvider(name: LiveCheckName): dynamic.ResourceProvider<object, object> {
    endWithTheEngine();
    const check = liveCheckProvider(name);
    return {
        // What the plugin brought up has no text of a provider in its state yet, and could not be deleted by this operation.
        diff: (_id, state, inputs) =>
            Promise.resolve({ changes: !(PROVIDER in state) || check.changes(state, withoutProvider(inputs)) }),
        create: async (inputs) => {
            const { id, state } = await check.create(withoutProvider(inputs), operation);
            return { id, outs: state };
        },
        update: async (_id, state, inputs) => ({ outs: await check.update(state, withoutProvider(inputs), operation) }),
        delete: (_id, state) => check.delete(state, operation),
        // An empty id would have the engine drop the record.
        read: async (id, state = {}) => ({ id, props: await check.read(state, operation) }),
    };
}

/** Where the SDK keeps the text of a resource's provider. */
const PROVIDER = "__provider";

/** The SDK puts it there itself. */
function withoutProvider(properties: object): object {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => name !== PROVIDER));
}
