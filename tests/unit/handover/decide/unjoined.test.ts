import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { describeInstance, joiningInstances, unjoinedInstances } from "../../../../handover/decide/unjoined";
import type { UnjoinedInstance } from "../../../../handover/model/world";
import { instance, node, nodeRole, NOW, onNodeRole, otherNode, seconds, world } from "../support/worlds";

const ids = (of: readonly UnjoinedInstance[]) => of.map(({ id }) => id);

describe("The instances of the cluster that are no nodes", () => {
    const { cluster } = world(onNodeRole, { cluster: { nodes: [node("n1")], otherNodes: [otherNode()] } });

    it("are those of each role that have joined neither as nodes of the DaemonSet nor as other ones", () => {
        const roles = [
            nodeRole({ unjoined: [instance("i-n1"), instance("i-n2")] }),
            nodeRole(),
            nodeRole({ unjoined: [instance("i-n4"), instance("i-n5")] }),
        ];
        deepStrictEqual(ids(unjoinedInstances(roles, cluster)), ["i-n2", "i-n5"]);
        deepStrictEqual(ids(unjoinedInstances(roles, world(onNodeRole).cluster)), ["i-n4", "i-n5"]);
    });

    it("are named with their state", () => strictEqual(describeInstance(instance("i-1", "stopped")), "i-1 (stopped)"));
});

describe("An instance is about to join", () => {
    const rows: [string, UnjoinedInstance, boolean, number?][] = [
        ["when it starts", instance("i-1", "pending"), true],
        ["when it has started", instance("i-1", "running"), true],
        ["not when it stops", instance("i-1", "stopping"), false],
        ["not when it is stopped, hibernated, or in a warm pool", instance("i-1", "stopped"), false],
        ["until a quarter of an hour has passed", instance("i-1", "running", seconds(-899)), true],
        ["no longer: it has failed, or waits in a warm pool", instance("i-1", "running", seconds(-900)), false],
        ["when it began together with the run", instance("i-1", "running", seconds(-60)), true, -60],
        ["not when it began after the run", instance("i-1", "running", seconds(-59)), false, -60],
    ];
    for (const [what, one, joins, startedAt = 0] of rows) {
        it(what, () =>
            deepStrictEqual(joiningInstances([one], { startedAt: seconds(startedAt) }, NOW), joins ? [one] : []),
        );
    }
});
