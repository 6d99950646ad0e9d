import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import { freshMemory, type Memory, type Step } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { Forecast } from "../../../../handover/preview/forecast";
import {
    attach,
    carrying,
    daemonSet,
    FORMER_ROLE,
    NOW,
    onNodeRole,
    pod,
    pods,
    ROLE,
    starting,
    subject,
    world,
} from "../support/worlds";

const HOUR = 3_600_000;
const DONE: Step = { do: "done", why: "ready" };
const WAIT: Step = { do: "wait", why: "not yet" };
const ATTACH: Step = { do: "attach", policies: attach("nodes"), why: "back" };
const REFUSE: Step = { do: "refuse", refusal: refusals.serviceAccountMissing(subject) };

/** Follows these steps, and then the last one again and again. */
function follow(...steps: Step[]) {
    const [worlds, memories]: [World[], Memory[]] = [[], []];
    const forecast = new Forecast(world(onNodeRole));
    const part = forecast.through((seen, memory) => {
        memories.push(memory);
        return steps[Math.min(worlds.push(seen), steps.length) - 1] ?? DONE;
    });
    return { forecast, part, worlds, memories };
}

describe("A forecast", () => {
    it("takes each step, an hour after the other, until none is left", () => {
        const { forecast, part, worlds, memories } = follow(ATTACH, WAIT, DONE);
        deepStrictEqual(part, { steps: [ATTACH, WAIT], stuck: undefined, refusal: undefined });
        deepStrictEqual(
            worlds.map(({ at }) => at - NOW),
            [0, HOUR, 2 * HOUR],
        );
        const attached = { ...freshMemory(NOW), attachedAt: NOW + HOUR, attached: attach("nodes"), restores: 1 };
        deepStrictEqual(memories, [freshMemory(NOW), attached, attached]);
        deepStrictEqual([forecast.refusals, forecast.isStuck, forecast.world.at], [[], false, NOW + 2 * HOUR]);
    });

    it("ends with a refusal, which the next part does not forget", () => {
        const { forecast, part } = follow(ATTACH, REFUSE);
        const refusal = refusals.serviceAccountMissing(subject);
        deepStrictEqual(part, { steps: [ATTACH], stuck: undefined, refusal });
        forecast.through(() => REFUSE);
        deepStrictEqual([forecast.refusals, forecast.isStuck], [[refusal, refusal], false]);
    });

    it("is stuck at the fourth wait in a row, and starts no further part", () => {
        const { forecast, part } = follow(WAIT);
        deepStrictEqual(part, { steps: [WAIT, WAIT, WAIT], stuck: "not yet", refusal: undefined });
        strictEqual(forecast.isStuck, true);
        const { at } = forecast.world;
        deepStrictEqual(
            forecast.through(() => ATTACH),
            { steps: [], stuck: undefined, refusal: undefined },
        );
        deepStrictEqual([forecast.world.at, forecast.isStuck], [at, true]);
    });

    it("counts the waits from one again after another step", () => {
        const { part } = follow(WAIT, WAIT, WAIT, ATTACH, WAIT, WAIT, WAIT, DONE);
        deepStrictEqual([part.steps.length, part.stuck], [7, undefined]);
    });

    it("is stuck if the steps do not end: 50 and four per pod are enough for any decision", () => {
        const { part } = follow(ATTACH);
        deepStrictEqual([part.steps.length, part.stuck], [50 + 4 * 3, "back"]);
    });

    describe("of waves of up to three pods", () => {
        const all = Array.from({ length: 651 }, (_, nth) => pod(`n${String(nth)}`, onNodeRole));
        /** Simulates the restart of each pod. Returns the waves, and how often it asked for the next one. */
        function restartAll(part: "through" | "waves") {
            const limited = { ...daemonSet, maxUnavailable: 3 };
            const forecast = new Forecast(world(onNodeRole, { cluster: { pods: all, daemonSet: limited } }));
            let asked = 0;
            const { steps } = forecast[part](({ cluster }) => {
                asked += 1;
                const left = cluster.pods.filter(({ createdAt }) => createdAt <= NOW);
                const begun = all.length - left.length;
                // The first waves are small.
                const next = left.slice(0, Math.min(cluster.daemonSet?.maxUnavailable ?? 0, begun + 1));
                return next.length === 0 ? DONE : { do: "restart", pods: next, why: "wave" };
            });
            const waves = steps.flatMap((step) => (step.do === "restart" ? [step.pods] : []));
            deepStrictEqual(
                waves.flat().map(({ name }) => name),
                all.map(({ name }) => name),
            );
            deepStrictEqual(
                waves.map(({ length }) => length),
                [1, 2, ...Array<number>(216).fill(3)],
            );
            strictEqual(forecast.world.cluster.daemonSet?.maxUnavailable, 3);
            return asked;
        }

        it("simulates them many at a time once twenty have shown how the others go, and tells each of them", () => {
            // 20 waves with 57 pods; then 57, 114, 228 and 195 at a time; and the end.
            strictEqual(restartAll("waves"), 20 + 4 + 1);
        });

        it("simulates each of them in another part, which may take maxUnavailable for something else", () => {
            strictEqual(restartAll("through"), 218 + 1);
        });
    });

    it("has the pod that was not Ready become so at the second wait in a row", () => {
        const forecast = new Forecast(
            world(onNodeRole, { cluster: { pods: pods(onNodeRole, pod("n1", onNodeRole, starting)) } }),
        );
        const ready: boolean[] = [];
        const steps = [WAIT, ATTACH, WAIT, WAIT];
        forecast.through(({ cluster }) => {
            ready.push(cluster.pods.every((one) => one.ready));
            return steps[ready.length - 1] ?? DONE;
        });
        deepStrictEqual(ready, [false, false, false, false, true]);
    });
});

describe("Between the parts of a forecast", () => {
    const guarded = { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } };

    it("the other resources change the cluster at once", () => {
        const forecast = new Forecast(world(carrying(ROLE), { cluster: guarded }));
        forecast.admit(FORMER_ROLE);
        deepStrictEqual(forecast.world.cluster.injectionGuard.roleArns, [ROLE, FORMER_ROLE]);
        forecast.patchServiceAccount({ a: "1" });
        deepStrictEqual(forecast.world.cluster.serviceAccount?.annotations, { a: "1" });
        strictEqual(forecast.world.at, NOW);
    });
});
