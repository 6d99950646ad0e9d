import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Delivery } from "../../index";
import { addOnOf, CONFIGURATION, deliveredIn, DELIVERING, NODE_ROLE, rolesOfPods } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { refusals, watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/** EKS_CNI_NIGHTLY=1 runs it. handOver.podIdentity.test.ts has the moves between the annotation and the association. */
describeNightly("the moves between the managed add-on and Pod Identity", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;
    let failures = 0;

    const set = (args: PlainArgs) =>
        setArgs(stack, sandbox, { delivery: Delivery.PodIdentity, ...DELIVERING, ...args });
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;
    const withCredentials = async () =>
        (await cluster.core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=aws-node" })).items
            .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
            .map(({ spec }) => spec?.containers.every(({ env = [] }) => env.some(({ name }) => name === CREDENTIALS)));
    /** The role of the annotation, and of the add-on. */
    const delivered = async () => [
        (await deliveredIn(sandbox)).roleArn,
        (await addOnOf(sandbox))?.serviceAccountRoleArn,
    ];
    async function preview(): Promise<string> {
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        const { stdout } = await stack.preview();
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        return stdout;
    }
    const refusedSoFar = () => refusals(sandbox).length;
    async function assertQuiet(): Promise<void> {
        const before = uids(await cluster.awsNodePods());
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
    }

    before(async () => {
        sandbox = await handOverSandbox("pod-identity-add-on", {
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
            associationDelays: { webhooks: [3, 8], eksAuth: [2, 6] },
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await sandbox.addOn.create({ configurationValues: CONFIGURATION });
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
        assert.deepStrictEqual([watched.gaps(), refusedSoFar() - failures], [[], 0]);
    });

    it("a first rollout that failed converges with the next up, without a refresh", async () => {
        await set({});
        await sandbox.podIdentity.agents.setEksAuthReachable(false);
        assert.match((await failureOf(stack.up())) ?? "", /rollout-taken-back/);
        await sandbox.podIdentity.agents.setEksAuthReachable(true);
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], true]);
        failures = refusedSoFar();
        await stack.up();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        await assertQuiet();
    });

    it("moves the pods to the managed add-on, over the node roles", async () => {
        await set({ delivery: Delivery.EksAddon, rolePath: "/another/" });
        const plan = await preview();
        assert.match(plan, /\[restart\] 2 pods restart with the roles of their nodes/);
        assert.match(plan, /\[add-on\] Once every pod carries the role/);
        await stack.up();
        const role = await roleArn();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], false]);
        assert.deepStrictEqual([await rolesOfPods(sandbox), await delivered()], [[role], [role, role]]);
        await assertQuiet();
    });

    it("moves the pods back to an association, and the add-on gives up the role", async () => {
        await set({ rolePath: "/another/" });
        assert.match(await preview(), /\[add-on\] Once every pod has the credentials of the association/);
        await stack.up();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        assert.deepStrictEqual(await delivered(), [undefined, undefined]);
        await assertQuiet();
    });

    it("destroy takes all of it back", async () => {
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], true]);
        assert.deepStrictEqual(await delivered(), [undefined, undefined]);
    });
});
