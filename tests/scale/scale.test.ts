import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { countCalls, type Counted, CountedCalls } from "../e2e/support/calls";
import { handOverStack, setArgs } from "../e2e/support/handOver";
import { amidChurn, type Churned } from "./support/churn";
import { type Fleet, fleetOf } from "./support/fleet";
import { doublings } from "./support/growth";
import { addOtherPods } from "./support/otherPods";
import { PeakMemory, watchPeakMemory } from "./support/peakMemory";
import { watchPodsOfNodes } from "./support/podsOfNodes";
import { type Figures, type Measured, report } from "./support/report";
import { carries, threeSteps, undoThreeSteps } from "./support/threeSteps";

const OPERATIONS = ["up", "second up", "refresh", "destroy"] as const;
type Operation = (typeof OPERATIONS)[number];

/** An operation while nodes join and leave. */
interface Amid extends Measured {
    readonly churned: Churned;
}

/** Numbers of nodes, each with one pod of aws-node. The other pods show that the live checks do not read them. */
const SIZES = (process.env["EKS_CNI_SCALE_NODES"] || "12,100,500,1000").split(",").map(Number);
const OTHER_PODS_PER_NODE = 4;

/** The page size of a LIST (handover/kubernetes/clusterSettings.ts), and the values of one EC2 filter (handover/aws/instances.ts). */
const PAGE = 500;
const FILTER = 200;

/**
 * The most looks at the account that the steps of `up` or `destroy` take: docs/hand-over.md counts 7 and 8 on three nodes. While pods restart,
 * one more is made every 30 s (handover/run/loop.ts).
 */
const ACCOUNT_LOOKS = 9;
const ACCOUNT_LOOK_EVERY_SECONDS = 30;
/** Each of the live checks' resources reads the instance profiles once. */
const RESOURCES = 3;

/**
 * Heap limit of a process with the live checks, in MB. Without a limit, V8 delays garbage collection, and the peak grows with the
 * garbage. The clients' code takes some 100 MB. One page of pods takes up to 50: as text, as parsed JSON and as the client's objects.
 */
const HEAP = 192;
/** More than a full page takes, in MB. */
const MEMORY_THAT_GROWS = 100;

/** On twice the nodes, `up` takes as much longer as a bare rolling restart does on the same machine, within 20 %. */
const TIME_THAT_GROWS = 1.2;

const BARE_RESTART = "a bare rolling restart";
const THREE_STEPS = "AWS's three steps as a script";

describe("the live checks, as the cluster grows", () => {
    const measured = new Map<number, Figures<Operation>>();

    for (const fleet of SIZES.map((nodes) => fleetOf(nodes, process.env["EKS_CNI_SCALE_ROLES"]))) {
        const { nodes, nodeRoles, subnets, churns } = fleet;
        const many = `${String(nodeRoles)} node roles, ${String(subnets)} subnets, and nodes that come and go`;
        describe(`on ${String(nodes)} nodes, and ${String(nodes * (1 + OTHER_PODS_PER_NODE))} pods${churns ? `: ${many}` : ""}`, () => {
            const operations = new Map<Operation, Measured>();
            const byHand = new Map<string, number>();
            let sandbox: Sandbox;
            let calls: CountedCalls;
            let memory: PeakMemory;
            let stack: Stack;

            before(async () => {
                sandbox = await startSandbox({
                    name: `scale-${String(nodes)}-${String(process.pid)}`,
                    ownerPid: process.pid,
                    nodes,
                    nodeRoles,
                    subnets,
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
                await setArgs(stack, sandbox, { ...calls.args, detachFromNodeRoles: sandbox.nodeRoleNames, ...limits });
                measured.set(nodes, { operations, byHand });
            });
            after(async () => {
                memory.stop();
                await stack.workspace.removeStack(stack.name, { force: true });
                await calls.close();
                await sandbox.stop();
            });

            /** Counts the calls of an operation. */
            async function measure(operation: Operation, run: () => Promise<unknown>): Promise<Measured> {
                memory.take();
                calls.take();
                const startedAt = Date.now();
                await run();
                const counted = calls.take();
                const seconds = (Date.now() - startedAt) / 1000;
                const of = { ...counted, seconds, megabytes: memory.take() };
                operations.set(operation, of);
                return of;
            }

            /** The same, while nodes join and leave. No node may restart its pod twice. */
            async function measureAmidChurn(operation: Operation, run: () => Promise<unknown>): Promise<Amid> {
                const watched = await watchPodsOfNodes(sandbox.kubeconfigPath);
                const { result, churned } = await amidChurn(sandbox, () => measure(operation, run));
                await watched.stop();
                const restarts = [...watched.uids].map(([node, { size }]) => ({ node, restarts: size - 1 }));
                assert.deepStrictEqual(
                    restarts.filter((node) => node.restarts > 1),
                    [],
                );
                const stayed = restarts.filter(
                    ({ node }) => !churned.joined.includes(node) && !churned.left.includes(node),
                );
                assert.ok(stayed.every((node) => node.restarts === 1) && stayed.length > 0);
                assertChurn(churned, result.seconds);
                return { ...result, churned };
            }

            const alsoAmidChurn = <T>(run: () => Promise<T>) =>
                churns ? amidChurn(sandbox, run).then(({ result }) => result) : run();

            it("the same by hand: AWS's three steps, and a rolling restart", async () => {
                const startedAt = Date.now();
                await alsoAmidChurn(() => threeSteps(sandbox));
                byHand.set(THREE_STEPS, (Date.now() - startedAt) / 1000);
                byHand.set(BARE_RESTART, await alsoAmidChurn(() => undoThreeSteps(sandbox)));
            });

            if (churns) {
                it("up gets through, restarts no pod twice, and detaches once for each node role", async () => {
                    const amid = await measureAmidChurn("up", () => stack.up());
                    const { writes, reads, churned } = amid;
                    const { "DELETE pods": deleted = 0, ...others } = writes;
                    assert.deepStrictEqual(others, { "iam DetachRolePolicy": nodeRoles });
                    assertDeleted(deleted, nodes, churned);
                    assertPages(reads, nodes + churned.joined.length);
                    assertAccountReads(amid, fleet, await regionsOf(sandbox));
                    const roleArn = String((await stack.outputs())["roleArn"]?.value);
                    const pods = await podCredentials(sandbox.kubeconfigPath);
                    assert.ok(pods.length > nodes / 2 && pods.every((pod) => carries(pod, roleArn)));
                });
            } else {
                it("up restarts each pod once and detaches once, and looks a page at a time", async () => {
                    const { writes, reads } = await measure("up", () => stack.up());
                    assert.deepStrictEqual(writes, { "DELETE pods": nodes, "iam DetachRolePolicy": 1 });
                    assertPages(reads, nodes);
                    assert.strictEqual((await stack.outputs())["verifiedPods"]?.value, nodes);
                });
            }

            it("a second up makes no calls", async () => {
                const { writes, reads } = await measure("second up", () => stack.up({ expectNoChanges: true }));
                assert.deepStrictEqual({ writes, reads }, { writes: {}, reads: {} });
            });

            it("refresh takes three looks, and a proof on one instance", async () => {
                // As many as at first, or one or two more: a node that joins may have no counterpart yet.
                const now = Object.keys(await sandbox.nodes.subnets()).length;
                const { writes, reads } = await measure("refresh", () => stack.refresh());
                assert.deepStrictEqual(writes, {});
                assert.strictEqual(reads["LIST daemonsets"], 3);
                assert.strictEqual(reads["ec2 DescribeInstances"], 2 * (Math.ceil(now / FILTER) + 1) + 2);
                assertPages(reads, now);
            });

            if (churns) {
                it("destroy gets through, restarts no pod twice, and attaches once for each node role", async () => {
                    const amid = await measureAmidChurn("destroy", () => stack.destroy());
                    const { writes, reads, churned } = amid;
                    assertDeleted(writes["DELETE pods"] ?? 0, nodes, churned);
                    assert.strictEqual(writes["iam AttachRolePolicy"], nodeRoles);
                    assertPages(reads, nodes + churned.joined.length);
                    assertAccountReads(amid, fleet, await regionsOf(sandbox));
                    const pods = await podCredentials(sandbox.kubeconfigPath);
                    assert.ok(pods.length > nodes / 2 && pods.every((pod) => carries(pod, undefined)));
                });
            } else {
                it("destroy restarts each pod once and attaches once", async () => {
                    const { writes, reads } = await measure("destroy", () => stack.destroy());
                    assert.strictEqual(writes["DELETE pods"], nodes);
                    assert.strictEqual(writes["iam AttachRolePolicy"], 1);
                    assertPages(reads, nodes);
                });
            }
        });
    }

    // A separate group, since mocha runs the tests of a group before its nested groups.
    describe("on all of them", () => {
        it("take hardly more memory on the largest cluster than on the smallest", () => {
            const peaks = [...measured.values()].map(({ operations }) =>
                Math.max(...[...operations.values()].map(({ megabytes }) => megabytes)),
            );
            assert.deepStrictEqual([peaks.length, Math.min(...peaks) > 0], [SIZES.length, true]);
            assert.ok(Math.max(...peaks) - Math.min(...peaks) < MEMORY_THAT_GROWS, `peaks of ${peaks.join(", ")} MB`);
        });

        it("take as much longer on twice the nodes as a bare rolling restart does, within 20 %", () => {
            const secondsOf = (seconds: (figures: Figures<Operation>) => number | undefined) =>
                new Map([...measured].map(([nodes, figures]) => [nodes, seconds(figures) ?? NaN]));
            const bare = doublings(secondsOf(({ byHand }) => byHand.get(BARE_RESTART)));
            assert.strictEqual(bare.length, SIZES.filter((nodes) => SIZES.includes(2 * nodes)).length);
            for (const operation of ["up", "destroy"] as const) {
                doublings(secondsOf(({ operations }) => operations.get(operation)?.seconds)).forEach(
                    ({ nodes, times }, index) => {
                        const most = TIME_THAT_GROWS * (bare[index]?.times ?? NaN);
                        assert.ok(
                            times <= most,
                            `${operation}, from ${String(nodes)} nodes: ${times.toFixed(2)} times`,
                        );
                    },
                );
            }
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

/** How many regions are enabled in the account. */
async function regionsOf({ awsEndpoint, region }: Sandbox): Promise<number> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const ec2 = new EC2Client({ endpoint: awsEndpoint, region, credentials });
    return (await ec2.send(new DescribeRegionsCommand({}))).Regions?.length ?? 0;
}

/** A node came and one left every 3 s, for as long as it took. A slow machine may miss some turns. */
function assertChurn({ joined, left }: Churned, seconds: number): void {
    const turns = Math.floor(seconds / 3);
    assert.ok(joined.length >= turns / 2 && left.length >= turns / 2, `${String(joined.length)} of ${String(turns)}`);
}

/** Each pod that stayed, and at most each of those that came or left, once. */
function assertDeleted(deleted: number, nodes: number, { joined, left }: Churned): void {
    const least = nodes - left.length;
    assert.ok(deleted >= least && deleted <= nodes + joined.length, `${String(deleted)} pods deleted`);
}

/**
 * The looks at the account grow with time alone, not with the nodes, and not with those that come and go. Each reads IAM once for each node role, and the
 * instances a page at a time. The instance of a node that joins is read once more. The search for other users of the node roles takes two calls a region.
 */
function assertAccountReads({ reads, seconds, churned }: Amid, { nodes, nodeRoles }: Fleet, regions: number): void {
    const looks = ACCOUNT_LOOKS + Math.floor(seconds / ACCOUNT_LOOK_EVERY_SECONDS);
    const joined = churned.joined.length;
    const pages = Math.ceil((nodes + joined) / FILTER) + 1;
    for (const [read, most] of [
        ["iam GetRole", looks * nodeRoles],
        ["iam ListAttachedRolePolicies", looks * nodeRoles],
        ["iam ListInstanceProfilesForRole", looks * nodeRoles],
        ["iam ListRolePolicies", looks * nodeRoles],
        ["iam GetInstanceProfile", RESOURCES * nodeRoles],
        ["ec2 DescribeInstances", 2 * regions + looks * pages + joined],
    ] as const) {
        assert.ok((reads[read] ?? 0) <= most, `${read}: ${String(reads[read])}, more than ${String(most)}`);
    }
}
