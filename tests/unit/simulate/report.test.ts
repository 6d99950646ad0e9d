import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { REAL_RESOURCES, type Resources } from "../../model/engine";
import { movesTheNewestRoleOnly } from "../../model/plantedBugs";
import { withLooksAtTheAccount } from "../../simulate/plantedBugs";
import { type Hunt, playBatch, type Violation } from "../../simulate/batch";
import { play, type Simulation } from "../../simulate/play";
import { describe as describeViolation, report, tooFew } from "../../simulate/report";
import { Trace } from "../../simulate/trace";

const hunt: Hunt = { seed: 5, runs: 300, resources: movesTheNewestRoleOnly };

const healthy: Simulation = {
    nodes: ["a", "b"],
    strategy: "RollingUpdate",
    turns: [],
    last: { roleName: "cni", detachFromNodeRoles: ["a", "b"] },
};

describe("The report of a simulation", function () {
    this.timeout(0);

    describe("for a violation", () => {
        let violation: Violation;
        let longest: Violation;

        before(async () => {
            const shortened = (await playBatch(hunt)).violation;
            const first = (await playBatch({ ...hunt, first: true })).violation;
            ok(shortened !== undefined && first !== undefined);
            [violation, longest] = [shortened, first];
        });

        it("has a history that is shorter than the first one", () => {
            const length = ({ history }: Violation) => JSON.stringify(history).length;
            ok(length(violation) < length(longest), `${String(length(violation))} of ${String(length(longest))}`);
        });

        it("has the problem, the history, its log, and the command that plays it again", () => {
            const shown = describeViolation(violation, 1);
            ok(shown.startsWith(`  1) ${violation.problems[0] ?? ""}\n`), shown);
            match(
                shown,
                new RegExp(`again: npm run test:simulate -- --again ${String(hunt.seed)},${violation.path}\n`),
            );
            ok(shown.includes(`the shortest history: ${JSON.stringify(violation.history)}`));
            match(shown, /!!!/);
        });

        it("is played again by that seed and path, with the same problem", async () => {
            const { seed, path } = violation;
            const again = await playBatch({ seed, path, runs: hunt.runs, resources: movesTheNewestRoleOnly });
            deepStrictEqual(again.violation, violation);
            strictEqual((await playBatch({ seed, path, runs: hunt.runs })).violation, undefined);
        });
    });

    it("has the speed, and each part that was reached or never", () => {
        const trace = new Trace();
        trace.step("canary: restart");
        trace.refused(new Error("[canary-failed]"));
        trace.perturbs("lost answer");
        trace.atMost("nodes", 36);
        const totals = { seed: 7, workers: 2, runs: 900, states: 20, killRuns: 100, cpuMilliseconds: 120_000 };
        const shown = report({ ...totals, elapsedMilliseconds: 60_000 }, trace);
        for (const line of [
            /^Seed 7: 900 random histories in 1\.0 min on 2 processes; 1,000 runs a minute, 500 for each minute of a core's CPU time\.$/m,
            /^Kills of small clusters: both goals from each of 20 states \(100 runs\)\.$/m,
            /^Refusals: 1 of \d+ reached$/m,
            /^ {2}never reached: .*rollout-taken-back/m,
            /^Perturbed\n +1 {2}lost answer$/m,
            /^ +36 {2}nodes at most$/m,
        ]) {
            match(shown, line);
        }
    });
});

describe("The number of calls towards a goal", function () {
    this.timeout(60_000);

    const problemsWith = async (resources: Resources) => (await play(healthy, resources)).problems.join("\n");

    it("has a limit, which the product keeps and a product that looks again and again does not", async () => {
        strictEqual(await problemsWith(REAL_RESOURCES), "");
        match(await problemsWith(withLooksAtTheAccount(100)), /the hand-over takes more than \d+ calls/);
    });
});

describe("A campaign", () => {
    it("fails if it has played fewer histories than it must", () => {
        strictEqual(tooFew({ runs: 2 }, 3), "Only 2 histories of at least 3 were played.");
        deepStrictEqual([tooFew({ runs: 3 }, 3), tooFew({ runs: 0 }, undefined)], [undefined, undefined]);
    });
});
