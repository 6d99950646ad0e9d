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

/** Source: https://www.pulumi.com/docs/iac/cli/commands/pulumi_cancel/, and the engine's message on the first Ctrl-C. */
describe("Ctrl-C in the middle of a hand-over", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let watching: Awaited<ReturnType<typeof watchGaps>>;
    let run: ReturnType<typeof spawnUp> | undefined;

    const isHandedOver = async ({ outputs }: Awaited<ReturnType<Stack["up"]>>) => {
        const pods = (await cluster.awsNodePods()).flatMap(({ containers }) => containers);
        assert.deepStrictEqual([...new Set(pods.map(({ roleArn }) => roleArn))], [outputs["ready"]?.value]);
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.deepStrictEqual(watching.gaps(), []);
    };
    /** A process that continues would change the cluster without any record. */
    const allProcessesEnd = async (within: number) => {
        const deadline = Date.now() + within * 1000;
        while ((run?.remainingProcesses() ?? []).length > 0) {
            assert.ok(Date.now() < deadline, "a process of the ended run is still running");
            await seconds(0.25);
        }
    };

    before(async () => {
        sandbox = await handOverSandbox("cancel");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        watching = await watchGaps(sandbox);
    });
    afterEach(async () => {
        await run?.kill();
        run = undefined;
        await sandbox.nodes.setPodReadySeconds(0.5);
    });
    after(async () => {
        watching.stop();
        await sandbox.stop();
    });

    describe("by a program in TypeScript", () => {
        let stack: Stack;
        before(async () => {
            stack = await handOverStack(sandbox);
            // Long enough to interrupt it.
            await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], stableSeconds: 6 });
        });
        after(async () => {
            await stack.destroy();
            await stack.workspace.removeStack(stack.name, { force: true });
        });

        it("once: the part that is under way is ended and kept, and the next up goes on without pulumi cancel", async () => {
            run = spawnUp(stack);
            await run.shows(/the policies are detached from [^;]*; watching the pods/);
            const interrupted = Date.now();
            run.interrupt();
            const { code, at } = await run.ended;
            assert.notStrictEqual(code, 0, run.output());
            // The verification watches for stableSeconds twice, and IAM and the cluster need time.
            assert.ok(at - interrupted < 45_000, `it took ${String((at - interrupted) / 1000)} s`);
            await allProcessesEnd(5);
            await isHandedOver(await stack.up());
        });

        it("twice, during a change of the role: it ends at once, no process keeps running, and the next up finishes", async () => {
            await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], stableSeconds: 6, roleName: "cni-new" });
            run = spawnUp(stack);
            await run.shows(/watching (the pods|them) for 6 s/);
            run.interrupt();
            await seconds(1);
            const interrupted = Date.now();
            run.interrupt();
            const { code, at } = await run.ended;
            assert.notStrictEqual(code, 0, run.output());
            assert.ok(at - interrupted < 10_000, `it took ${String((at - interrupted) / 1000)} s`);
            await allProcessesEnd(10);
            await isHandedOver(await stack.up());
        });
    });

    describe("by a program in another language", () => {
        let stack: Stack;
        before(async () => {
            stack = await yamlStack(sandbox, NODE_ROLE);
        });
        after(async () => {
            await stack.destroy();
            await stack.workspace.removeStack(stack.name, { force: true });
        });

        it("once: the live checks end at once, and the next up goes on from there", async () => {
            await sandbox.nodes.setPodReadySeconds(20);
            run = spawnUp(stack);
            await run.shows(/restarts first, with the role/);
            const interrupted = Date.now();
            run.interrupt();
            const { at } = await run.ended;
            assert.match(run.output(), /\[cancelled\] The run was cancelled\./);
            assert.ok(at - interrupted < 10_000, `it took ${String((at - interrupted) / 1000)} s`);
            await allProcessesEnd(5);
            await sandbox.nodes.setPodReadySeconds(0.5);
            await isHandedOver(await stack.up());
        });
    });
});
