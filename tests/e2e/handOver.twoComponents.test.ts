import * as assert from "assert";
import type { Stack } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { clusterOf, uids } from "./support/cluster";
import { give, handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { installOtherDaemonSet, OTHER } from "./support/otherDaemonSet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const AWS_NODE: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const BESIDE: PlainArgs = {
    detachFromNodeRoles: [NODE_ROLE],
    roleName: "beside",
    serviceAccount: { name: OTHER },
    rollout: { daemonSetName: OTHER },
};

describe("two components on one cluster, each with its live checks", () => {
    let sandbox: Sandbox;
    let awsNode: Stack;
    let beside: Stack;

    const world = async () => {
        const pods = await clusterOf(sandbox).awsNodePods();
        const others = await podCredentials(sandbox.kubeconfigPath, { daemonSet: OTHER });
        const rolesOf = (of: typeof pods) => [
            ...new Set(of.flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn?.split("/").at(-1)))),
        ];
        return {
            pods: uids(pods),
            others: uids(others),
            awsNode: rolesOf(pods),
            beside: rolesOf(others),
            nodeRoleHoldsPolicy: (await iamOf(sandbox).attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY),
            guards: (await clusterOf(sandbox).kubectl("get", "validatingadmissionpolicy", "-o", "name"))
                .split("\n")
                .filter(Boolean).length,
        };
    };

    before(async () => {
        sandbox = await handOverSandbox("two-components");
        await installOtherDaemonSet(sandbox);
        awsNode = await handOverStack(sandbox);
        beside = await handOverStack(sandbox);
        await give(awsNode, sandbox, AWS_NODE);
        await give(beside, sandbox, BESIDE);
    });
    after(async () => {
        await awsNode.workspace.removeStack(awsNode.name, { force: true });
        await beside.workspace.removeStack(beside.name, { force: true });
        await sandbox.stop();
    });

    it("refuse to take the policy off a node role off which kube-system/aws-node still lives", async () => {
        const before = await world();
        const failure = (await failureOf(beside.up())) ?? "";
        assert.match(
            failure,
            /\[node-role-in-use\].*aws-node-\w+, aws-node-\w+\..*Hand kube-system\/aws-node over first/s,
        );
        assert.deepStrictEqual(await world(), before);
    });

    it("hand their own pods over, and leave the other's alone", async () => {
        const { others } = await world();
        await awsNode.up();
        const first = await world();
        assert.deepStrictEqual(first, {
            pods: first.pods,
            others,
            awsNode: ["cni"],
            beside: [undefined],
            nodeRoleHoldsPolicy: false,
            guards: 1,
        });
        await beside.up();
        const second = await world();
        assert.deepStrictEqual(second, { ...first, others: second.others, beside: ["beside"], guards: 2 });
        assert.ok(second.others.every((uid) => !others.includes(uid)));
    });

    it("go back one by one, in either order", async () => {
        const { others } = await world();
        await awsNode.destroy();
        const first = await world();
        assert.deepStrictEqual(first, {
            pods: first.pods,
            others,
            awsNode: [undefined],
            beside: ["beside"],
            nodeRoleHoldsPolicy: true,
            guards: 1,
        });
        await beside.destroy();
        const second = await world();
        assert.deepStrictEqual(second, { ...first, others: second.others, beside: [undefined], guards: 0 });
    });
});
