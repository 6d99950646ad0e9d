import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { leavingState, withoutLeaving, withoutTerminated } from "../../../../handover/decide/leaving";
import { placesOf } from "../../../../handover/decide/places";
import { carrying, node, pod, ROLE, world } from "../support/worlds";

const leaves = world(carrying(ROLE), {
    account: { leavingInstances: { "i-n1": "shutting-down", "i-n2": "terminated", "i-gone": "terminated" } },
});
const shown = ({ cluster: { nodes, pods } }: typeof leaves) => [
    nodes.map(({ name }) => name),
    pods.map(({ name }) => name),
];

describe("A node whose instance does not come back", () => {
    it("is known by what EC2 shows of the instance", () => {
        deepStrictEqual(
            ["n1", "n2", "n3"].map((name) => leavingState(node(name), leaves)),
            ["shutting-down", "terminated", undefined],
        );
        strictEqual(leavingState(node("n4", { instanceId: undefined }), leaves), undefined);
    });

    it("is left out with its pods: a terminated one, or any", () => {
        deepStrictEqual(shown(withoutTerminated(leaves)), [
            ["n1", "n3"],
            ["pod-n1", "pod-n3"],
        ]);
        deepStrictEqual(shown(withoutLeaving(leaves)), [["n3"], ["pod-n3"]]);
    });

    it("does not take a pod whose node is not known with it", () => {
        const { cluster } = leaves;
        const pending = { ...leaves, cluster: { ...cluster, pods: [...cluster.pods, pod("", carrying(ROLE))] } };
        deepStrictEqual(shown(withoutLeaving(pending))[1], ["pod-n3", "pod-"]);
    });

    it("is in no place", () => {
        deepStrictEqual(
            placesOf(leaves).flatMap(({ nodes }) => nodes.map(({ name }) => name)),
            ["n3"],
        );
    });

    it("changes nothing if there is none", () => {
        const stays = world(carrying(ROLE));
        strictEqual(withoutLeaving(stays), stays);
        strictEqual(withoutTerminated(stays), stays);
    });
});
