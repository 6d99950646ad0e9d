import {
    CreatePodIdentityAssociationCommand,
    DeletePodIdentityAssociationCommand,
    EKSClient,
    ListPodIdentityAssociationsCommand,
} from "@aws-sdk/client-eks";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { fullAwsAccess, regionDeny } from "local-eks/iam";
import { clusterOf, uids } from "./support/cluster";
import { handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { itNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const NAMED: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";
const EKSCTL_ROLE_ARN = "arn:aws:iam::111122223333:role/eksctl-aws-node";
const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";
/** EKS makes associations only with roles that trust the service. */
const TRUST_OF_PODS = {
    Version: "2012-10-17",
    Statement: [
        {
            Effect: "Allow",
            Principal: { Service: "pods.eks.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession"],
        },
    ],
};

describe("what else gives aws-node its role", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let eks: EKSClient;
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roles = async () =>
        (await cluster.awsNodePods()).map(({ ready, containers }) => ({
            ready,
            roles: [...new Set(containers.map(({ roleArn }) => roleArn))],
        }));
    const allCarry = (roleArn: string | undefined) =>
        Array.from({ length: 3 }, () => ({ ready: true, roles: [roleArn] }));
    const failureOfUp = async () => (await failureOf(stack.up())) ?? "";

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-owners-${String(process.pid)}`,
            ownerPid: process.pid,
            // Canaries of several subnets restart side by side. With two, one pod at a time is not Ready.
            subnets: 2,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        const { awsEndpoint: endpoint, region } = sandbox;
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        eks = new EKSClient({ endpoint, region, credentials });
        stack = await handOverStack(sandbox);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("stops the run before anything moves: an add-on's role, an association, a node role that others may use", async () => {
        const { clusterName } = sandbox;
        const before = uids(await cluster.awsNodePods());
        await setArgs(stack, sandbox, NAMED);

        await sandbox.addOn.create({ serviceAccountRoleArn: EKSCTL_ROLE_ARN });
        assert.match(await failureOfUp(), /\[add-on-owns-the-role\].*role\/eksctl-aws-node\..*delivery: "eksAddon"/s);
        await sandbox.addOn.delete({ preserve: true });
        await cluster.removeAnnotation();

        const account = { namespace: "kube-system", serviceAccount: "aws-node" };
        const { Arn: roleArn } = await iam.createRole("eksctl-aws-node-pods", TRUST_OF_PODS, []);
        const { association } = await eks.send(
            new CreatePodIdentityAssociationCommand({ clusterName, ...account, roleArn }),
        );
        assert.match(
            await failureOfUp(),
            /\[pod-identity-association\].*eksctl-aws-node.*aws eks delete-pod-identity-association/s,
        );
        const { associationId } = association ?? {};
        await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));

        // An organization denies all other regions. A policy stops calls, and not instances that run.
        await sandbox.setServiceControlPolicies([[fullAwsAccess, regionDeny([sandbox.region])]]);
        await sandbox.setRoleLastUsed(NODE_ROLE, "eu-north-1");
        assert.match(
            await failureOfUp(),
            /\[aws-region-refused\].*IAM saw a node role used last: sandbox-nodes in eu-north-1\..*set `regions`/s,
        );
        await sandbox.setRoleLastUsed(NODE_ROLE, sandbox.region);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        assert.match((await stack.preview()).stdout, /\[regions\] Counted as empty, .*: .*eu-north-1.*\n *\[detach\]/);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        await sandbox.setServiceControlPolicies([]);

        assert.deepStrictEqual(await cluster.annotations(), {});
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
        assert.strictEqual(await holdsPolicy(), true);
    });

    it("may be an association, which its message replaces by the node role while pods stay Ready; then nothing refuses", async () => {
        const { Arn: roleArn } = await iam.createRole("associated", TRUST_OF_PODS, [MANAGED_CNI_POLICY]);
        const { clusterName } = sandbox;
        const account = { namespace: "kube-system", serviceAccount: "aws-node" };
        await eks.send(new CreatePodIdentityAssociationCommand({ clusterName, ...account, roleArn }));
        await restarted("kubectl rollout restart daemonset/aws-node -n kube-system");

        const failure = await failureOfUp();
        assert.match(failure, /\[pod-identity-association\].*role\/associated/s);
        assert.match(failure, /\[other-credentials\].*They come from a Pod Identity association\./s);
        assert.ok(await holdsPolicy(), "step 1 of the message");
        const [, named = "", namespace = "", serviceAccount = ""] =
            /aws eks list-pod-identity-associations --cluster-name (\S+) --namespace (\S+) --service-account (\S+)/.exec(
                failure,
            ) ?? [];
        const list = new ListPodIdentityAssociationsCommand({ clusterName: named, namespace, serviceAccount });
        const { associations = [] } = await eks.send(list);
        for (const { associationId } of associations) {
            await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
        }
        const [restart = ""] = /kubectl rollout restart \S+ -n \S+/.exec(failure) ?? [];
        const lowest = await lowestCountDuring(
            async () => (await roles()).filter(({ ready }) => ready).length,
            () => restarted(restart),
        );
        assert.strictEqual(lowest, 2);
        assert.deepStrictEqual(await roles(), allCarry(undefined));
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        assert.match((await stack.preview()).stdout, /Plan for the cluster:/);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
    });

    async function restarted(command: string): Promise<void> {
        await cluster.kubectl(...command.split(" ").slice(1));
        await cluster.kubectl("rollout", "status", "daemonset/aws-node", "-n", "kube-system", "--timeout=60s");
    }

    it("is taken over only with overrideExistingServiceAccount, and destroy goes back to that role, which works", async () => {
        await iam.createRole("eksctl-aws-node", trustOf(sandbox), [MANAGED_CNI_POLICY]);
        await cluster.kubectl(
            "annotate",
            "serviceaccount/aws-node",
            "-n",
            "kube-system",
            `${ROLE_ANNOTATION}=${EKSCTL_ROLE_ARN}`,
        );
        assert.match(
            await failureOfUp(),
            /\[annotation-owned-by-another\].*"kubectl-annotate".*overrideExistingServiceAccount: true/s,
        );
        assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], EKSCTL_ROLE_ARN);

        await setArgs(stack, sandbox, { ...NAMED, overrideExistingServiceAccount: true });
        await stack.up();
        assert.deepStrictEqual(await roles(), allCarry(ROLE_ARN));
        assert.strictEqual(await holdsPolicy(), false);

        await stack.destroy();
        assert.deepStrictEqual(await roles(), allCarry(EKSCTL_ROLE_ARN));
        assert.deepStrictEqual(await cluster.annotations(), { [ROLE_ANNOTATION]: EKSCTL_ROLE_ARN });
        assert.deepStrictEqual(
            (await cluster.managers()).filter((manager) => manager.startsWith("eks-cni/")),
            [],
        );
        assert.strictEqual(await holdsPolicy(), true);
        assert.strictEqual(await iam.role("cni"), undefined);
    });

    itNightly(
        "may be an operator who restarts pods by hand: with OnDelete each way goes one pod at a time",
        async () => {
            await sandbox.reset();
            const onDelete = JSON.stringify([
                { op: "replace", path: "/spec/updateStrategy", value: { type: "OnDelete" } },
            ]);
            await cluster.kubectl("patch", "daemonset/aws-node", "-n", "kube-system", "--type", "json", "-p", onDelete);
            await setArgs(stack, sandbox, NAMED);
            const lowest = await lowestCountDuring(
                async () => (await roles()).filter(({ ready }) => ready).length,
                async () => {
                    await stack.up();
                    assert.deepStrictEqual(await roles(), allCarry(ROLE_ARN));
                    assert.strictEqual(await holdsPolicy(), false);
                    await stack.destroy();
                },
            );
            assert.deepStrictEqual(await roles(), allCarry(undefined));
            assert.strictEqual(await holdsPolicy(), true);
            assert.strictEqual(lowest, 2);
        },
    );
});

/** The lowest count while `work` ran. */
async function lowestCountDuring(count: () => Promise<number>, work: () => Promise<void>): Promise<number> {
    let lowest = Infinity;
    const done = new AbortController();
    const counting = (async () => {
        while (!done.signal.aborted) {
            lowest = Math.min(lowest, await count());
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    })();
    try {
        await work();
    } finally {
        done.abort();
        await counting;
    }
    return lowest;
}
