import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Delivery, IpFamily } from "../../index";
import { NODE_ROLE } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { refusals, watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, type PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";

/** Of the node roles, by the EKS user guide's page. */
const IPV6_POLICY = "arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy";

/** EKS_CNI_NIGHTLY=1 runs it. handOver.podIdentity.test.ts has the same moves on IPv4. */
describeNightly("the moves between annotation and Pod Identity on an IPv6 cluster", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;

    const up = async (args: PlainArgs) => {
        const before = uids(await cluster.awsNodePods());
        await setArgs(stack, sandbox, { ipFamily: IpFamily.Ipv6, detachFromNodeRoles: [NODE_ROLE], ...args });
        await stack.up();
        assert.deepStrictEqual(
            uids(await cluster.awsNodePods()).filter((uid) => before.includes(uid)),
            [],
        );
        assert.strictEqual(await holdsPolicy(), false);
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
    };
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(IPV6_POLICY);
    /** Of each container of each pod: the agent's address, or the role of the annotation. */
    const credentials = async () => [
        ...new Set(
            (await cluster.awsNodePods()).flatMap(({ containers }) =>
                containers.map(({ podIdentity, roleArn }) => (podIdentity === undefined ? roleArn : "association")),
            ),
        ),
    ];
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;

    before(async () => {
        sandbox = await handOverSandbox("pod-identity-ipv6", {
            ipFamily: "ipv6",
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
            associationDelays: { webhooks: [2, 4], eksAuth: [1, 3] },
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await cluster.settled();
        stack = await handOverStack(sandbox);
        watched = await watchGaps(sandbox);
    });
    after(async () => {
        watched.stop();
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });
    afterEach("no pod was without a path", () => {
        assert.deepStrictEqual([watched.gaps(), refusals(sandbox)], [[], []]);
    });

    it("hands over by the annotation, and moves the pods to an association", async () => {
        await up({});
        assert.deepStrictEqual(await credentials(), [await roleArn()]);
        await up({ delivery: Delivery.PodIdentity });
        assert.deepStrictEqual(await credentials(), ["association"]);
    });

    it("gives the association another role", async () => {
        const old = await roleArn();
        await up({ delivery: Delivery.PodIdentity, rolePath: "/another/" });
        assert.notStrictEqual(await roleArn(), old);
        assert.deepStrictEqual(await credentials(), ["association"]);
    });

    it("moves the pods back to the annotation, and destroy to the node roles", async () => {
        await up({ rolePath: "/another/" });
        assert.deepStrictEqual(await credentials(), [await roleArn()]);
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual([await credentials(), await holdsPolicy()], [[undefined], true]);
    });
});
