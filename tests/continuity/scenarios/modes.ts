/**
 * Controls of the monitor, in each mode of the CNI: the node role loses its policies while pods use it, as in a hand-over by hand.
 *
 * The probe has to show the gap in every mode. The CNI's own calls show it only in the modes in which its warm pool needs EC2.
 */
import { AttachRolePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import { AppsV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { agentResults } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { CNI_POLICY, createPolicy, iamClient, NODE_ROLE, type Stage } from "../stage";
import type { Scenario } from "./scenario";

interface Mode {
    readonly name: string;
    /** Variables of the container aws-node. */
    readonly env: Readonly<Record<string, string>>;
    /** Whether another pod makes the CNI call EC2. */
    readonly calls: boolean;
}

const MODES: readonly Mode[] = [
    { name: "default", env: {}, calls: true },
    { name: "custom-networking", env: { AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: "true" }, calls: true },
    { name: "prefix-delegation", env: { ENABLE_PREFIX_DELEGATION: "true" }, calls: true },
    {
        name: "ipv6",
        env: { ENABLE_IPv4: "false", ENABLE_IPv6: "true", ENABLE_PREFIX_DELEGATION: "true" },
        calls: false,
    },
    { name: "imds-only", env: { ENABLE_IMDS_ONLY_MODE: "true" }, calls: false },
];

/** The pool manager looks at the pool every five seconds. */
const WATCHED_MILLISECONDS = 6000;

async function setVariables(stage: Stage, env: Mode["env"]): Promise<void> {
    const apps = loadKubeconfig(stage.sandbox.kubeconfigPath).makeApiClient(AppsV1Api);
    const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
    const template = { spec: { containers: [{ name: "aws-node", env: variables }] } };
    await apps.patchNamespacedDaemonSet(
        { namespace: "kube-system", name: "aws-node", body: { spec: { template } } },
        setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
    );
    await stage.settled();
}

const gapWith = ({ name, env, calls }: Mode): Scenario => ({
    name: `gap-${name}`,
    title: `the node role loses its policies, and no pod restarts (${name}), which must show more than zero`,
    quick: true,
    isControl: true,
    bound: { podSeconds: "some", canaryPodSeconds: 0, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const iam = iamClient(stage.sandbox);
        // The policy of IPv4 lacks an action of IPv6.
        const arns = [CNI_POLICY, await createPolicy(stage.sandbox, "network", "ec2:*")];
        const each = (send: (of: { RoleName: string; PolicyArn: string }) => Promise<unknown>) =>
            Promise.all(arns.map((PolicyArn) => send({ RoleName: NODE_ROLE, PolicyArn })));
        await each((of) => iam.send(new AttachRolePolicyCommand(of)));
        await setVariables(stage, env);
        stage.since = Date.now();
        await each((of) => iam.send(new DetachRolePolicyCommand(of)));
        await stage.settled();
        const [node = ""] = (await stage.pods()).keys();
        const endWorkload = await stage.startWorkload(node);
        await sleep(WATCHED_MILLISECONDS);
        await endWorkload();
        const refused = agentResults(stage.sandbox).filter(({ ok, time }) => !ok && time >= stage.since);
        assert.strictEqual(refused.length > 0, calls, `the CNI was refused ${String(refused.length)} calls`);
        await each((of) => iam.send(new AttachRolePolicyCommand(of)));
    },
});

export const modes = MODES.map(gapWith);
