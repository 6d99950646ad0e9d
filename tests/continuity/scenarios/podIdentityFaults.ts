/** Parts of EKS Pod Identity are away: amid each move of the pods, and afterwards. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { AttachRolePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Call } from "../engine/calls";
import type { Hooks } from "../engine/engine";
import { iamClient, type Stage } from "../stage";
import { type Move, outlastSessions, withAddOn } from "./deliveryMoves";
import {
    agentsAnswer,
    assertAssociated,
    associating,
    everyMove,
    RESTARTS,
    toAddOn,
    toAnnotation,
    withAgents,
} from "./podIdentityMoves";
import { deletePodWithoutWebhook } from "../podWithoutWebhook";
import { noGaps, type Scenario } from "./scenario";

/** How long a part is away, in seconds. */
const AWAY_SECONDS = 8;
/** How long it takes until a pod that has not started for lack of credentials tries again: sandbox/cluster/containerLife.ts, scaled. */
const BACK_SECONDS = 5;

interface Outage {
    begin(): Promise<unknown>;
    end(): Promise<unknown>;
    /** Whether the outage itself takes the path of pods that have no session yet, so that their time counts apart. */
    readonly takesPath: boolean;
}

/** A move begins with the first pod that restarts: the component deletes it, or changes the template. */
const RESTART = /^(?:DELETE pods\/|PATCH daemonsets\/aws-node)/;

/** The outage begins with the first restart of a run, and ends some seconds later. */
function amid(stage: Stage, outage: Outage): Hooks & { readonly ended: () => Promise<unknown> | undefined } {
    let ended: Promise<unknown> | undefined;
    const happen = async () => {
        const from = Date.now();
        await outage.begin();
        await sleep(AWAY_SECONDS * 1000);
        await outage.end();
        if (outage.takesPath) {
            stage.outsiders.push({ from, repairedFrom: Date.now(), limitSeconds: BACK_SECONDS });
        }
    };
    return {
        seen: ({ operation, write }: Call): void => {
            if (write && RESTART.test(operation)) {
                ended ??= happen();
            }
        },
        ended: () => ended,
    };
}

/** A run that gives up while the part is away goes on when it is back. */
async function makeAmid(stage: Stage, { command, args, after }: Move, outage: Outage): Promise<void> {
    const hooks = amid(stage, outage);
    const { outcome, output } = await stage.run(command, args, hooks);
    assert.ok(hooks.ended() !== undefined, `${command} restarted no pod:\n${output}`);
    await hooks.ended();
    if (outcome !== "succeeded") {
        await stage.succeeds(command, args);
    }
    await after();
}

/** Pods may restart up to three times in a move, and wait for the outage's end. */
const bound = { ...noGaps, ...RESTARTS, outageNodeSeconds: 7 * 3 * (AWAY_SECONDS + BACK_SECONDS) };

/** A canary that starts on a node whose path is taken waits for it, in each of the moves. */
const canariesWait = { ...bound, canaryPodSeconds: 7 * (AWAY_SECONDS + BACK_SECONDS) };

function awayAmidEachMove(
    what: string,
    title: string,
    outageOf: (stage: Stage) => Outage,
    costs: Scenario["bound"] = bound,
): Scenario {
    return {
        name: `${what}-away-amid-pod-identity-moves`,
        title: `${title} for ${String(AWAY_SECONDS)} s in each move of the pods to Pod Identity and from it`,
        quick: false,
        campaign: true,
        bound: costs,
        play: async (stage) => {
            await withAddOn(stage);
            await withAgents(stage);
            for (const move of everyMove(stage)) {
                await makeAmid(stage, move, outageOf(stage));
            }
        },
    };
}

const webhookAway = awayAmidEachMove("webhook", "the webhook is down", ({ faults }) => ({
    begin: () => faults.stopWebhook(),
    end: () => faults.startWebhook(),
    takesPath: false,
}));

const agentAway = awayAmidEachMove(
    "agent",
    "a node has no Pod Identity agent",
    (stage) => {
        const { agents } = stage.sandbox.podIdentity;
        let nodes: string[] = [];
        return {
            begin: async () => {
                nodes = [...(await stage.pods()).keys()].sort().slice(0, 1);
                await agents.set("absent", { nodes });
            },
            end: async () => {
                await agents.set("running", { nodes });
                await agentsAnswer(stage);
            },
            takesPath: true,
        };
    },
    canariesWait,
);

const eksAuthAway = awayAmidEachMove(
    "eks-auth",
    "the agents cannot reach EKS Auth",
    ({ faults }) => ({
        begin: () => faults.reachEksAuthFromNodes(false),
        end: () => faults.reachEksAuthFromNodes(true),
        takesPath: true,
    }),
    canariesWait,
);

/** The engine's AWS provider and the component see a connection that breaks. The cluster does not need the API of EKS. */
const eksAway: Scenario = {
    name: "eks-away-amid-pod-identity-moves",
    title: `the API of EKS is away for ${String(AWAY_SECONDS)} s from each first call and each first write of it in the moves to Pod Identity and from it`,
    quick: false,
    campaign: true,
    bound,
    play: async (stage) => {
        await withAddOn(stage);
        await withAgents(stage);
        for (const { command, args, after } of everyMove(stage)) {
            const outages = new Map<boolean, number>();
            const cuts = ({ operation, write }: Call): boolean => {
                if (!operation.startsWith("eks ")) {
                    return false;
                }
                const since = outages.get(write) ?? Date.now();
                outages.set(write, since);
                return [...outages.values()].some((from) => Date.now() - from < AWAY_SECONDS * 1000);
            };
            const { outcome } = await stage.run(command, args, { cuts });
            assert.ok(outages.has(false), `${command} did not read from EKS`);
            if (outcome !== "succeeded") {
                await stage.succeeds(command, args);
            }
            await after();
        }
    },
};

/** How long a pod that lost its path may wait for the update that repairs it: the association has to be 30 s old before pods restart. */
const REPAIR_SECONDS = 90;

const lost: Scenario = {
    name: "pod-identity-lost",
    title: "after the hand-over an agent goes away, and comes back; then another party deletes the association, and up makes it again",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 4 },
    play: async (stage) => {
        const { agents } = stage.sandbox.podIdentity;
        await withAgents(stage);
        await stage.succeeds("up", associating(stage));
        await assertAssociated(stage);
        stage.since = Date.now();

        const [node = ""] = (await stage.pods()).keys();
        const agentBack = await stage.takePath(() => agents.set("absent", { nodes: [node] }));
        await outlastSessions(stage);
        await sleep(AWAY_SECONDS * 1000);
        await agents.set("running", { nodes: [node] });
        await agentsAnswer(stage);
        await agentBack(BACK_SECONDS, () => Promise.resolve());
        await assertAssociated(stage);

        const repair = await stage.takePath(() => stage.deleteAssociations());
        await sleep(AWAY_SECONDS * 1000);
        await outlastSessions(stage);
        const { output } = await stage.succeeds("refresh", associating(stage));
        assert.match(output, /has no Pod Identity association/, "the refresh does not name the lost association");
        await repair(REPAIR_SECONDS, () => stage.succeeds("up", associating(stage)));
        await assertAssociated(stage);
        await stage.succeeds("destroy", associating(stage));
        await stage.assertAsBefore();
    },
};

/** The proof cannot see it: the role loses its policy as the first pod restarts with it. */
const otherRoleFails: Scenario = {
    name: "pod-identity-other-role-fails",
    title: "another role of the association loses its policy as the canary restarts: the association gets the former role back; then the policy is there, and up",
    quick: false,
    // The canary, and each pod once more; then each pod with the other role; and back.
    bound: {
        ...noGaps,
        // In each subnet one canary waits until the run takes it back. IAM enforces the lost policy late, and the pod that follows may have the failing role once more.
        canaryPodSeconds: ({ subnets, enforcementSeconds }) => subnets * (8 + 2 * enforcementSeconds),
        rollouts: 5,
        restarts: 8,
        outageNodeSeconds: 300,
    },
    play: async (stage) => {
        const [first, second] = [associating(stage), associating(stage, { rolePath: "/another/" })];
        await withAgents(stage);
        await stage.succeeds("up", first);
        const former = String(stage.outputs()["roleArn"]);
        const iam = iamClient(stage.sandbox);
        let policyOfOther: { RoleName: string; PolicyArn: string | undefined } | undefined;
        let from: number | undefined;
        const lose = ({ operation, write }: Call): void => {
            if (write && RESTART.test(operation) && from === undefined) {
                from = Date.now();
                const other = Object.values(stage.currentRoles()).find(({ arn }) => arn.includes(":role/another/"));
                policyOfOther = { RoleName: other?.name ?? "", PolicyArn: other?.attachedPolicyArns[0] };
                void iam.send(new DetachRolePolicyCommand(policyOfOther));
            }
        };
        const { output } = await stage.fails("up", second, /\[rollout-taken-back\]/, { seen: lose });
        // A pod that renews its session meanwhile gets one of the role that fails.
        stage.outsiders.push({ from: from ?? 0, repairedFrom: Date.now(), limitSeconds: 0 });
        assert.match(output, /has its former role \S+ again/);
        assert.strictEqual(await stage.associatedRole(), former);
        await outlastSessions(stage);
        await sleep(AWAY_SECONDS * 1000);
        assert.ok(policyOfOther !== undefined);
        await iam.send(new AttachRolePolicyCommand(policyOfOther));
        await stage.succeeds("up", second);
        await assertAssociated(stage);
        assert.notStrictEqual(await stage.associatedRole(), former);
        await stage.succeeds("destroy", second);
        await stage.assertAsBefore();
    },
};

/** Its canaries in the first subnet work, and the guard of the annotation is in force when they go back. */
const oneSubnetFails: Scenario = {
    name: "pod-identity-fails-in-one-subnet",
    title: "a subnet has no way to EKS Auth as the pods move from the annotation, and from the add-on: they go over the node roles; then it has one, and up",
    quick: false,
    // In each of two moves: the pods go over the node roles and from them, and then move; back to the annotation twice, and destroy.
    bound: { ...noGaps, canaryPodSeconds: 120, rollouts: 12, restarts: 20, outageNodeSeconds: 300 },
    play: async (stage) => {
        await withAddOn(stage);
        await withAgents(stage);
        for (const from of [toAnnotation(stage), toAddOn(stage)]) {
            await stage.succeeds("up", from.args);
            await from.after();
            const subnets = Object.entries(await stage.sandbox.nodes.subnets());
            const last = subnets
                .map(([, subnet]) => subnet)
                .sort()
                .at(-1);
            const cutOff = subnets.flatMap(([node, subnet]) => (subnet === last ? [node] : []));
            await stage.faults.reachEksAuthFromNodes(false, cutOff);
            // Longer than the wait for a late webhook, in which nothing moves.
            const { timeouts, ...args } = associating(stage);
            const longer = { ...args, timeouts: { ...(timeouts as object), canarySeconds: 40 } };
            await stage.fails("up", longer, /\[rollout-taken-back\]/);
            assert.strictEqual(await stage.associatedRole(), undefined);
            // Each node gets a pod, also without the webhook.
            await deletePodWithoutWebhook(stage);
            await stage.settled();
            await stage.faults.reachEksAuthFromNodes(true, cutOff);
            await stage.succeeds("refresh", associating(stage));
            await stage.succeeds("up", associating(stage));
            await assertAssociated(stage);
        }
        await stage.succeeds("destroy", associating(stage));
        await stage.assertAsBefore();
    },
};

export const podIdentityFaults = [
    webhookAway,
    agentAway,
    eksAuthAway,
    eksAway,
    lost,
    otherRoleFails,
    oneSubnetFails,
].map((scenario): Scenario => ({ ...scenario, onIpv6: true }));
