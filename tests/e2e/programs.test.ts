import * as assert from "assert";
import type { Sandbox } from "local-eks";
import * as path from "path";
import { assertTwoBadArguments } from "./support/badArguments";
import { clusterOf } from "./support/cluster";
import { sandboxOf } from "./support/sandboxes";
import { failureOf, withLocalStack } from "./support/stacks";

/** The CLI and the language host run these programs from a folder with a Pulumi.yaml, as users do. */
describe("a program in a folder", () => {
    let sandbox: Sandbox;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        await clusterOf(sandbox).settled();
    });

    it("the root of a clone is one: it brings the smallest example up, again without a change, and down", async () => {
        await withLocalStack(sandbox, path.resolve(__dirname, "../.."), async (stack) => {
            await stack.setConfig("clusterName", { value: sandbox.clusterName });
            const { outputs, summary } = await stack.up();
            assert.deepStrictEqual(summary.resourceChanges, { create: 11 });
            for (const { containers } of await clusterOf(sandbox).awsNodePods()) {
                assert.ok(containers.every(({ roleArn }) => roleArn === outputs["ready"]?.value));
            }
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 11 });
        });
    });

    it("shows bad arguments once, each with the way to fix it, and without a JavaScript stack trace", async () => {
        await withLocalStack(sandbox, path.join(__dirname, "programs/bad-arguments"), async (stack) => {
            const failure = (await failureOf(stack.up())) ?? "";
            const shown = assertTwoBadArguments(failure, 'CniServiceAccountRole "cni": 2 invalid arguments');
            assert.doesNotMatch(shown, /^ +at /m);
        });
    });
});
