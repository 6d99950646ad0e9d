/** Random histories of a cluster on which another writer delivers the role. */
import * as fc from "fast-check";
import type { AddOnEvent, DeliveryScenario, DeliveryTurn } from "./addOnRun";
import { behaviour, waits } from "./addOnScenarios";
import type { Program } from "./engine";
import type { Fault } from "./faults";
import type { AddOnBehaviour } from "./managedAddOn";
import type { WriterKind } from "./writer";

const nodeRole = fc.constantFrom("a", "b");
const moment = fc.nat({ max: 240 }).map((quarters) => quarters * 250);
const event: fc.Arbitrary<AddOnEvent | Fault> = fc.oneof(
    fc.record({ kind: fc.constant("addOnUpgraded" as const) }),
    fc.record({ kind: fc.constant("nodeJoins" as const), role: nodeRole }),
    fc.record({ kind: fc.constant("podDeleted" as const), which: fc.nat({ max: 5 }) }),
);
const events = fc.array(fc.record({ after: moment, event }), { maxLength: 2 });

interface Writing {
    readonly kind: WriterKind;
    readonly delayMilliseconds: number;
    readonly addOn: AddOnBehaviour;
}

/** EKS may end the other writer's updates as it likes: that one tries again. */
const writing: fc.Arbitrary<Writing> = fc.record({
    kind: fc.constantFrom<WriterKind>("apply", "update", "addOn"),
    delayMilliseconds: fc.constantFrom(0, 5000, 30_000),
    addOn: behaviour,
});

function scenarioOf({ kind, delayMilliseconds, addOn }: Writing, rest: Omit<DeliveryScenario, "addOn" | "writer">) {
    return { ...rest, writer: { kind, delayMilliseconds }, ...(kind === "addOn" ? { addOn } : {}) };
}

const external = (roleName: string, detachFromNodeRoles: readonly string[] | undefined): Program => ({
    roleName,
    delivery: "external",
    detachFromNodeRoles,
});

const program = (roles: fc.Arbitrary<string>): fc.Arbitrary<Program> =>
    fc.tuple(roles, fc.constantFrom(["a", "b"], ["a", "b"], undefined)).map(([name, detach]) => external(name, detach));

const turn: fc.Arbitrary<DeliveryTurn> = fc.record({
    do: fc.constantFrom<DeliveryTurn["do"]>("up", "up", "up", "upAfterRefresh", "destroy", "nothing"),
    program: program(fc.constantFrom("cni", "cni", "next", "bad")),
    killedAt: fc.oneof(fc.constant(undefined), fc.nat({ max: 160 })),
    events,
    waits,
});

export const externalScenario: fc.Arbitrary<DeliveryScenario> = fc
    .tuple(
        writing,
        fc.record({
            nodes: fc.array(nodeRole, { maxLength: 2 }),
            strategy: fc.constantFrom("RollingUpdate" as const, "RollingUpdate" as const, "OnDelete" as const),
            maxUnavailable: fc.constantFrom(1, 1, 2),
            turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
            last: program(fc.constantFrom("cni", "next")),
        }),
    )
    .map(([of, rest]) => scenarioOf(of, rest));

/**
 * A history in which the role moves between the component, or the managed add-on that it updates, and another writer, with a kill in the move. An update
 * of an equal value owns nothing, so the other writer has to apply it.
 */
export const writerMoveScenario: fc.Arbitrary<DeliveryScenario> = fc
    .record({
        of: writing,
        toExternal: fc.boolean(),
        byAddOn: fc.boolean(),
        killedAt: fc.nat({ max: 200 }),
        pause: waits,
        nodes: fc.array(nodeRole, { maxLength: 1 }),
        next: fc.constantFrom<DeliveryTurn["do"]>("up", "destroy", "nothing"),
    })
    .map(({ of, toExternal, byAddOn, killedAt, pause, nodes, next }) => {
        const viaAddOn = byAddOn && of.kind === "addOn" ? { delivery: "eksAddon" as const } : {};
        const ours: Program = { roleName: "cni", detachFromNodeRoles: ["a", "b"], ...viaAddOn };
        const theirs = external("cni", ["a", "b"]);
        const [first, second] = toExternal ? [ours, theirs] : [theirs, ours];
        const writes = of.addOn.writes === "update" ? "apply" : of.addOn.writes;
        const applying = {
            ...of,
            kind: of.kind === "update" ? "apply" : of.kind,
            addOn: { ...of.addOn, writes },
        } as const;
        return scenarioOf(applying, {
            nodes,
            strategy: "RollingUpdate" as const,
            maxUnavailable: 1,
            turns: [
                { do: "up" as const, program: first },
                { do: "up" as const, program: second, killedAt, waits: pause },
                { do: next, program: second, killedAt: next === "up" ? undefined : killedAt },
            ],
            last: second,
        });
    });
