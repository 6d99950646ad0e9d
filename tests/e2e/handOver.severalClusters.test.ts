import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { probeResults, type Sandbox } from "local-eks";
import { iamChanges, lastIamChange } from "local-eks/iam";
import { requestToken } from "local-eks/kubernetes";
import { setTimeout as sleep } from "timers/promises";
import { disagreements } from "../continuity/monitor/probes";
import { figuresOf } from "../continuity/monitor/gaps";
import { Monitor } from "../continuity/monitor/monitor";
import { type Snapshot, snapshot } from "../continuity/state/snapshot";
import { differencesAfterHandBack } from "../continuity/state/wanted";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { startSecondCluster } from "./support/secondCluster";
import { resourcesOf } from "./support/states";
import { untilAllowed } from "./support/sts";

const NODES = 2;
const NODE_ROLE = "sandbox-nodes";
const ROLES = "arn:aws:iam::111122223333:role/";
const HANDED_OVER = { detachedFrom: [NODE_ROLE], remaining: "" };

/** A cluster with the stack that hands it over. */
interface Member {
    readonly sandbox: Sandbox;
    readonly cluster: ReturnType<typeof clusterOf>;
    readonly stack: Stack;
    readonly monitor: Monitor;
    readonly arn: string;
    /** The name of its CNI role. */
    readonly roleName: string;
    readonly before: Snapshot;
}

/** Two control planes in one account. Each cluster has a stack and a component of its own, and the nodes of both use the same node role. */
describeNightly("a node role of two clusters, each with a stack of its own", function () {
    this.timeout(600_000);
    let blue: Member;
    let green: Member;
    let since: number;
    const both = () => [blue, green] as const;

    const holdsPolicy = async () =>
        (await iamOf(blue.sandbox).attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    /** How often the node role has lost the policy. */
    const detachments = () => {
        const held = iamChanges(blue.sandbox).map(({ state }) =>
            state.roles[NODE_ROLE]?.attachedPolicyArns.includes(MANAGED_CNI_POLICY),
        );
        return held.filter((holds, at) => holds === false && held[at - 1] === true).length;
    };
    const podsOf = async ({ cluster }: Member) => uids(await cluster.awsNodePods());
    const up = async (of: Member, ...handedOver: readonly Member[]) => {
        const named = handedOver.map(({ arn }) => arn);
        await setArgs(of.stack, of.sandbox, {
            detachFromNodeRoles: [NODE_ROLE],
            roleName: of.roleName,
            ...(named.length > 0 && { handedOverClusterArns: named }),
        });
        const { outputs } = await of.stack.up();
        const valueOf = (name: string) => outputs[name]?.value as readonly string[];
        return { detachedFrom: valueOf("detachedFrom"), remaining: valueOf("remainingSteps").join("\n") };
    };
    /** Everything but the detachment: the message names the other cluster. */
    const assertLeftForLater = ({ detachedFrom, remaining }: Awaited<ReturnType<typeof up>>, other: Member) => {
        assert.deepStrictEqual(detachedFrom, []);
        assert.match(remaining, new RegExp(`^\\[node-role-shared\\] ${NODE_ROLE} keeps `));
        assert.ok(remaining.includes(`Nodes of ${other.arn} use this role too`), remaining);
        assert.ok(remaining.includes(`handedOverClusterArns: ["${other.arn}"]`), remaining);
    };
    const destroy = async ({ stack }: Member, other: Member) => {
        const { stdout } = await stack.destroy();
        const warning = `warning: from now on the pods of this cluster need the node role ${NODE_ROLE}, which also serves ${other.arn}. `;
        assert.ok(stdout.includes(warning), stdout);
        assert.match(stdout, /remove it there before the next pulumi up/);
    };

    /** Asserts which role the pods of each cluster carry, whether the node role holds the policy, and that no pod has been without a path so far. */
    const assertWorld = async (blueRole: string | undefined, greenRole: string | undefined, holds: boolean) => {
        const rolesOf = async ({ cluster }: Member) => {
            const containers = (await cluster.awsNodePods()).flatMap((pod) => pod.containers);
            return [...new Set(containers.map(({ roleArn }) => roleArn))];
        };
        const arnOf = (name: string | undefined) => name && `${ROLES}${name}`;
        assert.deepStrictEqual(
            { blue: await rolesOf(blue), green: await rolesOf(green), holdsPolicy: await holdsPolicy() },
            { blue: [arnOf(blueRole)], green: [arnOf(greenRole)], holdsPolicy: holds },
        );
        // Until the last change is in force, and the probes have asked.
        await sleep(Math.max(0, lastIamChange(blue.sandbox).enforcedAt - Date.now()) + 1500);
        await Promise.all(both().map(assertPaths));
    };
    const assertPaths = async ({ sandbox, cluster, monitor }: Member) => {
        const pods = await cluster.awsNodePods();
        assert.deepStrictEqual([pods.length, pods.every(({ ready }) => ready)], [NODES, true]);
        const recording = monitor.recording(since, Date.now());
        const seen = recording.events.flatMap((event) => (event.kind === "pod" ? [event.pod.uid] : []));
        assert.deepStrictEqual(
            pods.filter(({ uid }) => !seen.includes(uid)),
            [],
        );
        const figures = figuresOf(recording);
        assert.deepStrictEqual(figures.gaps, []);
        for (const pod of pods) {
            const { roleArn } = pod.containers.find(({ container }) => container === "aws-node") ?? {};
            if (roleArn !== undefined) {
                const token = await requestToken(cluster.config, { pod });
                assert.strictEqual(await untilAllowed(sandbox, roleArn, token), "DryRunOperation");
            }
        }
        // The agents are those of blue.
        if (sandbox === blue.sandbox) {
            const probes = probeResults(sandbox);
            assert.ok(pods.every(({ uid }) => probes.some((probe) => probe.uid === uid && probe.ok)));
            assert.deepStrictEqual(disagreements(probes, figures, recording), []);
        }
    };
    /** Asserts that nothing differs from the state before the first update. */
    const assertAsBefore = async () => {
        await assertWorld(undefined, undefined, true);
        for (const { sandbox, stack, before } of both()) {
            assert.deepStrictEqual(differencesAfterHandBack(before, await snapshot(sandbox)), []);
            assert.deepStrictEqual(await resourcesOf(stack), []);
        }
    };
    /** First updates and last updates, each time of both clusters at once. */
    const handBothOver = async () => {
        const [first, second] = await Promise.all([up(blue), up(green)]);
        assertLeftForLater(first, green);
        assertLeftForLater(second, blue);
        await assertWorld("cni-blue", "cni-green", true);
        assert.deepStrictEqual(await Promise.all([up(blue, green), up(green, blue)]), [HANDED_OVER, HANDED_OVER]);
        await assertWorld("cni-blue", "cni-green", false);
    };

    before(async () => {
        const clusterName = "blue";
        const first = await handOverSandbox(clusterName, {
            clusterName,
            nodes: NODES,
            agents: true,
            failedStartFactor: 0.02,
        });
        const second = await startSecondCluster(first, "green");
        const sandboxes = [first, second];
        const [one, two] = await Promise.all(
            sandboxes.map(async (sandbox): Promise<Member> => {
                const { clusterName: name, region } = sandbox;
                const monitor = new Monitor(sandbox);
                await monitor.start();
                return {
                    sandbox,
                    monitor,
                    cluster: clusterOf(sandbox),
                    stack: await handOverStack(sandbox),
                    arn: `arn:aws:eks:${region}:111122223333:cluster/${name}`,
                    roleName: `cni-${name}`,
                    before: await snapshot(sandbox),
                };
            }),
        );
        [blue, green] = [one ?? assert.fail(), two ?? assert.fail()];
        // Until the agents have made a call in each pod, and the monitors know the instances.
        await sleep(2000);
        since = Date.now();
        await assertAsBefore();
    });
    after(async () => {
        for (const { sandbox, stack, monitor } of both()) {
            monitor.stop();
            await stack.workspace.removeStack(stack.name, { force: true });
            await sandbox.stop();
        }
    });

    it("keeps the policy after a first update of each, which does the rest and names the other cluster", async () => {
        assertLeftForLater(await up(blue), green);
        await assertWorld("cni-blue", undefined, true);
        assertLeftForLater(await up(green), blue);
        await assertWorld("cni-blue", "cni-green", true);
        for (const { cluster } of both()) {
            assert.match(await cluster.kubectl("get", "validatingadmissionpolicy", "-o", "name"), /eks-cni/);
        }
    });

    it("loses the policy once by two last updates at once, each of which names the other cluster, and no pod restarts", async () => {
        const [pods, count] = [await Promise.all(both().map(podsOf)), detachments()];
        assert.deepStrictEqual(await Promise.all([up(blue, green), up(green, blue)]), [HANDED_OVER, HANDED_OVER]);
        await assertWorld("cni-blue", "cni-green", false);
        assert.strictEqual(detachments() - count, 1);
        await Promise.all(both().map(({ stack, sandbox }) => assertQuiet(stack, sandbox)));
        assert.deepStrictEqual(await Promise.all(both().map(podsOf)), pods);
        await assertWorld("cni-blue", "cni-green", false);
    });

    it("gets the policy back when green's program stops naming blue; then blue is handed back, and green after it", async () => {
        const pods = await podsOf(green);
        assertLeftForLater(await up(green), blue);
        await assertWorld("cni-blue", "cni-green", true);
        await destroy(blue, green);
        await assertWorld(undefined, "cni-green", true);
        await green.stack.refresh({ expectNoChanges: true });
        assertLeftForLater(await up(green), blue);
        await assertWorld(undefined, "cni-green", true);
        assert.deepStrictEqual(await podsOf(green), pods);
        await destroy(green, blue);
        await assertAsBefore();
    });

    it("gets the policy back from green's destroy while blue's program still names green; blue leaves it attached, and is handed back after it", async () => {
        await handBothOver();
        const pods = await podsOf(blue);
        await destroy(green, blue);
        await assertWorld("cni-blue", undefined, true);

        // The program of blue still names green.
        const { stdout } = await blue.stack.refresh();
        assert.match(stdout, new RegExp(`${NODE_ROLE} holds ${MANAGED_CNI_POLICY} again`));
        const { detachedFrom, remaining } = await up(blue, green);
        assert.deepStrictEqual(detachedFrom, []);
        assert.match(remaining, /^\[attached-again\]/);
        await assertWorld("cni-blue", undefined, true);

        // As the warning of the destroy says.
        assertLeftForLater(await up(blue), green);
        await assertWorld("cni-blue", undefined, true);
        assert.deepStrictEqual(await podsOf(blue), pods);
        await destroy(blue, green);
        await assertAsBefore();
    });

    it("gets the policy back from two destroys at once", async () => {
        await handBothOver();
        await Promise.all([destroy(blue, green), destroy(green, blue)]);
        await assertAsBefore();
    });
});
