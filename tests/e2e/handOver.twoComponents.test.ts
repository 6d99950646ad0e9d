import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { installOtherDaemonSet, OTHER } from "./support/otherDaemonSet";
import { describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const AWS_NODE: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const CUSTOM: PlainArgs = {
    detachFromNodeRoles: [NODE_ROLE],
    roleName: "cni-custom",
    serviceAccount: { name: OTHER },
    rollout: { daemonSetName: OTHER },
};

describeNightly("two components on one cluster, each with its live checks", () => {
    let sandbox: Sandbox;
    let awsNode: Stack;
    let custom: Stack;

    const world = async () => {
        const pods = await clusterOf(sandbox).awsNodePods();
        const customPods = await podCredentials(sandbox.kubeconfigPath, { daemonSet: OTHER });
        const rolesOf = (of: typeof pods) => [
            ...new Set(of.flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn?.split("/").at(-1)))),
        ];
        return {
            pods: uids(pods),
            customPods: uids(customPods),
            awsNode: rolesOf(pods),
            custom: rolesOf(customPods),
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
        custom = await handOverStack(sandbox);
        await setArgs(awsNode, sandbox, AWS_NODE);
        await setArgs(custom, sandbox, CUSTOM);
    });
    after(async () => {
        await awsNode.workspace.removeStack(awsNode.name, { force: true });
        await custom.workspace.removeStack(custom.name, { force: true });
        await sandbox.stop();
    });

    it("refuse to detach the policy from a node role whose permissions kube-system/aws-node still uses", async () => {
        const before = await world();
        const failure = (await failureOf(custom.up())) ?? "";
        assert.match(
            failure,
            /\[node-role-in-use\].*aws-node-\w+, aws-node-\w+\..*Hand kube-system\/aws-node over first/s,
        );
        assert.deepStrictEqual(await world(), before);
    });

    it("hand their own pods over, and leave the other's alone", async () => {
        const { customPods } = await world();
        await awsNode.up();
        const first = await world();
        assert.deepStrictEqual(first, {
            pods: first.pods,
            customPods,
            awsNode: ["cni"],
            custom: [undefined],
            nodeRoleHoldsPolicy: false,
            guards: 1,
        });
        await custom.up();
        const second = await world();
        assert.deepStrictEqual(second, { ...first, customPods: second.customPods, custom: ["cni-custom"], guards: 2 });
        assert.ok(second.customPods.every((uid) => !customPods.includes(uid)));
    });

    it("go back one by one, in either order", async () => {
        const { customPods } = await world();
        await awsNode.destroy();
        const first = await world();
        assert.deepStrictEqual(first, {
            pods: first.pods,
            customPods,
            awsNode: [undefined],
            custom: ["cni-custom"],
            nodeRoleHoldsPolicy: true,
            guards: 1,
        });
        await custom.destroy();
        const second = await world();
        assert.deepStrictEqual(second, { ...first, customPods: second.customPods, custom: [undefined], guards: 0 });
    });
});
