import { ListRolesCommand } from "@aws-sdk/client-iam";
import { CoreV1Api } from "@kubernetes/client-node";
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { CniServiceAccountRole } from "../../index";
import { kubeconfigOf } from "../../examples/new-cluster-aws/kubeconfig";
import { serviceRole } from "../../examples/new-cluster-aws/serviceRole";
import { clusterOf } from "./support/cluster";
import { assertAfter, Example, resourcesOf, upInOrder, withExample } from "./support/examples";
import { iamOf } from "./support/iam";
import { failureOf, Program, withStack } from "./support/stacks";

/** The Ready condition that a kubelet reports once aws-node works. */
const READY = ["True", "kubelet is posting ready status"];

/** A node becomes Ready only if its aws-node has the CNI's permissions, so an example works only with the right order. */
describe("a new cluster, whose node role never holds the CNI policy", () => {
    let sandbox: Sandbox;
    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-new-cluster-${String(process.pid)}`,
            newCluster: true,
            failedStartFactor: 0.02,
            nodeGroupLimitSeconds: 10,
            podReadySeconds: 0.5,
            ownerPid: process.pid,
            onProgress: (line) => process.stderr.write(`    ${line}\n`),
        });
    });
    after(() => sandbox.stop());

    const example = (): Example => ({
        name: "new-cluster-aws",
        config: {
            clusterName: sandbox.clusterName,
            ...Object.fromEntries(sandbox.subnetIds.map((id, index) => [`subnetIds[${String(index)}]`, id])),
        },
    });

    it("new-cluster-aws: the nodes come after the restart of aws-node, and become Ready", async () => {
        await withExample(sandbox, example(), async (stack) => {
            const preview = await stack.preview();
            assert.deepStrictEqual(preview.changeSummary, { create: 20 });
            const { up, order } = await upInOrder(stack);
            assert.deepStrictEqual(up.summary.resourceChanges, { create: 20 });
            assertAfter(order, "nodes:NodeGroup", "cni-daemon-set:DaemonSetPatch");
            assert.deepStrictEqual(await nodeStates(), [READY, READY]);
            assert.deepStrictEqual(await roles(), [up.outputs["roleArn"]?.value, up.outputs["roleArn"]?.value]);
            assert.deepStrictEqual(await policiesOfNodeRole(), [
                "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
                "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            ]);

            assert.deepStrictEqual(up.outputs["remainingSteps"]?.value, [
                "[no-nodes] No pod was tested with the role, since the cluster has no nodes.",
            ]);

            const again = await stack.up({ expectNoChanges: true });
            assert.deepStrictEqual(again.summary.resourceChanges, { same: 20 });
            await stack.destroy();
            assert.deepStrictEqual(await resourcesOf(stack), []);
        });
    });

    it("a node group before the role fails: its nodes stay NotReady, and the role is not made", async () => {
        await withStack(sandbox, nodesFirst(), async (stack) => {
            const failure = await failureOf(stack.up());
            assert.match(
                failure ?? "",
                new RegExp(
                    "waiting for EKS Node Group \\(sandbox:nodes-[^)]+\\) create: unexpected state 'CREATE_FAILED', " +
                        "wanted target 'ACTIVE'\\. last error: i-[0-9a-f]+, i-[0-9a-f]+: " +
                        "NodeCreationFailure: Unhealthy nodes in the kubernetes cluster",
                ),
            );
            const why = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady";
            const message = `${why} message:Network plugin returns error: cni plugin not initialized`;
            assert.deepStrictEqual(await nodeStates(), [
                ["False", message],
                ["False", message],
            ]);
            const created = (await resourcesOf(stack)).map(({ name }) => name);
            assert.ok(!created.includes("cni-role"), created.join(" "));
        });
    });

    it("the same order works with the CNI policy on the node role, whose permissions aws-node then uses", async () => {
        await withStack(sandbox, nodesFirst(aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy), async (stack) => {
            await stack.up();
            assert.deepStrictEqual(await nodeStates(), [READY, READY]);
        });
    });

    /** The example with its last two parts in the wrong order. */
    function nodesFirst(...morePolicies: string[]): Program {
        const { clusterName, subnetIds } = sandbox;
        return () => {
            const cluster = new aws.eks.Cluster("cluster", {
                name: clusterName,
                roleArn: serviceRole("cluster", "eks.amazonaws.com", [aws.iam.ManagedPolicy.AmazonEKSClusterPolicy])
                    .arn,
                vpcConfig: { subnetIds },
            });
            const oidcProvider = new aws.iam.OpenIdConnectProvider("cluster", {
                url: cluster.identities.apply(([identity]) => identity?.oidcs[0]?.issuer ?? ""),
                clientIdLists: ["sts.amazonaws.com"],
            });
            const policies = [aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy, ...morePolicies];
            const nodes = new aws.eks.NodeGroup("nodes", {
                clusterName: cluster.name,
                nodeRoleArn: serviceRole("nodes", "ec2.amazonaws.com", policies).arn,
                subnetIds,
                scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
            });
            const kubeconfig = kubeconfigOf(cluster);
            const args = { oidcProviderArn: oidcProvider.arn, liveChecks: false };
            const providers = { kubernetes: new kubernetes.Provider("cluster", { kubeconfig }) };
            const { ready } = new CniServiceAccountRole("cni", args, { providers, dependsOn: nodes });
            return { ready };
        };
    }

    /** For each node, the status and the message of its Ready condition. */
    async function nodeStates(): Promise<string[][]> {
        const { items } = await clusterOf(sandbox).config.makeApiClient(CoreV1Api).listNode();
        return items.map(({ status }) => {
            const ready = status?.conditions?.find(({ type }) => type === "Ready");
            return [ready?.status, ready?.message].filter((text) => text !== undefined);
        });
    }

    /** The role of each Ready aws-node pod. */
    async function roles(): Promise<(string | undefined)[]> {
        const pods = (await clusterOf(sandbox).awsNodePods()).filter(({ ready }) => ready);
        return pods.map(({ containers }) => containers.find(({ container }) => container === "aws-node")?.roleArn);
    }

    async function policiesOfNodeRole(): Promise<string[]> {
        const iam = iamOf(sandbox);
        const { Roles = [] } = await iam.client.send(new ListRolesCommand({}));
        const nodeRole = Roles.find(({ RoleName }) => RoleName?.startsWith("nodes-"));
        return iam.attachedPolicies(nodeRole?.RoleName ?? "");
    }
});
