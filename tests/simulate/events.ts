/** What happens to fleets and accounts, beyond the faults of the model. */
import * as fc from "fast-check";
import type { ModelNode, ModelWorld } from "../model/world";
import { mayLeave } from "../model/faults";
import { addNode } from "../model/ownNodeRoles";
import { HOME, type SimulatedAccount } from "./account";

export type SimulatedEvent =
    /** As Karpenter, the Cluster Autoscaler or an AMI rotation: a node joins and another one leaves, again and again. */
    | {
          readonly kind: "churn";
          readonly everySeconds: number;
          readonly livesSeconds: number;
          readonly forSeconds: number;
      }
    /** An instance of the cluster starts, and joins later. */
    | { readonly kind: "instanceLaunched"; readonly which: number; readonly joinsAfter: number }
    /** EC2 shows it as shutting down for a while, before it shows it as terminated. */
    | { readonly kind: "instanceTerminated"; readonly which: number; readonly shutsDownFor: number }
    /** A node joins whose instance EC2 shows late: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html */
    | { readonly kind: "instanceShownLate"; readonly which: number; readonly milliseconds: number }
    /** Another cluster runs an instance with a node role of this one. */
    | { readonly kind: "roleSharedElsewhere"; readonly which: number; readonly region: string }
    | { readonly kind: "regionDenied" | "regionAllowed"; readonly region: string }
    /** In the console, for example. */
    | { readonly kind: "policyAttachedByHand"; readonly which: number };

export interface TimedEvent {
    /** Milliseconds of the turn. */
    readonly after: number;
    readonly event: SimulatedEvent;
}

export function injectEvent(world: ModelWorld, account: SimulatedAccount, event: SimulatedEvent): void {
    world.note(`** ${Object.values(event).join(" ")}`);
    switch (event.kind) {
        case "churn":
            churn(world, account, event);
            break;
        case "instanceLaunched":
            withOne(world.nodeRoles, event.which, (role) =>
                account.launch(role, event.joinsAfter, () => joinIfRoom(world, role)),
            );
            break;
        case "instanceTerminated":
            withOne(world.nodes, event.which, (node) => account.terminate(node, event.shutsDownFor));
            break;
        case "instanceShownLate":
            withOne(world.nodeRoles, event.which, (role) => hide(world, joinIfRoom(world, role), event.milliseconds));
            break;
        case "roleSharedElsewhere":
            withOne(world.nodeRoles, event.which, (role) => account.startElsewhere(role, event.region));
            break;
        case "regionDenied":
            account.denied.add(event.region);
            break;
        case "regionAllowed":
            account.denied.delete(event.region);
            break;
        case "policyAttachedByHand":
            withOne(world.nodeRoles, event.which, (role) => world.attachByHand(role));
    }
}

/** Ends what would only end with time. */
export function endEvents(world: ModelWorld, account: SimulatedAccount): void {
    account.endTerminations();
    account.terminateJoining();
    world.conditions.unknownNodes = [];
}

function churn(
    world: ModelWorld,
    account: SimulatedAccount,
    { everySeconds, livesSeconds, forSeconds }: Extract<SimulatedEvent, { kind: "churn" }>,
): void {
    for (let at = 0; at < forSeconds; at += everySeconds) {
        world.later(world.now + at * 1000, () => {
            const role = world.nodeRoles[Math.floor(at / everySeconds) % world.nodeRoles.length] ?? "a";
            const node = joinIfRoom(world, role);
            if (node !== undefined) {
                world.later(world.now + livesSeconds * 1000, () => leave(world, account, node, at));
            }
        });
    }
}

/** Half of the nodes are drained and deleted, the others lose their instance first. */
function leave(world: ModelWorld, account: SimulatedAccount, node: ModelNode, at: number): void {
    if (!world.nodes.includes(node) || !mayLeave(world, node)) {
        return;
    }
    if (at % 2 === 0) {
        world.lose(node);
    } else {
        account.terminate(node, at % 4 === 1 ? SHUTS_DOWN_FOR_MILLISECONDS : 0);
    }
}

const SHUTS_DOWN_FOR_MILLISECONDS = 12_000;

/** Returns the node, if it has joined at once. */
function joinIfRoom(world: ModelWorld, role: string): ModelNode | undefined {
    const before = new Set(world.nodes);
    if (world.nodes.length < world.mostNodes) {
        addNode(world, role);
    }
    return world.nodes.find((one) => !before.has(one));
}

function hide(world: ModelWorld, node: ModelNode | undefined, milliseconds: number): void {
    const { conditions } = world;
    if (node === undefined) {
        return;
    }
    const { name } = node;
    conditions.unknownNodes = [...(conditions.unknownNodes ?? []), name];
    world.later(world.now + milliseconds, () => {
        conditions.unknownNodes = (conditions.unknownNodes ?? []).filter((one) => one !== name);
    });
}

function withOne<T>(things: readonly T[], which: number, act: (thing: T) => void): void {
    const thing = things[which % Math.max(things.length, 1)];
    if (thing !== undefined) {
        act(thing);
    }
}

const which = fc.nat({ max: 40 });
const region = fc.constantFrom(HOME, "eu-central-1", "us-east-1");
const moment = fc.nat({ max: 240 }).map((quarters) => quarters * 250);

export const churns: fc.Arbitrary<SimulatedEvent> = fc.record({
    kind: fc.constant("churn" as const),
    everySeconds: fc.constantFrom(3, 5, 9),
    livesSeconds: fc.constantFrom(30, 60),
    forSeconds: fc.constantFrom(15, 60, 120),
});

/** EC2 waits for the operating system, for minutes if that does not end: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
export const terminations: fc.Arbitrary<SimulatedEvent> = fc.record({
    kind: fc.constant("instanceTerminated" as const),
    which,
    shutsDownFor: fc.constantFrom(0, 4000, 20_000, 90_000),
});

const event: fc.Arbitrary<SimulatedEvent> = fc.oneof(
    { arbitrary: churns, weight: 3 },
    fc.record({
        kind: fc.constant("instanceLaunched" as const),
        which,
        joinsAfter: fc.constantFrom(2000, 15_000, 60_000),
    }),
    terminations,
    fc.record({
        kind: fc.constant("instanceShownLate" as const),
        which,
        milliseconds: fc.constantFrom(1000, 8000, 30_000),
    }),
    fc.record({ kind: fc.constant("roleSharedElsewhere" as const), which, region }),
    fc.record({
        kind: fc.constantFrom("regionDenied" as const, "regionAllowed" as const),
        region: fc.constantFrom("eu-central-1", "us-east-1"),
    }),
    fc.record({ kind: fc.constant("policyAttachedByHand" as const), which }),
);

export const events: fc.Arbitrary<readonly TimedEvent[]> = fc.oneof(
    { arbitrary: fc.constant([]), weight: 1 },
    { arbitrary: fc.array(fc.record({ after: moment, event }), { minLength: 1, maxLength: 3 }), weight: 1 },
);
