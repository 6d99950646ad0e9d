/** Random histories of a cluster on which an association of EKS Pod Identity gives the pods their role, or gave it before. */
import * as fc from "fast-check";
import type { AddOnEvent, DeliveryScenario, DeliveryTurn } from "./addOnRun";
import { behaviour, waits } from "./addOnScenarios";
import { ASSOCIATION_LAG_MILLISECONDS } from "./association";
import type { Program } from "./engine";
import type { Fault } from "./faults";

type Delivery = Program["delivery"];

const nodeRole = fc.constantFrom("a", "b");
const moment = fc.nat({ max: 400 }).map((quarters) => quarters * 250);
const event: fc.Arbitrary<AddOnEvent | Fault> = fc.oneof(
    fc.record({ kind: fc.constant("nodeJoins" as const), role: nodeRole }),
    { arbitrary: fc.record({ kind: fc.constant("podDeleted" as const), which: fc.nat({ max: 5 }) }), weight: 3 },
);
const events = fc.array(fc.record({ after: moment, event }), { maxLength: 2 });
const lag = fc.nat({ max: ASSOCIATION_LAG_MILLISECONDS / 250 }).map((quarters) => quarters * 250);

/** A role trusts EKS Pod Identity or tokens, not both: a change between them is another role. */
const program = (
    deliveries: fc.Arbitrary<Delivery>,
    which: fc.Arbitrary<string>,
    detaches: fc.Arbitrary<readonly string[] | undefined>,
): fc.Arbitrary<Program> =>
    fc.tuple(deliveries, which, detaches).map(([delivery, name, detachFromNodeRoles]) => ({
        roleName: delivery === "podIdentity" ? `${name}-associated` : name,
        detachFromNodeRoles,
        ...(delivery === undefined ? {} : { delivery }),
    }));

const both = fc.constant(["a", "b"]);
const someDetach = fc.constantFrom(["a", "b"], ["a", "b"], ["a", "b"], undefined);
const any = fc.constantFrom("cni", "cni", "next", "bad");
const good = fc.constantFrom("cni", "next");
const mostlyAssociated = fc.constantFrom<Delivery>("podIdentity", "podIdentity", undefined, "eksAddon");

const turn: fc.Arbitrary<DeliveryTurn> = fc.record({
    do: fc.constantFrom<DeliveryTurn["do"]>("up", "up", "up", "upAfterRefresh", "destroy", "nothing"),
    program: program(mostlyAssociated, any, someDetach),
    killedAt: fc.oneof(fc.constant(undefined), fc.nat({ max: 260 })),
    events,
    waits,
});

/** EKS carries out each update of the add-on: addOnScenarios.ts has those that it does not. */
const addOn = behaviour.map((of) => ({ ...of, outcomes: [] }));

export const podIdentityScenario: fc.Arbitrary<DeliveryScenario> = fc.record({
    addOn,
    associationLagMilliseconds: lag,
    nodes: fc.array(nodeRole, { maxLength: 2 }),
    strategy: fc.constantFrom("RollingUpdate" as const, "RollingUpdate" as const, "OnDelete" as const),
    maxUnavailable: fc.constantFrom(1, 1, 2),
    turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
    last: program(mostlyAssociated, good, someDetach),
});

const MOVES: readonly [Delivery, Delivery][] = [
    ["podIdentity", "podIdentity"],
    [undefined, "podIdentity"],
    ["podIdentity", undefined],
    ["eksAddon", "podIdentity"],
    ["podIdentity", "eksAddon"],
];

/** A history in which the pods move to an association, from it, or to another role of it, with a kill in the move. */
export const podIdentityMoveScenario: fc.Arbitrary<DeliveryScenario> = fc
    .record({
        addOn,
        associationLagMilliseconds: lag,
        move: fc.constantFrom(...MOVES),
        killedAt: fc.nat({ max: 300 }),
        pause: waits,
        events: fc.array(fc.record({ after: moment, event }), { maxLength: 1 }),
        nodes: fc.array(nodeRole, { maxLength: 1 }),
        strategy: fc.constantFrom("RollingUpdate" as const, "OnDelete" as const),
        next: fc.constantFrom<DeliveryTurn["do"]>("up", "upAfterRefresh", "destroy", "nothing"),
    })
    .chain(({ move: [begins, ends], ...rest }) =>
        fc
            .tuple(
                program(fc.constant(begins), fc.constant("cni"), both),
                program(fc.constant(ends), fc.constant("next"), both),
            )
            .map(([first, second]) => ({ ...rest, first, second })),
    )
    .map(({ first, second, killedAt, pause, events: ofMove, next, ...rest }) => ({
        ...rest,
        maxUnavailable: 1,
        turns: [
            { do: "up" as const, program: first },
            { do: "up" as const, program: second, killedAt, waits: pause, events: ofMove },
            { do: next, program: second, killedAt: next.startsWith("up") ? undefined : killedAt },
        ],
        last: second,
    }));
