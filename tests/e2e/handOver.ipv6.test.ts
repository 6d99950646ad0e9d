import { CreateOpenIDConnectProviderCommand, DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { IpFamily } from "../../index";
import { clusterOf } from "./support/cluster";
import { handOverStack, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const IPV6: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni", ipFamily: IpFamily.Ipv6 };
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";

describe("a cluster of the IPv6 family that is handed over", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    const nodePolicy = "arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy";
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(nodePolicy);
    const rolesOfPods = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-hand-over6-${String(process.pid)}`,
            ownerPid: process.pid,
            ipFamily: "ipv6",
            nodes: 2,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("detaches the customer managed policy, found by its content, and reports an inline one", async () => {
        const Statement = [{ Effect: "Allow", Action: "ec2:AssignIpv6Addresses", Resource: "*" }];
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
        const inline = { RoleName: NODE_ROLE, PolicyName: "more-addresses" };
        await iam.client.send(new PutRolePolicyCommand({ ...inline, PolicyDocument }));
        await setArgs(stack, sandbox, { ...IPV6, additionalOidcProviderArns: [await anotherProvider()] });
        const { outputs } = await stack.up();
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        assert.strictEqual(await holdsPolicy(), false);
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, [
            "[inline-policy] sandbox-nodes has the inline policy more-addresses, which also grants actions of the CNI. The component does not change it. Remove these actions from it if the nodes do not need them.",
        ]);
        await iam.client.send(new DeleteRolePolicyCommand(inline));
    });

    it("is not handed back while its role is trusted for other clusters, whose pods cannot be seen", async () => {
        assert.match(
            (await failureOf(stack.destroy())) ?? "",
            /\[other-clusters\] The role also trusts oidc\.eks\.us-west-2\.amazonaws\.com\/id\/ANOTHER0CLUSTER\..*remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy/s,
        );
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        assert.notStrictEqual(await iam.role("cni"), undefined);
    });

    it("gets the policy back on destroy, once no other cluster is trusted", async () => {
        await setArgs(stack, sandbox, IPV6);
        await stack.up();
        assert.strictEqual(await holdsPolicy(), false);
        await stack.destroy();
        assert.deepStrictEqual(await rolesOfPods(), [undefined]);
        assert.strictEqual(await holdsPolicy(), true);
        assert.strictEqual(await iam.role("cni"), undefined);
    });

    async function anotherProvider(): Promise<string> {
        const Url = "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER0CLUSTER";
        const another = new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] });
        return (await iam.client.send(another)).OpenIDConnectProviderArn ?? "";
    }
});
