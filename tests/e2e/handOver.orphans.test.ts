import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { spawnUp } from "./support/cli";
import { clusterOf } from "./support/cluster";
import { watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs, yamlStack } from "./support/handOver";
import { iamOf } from "./support/iam";

const NODE_ROLE = "sandbox-nodes";
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** As the OOM killer does, which takes the largest process. The kill campaign of tests/continuity kills the providers too. */
describe("Where the engine alone is killed", () => {
    let sandbox: Sandbox;
    let iam: ReturnType<typeof iamOf>;
    let watching: Awaited<ReturnType<typeof watchGaps>>;

    before(async () => {
        sandbox = await handOverSandbox("orphans");
        iam = iamOf(sandbox);
        watching = await watchGaps(sandbox);
    });
    after(async () => {
        watching.stop();
        await sandbox.stop();
    });

    const bindings: [string, () => Promise<Stack>][] = [
        [
            "the dynamic provider of a program in TypeScript",
            async () => {
                const stack = await handOverStack(sandbox);
                await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
                return stack;
            },
        ],
        ["the plugin of a program in another language", () => yamlStack(sandbox, NODE_ROLE)],
    ];

    for (const [what, open] of bindings) {
        describe(what, () => {
            let stack: Stack;
            let run: ReturnType<typeof spawnUp>;

            before(async () => {
                stack = await open();
            });
            after(async () => {
                await run.kill();
                await sandbox.nodes.setPodReadySeconds(0.5);
                await stack.cancel();
                await stack.destroy();
                await stack.workspace.removeStack(stack.name, { force: true });
            });

            it("ends with it, in the middle of a wait in which it says nothing", async () => {
                await sandbox.nodes.setPodReadySeconds(30);
                run = spawnUp(stack);
                await run.shows(/restarts first, with the role/);
                await seconds(3);
                assert.strictEqual(run.remainingLiveChecks().length > 0, true);
                run.killEngine();
                for (let waited = 0; run.remainingLiveChecks().length > 0; waited += 0.25) {
                    assert.ok(waited < 5, "a live check is still running, and its changes are not recorded");
                    await seconds(0.25);
                }
                assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            it("leaves a state from which the next up continues", async () => {
                await run.kill();
                await sandbox.nodes.setPodReadySeconds(0.5);
                await stack.cancel();
                const { outputs } = await stack.up();
                const pods = (await clusterOf(sandbox).awsNodePods()).flatMap(({ containers }) => containers);
                assert.deepStrictEqual([...new Set(pods.map(({ roleArn }) => roleArn))], [outputs["ready"]?.value]);
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
                assert.deepStrictEqual(watching.gaps(), []);
            });
        });
    }
});
