import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { countCalls, type Counted, CountedCalls } from "../e2e/support/calls";
import { handOverStack, setArgs } from "../e2e/support/handOver";
import { addOtherPods } from "./support/otherPods";
import { PeakMemory, watchPeakMemory } from "./support/peakMemory";
import { type Measured, report } from "./support/report";

const OPERATIONS = ["up", "second up", "refresh", "destroy"] as const;
type Operation = (typeof OPERATIONS)[number];

/** Numbers of nodes, each with one pod of aws-node. The other pods show that the live checks do not read them. */
const SIZES = (process.env["EKS_CNI_SCALE_NODES"] ?? "12,100,1000").split(",").map(Number);
const OTHER_PODS_PER_NODE = 4;

/** The page size of a LIST (handover/kubernetes/clusterSettings.ts), and the values of one EC2 filter (handover/aws/instances.ts). */
const PAGE = 500;
const FILTER = 200;

/**
 * Heap limit of a process with the live checks, in MB. Without a limit, V8 delays garbage collection, and the peak grows with the
 * garbage. The clients' code takes some 100 MB. One page of pods takes up to 50: as text, as parsed JSON and as the client's objects.
 */
const HEAP = 192;
/** More than a full page takes, in MB. */
const MEMORY_THAT_GROWS = 100;

describe("the live checks, as the cluster grows", () => {
    const measured = new Map<number, Map<Operation, Measured>>();

    for (const nodes of SIZES) {
        describe(`on ${String(nodes)} nodes, and ${String(nodes * (1 + OTHER_PODS_PER_NODE))} pods`, () => {
            const operations = new Map<Operation, Measured>();
            let sandbox: Sandbox;
            let calls: CountedCalls;
            let memory: PeakMemory;
            let stack: Stack;

            before(async () => {
                sandbox = await startSandbox({
                    name: `scale-${String(nodes)}-${String(process.pid)}`,
                    ownerPid: process.pid,
                    nodes,
                    podReadySeconds: 0.5,
                    enforcementDelaySeconds: 1,
                    onProgress: (line) => process.stderr.write(`    ${line}\n`),
                });
                await addOtherPods(sandbox.kubeconfigPath, nodes * OTHER_PODS_PER_NODE);
                calls = await countCalls(sandbox);
                memory = watchPeakMemory(sandbox.name);
                stack = await handOverStack(sandbox);
                stack.workspace.envVars["NODE_OPTIONS"] = `--max-old-space-size=${String(HEAP)}`;
                const limits = { timeouts: { proofSeconds: 60 }, iamPropagationSeconds: 3 };
                await setArgs(stack, sandbox, { ...calls.args, detachFromNodeRoles: ["sandbox-nodes"], ...limits });
                measured.set(nodes, operations);
            });
            after(async () => {
                memory.stop();
                await stack.workspace.removeStack(stack.name, { force: true });
                await calls.close();
                await sandbox.stop();
            });

            /** Counts the calls of an operation. */
            async function measure(operation: Operation, run: () => Promise<unknown>): Promise<Counted> {
                memory.take();
                calls.take();
                const startedAt = Date.now();
                await run();
                const counted = calls.take();
                const seconds = (Date.now() - startedAt) / 1000;
                operations.set(operation, { ...counted, seconds, megabytes: memory.take() });
                return counted;
            }

            it("up restarts each pod once and detaches once, and looks a page at a time", async () => {
                const { writes, reads } = await measure("up", () => stack.up());
                assert.deepStrictEqual(writes, { "DELETE pods": nodes, "iam DetachRolePolicy": 1 });
                assertPages(reads, nodes);
                assert.strictEqual((await stack.outputs())["verifiedPods"]?.value, nodes);
            });

            it("a second up makes no calls", async () => {
                const counted = await measure("second up", () => stack.up({ expectNoChanges: true }));
                assert.deepStrictEqual(counted, { writes: {}, reads: {} });
            });

            it("refresh takes three looks, and a proof on one instance", async () => {
                const { writes, reads } = await measure("refresh", () => stack.refresh());
                assert.deepStrictEqual(writes, {});
                assert.strictEqual(reads["LIST daemonsets"], 3);
                assert.strictEqual(reads["ec2 DescribeInstances"], 2 * (Math.ceil(nodes / FILTER) + 1) + 2);
                assertPages(reads, nodes);
            });

            it("destroy restarts each pod once and attaches once", async () => {
                const { writes, reads } = await measure("destroy", () => stack.destroy());
                assert.strictEqual(writes["DELETE pods"], nodes);
                assert.strictEqual(writes["iam AttachRolePolicy"], 1);
                assertPages(reads, nodes);
            });
        });
    }

    // A separate group, since mocha runs the tests of a group before its nested groups.
    describe("on all of them", () => {
        it("take hardly more memory on the largest cluster than on the smallest", () => {
            const peaks = [...measured.values()].map((operations) =>
                Math.max(...[...operations.values()].map(({ megabytes }) => megabytes)),
            );
            assert.deepStrictEqual([peaks.length, Math.min(...peaks) > 0], [SIZES.length, true]);
            assert.ok(Math.max(...peaks) - Math.min(...peaks) < MEMORY_THAT_GROWS, `peaks of ${peaks.join(", ")} MB`);
        });
    });

    after(() => process.stdout.write(`\n${report(OPERATIONS, measured)}\n`));
});

/**
 * Nodes and pods of aws-node are read in as many pages as they fill. After a full page, the API server may announce another one. A look also lists
 * the pods of other DaemonSets that carry the role, which are none here.
 */
function assertPages(reads: Counted["reads"], nodes: number): void {
    const looks = reads["LIST daemonsets"] ?? 0;
    const pages = Math.floor(nodes / PAGE) + 1;
    for (const [list, most] of [
        ["LIST nodes", looks * pages],
        ["LIST pods", looks * (pages + 1)],
    ] as const) {
        assert.ok((reads[list] ?? 0) <= most, `${list}: ${String(reads[list])}`);
    }
}
