/** Random histories of a cluster with a managed add-on. */
import * as fc from "fast-check";
import type { AddOnEvent, DeliveryScenario, DeliveryTurn } from "./addOnRun";
import type { Program } from "./engine";
import type { Fault } from "./faults";
import { type AddOnBehaviour, type UpdateOutcome, WRITES } from "./managedAddOn";

const outcome = fc.constantFrom<UpdateOutcome>(
    ...(["Successful", "Successful", "Successful", "FailedButApplied", "Failed", "Cancelled"] as const),
);

export const behaviour: fc.Arbitrary<AddOnBehaviour> = fc.record({
    writes: fc.constantFrom(...WRITES),
    restarts: fc.boolean(),
    reverts: fc.boolean(),
    keepsConfiguration: fc.boolean(),
    showsAtOnce: fc.boolean(),
    showsLate: fc.boolean(),
    outcomes: fc.array(outcome, { maxLength: 3 }),
});

const nodeRole = fc.constantFrom("a", "b");
const moment = fc.nat({ max: 240 }).map((quarters) => quarters * 250);
const event: fc.Arbitrary<AddOnEvent | Fault> = fc.oneof(
    fc.record({ kind: fc.constantFrom("addOnUpgraded" as const, "addOnLosesItsRole" as const) }),
    fc.record({ kind: fc.constant("nodeJoins" as const), role: nodeRole }),
    fc.record({ kind: fc.constant("podDeleted" as const), which: fc.nat({ max: 5 }) }),
);
const rareEvent: fc.Arbitrary<AddOnEvent | Fault> = fc.oneof(
    { arbitrary: event, weight: 6 },
    { arbitrary: fc.record({ kind: fc.constantFrom("addOnDeleted" as const, "addOnCreated" as const) }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant("addOnRemoved" as const) }), weight: 2 },
    {
        arbitrary: fc.record({
            kind: fc.constant("annotationTaken" as const),
            taking: fc.constantFrom("sameRole" as const, "foreignRole" as const),
        }),
        weight: 2,
    },
    { arbitrary: fc.record({ kind: fc.constant("annotationLeft" as const) }), weight: 1 },
);
const events = fc.array(fc.record({ after: moment, event: rareEvent }), { maxLength: 2 });
/** At most one while the role moves. */
const eventsOfMove = fc.array(fc.record({ after: moment, event: rareEvent }), { maxLength: 1 });
/** How long it is until the next command. */
export const waits = fc.constantFrom<NonNullable<DeliveryTurn["waits"]>>("atOnce", "soon", "long");
const killedAt = fc.oneof(fc.constant(undefined), fc.nat({ max: 160 }));

const program = (deliveries: fc.Arbitrary<Program["delivery"]>, roles: fc.Arbitrary<string>): fc.Arbitrary<Program> =>
    fc
        .record({
            roleName: roles,
            delivery: deliveries,
            detachFromNodeRoles: fc.constantFrom(["a", "b"], ["a", "b"], undefined),
            injectionGuard: fc.constantFrom(true, true, true, false),
        })
        .map(({ delivery, ...rest }) => ({ ...rest, ...(delivery === undefined ? {} : { delivery }) }));

const byAddOn = fc.constantFrom<Program["delivery"]>("eksAddon", "eksAddon", "eksAddon", undefined);
const any = fc.constantFrom("cni", "cni", "next", "bad");
const good = fc.constantFrom("cni", "next");

const turn = (of: fc.Arbitrary<Program>): fc.Arbitrary<DeliveryTurn> =>
    fc.record({
        do: fc.constantFrom<DeliveryTurn["do"]>("up", "up", "up", "upAfterRefresh", "destroy", "nothing"),
        program: of,
        killedAt,
        events,
        waits,
    });

export const addOnScenario: fc.Arbitrary<DeliveryScenario> = fc
    .record({
        addOn: behaviour,
        hadRole: fc.boolean(),
        detached: fc.boolean(),
        nodes: fc.array(nodeRole, { maxLength: 2 }),
        strategy: fc.constantFrom("RollingUpdate" as const, "RollingUpdate" as const, "OnDelete" as const),
        maxUnavailable: fc.constantFrom(1, 1, 2),
        turns: fc.array(turn(program(byAddOn, any)), { minLength: 1, maxLength: 4 }),
        last: program(byAddOn, good),
    })
    .map((of) => ({ ...of, detached: of.hadRole && of.detached }))
    // Without the add-on as its delivery, the component refuses an add-on with another role.
    .filter((of) => !of.hadRole || (of.last.delivery === "eksAddon" && of.turns.every(isOfAddOn)));

const isOfAddOn = ({ program: { delivery } }: DeliveryTurn) => delivery === "eksAddon";

/** A history in which the role moves between the component's annotation and the add-on, with a kill in the move. */
export const moveScenario: fc.Arbitrary<DeliveryScenario> = fc
    .record({
        addOn: behaviour,
        begins: byAddOn,
        ends: byAddOn,
        roleNames: fc.tuple(good, good),
        killedAt: fc.nat({ max: 200 }),
        pause: waits,
        events: eventsOfMove,
        nodes: fc.array(nodeRole, { maxLength: 1 }),
        next: fc.constantFrom<DeliveryTurn["do"]>("up", "destroy", "nothing"),
    })
    .map(({ addOn, begins, ends, roleNames, killedAt: moves, pause, events: ofMove, nodes, next }) => {
        const of = (delivery: Program["delivery"], roleName: string): Program => ({
            roleName,
            detachFromNodeRoles: ["a", "b"],
            ...(delivery === undefined ? {} : { delivery }),
        });
        const [first, second] = [of(begins, roleNames[0]), of(ends, roleNames[1])];
        return {
            addOn,
            nodes,
            strategy: "RollingUpdate" as const,
            maxUnavailable: 1,
            turns: [
                { do: "up" as const, program: first },
                { do: "up" as const, program: second, killedAt: moves, waits: pause, events: ofMove },
                { do: next, program: second, killedAt: next === "up" ? undefined : moves },
            ],
            last: second,
        };
    });
