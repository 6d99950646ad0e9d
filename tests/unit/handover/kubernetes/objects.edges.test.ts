import type { V1Affinity } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { labelSelector, maxUnavailable } from "../../../../handover/kubernetes/daemonSet";
import { instanceId } from "../../../../handover/kubernetes/nodes";
import { nodeOf } from "../../../../handover/kubernetes/pods";

describe("A pod that is not scheduled yet", () => {
    const term = { matchFields: [{ key: "metadata.name", operator: "In", values: ["node"] }] };
    for (const [what, affinity, node] of [
        ["none", undefined, ""],
        ["only one to other pods", { podAntiAffinity: {} }, ""],
        ["only wishes", { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }, ""],
        [
            "one to a node",
            { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
            "node",
        ],
    ] as [string, V1Affinity | undefined, string][]) {
        it(`is on ${node === "" ? "no node" : "its node"} where its affinity is ${what}`, () =>
            assert.equal(nodeOf({ spec: { containers: [], affinity } }), node));
    }
});

describe("What only looks like", () => {
    for (const id of ["x-aws:///us-west-2a/i-0123", "aws:///us-west-2a/i-0123/x", "aws:///us-west-2a/i-0123-x"]) {
        it(`an instance is none: ${id}`, () => assert.equal(instanceId(id), undefined));
    }

    it("a share of nodes is none", () => {
        assert.equal(maxUnavailable("about 50%", 12), 1);
        assert.equal(maxUnavailable("50% or so", 12), 1);
    });
});

describe("A selector of labels", () => {
    it("names all values that it does not take", () => {
        const matchExpressions = [{ key: "a", operator: "NotIn", values: ["1", "2"] }];
        assert.equal(labelSelector({ matchExpressions }), "a notin (1,2)");
    });
});
