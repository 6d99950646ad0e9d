import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { fullAwsAccess } from "local-eks/iam";
import { Proof } from "../../components/cniLiveArgs";
import { clusterOf } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, QUICK, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const OWN_ROLE = "in-perimeter";

/** The agents on the nodes call through an endpoint of their VPC, and this machine does not. */
describeNightly("a hand-over from outside of a data perimeter", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let vpc: string;

    const args = (more: PlainArgs = {}): PlainArgs => ({
        detachFromNodeRoles: [NODE_ROLE],
        // An undecided proof takes all of its time.
        timeouts: { ...QUICK.timeouts, proofSeconds: 5 },
        ...more,
    });
    /** After resource_control_policies/network_perimeter_sourcevpc_rcp.json of aws-samples/data-perimeter-policy-examples. */
    const onlyFrom = (vpcId: string) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: [
                {
                    Effect: "Deny",
                    Principal: "*",
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Resource: "*",
                    Condition: { StringNotEqualsIfExists: { "aws:SourceVpc": vpcId } },
                },
            ],
        });
    const roles = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    const areReady = async () => assert.ok((await cluster.awsNodePods()).every(({ ready }) => ready));

    before(async () => {
        sandbox = await handOverSandbox("perimeter", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const ec2 = new EC2Client({ endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials });
        const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
        vpc = Vpcs.find(({ IsDefault }) => IsDefault !== true)?.VpcId ?? "";
        stack = await handOverStack(sandbox);
    });
    afterEach(async () => {
        await sandbox.setResourceControlPolicies([]);
        await sandbox.setServiceControlPolicies([]);
        await stack.destroy();
        await cluster.settled();
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("that a resource control policy draws: the proof is undecided, the canary decides, and the stack is quiet then", async () => {
        await sandbox.setResourceControlPolicies([onlyFrom(vpc)]);
        await setArgs(stack, sandbox, args());
        const { stdout, outputs } = await stack.up();
        assert.match(
            stdout,
            /proof: undecided, the canary decides \(STS refuses \S+ to this machine \(Not authorized to perform sts:AssumeRoleWithWebIdentity\), and the role's trust policy is the one that the component writes: /,
        );
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(await roles(), [outputs["ready"]?.value]);
        await areReady();
        await assertQuiet(stack, sandbox);
        await stack.destroy();
        assert.deepStrictEqual(await roles(), [undefined]);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        await areReady();
    }).timeout(600_000);

    it("that a service control policy draws around the CNI's calls: only the session of the proof is outside, and the node role keeps its policy until proof: off", async () => {
        const Condition = { StringNotEqualsIfExists: { "aws:SourceVpc": vpc } };
        const Action = ["ec2:*NetworkInterface", "ec2:*PrivateIpAddresses"];
        const deny = { Effect: "Deny", Action, Resource: "*", Condition };
        const outside = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
        await sandbox.setServiceControlPolicies([[fullAwsAccess, outside]]);
        await setArgs(stack, sandbox, args());
        const { stdout, outputs } = await stack.up();
        assert.match(
            stdout,
            /proof: undecided, the canary decides \(EC2 refuses a DryRun of \S.* with an explicit deny in a service control policy/,
        );
        assert.deepStrictEqual(await roles(), [outputs["ready"]?.value]);
        await areReady();
        // The start of a pod calls none of the refused actions, so the node role keeps its policy until another answer decides.
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, []);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        const remaining = (outputs["remainingSteps"]?.value as string[]).join("\n");
        assert.match(
            remaining,
            /^\[unproved\] sandbox-nodes keeps \S+\. No start of the plugin tests whether \S+ may call ec2:\S.* EC2 refuses a DryRun of ec2:/,
        );
        assert.match(remaining, /If the policy that refuses admits the nodes, set proof: "off", and run pulumi up\.$/);
        await assertQuiet(stack, sandbox);
        await setArgs(stack, sandbox, args({ proof: Proof.Off }));
        const { outputs: decided } = await stack.up();
        assert.deepStrictEqual(decided["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(decided["remainingSteps"]?.value, []);
        await areReady();
        await assertQuiet(stack, sandbox);
    }).timeout(600_000);

    it("that the trust policy of another owner's role draws: the proof refuses, and with proof: off, the canary decides", async () => {
        const trust = trustOf(sandbox) as { Statement: { Condition: object }[] };
        Object.assign(trust.Statement[0]?.Condition ?? {}, { StringEqualsIfExists: { "aws:SourceVpc": vpc } });
        Object.assign(trust.Statement[0]?.Condition ?? {}, { Null: { "aws:SourceVpc": "false" } });
        const existingRoleArn = (await iam.createRole(OWN_ROLE, trust, [MANAGED_CNI_POLICY])).Arn ?? "";
        await setArgs(stack, sandbox, args({ existingRoleArn }));
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(
            failure,
            /\[trust-refused\] .* If a policy admits only the nodes, and not the machine that runs Pulumi, set proof: "off"\./s,
        );
        assert.deepStrictEqual(await roles(), [undefined]);
        await setArgs(stack, sandbox, args({ existingRoleArn, proof: Proof.Off }));
        const { outputs } = await stack.up();
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        await areReady();
        await assertQuiet(stack, sandbox);
        await stack.destroy();
        await iam.removeRole(OWN_ROLE);
    }).timeout(600_000);

    it("that admits the nodes neither: the canary fails, and every pod has its former credentials again", async () => {
        await sandbox.setResourceControlPolicies([onlyFrom("vpc-elsewhere")]);
        await setArgs(stack, sandbox, args());
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(failure, /\[canary-failed\]/);
        assert.deepStrictEqual(await roles(), [undefined]);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        await areReady();
    }).timeout(600_000);
});
