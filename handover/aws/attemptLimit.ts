import { withTimeout } from "../async/withTimeout";

/** The limit's place in the SDK's middleware stack: inside the retries, outside the deserializer that reads the response. */
export const ATTEMPT_STEP = { step: "deserialize", priority: "high", name: "eksCniAttempt" } as const;

/**
 * Limits the time of an attempt, until its response has been read completely.
 *
 * The SDK's own limits end with the first line of the response (setRequestTimeout of @smithy/node-http-handler). If a response
 * stalls after that, behind a proxy for example, the SDK would wait forever.
 */
export function limitAttempt(milliseconds: number) {
    return <Call, Answer>(next: (call: Call) => Promise<Answer>) =>
        async (call: Call): Promise<Answer> =>
            withTimeout(milliseconds, next(call), () => {
                const error = new Error(`no complete answer within ${String(milliseconds / 1000)} s`);
                // The SDK retries errors with this name.
                return Object.assign(error, { name: "TimeoutError" });
            });
}
