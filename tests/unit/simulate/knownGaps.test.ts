import * as assert from "node:assert/strict";
import { KNOWN_GAPS } from "../../simulate/knownGaps";
import { play } from "../../simulate/play";

describe("Healthy fleets that the simulation leaves out", function () {
    this.timeout(60_000);

    for (const { title, simulation, problem } of KNOWN_GAPS) {
        it(`do not get through yet: ${title}`, async () => {
            const { problems } = await play(simulation);
            assert.match(problems.join("\n"), problem);
        });
    }

    it("get through where nothing lasts", async () => {
        for (const { simulation } of KNOWN_GAPS) {
            const { problems } = await play({ ...simulation, lasting: [] });
            assert.deepEqual(problems, []);
        }
    });
});
