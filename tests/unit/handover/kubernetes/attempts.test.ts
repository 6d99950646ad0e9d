import type { RequestContext } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { ClusterClock } from "../../../../handover/kubernetes/clusterClock";
import { NoResponse, type Send, withRetries } from "../../../../handover/kubernetes/requests";
import { quick } from "./support";

const request = { setHeaderParam: () => undefined, setSignal: () => undefined } as unknown as RequestContext;
const failing = (code?: unknown): Send => {
    const error = Object.assign(new Error("fetch of https://me:hidden@api failed"), code !== undefined && { code });
    return () => Promise.reject(error);
};
const answering = (httpStatusCode: number): Send => {
    const body = { binary: () => Promise.resolve(Buffer.from("")) };
    return () => Promise.resolve({ httpStatusCode, headers: {}, body } as never);
};
const breakingOff: Send = () =>
    Promise.resolve({
        httpStatusCode: 200,
        headers: {},
        body: { binary: () => Promise.reject(new Error("aborted")) },
    } as never);
const first = (...sends: readonly Send[]): Send => {
    let number = 0;
    return (sent) => (sends[number++] ?? failing("ECONNREFUSED"))(sent);
};

/** The first pause fits into the time. The second one, twice as long, does not. */
const settings = { ...quick, attemptMilliseconds: 5000, pauseMilliseconds: 400, retryMilliseconds: 1000 };

describe("Attempts that all fail", () => {
    for (const [what, send, why, final, throttled, answered] of [
        ["breaks", failing("ECONNRESET"), "2 attempts, the last failed with: ECONNRESET", false, false, false],
        [
            "ends without a code",
            failing(),
            "2 attempts, the last failed with: the connection broke",
            false,
            false,
            false,
        ],
        [
            "ends with a number",
            failing(7),
            "2 attempts, the last failed with: the connection broke",
            false,
            false,
            false,
        ],
        ["breaks off", breakingOff, "2 attempts, the last failed with: the connection broke", false, false, true],
        [
            "is not available, and then gone",
            first(answering(503)),
            "2 attempts, the last failed with: ECONNREFUSED",
            false,
            false,
            true,
        ],
        [
            "is not trusted",
            failing("CERT_HAS_EXPIRED"),
            "1 attempt, the last failed with: CERT_HAS_EXPIRED",
            true,
            false,
            false,
        ],
        ["is not available", answering(503), "2 attempts, the last answered with 503", false, false, true],
        ["turns calls away", answering(429), "2 attempts, the last answered with 429", false, true, true],
    ] as const) {
        it(`are counted, and reported, where the server ${what}`, async () => {
            const patient = withRetries(send, settings, new ClusterClock(), new AbortController().signal);
            await assert.rejects(patient.send(request), (error) => {
                assert.ok(error instanceof NoResponse);
                const { final: isFinal, throttled: isThrottled, answered: wasAnswered } = error;
                assert.deepEqual([error.why, isFinal, isThrottled, wasAnswered], [why, final, throttled, answered]);
                return true;
            });
        });
    }
});

describe("A call that is tried again", () => {
    const told = async (quietMilliseconds: number, ...sends: Send[]) => {
        const failures: string[] = [];
        const often = { ...settings, pauseMilliseconds: 20, quietMilliseconds };
        const closing = new AbortController().signal;
        const patient = withRetries(first(...sends), often, new ClusterClock(), closing, (why) => failures.push(why));
        const calls = sends.filter((send) => send === works).length;
        for (let call = 0; call < calls; call++) {
            await patient.send(request);
        }
        return failures;
    };
    const works = answering(200);
    const broken = failing("ECONNREFUSED");

    it("is shown with its failure, once until an answer comes", async () =>
        assert.deepEqual(await told(0, broken, broken, works, answering(503), works), [
            "ECONNREFUSED",
            "it answers with 503",
        ]));

    it("is not shown where it succeeds soon", async () =>
        assert.deepEqual(await told(500, broken, answering(503), works), []));

    it("is shown once for calls side by side", async () => {
        const failures: string[] = [];
        const patient = withRetries(
            first(broken, broken, works, works),
            { ...settings, quietMilliseconds: 0 },
            new ClusterClock(),
            new AbortController().signal,
            (why) => failures.push(why),
        );
        await Promise.all([patient.send(request), patient.send(request)]);
        assert.deepEqual(failures, ["ECONNREFUSED"]);
    });
});
