/** The pods move to an EKS Pod Identity association, from it, and from one role of it to another, under kills. */
import * as assert from "node:assert";
import { CoreV1Api } from "@kubernetes/client-node";
import { loadKubeconfig } from "local-eks/kubernetes";
import type { ComponentArguments } from "../engine/program";
import { agentRecord } from "../monitor/records";
import type { Stage } from "../stage";
import { addOnOf } from "../state/delivered";
import {
    assertDeliveredBy,
    assertDeliveredByAddOn,
    delivering,
    killAroundEachWrite,
    killed,
    MANAGER,
    type Move,
    withAddOn,
} from "./deliveryMoves";
import { noGaps, type Scenario } from "./scenario";

/** Seconds until each of two replicas of the webhook, and each of two servers of EKS Auth, sees a change: sandbox/aws/eks/associations/views.ts. */
const DELAYS = { webhooks: [2, 5], eksAuth: [1, 4] } as const;

/** An agent on each node, and parts of EKS that see an association late and one after another. */
export async function withAgents(stage: Stage): Promise<void> {
    const { podIdentity } = stage.sandbox;
    await podIdentity.setDelays(DELAYS);
    await podIdentity.agents.install();
    await agentsAnswer(stage);
    await stage.recordStateBefore();
}

export async function agentsAnswer(stage: Stage): Promise<void> {
    const core = loadKubeconfig(stage.sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
    const labelSelector = "app.kubernetes.io/name=eks-pod-identity-agent";
    await stage.until("an agent answers on each node", async () => {
        const { items } = await core.listNamespacedPod({ namespace: "kube-system", labelSelector });
        const serving = new Set(items.map(agentRecord).flatMap((one) => (one.serving ? [one.node] : [])));
        return [...(await stage.pods()).keys()].every((node) => serving.has(node));
    });
}

export const associating = (stage: Stage, more: ComponentArguments = {}): ComponentArguments =>
    delivering(stage, { delivery: "podIdentity", ...more });

/** The association alone gives the pods the role. */
export async function assertAssociated(stage: Stage): Promise<void> {
    await stage.assertHandedOver([], [], "association");
    assert.strictEqual((await addOnOf(stage.sandbox))?.serviceAccountRoleArn, undefined);
}

export const toAssociation = (stage: Stage, more: ComponentArguments = {}): Move => ({
    command: "up",
    args: associating(stage, more),
    after: () => assertAssociated(stage),
});

export const toAnnotation = (stage: Stage): Move => ({
    command: "up",
    args: delivering(stage),
    after: () => assertDeliveredBy(stage, MANAGER),
});

export const toAddOn = (stage: Stage): Move => ({
    command: "up",
    args: delivering(stage, { delivery: "eksAddon" }),
    after: () => assertDeliveredByAddOn(stage),
});

export const handBack = (stage: Stage): Move => ({
    command: "destroy",
    args: associating(stage),
    after: () => stage.assertAsBefore(),
});

/** Every move of the pods to an association and from it, one after another. */
export const everyMove = (stage: Stage): Move[] => [
    toAssociation(stage),
    toAssociation(stage, { rolePath: "/another/" }),
    toAnnotation(stage),
    toAssociation(stage),
    toAddOn(stage),
    toAssociation(stage),
    handBack(stage),
];

/** Those of all these moves. Each restarts the pods once, and each of the three that leave an association twice: onto the node roles, and from them. */
export const RESTARTS = { rollouts: 10, restarts: 20 } as const;

const uninterrupted: Scenario = {
    name: "pod-identity-every-move",
    title: "the pods move to Pod Identity, to another role of it, to the annotation, the managed add-on's role, and back; no kill and no fault",
    quick: false,
    bound: { ...noGaps, ...RESTARTS },
    play: async (stage) => {
        await withAddOn(stage);
        await withAgents(stage);
        for (const { command, args, after } of everyMove(stage)) {
            await stage.succeeds(command, args);
            await after();
        }
    },
};

const handedOverAndBack: Scenario = {
    name: "pod-identity-handed-over-and-back",
    title: "up with Pod Identity, and destroy, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAgents(stage);
        await killAroundEachWrite(stage, [toAssociation(stage), handBack(stage)]);
    },
};

const movedFromAnnotation: Scenario = {
    name: "moved-to-pod-identity-and-back",
    title: "the pods move from the annotation to Pod Identity and back, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAgents(stage);
        await stage.succeeds("up", toAnnotation(stage).args);
        await killAroundEachWrite(stage, [toAssociation(stage), toAnnotation(stage)]);
        await stage.succeeds("destroy", toAnnotation(stage).args);
        await stage.assertAsBefore();
    },
};

const movedFromAddOn: Scenario = {
    name: "moved-from-add-on-to-pod-identity-and-back",
    title: "the pods move from the managed add-on's role to Pod Identity and back, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAddOn(stage);
        await withAgents(stage);
        await stage.succeeds("up", toAddOn(stage).args);
        await killAroundEachWrite(stage, [toAssociation(stage), toAddOn(stage)]);
        await stage.succeeds("destroy", toAddOn(stage).args);
        await stage.assertAsBefore();
    },
};

const anotherRole: Scenario = {
    name: "pod-identity-gets-another-role",
    title: "the association gets another role, and one more, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAgents(stage);
        const to = (rolePath: string) => toAssociation(stage, { rolePath });
        await stage.succeeds("up", to("/").args);
        await killAroundEachWrite(stage, [to("/another/"), to("/")]);
        await stage.succeeds("destroy", to("/").args);
        await stage.assertAsBefore();
    },
};

export const podIdentityMoves = [
    uninterrupted,
    handedOverAndBack,
    movedFromAnnotation,
    movedFromAddOn,
    anotherRole,
].map((scenario): Scenario => ({ ...scenario, onIpv6: true }));
