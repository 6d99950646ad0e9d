import * as assert from "node:assert/strict";
import type { Program } from "../../model/engine";
import { LASTING } from "../../simulate/lasting";
import { play, type Simulation } from "../../simulate/play";

const PROGRAM: Program = { roleName: "cni", detachFromNodeRoles: ["a", "b"] };
const SKIPPING: Program = { ...PROGRAM, maxNotReadyNodes: 1 };

/** One update, and then what stays as it is. */
const healthy = (program: Program, more: Pick<Simulation, "lasting" | "wants">): Simulation => ({
    nodes: ["a", "b"],
    strategy: "RollingUpdate",
    turns: [{ operation: { do: "up", refresh: false, program }, faults: [], killedAt: undefined }],
    last: program,
    ...more,
});

describe("A healthy fleet", function () {
    this.timeout(60_000);

    for (const lasting of LASTING) {
        // The goal of a hand-over is every node: the operator does not want it while one is NotReady.
        for (const wants of lasting === "notReadyNode"
            ? ["handBack" as const]
            : ["handOver" as const, "handBack" as const]) {
            it(`gets through: ${lasting}, and first the ${wants}`, async () => {
                const { problems } = await play(healthy(SKIPPING, { lasting: [lasting], wants }));
                assert.deepEqual(problems, []);
            });
        }
    }

    it("does not get through a hand-back beside a node that stays NotReady, unless maxNotReadyNodes allows it", async () => {
        const { problems } = await play(healthy(PROGRAM, { lasting: ["notReadyNode"], wants: "handBack" }));
        assert.match(problems.join("\n"), /the hand-back is not reached: \[time-limit\]/);
    });
});
