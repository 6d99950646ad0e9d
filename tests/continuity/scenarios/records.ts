/** What the record gives back, and to whom; and which pods keep the role from being deleted. */
import {
    AttachRolePolicyCommand,
    DeletePolicyCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { AppsV1Api, CoreV1Api, type V1DaemonSet } from "@kubernetes/client-node";
import { loadKubeconfig } from "local-eks/kubernetes";
import * as assert from "node:assert";
import { CNI_POLICY, createPolicy, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfService } from "./roleOfAnotherOwner";
import { handedOver, noGaps, type Scenario } from "./scenario";

const policiesOf = (stage: Stage, role: string) => stage.currentRoles()[role]?.attachedPolicyArns ?? [];

/** Its nodes need it when they boot. */
const WORKER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

const idleNodeRole: Scenario = {
    name: "idle-node-role",
    title: "a node role without nodes (scaled to zero) gets its policy back, when it leaves the list and on destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const iam = iamClient(stage.sandbox);
        await roleOfService(stage, "idle", "ec2.amazonaws.com");
        const policies = [WORKER_POLICY, CNI_POLICY];
        for (const PolicyArn of policies) {
            await iam.send(new AttachRolePolicyCommand({ RoleName: "idle", PolicyArn }));
        }
        await stage.recordStateBefore();
        const both = stage.arguments({ detachFromNodeRoles: [NODE_ROLE, "idle"] });
        await stage.succeeds("up", both);
        assert.deepStrictEqual(policiesOf(stage, "idle"), [WORKER_POLICY], "the role without nodes kept the policy");
        await stage.succeeds("up", stage.arguments());
        assert.deepStrictEqual(policiesOf(stage, "idle"), policies, "the role that left the list has no policy");
        await stage.succeeds("up", both);
        await stage.succeeds("destroy", both);
        await stage.assertAsBefore();
        for (const PolicyArn of policies) {
            await iam.send(new DetachRolePolicyCommand({ RoleName: "idle", PolicyArn }));
        }
        await iam.send(new DeleteRoleCommand({ RoleName: "idle" }));
    },
};

/** A customer managed policy with an action of the CNI, attached to the node role. */
async function customerPolicy(stage: Stage, PolicyName: string): Promise<string> {
    const PolicyArn = await createPolicy(stage.sandbox, PolicyName, "ec2:AssignPrivateIpAddresses");
    await iamClient(stage.sandbox).send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn }));
    return PolicyArn;
}

const recordedPolicyGone: Scenario = {
    name: "recorded-policy-gone",
    title: "a recorded policy is deleted after the hand-over: destroy passes over it with a warning, and gives AWS's own back",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const PolicyArn = await customerPolicy(stage, "network");
        await stage.settled();
        const args = stage.arguments();
        await stage.succeeds("up", args);
        assert.ok(!policiesOf(stage, NODE_ROLE).includes(PolicyArn), "the customer's policy is still attached");
        await iamClient(stage.sandbox).send(new DeletePolicyCommand({ PolicyArn }));
        const { output } = await stage.succeeds("destroy", args);
        assert.match(output, new RegExp(`${PolicyArn} no longer exists, so ${NODE_ROLE} does not get it again`));
        await stage.assertAsBefore();
    },
};

const policySeenOnce: Scenario = {
    name: "policy-seen-once",
    title: "a policy is attached to the node role for a while, and refreshed meanwhile: destroy does not attach it again",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await handedOver(stage);
        const PolicyArn = await customerPolicy(stage, "for-a-while");
        await stage.succeeds("refresh", stage.arguments());
        await iamClient(stage.sandbox).send(new DetachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn }));
        await stage.succeeds("destroy", stage.arguments());
        await iamClient(stage.sandbox).send(new DeletePolicyCommand({ PolicyArn }));
        await stage.assertAsBefore();
    },
};

const inKubeSystem = { namespace: "kube-system" };
const OTHER = "aws-node-arm";

/** Installs a second DaemonSet whose pods use the same service account, and waits until they carry the role. */
async function installSecondDaemonSet(stage: Stage): Promise<() => Promise<void>> {
    const config = loadKubeconfig(stage.sandbox.kubeconfigPath);
    const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
    const body: V1DaemonSet = {
        metadata: { name: OTHER },
        spec: {
            selector: { matchLabels: { app: OTHER } },
            template: {
                metadata: { labels: { app: OTHER } },
                spec: {
                    serviceAccountName: "aws-node",
                    tolerations: [{ operator: "Exists" }],
                    containers: [{ name: "agent", image: "registry.k8s.io/pause:3.10" }],
                },
            },
        },
    };
    await apps.createNamespacedDaemonSet({ ...inKubeSystem, body });
    const labelSelector = `app=${OTHER}`;
    const pods = async () => (await core.listNamespacedPod({ ...inKubeSystem, labelSelector })).items;
    const carries = (one: Awaited<ReturnType<typeof pods>>[number]) =>
        one.spec?.containers[0]?.env?.some(({ name }) => name === "AWS_ROLE_ARN") ?? false;
    const all = async (wanted: boolean) => {
        const found = await pods();
        return found.length === stage.props.sizes.nodes && found.every((pod) => carries(pod) === wanted);
    };
    await stage.until("the pods of the second DaemonSet carry the role", () => all(true));
    /** As `kubectl rollout restart` would in the end. */
    return async () => {
        await Promise.all(
            (await pods()).map(({ metadata }) =>
                core.deleteNamespacedPod({ ...inKubeSystem, name: metadata?.name ?? "" }),
            ),
        );
        await stage.until("the pods of the second DaemonSet are off the role", () => all(false));
        await apps.deleteNamespacedDaemonSet({ ...inKubeSystem, name: OTHER });
    };
}

const secondDaemonSet: Scenario = {
    name: "second-daemon-set",
    title: "pods of another DaemonSet carry the role: destroy does not delete it until they have restarted",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await handedOver(stage);
        const restart = await installSecondDaemonSet(stage);
        const roleName = String(stage.outputs()["roleName"]);
        await stage.fails(
            "destroy",
            stage.arguments(),
            /\[role-still-carried\].*kubectl rollout restart daemonset\/aws-node-arm/s,
        );
        assert.ok(roleName in stage.currentRoles(), "the role was deleted while pods carried it");
        await restart();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const serviceAccountChanged: Scenario = {
    name: "service-account-changed",
    title: "serviceAccount and daemonSetName change while pods use the former ones: refused before anything moves, then put back",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 4 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const config = loadKubeconfig(stage.sandbox.kubeconfigPath);
        const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
        await core.createNamespacedServiceAccount({ ...inKubeSystem, body: { metadata: { name: "another" } } });
        const labels = { app: "another" };
        const containers = [{ name: "agent", image: "registry.k8s.io/pause:3.10" }];
        await apps.createNamespacedDaemonSet({
            ...inKubeSystem,
            body: {
                metadata: { name: "another" },
                spec: {
                    selector: { matchLabels: labels },
                    template: { metadata: { labels }, spec: { serviceAccountName: "another", containers } },
                },
            },
        });
        const roleName = String(stage.outputs()["roleName"]);
        const moved = stage.arguments({ serviceAccount: { name: "another" }, rollout: { daemonSetName: "another" } });
        await stage.fails("up", moved, /\[service-account-in-use\].*whose pods still carry its role: aws-node-/s);
        assert.ok(roleName in stage.currentRoles(), "the role was deleted while pods carried it");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await apps.deleteNamespacedDaemonSet({ ...inKubeSystem, name: "another" });
        await core.deleteNamespacedServiceAccount({ ...inKubeSystem, name: "another" });
        await stage.assertAsBefore();
    },
};

export const records = [idleNodeRole, recordedPolicyGone, policySeenOnce, secondDaemonSet, serviceAccountChanged];
