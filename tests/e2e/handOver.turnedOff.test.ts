import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";
const ON: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const KEPT: PlainArgs = { roleName: "cni" };
const OFF: PlainArgs = { liveChecks: false, roleName: "cni" };

describe("live checks that are turned off and on again", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let pods: string[];

    /** The state of the cluster and the account that the pods' network and permissions depend on. */
    const world = async () => ({
        samePods: JSON.stringify(uids(await cluster.awsNodePods())) === JSON.stringify(pods),
        carried: [
            ...new Set(
                (await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn)),
            ),
        ],
        annotation: (await cluster.annotations())["eks.amazonaws.com/role-arn"],
        nodeRoleHoldsPolicy: (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY),
        injectionGuards: (await cluster.kubectl("get", "validatingadmissionpolicy", "-o", "name"))
            .split("\n")
            .filter(Boolean).length,
    });
    const untouched = { samePods: true, carried: [ROLE_ARN], annotation: ROLE_ARN };
    const up = async (args: PlainArgs) => {
        await setArgs(stack, sandbox, args);
        const { done, onEvent } = recordEvents();
        await stack.up({ onEvent });
        return done().filter((line) => line.includes("cni"));
    };

    before(async () => {
        sandbox = await handOverSandbox("turned-off");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        await up(ON);
        pods = uids(await cluster.awsNodePods());
        assert.deepStrictEqual(await world(), { ...untouched, nodeRoleHoldsPolicy: false, injectionGuards: 1 });
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("are refused, in a preview and in each update, while the policy is detached, and so is a destroy that runs the program", async () => {
        await setArgs(stack, sandbox, OFF);
        const refused = new RegExp(
            `\\[policies-detached\\] The program has no live checks any more, and policies are detached from these node roles: ${NODE_ROLE}\\.`,
        );
        for (const run of [
            () => stack.preview(),
            () => stack.up(),
            () => stack.up(),
            () => stack.destroy({ runProgram: true }),
        ]) {
            assert.match((await failureOf(run())) ?? "", refused);
        }
        assert.deepStrictEqual(await world(), { ...untouched, nodeRoleHoldsPolicy: false, injectionGuards: 1 });
    });

    it("give the node role its policy back in an update without detachFromNodeRoles, as the refusal advises", async () => {
        assert.deepStrictEqual(await up(KEPT), [
            "update cni",
            "update cni-canary",
            "update cni-credential-guard",
            "update cni-detachment",
        ]);
        assert.deepStrictEqual(await world(), { ...untouched, nodeRoleHoldsPolicy: true, injectionGuards: 0 });
    });

    it("leave annotation and role alone, and restart the pods once", async () => {
        assert.deepStrictEqual(await up(OFF), [
            "delete cni-canary",
            "delete cni-credential-guard",
            "delete cni-deletion-order-1",
            "delete cni-deletion-order-2",
            "delete cni-detachment",
            "update cni",
            "update cni-daemon-set",
            "update cni-service-account",
        ]);
        // Without live checks, the pod template has the digest: the DaemonSet's rolling update has restarted every pod once.
        assert.deepStrictEqual(await world(), {
            ...untouched,
            samePods: false,
            nodeRoleHoldsPolicy: true,
            injectionGuards: 0,
        });
        pods = uids(await cluster.awsNodePods());
    });

    it("leave a stack in which state and cluster agree", async () => {
        await stack.up({ expectNoChanges: true });
        await stack.up({ refresh: true, expectNoChanges: true });
    });

    it("restart no pod when they are turned on for pods that carry the role", async () => {
        await up(ON);
        assert.deepStrictEqual(await world(), { ...untouched, nodeRoleHoldsPolicy: false, injectionGuards: 1 });
    });
});
