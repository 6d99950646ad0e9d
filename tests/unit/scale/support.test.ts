import * as assert from "assert";
import { fleetOf } from "../../scale/support/fleet";
import { doublings } from "../../scale/support/growth";
import { type Figures, report } from "../../scale/support/report";

describe("the scale suite", () => {
    it("counts every call on small clusters, and has large ones with many node roles that come and go", () => {
        assert.deepStrictEqual(fleetOf(100), { nodes: 100, nodeRoles: 1, subnets: 3, churns: false });
        assert.deepStrictEqual(fleetOf(1000), { nodes: 1000, nodeRoles: 8, subnets: 24, churns: true });
    });

    it("makes any cluster like the large ones, with the number of node roles that is asked for", () => {
        assert.deepStrictEqual(fleetOf(24, "12"), { nodes: 24, nodeRoles: 12, subnets: 24, churns: true });
    });

    it("compares each size with twice the size, and with no other", () => {
        const seconds = new Map([
            [100, 40],
            [1000, 100],
            [2000, 150],
        ]);
        assert.deepStrictEqual(doublings(seconds), [{ nodes: 1000, times: 1.5 }]);
    });

    it("prints the same work by hand beside the operations, and then each operation's calls", () => {
        const up = { seconds: 40.4, megabytes: 229.6, writes: { "DELETE pods": 12 }, reads: { "LIST pods": 3 } };
        const figures = (more: object): Figures<"up"> => ({
            operations: new Map([["up", { ...up, ...more }]]),
            byHand: new Map([["by hand", 9.6]]),
        });
        const measured = new Map([
            [12, figures({})],
            [24, figures({ writes: { "DELETE pods": 24 } })],
        ]);
        assert.strictEqual(
            report(["up"], measured),
            [
                "| seconds, nodes: | 12 | 24 |",
                "| --- | --: | --: |",
                "| by hand | 10 | 10 |",
                "| up | 40 | 40 |",
                "",
                "| up, nodes: | 12 | 24 |",
                "| --- | --: | --: |",
                "| seconds | 40 | 40 |",
                "| peak memory, MB | 230 | 230 |",
                "| DELETE pods | 12 | 24 |",
                "| LIST pods | 3 | 3 |",
            ].join("\n"),
        );
    });
});
