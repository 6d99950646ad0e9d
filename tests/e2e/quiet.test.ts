import { AttachRolePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Proof } from "../../index";
import { clusterOf } from "./support/cluster";
import {
    handOverSandbox,
    handOverStack,
    MANAGED_CNI_POLICY,
    PlainArgs,
    setArgs,
    yamlStackOf,
} from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

/** Each test runs the engine about a dozen times. */
const LONG = 600_000;
const NODE_ROLE = "sandbox-nodes";
const DETACHING: PlainArgs = { detachFromNodeRoles: [NODE_ROLE] };
const POLICIES = ["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"];
const OWN_ROLE = "made-before";
const OWN_ROLE_ARN = `arn:aws:iam::111122223333:role/${OWN_ROLE}`;

/** One way to use the component. */
interface Configuration {
    readonly name: string;
    readonly args: PlainArgs;
    /** Whether another owner's role exists, and whether the pods carry it, before the component. */
    readonly ownRole?: "exists" | "carried";
    readonly updateStrategy?: "OnDelete";
}

const CONFIGURATIONS: readonly Configuration[] = [
    { name: "the defaults, with a detachment", args: DETACHING },
    { name: "no detachment", args: {} },
    { name: "existingRoleArn", args: { ...DETACHING, existingRoleArn: OWN_ROLE_ARN }, ownRole: "exists" },
    { name: "injectionGuard: false", args: { ...DETACHING, injectionGuard: false } },
    { name: "OnDelete", args: DETACHING, updateStrategy: "OnDelete" },
    { name: "maxNotReadyNodes: 1", args: { ...DETACHING, maxNotReadyNodes: 1 } },
    {
        name: "a role that the pods carried before",
        args: { existingRoleArn: OWN_ROLE_ARN, overrideExistingServiceAccount: true, ...DETACHING },
        ownRole: "carried",
    },
    { name: "additionalPolicyArns", args: { ...DETACHING, additionalPolicyArns: POLICIES } },
    { name: "liveChecks: false", args: { liveChecks: false } },
    {
        name: "a role that the pods carried before, under OnDelete with maxNotReadyNodes: 1",
        args: {
            existingRoleArn: OWN_ROLE_ARN,
            overrideExistingServiceAccount: true,
            maxNotReadyNodes: 1,
            ...DETACHING,
        },
        ownRole: "carried",
        updateStrategy: "OnDelete",
    },
];

/**
 * EKS_CNI_NIGHTLY=1 runs them. In the gate, the tests of each delivery end with a second up, a preview and a refresh that change nothing.
 * tests/e2e/handOver.ipv6.test.ts has the IPv6 family.
 */
describeNightly("a finished stack is quiet", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    const daemonSet = (...args: string[]) => cluster.kubectl(...args, "daemonset/aws-node", "-n", "kube-system");
    const setUpdateStrategy = (type: string) =>
        daemonSet(
            "patch",
            "--type=merge",
            "-p",
            JSON.stringify({ spec: { updateStrategy: { type, rollingUpdate: null } } }),
        );

    before(async () => {
        sandbox = await handOverSandbox("quiet", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    /** The component's role, made and carried as the EKS user guide does it by hand. */
    async function makeOwnRole(carried: boolean): Promise<void> {
        await iam.createRole(OWN_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY]);
        if (carried) {
            const annotation = `eks.amazonaws.com/role-arn=${OWN_ROLE_ARN}`;
            await cluster.kubectl("annotate", "serviceaccount/aws-node", "-n", "kube-system", annotation);
            await daemonSet("rollout", "restart");
            await cluster.settled();
        }
    }

    async function removeOwnRole(): Promise<void> {
        await cluster.removeAnnotation();
        await cluster.forgetKubectl();
        await daemonSet("rollout", "restart");
        await cluster.settled();
        await iam.removeRole(OWN_ROLE);
    }

    /** Runs the component in a configuration, from the first update to the destroy. */
    async function play(of: Configuration, program: () => Promise<Stack>): Promise<void> {
        const { ownRole, updateStrategy } = of;
        if (ownRole !== undefined) {
            await makeOwnRole(ownRole === "carried");
        }
        if (updateStrategy !== undefined) {
            await setUpdateStrategy(updateStrategy);
        }
        const played = await program();
        await played.up();
        await assertQuiet(played, sandbox);
        await played.destroy();
        await setUpdateStrategy("RollingUpdate");
        await cluster.settled();
        if (ownRole !== undefined) {
            await removeOwnRole();
        }
    }

    for (const of of CONFIGURATIONS) {
        it(`with ${of.name}`, () =>
            play(of, async () => {
                await setArgs(stack, sandbox, of.args);
                return stack;
            })).timeout(LONG);

        it(`with ${of.name}, for a program in YAML`, async () => {
            let yaml: Stack | undefined;
            await play(of, async () => (yaml = await yamlStackOf(sandbox, of.args)));
            await yaml?.workspace.removeStack(yaml.name, { force: true });
        }).timeout(LONG);
    }

    it("after a rollout that was taken back, and after drift that was repaired", async () => {
        await iam.createRole(OWN_ROLE, trustOf(sandbox), []);
        await setArgs(stack, sandbox, { ...DETACHING, existingRoleArn: OWN_ROLE_ARN, proof: Proof.AssumeRole });
        assert.match((await failureOf(stack.up())) ?? "", /\[canary-failed\]/);
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: OWN_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await stack.up();
        await assertQuiet(stack, sandbox);

        await iam.client.send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await cluster.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "--all");
        await stack.up({ refresh: true });
        await assertQuiet(stack, sandbox);
        await stack.destroy();
        await iam.client.send(new DetachRolePolicyCommand({ RoleName: OWN_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await iam.removeRole(OWN_ROLE);
    }).timeout(LONG);
});
