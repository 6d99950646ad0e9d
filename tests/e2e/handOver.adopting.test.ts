import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const ROLE = "AmazonEKSVPCCNIRole";
const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";

/** The test does the first two steps of AWS's page with its commands. The hand-over does the third. */
describe("the hand-over of a cluster on which AWS's page was begun by hand", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let roleArn: string;
    const named: PlainArgs = { detachFromNodeRoles: [NODE_ROLE] };
    const roles = async () =>
        (await cluster.awsNodePods()).map(({ ready, containers }) => ({
            ready,
            roles: [...new Set(containers.map((container) => container.roleArn))],
        }));
    const allCarry = (arn: string | undefined) => Array.from({ length: 2 }, () => ({ ready: true, roles: [arn] }));
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const annotate = (annotation: string) =>
        cluster.kubectl("annotate", "serviceaccount", "-n", "kube-system", "aws-node", annotation);

    beforeEach(async () => {
        sandbox = await handOverSandbox("adopting");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        roleArn = (await iam.createRole(ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
        await annotate(`${ROLE_ANNOTATION}=${roleArn}`);
        await cluster.kubectl("rollout", "restart", "-n", "kube-system", "daemonset/aws-node");
        await cluster.settled();
        assert.deepStrictEqual(await roles(), allCarry(roleArn));
    });
    afterEach(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("imports the role by the names of the docs, and destroy does not leave pods on the role that goes", async () => {
        await setArgs(stack, sandbox, { ...named, roleName: ROLE });
        await stack.import({
            resources: [
                { type: "eks-cni:index:CniServiceAccountRole", name: "cni", component: true },
                { type: "aws:iam/role:Role", name: "cni-role", id: ROLE, parent: "cni" },
                {
                    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                    name: "cni-cni-policy",
                    id: `${ROLE}/${MANAGED_CNI_POLICY}`,
                    parent: "cni",
                },
            ],
            generateCode: false,
            protect: false,
        });
        const { RoleId } = (await iam.role(ROLE)) ?? {};
        const before = uids(await cluster.awsNodePods());
        const { outputs } = await stack.up();
        assert.strictEqual(outputs["roleArn"]?.value, roleArn);
        assert.strictEqual((await iam.role(ROLE))?.RoleId, RoleId);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
        assert.strictEqual(await holdsPolicy(), false);
        await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);

        // With kubectl's annotation, new pods would get a role that the engine is about to delete.
        const failure = (await failureOf(stack.destroy())) ?? "";
        assert.match(failure, /\[annotation-owned-by-another\].*"kubectl-annotate".*role-arn-/s);
        assert.deepStrictEqual(await roles(), allCarry(roleArn));
        assert.strictEqual(await holdsPolicy(), true);

        await annotate(`${ROLE_ANNOTATION}-`);
        await stack.destroy();
        assert.deepStrictEqual(await roles(), allCarry(undefined));
        assert.strictEqual(await iam.role(ROLE), undefined);
        assert.strictEqual(await holdsPolicy(), true);
    });

    it("takes the role as it is by existingRoleArn without a restart, and destroy gives all back as it was", async () => {
        const before = uids(await cluster.awsNodePods());
        await setArgs(stack, sandbox, { ...named, existingRoleArn: roleArn });
        await stack.up();
        assert.strictEqual(await holdsPolicy(), false);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);

        await stack.destroy();
        assert.deepStrictEqual(await roles(), allCarry(roleArn));
        assert.deepStrictEqual(await cluster.annotations(), { [ROLE_ANNOTATION]: roleArn });
        assert.deepStrictEqual(await iam.attachedPolicies(ROLE), [MANAGED_CNI_POLICY]);
        assert.strictEqual(await holdsPolicy(), true);
    });
});
