import { inspect } from "node:util";

/** An error of a gate, with the same text wherever it is shown. */
export function withFixedMessage<T extends Error>(error: T): T {
    const { message } = error;
    return Object.defineProperties(error, {
        // Each property of a child that waits for the check would prepend "error serializing property …" to the message.
        // https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (serializeFilteredProperties)
        message: { get: () => message, set: () => undefined },
        // The message says what to change and where. A stack trace of this package's own frames would only bury it.
        stack: { value: message },
        // So would the error's fields, which the language host prints as well.
        // https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/run/error.ts (defaultErrorMessage)
        [inspect.custom]: { value: () => message },
    });
}
