import * as fc from "fast-check";
import type { Program } from "./engine";
import type { Fault } from "./faults";
import type { Operation, Scenario, Turn } from "./modelRun";

const nodeRole = fc.constantFrom("a" as const, "b" as const);
const which = fc.nat({ max: 5 });

/** Both node roles have nodes, so a program names both or none: naming one of two is refused. */
const program = (roles: fc.Arbitrary<string>): fc.Arbitrary<Program> =>
    fc.record({ roleName: roles, detachFromNodeRoles: fc.constantFrom(["a", "b"], ["a", "b"], undefined) });

const good = fc.constantFrom("cni", "next");
const any = fc.constantFrom("cni", "cni", "next", "bad", "bad2");

const fault: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ kind: fc.constant("nodeJoins" as const), role: nodeRole }),
    fc.record({ kind: fc.constantFrom("nodeLost" as const, "nodeNotReady" as const, "podDeleted" as const), which }),
    fc.record({
        kind: fc.constantFrom(
            ...(["nodesReturn", "webhookDown", "webhookUp", "webhookUp", "annotationWiped", "roleAnnotated"] as const),
            ...(["addOnGetsRole", "addOnLosesRole", "subnetsOpen", "imagesReturn"] as const),
        ),
    }),
    fc.record({ kind: fc.constantFrom("subnetCloses" as const, "imageMissing" as const), which }),
    fc.record({ kind: fc.constantFrom("associationMade" as const, "associationDeleted" as const) }),
    fc.record({ kind: fc.constant("webhookLate" as const), milliseconds: fc.constantFrom(1000, 4000, 12_000) }),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
    {
        arbitrary: fc.record({ do: fc.constant("up" as const), refresh: fc.boolean(), program: program(any) }),
        weight: 5,
    },
    { arbitrary: fc.constant({ do: "destroy" as const }), weight: 2 },
    { arbitrary: fc.constant({ do: "nothing" as const }), weight: 1 },
);

const moment = fc.nat({ max: 160 }).map((quarters) => quarters * 250);
const faults = fc.oneof(
    fc.array(fc.record({ after: moment, fault }), { maxLength: 3 }),
    // The case that the injection guard exists for: a pod is created while the webhook is down.
    fc.record({ after: moment, role: nodeRole, before: fc.nat({ max: 4 }) }).map(({ after, role, before }) => [
        { after, fault: { kind: "webhookDown" as const } },
        { after: after + before * 1000, fault: { kind: "nodeJoins" as const, role } },
    ]),
);
const killedAt = fc.oneof(fc.constant(undefined), fc.nat({ max: 120 }));
const killedAsItDetaches = fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, which);
const turn: fc.Arbitrary<Turn> = fc.record({ operation, faults, killedAt, killedAsItDetaches });
const turns = fc.array(turn, { minLength: 1, maxLength: 6 });

/** A hand-over without faults: most interesting sequences begin after one. */
const handOver: Turn = {
    operation: { do: "up", refresh: false, program: { roleName: "cni", detachFromNodeRoles: ["a", "b"] } },
    faults: [],
    killedAt: undefined,
};

/** A hand-over in two updates, the second of which names the node roles: all pods are stable when the second one creates the injection guard. */
const inTwoUpdates = (which: number): readonly Turn[] => [
    {
        ...handOver,
        operation: { do: "up", refresh: false, program: { roleName: "cni", detachFromNodeRoles: undefined } },
    },
    { ...handOver, killedAsItDetaches: which },
];

/** A random sequence of operations and faults. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
    nodes: fc.array(nodeRole, { maxLength: 3 }),
    strategy: fc.constantFrom("RollingUpdate" as const, "RollingUpdate" as const, "OnDelete" as const),
    policyMilliseconds: fc.constantFrom(1000, 1000, 8000),
    subnets: fc.constantFrom(1, 2, 3),
    maxUnavailable: fc.constantFrom(1, 1, 2, 3),
    ofBefore: fc.constantFrom(false, false, false, true),
    turns: fc.oneof(
        turns,
        turns.map((later) => [handOver, ...later]),
        fc.tuple(which, turns).map(([pod, later]) => [...inTwoUpdates(pod), ...later]),
    ),
    last: program(good),
});
