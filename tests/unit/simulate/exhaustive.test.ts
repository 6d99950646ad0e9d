import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { movesTheNewestRoleOnly } from "../../model/plantedBugs";
import { allKills, explore, type KillsOf } from "../../simulate/exhaustive";

/** The model makes at least as many calls in an update to another role. */
const LEAST_CALLS = 30;

const toAnotherRole: KillsOf = { strategy: "RollingUpdate", before: ["up"], killed: "up to another role" };

describe("Each kill of small clusters", function () {
    this.timeout(0);

    it("is of each command, after each history, with both update strategies", () => {
        const commands = 6;
        // Nothing is there to destroy at first.
        strictEqual(allKills(1).length, 2 * (3 * commands - 1));
        deepStrictEqual(allKills(0), []);
    });

    it("is at depth 2 also of these commands in a row", () => {
        deepStrictEqual(
            allKills(2)
                .slice(allKills(1).length)
                .map(({ killed, then = "" }) => [killed, then]),
            [
                ["up", "destroy"],
                ["up", "up to another role"],
                ["up to a role that fails", "up"],
                ["destroy", "up"],
            ],
        );
    });

    it("leaves a state from which both goals are reached", async () => {
        const { states, runs, violation } = await explore(toAnotherRole);
        strictEqual(violation, undefined);
        ok(states >= LEAST_CALLS, String(states));
        strictEqual(runs, 2 * states);
    });

    it("shows a product that forgets the role before, in the history of that kill", async () => {
        const { violation } = await explore(toAnotherRole, movesTheNewestRoleOnly);
        match(violation?.problems.join("\n") ?? "", /has no path: it carries arn:/);
        match(JSON.stringify(violation?.history), /"killedAt":\d+/);
    });
});
