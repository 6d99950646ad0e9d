/** The role moves from one delivery to another, or from one role to another within a delivery, under kills. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as assert from "node:assert";
import type { Call } from "../engine/calls";
import type { Command, Hooks, RunResult } from "../engine/engine";
import type { ComponentArguments } from "../engine/program";
import { deletePodWithoutWebhook } from "../podWithoutWebhook";
import {
    detachPending,
    isDeletionPending,
    pendingPolicies,
    pendingRoles,
    removePolicies,
    removeRoles,
} from "../orphans";
import type { Stage } from "../stage";
import { addOnOf, deliveredIn, ROLE_ANNOTATION } from "../state/delivered";
import { roleOfAnotherOwner } from "./roleOfAnotherOwner";
import { noGaps, type Scenario } from "./scenario";

/** How many pods restart depends on the kill point: each pod that is deleted between kill and run may be refused until that run. */
export const killed = { ...noGaps, rollouts: 0, restarts: 0, outageNodeSeconds: Infinity } as const;

/** One command, and what is so once it has succeeded. */
export interface Move {
    readonly command: Command;
    readonly args: ComponentArguments;
    /** What other writers do before. */
    readonly before?: () => Promise<unknown>;
    readonly after: () => Promise<unknown>;
}

/** How many more kills each move has, at times that divide its run evenly. */
const MOMENTS = 8;

/**
 * Makes these moves again and again. In each round, every run is killed at its next write, until no run is killed any more: in a round before the
 * write is forwarded, and in one after it was carried out. Further rounds kill between writes. With `--part`, these are some of the writes and of the
 * times between them. Between the kill and the next run lies a time that is
 * longer than any session.
 */
export async function killAroundEachWrite(stage: Stage, moves: readonly Move[]): Promise<void> {
    const durations = new Map<Move, number>();
    let kills = 0;
    const round = async (hooksOf: (move: Move) => Hooks) => {
        for (const move of moves) {
            const { outcome, from, to } = await killedOnce(stage, move, hooksOf(move));
            kills += outcome === "killed" ? 1 : 0;
            if (outcome === "succeeded") {
                durations.set(move, to - from);
            }
        }
    };
    const { nth: part, of } = stage.props.part ?? { nth: 1, of: 1 };
    for (let nth = part, before = -1; before < kills; nth += of) {
        before = kills;
        const isNth = (write: number) => write === nth;
        await round(() => ({ killBefore: isNth }));
        await round(() => ({ killAfter: isNth }));
    }
    assert.ok(kills > 0, "no run was killed");
    for (let moment = part - 1; moment < MOMENTS; moment += of) {
        const share = (moment + 0.5) / MOMENTS;
        await round((move) => ({ killAtMilliseconds: Math.round(share * (durations.get(move) ?? 0)) }));
    }
    stage.props.say(`killed ${String(kills)} times`);
}

async function killedOnce(stage: Stage, { command, args, before, after }: Move, hooks: Hooks): Promise<RunResult> {
    await before?.();
    const result = await stage.run(command, args, hooks);
    assert.notStrictEqual(result.outcome, "failed", `${command} failed:\n${result.output}`);
    if (result.outcome === "killed") {
        await outlastSessions(stage);
        await deletePodWithoutWebhook(stage);
        await recover(stage, command, args);
    }
    await after();
    return result;
}

/** Runs the killed command again, and does what the engine's warnings ask the operator for. */
async function recover(stage: Stage, command: Command, args: ComponentArguments): Promise<void> {
    const [roles, policies] = [pendingRoles(stage), pendingPolicies(stage)];
    if (command === "destroy") {
        await detachPending(stage);
    } else if (isDeletionPending(stage)) {
        await stage.succeeds("refresh", args);
    }
    await stage.succeeds(command, args);
    await removeRoles(stage, roles);
    await removePolicies(stage, policies);
}

/** Each pod needs a new session in its next call. */
export function outlastSessions({ sandbox }: Stage): Promise<void> {
    return sandbox.renewAgentSessions();
}

export const MANAGER = "eks-cni/continuity/continuity/cni Apply";
export const EKS = "eks Apply";
export const WRITER = "gitops";

/** With short limits for the parts of EKS and of other writers. */
export const delivering = (stage: Stage, more: ComponentArguments = {}): ComponentArguments =>
    stage.arguments({ ...more, timeouts: { ...stage.timeouts, deliverySeconds: 60 } });

/** The hand-over is complete, and these alone own the annotation. */
export async function assertDeliveredBy(stage: Stage, ...owners: string[]): Promise<void> {
    await stage.assertHandedOver();
    const { roleArn } = stage.outputs();
    assert.deepStrictEqual(await deliveredIn(stage.sandbox), { roleArn, owners });
}

export async function assertDeliveredByAddOn(stage: Stage): Promise<void> {
    await assertDeliveredBy(stage, EKS);
    assert.strictEqual((await addOnOf(stage.sandbox))?.serviceAccountRoleArn, stage.outputs()["roleArn"]);
}

async function assertDeliveredByComponent(stage: Stage): Promise<void> {
    await assertDeliveredBy(stage, MANAGER);
    assert.strictEqual((await addOnOf(stage.sandbox))?.serviceAccountRoleArn, undefined);
}

/** The managed add-on takes over the self-managed aws-node, which restarts no pod. */
export async function withAddOn(stage: Stage, serviceAccountRoleArn?: string): Promise<void> {
    const configurationValues = JSON.stringify({ env: { WARM_IP_TARGET: "2" } });
    await stage.sandbox.addOn.setBehavior({ seconds: 1 });
    await stage.sandbox.addOn.create({ configurationValues, serviceAccountRoleArn });
    await stage.recordStateBefore();
}

/** What another tool has in its repository, and applies under its own name. Without a role, it owns no annotation. */
export async function applyByWriter({ sandbox, props }: Stage, roleArn?: string, ...flags: string[]): Promise<void> {
    const file = join(props.directory, "service-account.json");
    const annotations = roleArn === undefined ? undefined : { [ROLE_ANNOTATION]: roleArn };
    const metadata = { name: "aws-node", namespace: "kube-system", annotations };
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
    const args = ["apply", "--server-side", `--field-manager=${WRITER}`, "-f", file, ...flags];
    await promisify(execFile)("kubectl", args, { env: sandbox.environment });
}

/** From the component's own annotation to the add-on, and back. */
function toAddOnAndBack(stage: Stage): [Move, Move] {
    return [
        {
            command: "up",
            args: delivering(stage, { delivery: "eksAddon" }),
            after: () => assertDeliveredByAddOn(stage),
        },
        { command: "up", args: delivering(stage), after: () => assertDeliveredByComponent(stage) },
    ];
}

const movedToAddOn: Scenario = {
    name: "moved-to-add-on-and-back",
    title: "the annotation moves to the managed add-on and back, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAddOn(stage);
        await stage.succeeds("up", delivering(stage));
        await assertDeliveredByComponent(stage);
        await killAroundEachWrite(stage, toAddOnAndBack(stage));
        await stage.succeeds("destroy", delivering(stage));
        await stage.assertAsBefore();
    },
};

const killedAfterUpdate: Scenario = {
    name: "add-on-killed-after-update",
    title: "the annotation moves to the managed add-on and back, each killed once EKS has begun to update the add-on; then destroy",
    quick: true,
    bound: killed,
    play: async (stage) => {
        await withAddOn(stage);
        const [move, back] = toAddOnAndBack(stage);
        for (const one of [move, back, move]) {
            const { outcome } = await killedOnce(stage, one, { killAfter: isAddOnUpdate });
            assert.strictEqual(outcome, "killed", "the run did not update the add-on");
        }
        await stage.succeeds("destroy", move.args);
        await stage.assertAsBefore();
    },
};

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html */
export const isAddOnUpdate = (_: unknown, { operation }: Call): boolean =>
    /^eks POST \/clusters\/[^/]+\/addons\/vpc-cni\/update$/.test(operation);

const movedToWriter: Scenario = {
    name: "moved-to-another-writer-and-back",
    title: "another tool applies the same annotation and takes it over, and gives it back, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await stage.succeeds("up", delivering(stage));
        await assertDeliveredBy(stage, MANAGER);
        await killAroundEachWrite(stage, [
            {
                command: "up",
                args: delivering(stage, { delivery: "external" }),
                before: () => applyByWriter(stage, String(stage.outputs()["roleArn"])),
                after: () => assertDeliveredBy(stage, `${WRITER} Apply`),
            },
            {
                command: "up",
                args: delivering(stage),
                after: async () => {
                    await assertDeliveredBy(stage, MANAGER, `${WRITER} Apply`);
                    await applyByWriter(stage);
                    await assertDeliveredBy(stage, MANAGER);
                },
            },
        ]);
        await stage.succeeds("destroy", delivering(stage));
        await stage.assertAsBefore();
    },
};

const anotherRole: Scenario = {
    name: "add-on-gets-another-role",
    title: "the managed add-on gets another role, and the first one again, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        const [first, second] = [await roleOfAnotherOwner(stage, "first"), await roleOfAnotherOwner(stage, "second")];
        await withAddOn(stage);
        const to = (existingRoleArn: string): Move => ({
            command: "up",
            args: delivering(stage, { delivery: "eksAddon", existingRoleArn }),
            after: () => assertDeliveredByAddOn(stage),
        });
        await stage.succeeds("up", to(first).args);
        await killAroundEachWrite(stage, [to(second), to(first)]);
        await stage.succeeds("destroy", to(first).args);
        await stage.assertAsBefore();
    },
};

const handedOverAndBack: Scenario = {
    name: "add-on-handed-over-and-back",
    title: "up with the managed add-on, and destroy, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        const existingRoleArn = await roleOfAnotherOwner(stage, "theirs");
        await withAddOn(stage);
        const args = delivering(stage, { delivery: "eksAddon", existingRoleArn });
        await killAroundEachWrite(stage, [
            { command: "up", args, after: () => assertDeliveredByAddOn(stage) },
            { command: "destroy", args, after: () => stage.assertAsBefore() },
        ]);
    },
};

const leftToItsOwner: Scenario = {
    name: "add-on-left-to-its-owner-and-back",
    title: "the managed add-on keeps the role while its owner delivers it, and then the component again, killed before and after each write",
    quick: false,
    campaign: true,
    bound: killed,
    play: async (stage) => {
        await withAddOn(stage);
        const to = (delivery: string): Move => ({
            command: "up",
            args: delivering(stage, { delivery }),
            after: () => assertDeliveredByAddOn(stage),
        });
        await stage.succeeds("up", to("eksAddon").args);
        await killAroundEachWrite(stage, [to("external"), to("eksAddon")]);
        await stage.succeeds("destroy", to("eksAddon").args);
        await stage.assertAsBefore();
    },
};

export const deliveryMoves = [
    movedToAddOn,
    killedAfterUpdate,
    movedToWriter,
    anotherRole,
    handedOverAndBack,
    leftToItsOwner,
];
