import assert from "node:assert/strict";
import { readyLimitSeconds } from "../../../cluster";
import { setupRetrySeconds } from "../../../cluster/cniStart";
import { livenessSeconds } from "../../../cluster/containerLife";
import { defaults } from "../../../sandbox";

/** One start that fails, and then the longest one that succeeds. */
const restart = livenessSeconds + setupRetrySeconds;

describe("the time in which nodes must become Ready", () => {
    for (const failedStartFactor of [0.02, 1, 3]) {
        it(`outlasts one failed start of aws-node, at the factor ${failedStartFactor}`, () => {
            const limit = readyLimitSeconds(1, { podReadySeconds: 0, readinessByCni: true, failedStartFactor });
            assert.ok(limit >= 60 + failedStartFactor * restart, `${limit} s`);
        });
    }

    it("outlasts the longest pause of a controller's watch after a restart of the API server", () =>
        assert.ok(readyLimitSeconds(0, { podReadySeconds: 0, readinessByCni: false, failedStartFactor: 0 }) > 60));

    it("does not depend on the factor where aws-node's permissions decide nothing", () =>
        assert.equal(
            readyLimitSeconds(3, { podReadySeconds: 1.5, readinessByCni: false, failedStartFactor: 100 }),
            129,
        ));

    it("outlasts one failed start of aws-node in a node group, by default", () =>
        assert.ok(defaults.nodeGroupLimitSeconds > defaults.failedStartFactor * restart));
});
