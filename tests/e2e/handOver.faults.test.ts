import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { writeFileSync } from "fs";
import type { Sandbox } from "local-eks";
import * as path from "path";
import { clusterOf, uids } from "./support/cluster";
import {
    createDeployerRole,
    credentialCommand,
    deployerSession,
    expiredToken,
    kubeconfigWith,
    setEnvironment,
    watchGaps,
    when,
} from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const ROLE_ARN = "eks.amazonaws.com/role-arn";

describe("a hand-over that something goes wrong with", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watching: Awaited<ReturnType<typeof watchGaps>>;
    let pods: string[];
    let workingEnvironment: Record<string, string>;

    const roles = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    const noGaps = () => assert.deepStrictEqual(watching.gaps(), []);
    const nothingHasMoved = async () => {
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    };
    const isHandedOver = async (up: Awaited<ReturnType<Stack["up"]>>) => {
        assert.deepStrictEqual(up.outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(await roles(), [up.outputs["ready"]?.value]);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    };
    const isHandedBack = async () => {
        assert.deepStrictEqual(await roles(), [undefined]);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    };

    before(async () => {
        sandbox = await handOverSandbox("faults");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await createDeployerRole(sandbox);
        watching = await watchGaps(sandbox);
        stack = await handOverStack(sandbox);
        workingEnvironment = { ...stack.workspace.envVars, AWS_SESSION_TOKEN: "" };
    });
    beforeEach(async () => {
        setEnvironment(stack, workingEnvironment);
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
        pods = uids(await cluster.awsNodePods());
    });
    after(async () => {
        watching.stop();
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("a kubeconfig whose token has expired: says since when, whose, and how to get another; nothing moves", async () => {
        const kubeconfig = kubeconfigWith(sandbox, { token: expiredToken() });
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], kubeconfig });
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(failure, /\[cluster-credentials-expired\] .* answered 401 to the token of the user "/);
        assert.match(failure, /expired at 2023-11-14T22:13:20.000Z.*`aws eks update-kubeconfig --name sandbox`/s);
        assert.ok(!failure.includes(expiredToken()));
        await nothingHasMoved();
    });

    it("an STS that is not activated in the region: says which, and where its switch is; nothing moves", async () => {
        await sandbox.refuseWebIdentity("RegionDisabledException");
        try {
            const failure = (await failureOf(stack.up())) ?? "";
            assert.match(failure, /\[sts-region-inactive\] .*STS is not activated in the requested region/s);
            assert.match(failure, /Account settings.*`aws account enable-region --region-name us-west-2`/s);
        } finally {
            await sandbox.refuseWebIdentity();
        }
        await nothingHasMoved();
    });

    it("AWS credentials that expire in the rollout: the pods that work keep the role, and the run says what to do", async () => {
        const { accessKeyId, environment } = await deployerSession(sandbox);
        setEnvironment(stack, environment);
        const expiry = when(/restarts first, with the role/, () => sandbox.expireSession(accessKeyId));
        const failure = (await failureOf(stack.up({ onEvent: expiry.onEvent }))) ?? "";
        assert.ok(await expiry.happened(), failure);
        assert.match(
            failure,
            /\[aws-credentials-expired\] .*The steps taken so far are kept, and the next run finds them\./s,
        );
        assert.match(failure, /`aws sso login`/);
        const [role, ...others] = await roles();
        assert.ok(role !== undefined);
        assert.deepStrictEqual(others, []);
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], role);
        noGaps();
    });

    it("and right before the detachment: it ends, and the next up, with good ones, goes on from there", async () => {
        const { accessKeyId, environment } = await deployerSession(sandbox);
        setEnvironment(stack, environment);
        const expiry = when(/testing by dry runs that the injection guard refuses/, () =>
            sandbox.expireSession(accessKeyId),
        );
        const failure = (await failureOf(stack.up({ onEvent: expiry.onEvent }))) ?? "";
        assert.ok(await expiry.happened(), failure);
        assert.match(
            failure,
            /\[aws-credentials-expired\] The call ec2:\w+ failed\. .* Details: Request has expired\./,
        );
        noGaps();
        const rolledOut = uids(await cluster.awsNodePods());
        setEnvironment(stack, (await deployerSession(sandbox)).environment);
        await isHandedOver(await stack.up());
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), rolledOut, "pods restarted once more");
        noGaps();
    });

    it("AWS credentials that have expired before a destroy: nothing is given back, and with good ones all of it", async () => {
        const { accessKeyId, environment } = await deployerSession(sandbox);
        await sandbox.expireSession(accessKeyId);
        setEnvironment(stack, environment);
        assert.match((await failureOf(stack.destroy())) ?? "", /\[aws-credentials-expired\]|ExpiredToken/);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
        noGaps();
        setEnvironment(stack, workingEnvironment);
        await stack.destroy();
        await isHandedBack();
        noGaps();
    });

    it("a kubeconfig with a credential command, whose tokens last for seconds: the whole job, and back", async () => {
        const { user, runs } = credentialCommand(sandbox, 2);
        const file = path.join(sandbox.directory, "exec-kubeconfig");
        writeFileSync(file, kubeconfigWith(sandbox, user));
        // The Kubernetes provider and the live checks both use it.
        setEnvironment(stack, { KUBECONFIG: file });
        await isHandedOver(await stack.up());
        await stack.destroy();
        await isHandedBack();
        assert.ok(runs().length > 4 && runs().every((run) => run === "get-token prod"), runs().join());
        noGaps();
    });
});
