import { withTimeout } from "../async/withTimeout";

/** How the SDK's middleware stack takes what bounds an attempt: inside of its retries, outside of what reads the answer. */
export const WHOLE_ATTEMPT = { step: "deserialize", priority: "high", name: "eksCniAttempt" } as const;

/**
 * An attempt ends, its answer read to the end. The SDK's own limits end with the first line of the answer (setRequestTimeout of
 * @smithy/node-http-handler): of one that stalls in its middle, behind a proxy for instance, it would wait for good.
 */
export function endsWithin(milliseconds: number) {
    return <Call, Answer>(next: (call: Call) => Promise<Answer>) =>
        async (call: Call): Promise<Answer> =>
            withTimeout(milliseconds, next(call), () => {
                const error = new Error(`no complete answer within ${String(milliseconds / 1000)} s`);
                // By this name the SDK tries again.
                return Object.assign(error, { name: "TimeoutError" });
            });
}
