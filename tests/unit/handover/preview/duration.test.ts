import { strictEqual } from "node:assert/strict";
import type { Step } from "../../../../handover/model/steps";
import { minutesOf } from "../../../../handover/preview/duration";
import { LONG_AGO, onNodeRole, pod, starting, world } from "../support/worlds";

const RESTART: Step = { do: "restart", pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)], why: "w" };
const WAIT: Step = { do: "wait", why: "w" };
const part = (...steps: Step[]) => ({ steps, stuck: undefined, refusal: undefined });
const waves = (count: number) => part(...Array.from({ length: count }, () => [RESTART, WAIT]).flat());
/** A pod that took so many seconds to become Ready. */
const took = (seconds: number) => pod("n1", onNodeRole, { createdAt: LONG_AGO - seconds * 1000 });

describe("About how long a rollout takes", () => {
    const rows: [
        string,
        number,
        ReturnType<typeof waves>,
        ReturnType<typeof waves>,
        ReturnType<typeof pod>[],
        number?,
    ][] = [
        ["is a minute at least", 1, waves(0), waves(0), []],
        [
            "is 40 s for each wave where no pod shows how long it takes to start, in whole minutes",
            2,
            waves(0),
            waves(3),
            [],
        ],
        ["takes no pod that is not Ready for an example", 2, waves(0), waves(3), [pod("n1", onNodeRole, starting)]],
        ["takes the median of the pods", 7, waves(0), waves(10), [took(1000), took(30), took(0)]],
        ["takes the higher of two", 7, waves(0), waves(10), [took(30), took(0)]],
        ["takes no pod for one that was starting for more than two minutes", 22, waves(0), waves(10), [took(9999)]],
        ["takes no less than the time that a pod takes to end", 2, waves(0), waves(10), [took(-50)]],
        ["has the canaries as one wave, and the time that they are watched", 3, waves(1), waves(0), [], 120],
        ["has several waves of canaries", 5, waves(2), waves(2), [], 120],
        ["has no time to watch where no canary restarts", 1, waves(0), waves(1), [], 120],
        ["has a wave of many pods once", 1, waves(0), waves(1), [took(50)]],
    ];
    for (const [what, expected, canaries, rest, pods, stableSeconds = 20] of rows) {
        it(what, () => {
            const { cluster } = world(onNodeRole, { cluster: { pods } });
            strictEqual(minutesOf(canaries, rest, cluster, stableSeconds), expected);
        });
    }
});
