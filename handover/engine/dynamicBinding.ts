import type * as dynamic from "@pulumi/pulumi/dynamic";
import type { Subject } from "../model/subject";
import type { OperationContext } from "../observe/runContext";
import { engineAddress } from "./engineAddress";
import { warnOfComponent } from "./engineLog";
import { exitWithEngine } from "./exitWithEngine";
import { enginePort, readNote } from "./runNotes";
import { LiveCheckName, liveCheckProvider } from "./liveCheckProvider";

/** The engine shows the standard output of a dynamic provider. */
const operation: OperationContext = {
    progress: (line) => process.stdout.write(`${line}\n`),
    turningOff: (fieldManager) => readNote(fieldManager, enginePort(process.argv)),
};

/** The engine binding of TypeScript programs: serves one live check as a Pulumi dynamic provider. */
export function dynamicProvider(name: LiveCheckName): dynamic.ResourceProvider<object, object> {
    exitWithEngine();
    const check = liveCheckProvider(name);
    return {
        // A resource that the plugin created has no provider text in its state yet, so this binding could not delete it.
        diff: (_id, state, inputs) =>
            Promise.resolve({ changes: !(PROVIDER in state) || check.changes(state, withoutProvider(inputs)) }),
        create: async (inputs) => {
            const { id, state } = await check.create(withoutProvider(inputs), operation);
            return { id, outs: state };
        },
        update: async (_id, state, inputs) => ({ outs: await check.update(state, withoutProvider(inputs), operation) }),
        delete: (_id, state) => check.delete(state, operation),
        // With an empty ID, the engine would drop the resource from the state, and the record with it.
        read: async (id, state = {}) => ({
            id,
            props: await check.read(state, { ...operation, warn: warningsOf(state) }),
        }),
    };
}

/** Shows warnings next to the component that a state belongs to. */
function warningsOf(state: { readonly subject?: Subject }): (line: string) => void {
    return (line) => {
        warnOfComponent(line, state.subject, engineAddress(process.argv));
    };
}

/** The property in which the SDK keeps the text of a resource's provider. */
const PROVIDER = "__provider";

/** The SDK adds the property itself. */
function withoutProvider(properties: object): object {
    return Object.fromEntries(Object.entries(properties).filter(([name]) => name !== PROVIDER));
}
