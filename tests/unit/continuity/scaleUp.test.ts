import * as assert from "assert";
import { scaleUp, type Scalable } from "../../continuity/scaleUp";
import type { Gap } from "../../continuity/monitor/gaps";

const gapOn = (node: string): Gap => ({
    pod: `aws-node-${node}`,
    uid: "uid",
    node,
    from: 0,
    to: 1000,
    reason: "its role does not exist",
    hiddenBySession: false,
    canary: false,
    joining: false,
});

/** Nodes are named after their roles, and Ready at the second look. */
function cluster(more: Partial<Scalable> = {}): Scalable & { readonly left: string[]; readonly looks: string[] } {
    const left: string[] = [];
    const looks: string[] = [];
    return {
        left,
        looks,
        join: (role) => Promise.resolve(`${role}-node`),
        isReady: (node) => Promise.resolve(looks.push(node) > looks.indexOf(node) + 1),
        gaps: () => [gapOn("another")],
        leave: (node) => Promise.resolve(void left.push(node)),
        ...more,
    };
}

const leftOut = (why: string) => ({ message: `a node with the node role nodes was left out: ${why}` });

describe("a scale-up", () => {
    it("lets a node join with each role, and leave when its pod is Ready", async () => {
        const world = cluster();
        await scaleUp(["nodes", "others"], world);
        assert.deepStrictEqual(world.left.sort(), ["nodes-node", "others-node"]);
        assert.ok(world.looks.length >= 4);
    });

    it("fails if a node does not join", async () => {
        const join = (role: string) =>
            role === "nodes" ? Promise.reject(new Error("UnauthorizedOperation")) : Promise.resolve(role);
        await assert.rejects(scaleUp(["others", "nodes"], cluster({ join })), leftOut("Error: UnauthorizedOperation"));
    });

    it("fails if the pod of a node does not become Ready in time", async () => {
        const isReady = () => Promise.resolve(false);
        await assert.rejects(
            scaleUp(["nodes"], cluster({ isReady }), 0.1),
            leftOut("nodes-node has no Ready pod after 0.1 s"),
        );
    });

    it("fails if the pod of a node has had no path", async () => {
        const gaps = () => [gapOn("another"), gapOn("nodes-node")];
        await assert.rejects(
            scaleUp(["nodes"], cluster({ gaps })),
            leftOut("aws-node-nodes-node on nodes-node had no path: its role does not exist"),
        );
    });
});
