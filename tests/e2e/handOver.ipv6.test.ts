import { CreateTagsCommand, DeleteTagsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
    CreateOpenIDConnectProviderCommand,
    CreatePolicyCommand,
    DeleteRolePolicyCommand,
    PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import type { Deployment, Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { execFile } from "child_process";
import { type Sandbox, startSandbox } from "local-eks";
import { promisify } from "util";
import { IpFamily } from "../../index";
import { clusterOf } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverStack, PlainArgs, setArgs, yamlStackOf } from "./support/handOver";
import { iamOf } from "./support/iam";
import { assertQuiet, isNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

interface PolicyResource {
    readonly type: string;
    readonly inputs: { policy: string };
    readonly outputs: { policy: string };
}

/** The state, with a change of the component's own policy. */
function withPolicy(state: Deployment, change: (resource: PolicyResource) => unknown): Deployment {
    const copy = JSON.parse(JSON.stringify(state)) as Deployment;
    const { resources } = copy.deployment as { readonly resources: readonly PolicyResource[] };
    resources.filter(({ type }) => type === "aws:iam/policy:Policy").forEach(change);
    return copy;
}

/** The engine gives the hook the inputs, and the provider compares with the outputs. */
function addAction({ inputs, outputs }: PolicyResource, action: string): void {
    for (const properties of [inputs, outputs]) {
        const document = JSON.parse(properties.policy) as { readonly Statement: readonly { Action: string[] }[] };
        document.Statement[0]?.Action.push(action);
        properties.policy = JSON.stringify(document);
    }
}

/** The output of a command. It may fail: grep does when it finds nothing. */
async function runShell(command: string, env: NodeJS.ProcessEnv): Promise<string> {
    const run = promisify(execFile)("sh", ["-c", command], { env: { ...process.env, ...env } });
    const { stdout, stderr } = await run.catch((error: unknown) => error as { stdout: string; stderr: string });
    assert.strictEqual(stderr, "");
    return stdout;
}

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
            failedStartFactor: 0.02,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("is refused while the plugin's settings need more than the policy grants, and is handed over with the policy that the message has", async () => {
        const { awsEndpoint: endpoint, region, subnetIds, environment, kubeconfigPath } = sandbox;
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const ec2 = new EC2Client({ endpoint, region, credentials });
        const excluded = { Resources: subnetIds, Tags: [{ Key: "kubernetes.io/role/cni", Value: "0" }] };
        const multiNic = async (value: string) => {
            const set = `set env daemonset/aws-node -n kube-system -c aws-node ENABLE_MULTI_NIC=${value}`;
            await runShell(`kubectl --kubeconfig ${kubeconfigPath} ${set}`, environment);
            await cluster.settled();
        };
        await multiNic("true");
        await ec2.send(new CreateTagsCommand(excluded));
        await setArgs(stack, sandbox, IPV6);
        const refused = (await failureOf(stack.up())) ?? "";
        assert.match(
            refused,
            /\[permissions-for-settings\] On this IPv6 cluster, ENABLE_MULTI_NIC is true, and nodes are in subnet-\S+.* with the tag kubernetes\.io\/role\/cni: 0, while ENABLE_SUBNET_DISCOVERY is true\./,
        );
        assert.deepStrictEqual(await rolesOfPods(), [undefined]);
        assert.strictEqual(await holdsPolicy(), true);
        await ec2.send(new DeleteTagsCommand(excluded));
        const [, PolicyDocument = ""] =
            /policy: '(\{.*?\})' \}\); and additionalPolicyArns: \[policy\.arn\]/.exec(refused) ?? [];
        const { Policy } = await iam.client.send(
            new CreatePolicyCommand({ PolicyName: "cni-interfaces", PolicyDocument }),
        );
        await setArgs(stack, sandbox, { ...IPV6, additionalPolicyArns: [Policy?.Arn ?? ""] });
        const { outputs } = await stack.up();
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
        await stack.destroy();
        await multiNic("false");
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
        await assertQuiet(stack, sandbox);
    });

    it("is not handed back while its role is trusted for other clusters, whose pods cannot be seen", async () => {
        assert.match(
            (await failureOf(stack.destroy())) ?? "",
            /\[other-clusters\] The role also trusts oidc\.eks\.us-west-2\.amazonaws\.com\/id\/ANOTHER0CLUSTER\..*remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy/s,
        );
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        assert.notStrictEqual(await iam.role("cni"), undefined);
    });

    it("shows how to find the pods of a cluster whose issuer leaves the role, by a command that finds them", async () => {
        await setArgs(stack, sandbox, IPV6);
        for (const operation of [(opts: object) => stack.preview(opts), (opts: object) => stack.up(opts)]) {
            const { diagnostics, onEvent } = recordEvents();
            await operation({ onEvent });
            const line = diagnostics.find((text) => text.includes("ANOTHER0CLUSTER")) ?? "";
            assert.match(
                line,
                /^warning: .*stops trusting the cluster with the issuer oidc\.\S+\/id\/ANOTHER0CLUSTER\./s,
            );
            const [, command = ""] = /this command must print nothing: (kubectl .*)$/m.exec(line) ?? [];
            const here = command.replace("FILE", sandbox.kubeconfigPath);
            const found = (await runShell(here, sandbox.environment)).split("\n").filter((text) => text !== "");
            assert.deepStrictEqual(
                found.map((text) => text.split(/ +/)[0]).sort(),
                (await cluster.awsNodePods()).map(({ pod }) => pod).sort(),
            );
            assert.strictEqual(
                await runShell(here.replace(ROLE_ARN, `${ROLE_ARN}-of-another`), sandbox.environment),
                "",
            );
        }
        assert.strictEqual(await holdsPolicy(), false);
    });

    it("keeps its policy as it is while a change in place would take an action away from the pods", async () => {
        const former = await stack.exportStack();
        await stack.importStack(withPolicy(former, (policy) => addAction(policy, "ec2:UnassignIpv6Addresses")));
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[role-narrowed\] The update would change \S+ in place: it no longer grants ec2:UnassignIpv6Addresses\. /,
        );
        await stack.importStack(former);
    });

    it("gets another policy with a new generation, and loses the former one last", async () => {
        const policies = async () =>
            (await iam.attachedPolicies("cni")).filter((arn) => arn.includes("cni-ipv6-policy"));
        const [former] = await policies();
        const state = await stack.exportStack();
        await stack.importStack(
            withPolicy(state, (resource) => Object.assign(resource, { replacementTrigger: "ipv6/0 cni" })),
        );
        const { stdout } = await stack.up();
        assert.match(stdout, /\+-2 replaced/);
        const now = await policies();
        assert.strictEqual(now.length, 1);
        assert.notStrictEqual(now[0], former);
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
    });

    it("gets the policy back on destroy, once no other cluster is trusted", async () => {
        await stack.destroy();
        assert.deepStrictEqual(await rolesOfPods(), [undefined]);
        assert.strictEqual(await holdsPolicy(), true);
        assert.strictEqual(await iam.role("cni"), undefined);
    });

    (isNightly ? it : it.skip)("is quiet in YAML, too", async () => {
        const yaml = await yamlStackOf(sandbox, IPV6);
        await yaml.up();
        await assertQuiet(yaml, sandbox);
        await yaml.destroy();
        await yaml.workspace.removeStack(yaml.name);
    });

    async function anotherProvider(): Promise<string> {
        const Url = "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER0CLUSTER";
        const another = new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] });
        return (await iam.client.send(another)).OpenIDConnectProviderArn ?? "";
    }
});
