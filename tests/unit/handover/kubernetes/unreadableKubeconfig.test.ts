import * as assert from "node:assert/strict";
import { unreadableKubeconfig } from "../../../../handover/kubernetes/unreadableKubeconfig";
import { Refusal } from "../../../../handover/model/refusal";
import { openRunContext } from "../../../../handover/observe/runContext";
import { subject } from "../support/worlds";

const why = new Refusal("kubeconfig-invalid", "Seen.", "Means.", "Fix.");

describe("A cluster whose kubeconfig cannot be read", () => {
    it("fails each call with the reason, and is closed without one", async () => {
        const access = unreadableKubeconfig(why);
        const calls = Object.entries(access).filter(([name]) => !["close", "clustersInKubeconfig"].includes(name));
        assert.equal(calls.length, 21);
        for (const [, call] of calls as [string, () => Promise<unknown>][]) {
            await assert.rejects(call(), why);
        }
        assert.deepEqual(access.clustersInKubeconfig(), []);
        access.close();
    });

    it("is no answer to any other error", () => {
        for (const error of [new Error("broken"), new Refusal("cluster-unreachable", "", "", "")]) {
            assert.throws(() => unreadableKubeconfig(error), error);
        }
    });

    it("leaves the account to be read", async () => {
        const inputs = { subject, kubeconfig: "{}" };
        const context = await openRunContext(inputs, [], { progress: () => undefined });
        await assert.rejects(context.cluster.identity(), { code: "kubeconfig-invalid" });
        assert.equal(typeof context.aws.clusterStatus, "function");
    });
});
