import { DeleteRoleCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { createHash } from "crypto";
import type { Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { joinNodeWith } from "./support/nodeGroups";
import { createStack, failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const NEW_NODE_ROLE = "eksctl-my-cluster-nodegroup-new-NodeInstanceRole";
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";
const EKSCTL_ROLE = "eksctl-my-cluster-addon-iamserviceaccount";
const EKSCTL_ROLE_ARN = `arn:aws:iam::111122223333:role/${EKSCTL_ROLE}`;
const EKSCTL_LABEL = "app.kubernetes.io/managed-by";
const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";
const MINIMAL_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy";
/** Its name in every cluster of pulumi-eks whose name is `my-cluster`: docs/clusters-of-pulumi-eks.md has it. */
const CNI_ATTACHMENT = "my-cluster-instanceRole-e1b295bd";

/**
 * The transform of docs/clusters-of-pulumi-eks.md.
 *
 * pulumi-eks always registers the attachment, so the program cannot leave it out. The transform gives it a policy whose only action
 * AmazonEKSWorkerNodePolicy allows as well.
 */
const withoutCniPolicy: pulumi.ResourceTransform = ({ name, props, opts }) =>
    name.endsWith("-instanceRole-e1b295bd")
        ? { props: { ...(props as object), policyArn: MINIMAL_POLICY }, opts }
        : undefined;

/**
 * The attachments of pulumi-eks's default instance role, with its types and names.
 *
 * Source: https://github.com/pulumi/pulumi-eks/blob/v4.3.0/nodejs/eks/cluster/cluster.ts (createCore) and servicerole.ts. The role itself
 * is the sandbox's.
 */
class PulumiEksCluster extends pulumi.ComponentResource {
    constructor(name: string, opts: pulumi.ComponentResourceOptions) {
        super("eks:index:Cluster", name, {}, opts);
        const roleName = `${name}-instanceRole`;
        const serviceRole = new pulumi.ComponentResource("eks:index:ServiceRole", roleName, {}, { parent: this });
        for (const policyArn of [
            aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy,
            aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy,
            aws.iam.ManagedPolicy.AmazonEC2ContainerRegistryReadOnly,
        ]) {
            const hash = createHash("sha1").update(policyArn).digest("hex").substring(0, 8);
            new aws.iam.RolePolicyAttachment(
                `${roleName}-${hash}`,
                { policyArn, role: NODE_ROLE },
                { parent: serviceRole },
            );
        }
        this.registerOutputs({});
    }
}

describe("the tool that made the cluster, next to the component", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let cni: Stack;
    let clusterStack: Stack;
    let transforms: pulumi.ResourceTransform[] = [];
    /** The pods after the hand-over. Nothing that the other tool does may restart one. */
    let handedOver: string[];

    const holdsPolicy = async (role = NODE_ROLE) => (await iam.attachedPolicies(role)).includes(MANAGED_CNI_POLICY);
    const pods = () => cluster.awsNodePods();
    const rolesOfPods = async () => [
        ...new Set((await pods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    const label = () =>
        cluster.kubectl(
            ...["get", "serviceaccount", "aws-node", "-n", "kube-system"],
            ...["-o", `jsonpath={.metadata.labels['${EKSCTL_LABEL.replace(/\./g, "\\.")}']}`],
        );
    const setNodeRoles = (detachFromNodeRoles: string[]) =>
        setArgs(cni, sandbox, { detachFromNodeRoles, roleName: "cni", overrideExistingServiceAccount: true });
    /** The finished steps. */
    const up = async (stack: Stack, options: { refresh?: boolean } = {}): Promise<string[]> => {
        const { done, onEvent } = recordEvents();
        await stack.up({ ...options, onEvent });
        // The engine may update a default provider's version.
        return done().filter((step) => step !== "update default");
    };

    before(async () => {
        sandbox = await handOverSandbox("other-tools");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        cni = await handOverStack(sandbox);
        clusterStack = await createStack(sandbox, () => {
            new PulumiEksCluster("my-cluster", { transforms });
            return {};
        });
        await up(clusterStack);
    });
    after(async () => {
        await cni.workspace.removeStack(cni.name, { force: true });
        await clusterStack.workspace.removeStack(clusterStack.name, { force: true });
        await sandbox.stop();
    });

    it("is eksctl with a role of its own: the component takes over the annotation, and leaves eksctl's label", async () => {
        // As `eksctl create iamserviceaccount` does, in pkg/kubernetes/serviceaccount.go.
        await iam.createRole(EKSCTL_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY]);
        const account = ["serviceaccount/aws-node", "-n", "kube-system", "--field-manager=eksctl"];
        await cluster.kubectl("annotate", ...account, `${ROLE_ANNOTATION}=${EKSCTL_ROLE_ARN}`);
        await cluster.kubectl("label", ...account, "--overwrite", `${EKSCTL_LABEL}=eksctl`);

        await setNodeRoles([NODE_ROLE]);
        await up(cni);
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        assert.strictEqual(await holdsPolicy(), false);
        assert.strictEqual(await label(), "eksctl");

        // As docs/clusters-of-eksctl.md says: the CloudFormation stack with eksctl's role, and the label.
        await iam.client.send(new DetachRolePolicyCommand({ RoleName: EKSCTL_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await iam.client.send(new DeleteRoleCommand({ RoleName: EKSCTL_ROLE }));
        await cluster.kubectl("label", "serviceaccount", "aws-node", "-n", "kube-system", `${EKSCTL_LABEL}-`);
        handedOver = uids(await pods());
    });

    it("attaches the policy again in an up with refresh, if it still has the attachment in its program", async () => {
        assert.deepStrictEqual(await up(clusterStack, { refresh: true }), [`create ${CNI_ATTACHMENT}`]);
        assert.strictEqual(await holdsPolicy(), true);
    });

    it("is not noticed without refresh; with refresh, the preview names the policy and plans to detach it", async () => {
        assert.deepStrictEqual(await up(cni), []);
        assert.strictEqual(await holdsPolicy(), true);

        cni.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        const { stdout } = await cni.preview({ refresh: true });
        cni.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        assert.match(stdout, new RegExp(`${MANAGED_CNI_POLICY} is attached to ${NODE_ROLE} again\\. If a program`));
        assert.match(stdout, new RegExp(`\\[detach\\] ${MANAGED_CNI_POLICY} is detached from ${NODE_ROLE} once`));
    });

    it("makes a node group whose role holds the policy: up refuses until the role is listed, then detaches from both", async () => {
        await joinNodeWith(sandbox, NEW_NODE_ROLE);
        assert.match(
            (await failureOf(cni.up({ refresh: true }))) ?? "",
            new RegExp(`\\[node-role-not-named\\].*Add "${NEW_NODE_ROLE}" to detachFromNodeRoles`, "s"),
        );
        await setNodeRoles([NODE_ROLE, NEW_NODE_ROLE]);
        assert.deepStrictEqual(await up(cni), [
            "update cni",
            "update cni-canary",
            "update cni-credential-guard",
            "update cni-detachment",
        ]);
        assert.deepStrictEqual([await holdsPolicy(), await holdsPolicy(NEW_NODE_ROLE)], [false, false]);
        assert.deepStrictEqual(await rolesOfPods(), [ROLE_ARN]);
        const now = uids(await pods());
        assert.ok(
            handedOver.every((uid) => now.includes(uid)),
            "a pod was restarted",
        );
    });

    it("is pulumi-eks with the transform: after one replacement, neither stack has anything to do, also with refresh", async () => {
        transforms = [withoutCniPolicy];
        assert.deepStrictEqual(await up(clusterStack), [
            `create-replacement ${CNI_ATTACHMENT}`,
            `delete-replaced ${CNI_ATTACHMENT}`,
        ]);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MINIMAL_POLICY));
        const refreshed = [up(clusterStack, { refresh: true }), up(cni, { refresh: true })];
        assert.deepStrictEqual(await Promise.all(refreshed), [[], []]);
        assert.strictEqual(await holdsPolicy(), false);
    });

    it("has its node roles back as they were after destroy, and its program without the transform agrees", async () => {
        await cni.destroy();
        assert.deepStrictEqual([await holdsPolicy(), await holdsPolicy(NEW_NODE_ROLE)], [true, true]);
        assert.deepStrictEqual(await rolesOfPods(), [undefined]);
        assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], undefined);

        transforms = [];
        await up(clusterStack);
        assert.strictEqual(await holdsPolicy(), true);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MINIMAL_POLICY));
    });
});
