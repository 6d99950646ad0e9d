/** Random sequences in which a rollout or a hand-back meets flips, NotReady nodes, or two failures in one wave, and later runs repair. */
import * as fc from "fast-check";
import type { Happening, Operation, Scenario, Turn } from "./modelRun";

const nodeRole = fc.constantFrom("a" as const, "b" as const);
const which = fc.nat({ max: 5 });
const named = ["a", "b"];

const up = (roleName: string, refresh = false, detachFromNodeRoles: string[] | undefined = named): Operation => ({
    do: "up",
    refresh,
    program: { roleName, detachFromNodeRoles },
});
const without = (operation: Operation): Turn => ({ operation, faults: [], killedAt: undefined });
const handOver = without(up("cni"));
const destroy: Operation = { do: "destroy" };
const last = { roleName: "cni", detachFromNodeRoles: named };

const common = fc.record({
    strategy: fc.constantFrom("RollingUpdate" as const, "OnDelete" as const),
    last: fc.constant(last),
});

/** A pod restarts in a subnet without a way to STS, or on a node that does not respond: a rollout that repairs it fails. */
const trouble: fc.Arbitrary<readonly Happening[]> = fc.oneof(
    fc
        .tuple(which, fc.uniqueArray(which, { minLength: 1, maxLength: 6 }))
        .map(([subnet, pods]): Happening[] => [
            { kind: "subnetCloses", which: subnet },
            ...pods.map((pod) => ({ kind: "podDeleted" as const, which: pod })),
        ]),
    fc
        .tuple(which, nodeRole, fc.boolean())
        .map(([pod, role, isAll]): Happening[] => [
            { kind: "podDeleted", which: pod },
            isAll ? { kind: "roleNotReady", role } : { kind: "nodeNotReady", which: pod },
        ]),
    fc.record({ kind: fc.constant("imageMissing" as const), which }).map((one) => [one]),
    fc.constant<Happening[]>([{ kind: "subnetsOpen" }, { kind: "nodesReturn" }, { kind: "imagesReturn" }]),
);

const repair: fc.Arbitrary<readonly Turn[]> = fc
    .record({
        // A rollout repairs a missing annotation. It has nothing to do for a pod with the role that is not Ready.
        wiped: fc.constantFrom<readonly Happening[]>([{ kind: "annotationWiped" }], [{ kind: "annotationWiped" }], []),
        happens: fc.array(trouble, { minLength: 1, maxLength: 2 }),
        roleName: fc.constantFrom("cni", "cni", "next"),
        later: fc.array(fc.record({ after: fc.nat({ max: 60_000 }), fault: trouble.map(([one]) => one) }), {
            maxLength: 1,
        }),
        killedAt: fc.constantFrom(undefined, undefined, 30, 60, 90),
        killedAsItTakesBack: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 2 }),
    })
    .map(({ wiped, happens, roleName, later, ...killed }) => [
        {
            ...without({ do: "nothing" }),
            faults: [wiped, ...happens].flatMap((all, index) => all.map((fault) => ({ after: 2000 * index, fault }))),
        },
        {
            operation: up(roleName, true),
            faults: later.flatMap(({ after, fault }) => (fault === undefined ? [] : [{ after, fault }])),
            ...killed,
        },
    ]);

/** Repairs of a finished hand-over, whose node roles have given up their policies, with the injection guard in force. */
export const guardedRepairs: fc.Arbitrary<Scenario> = fc
    .record({
        of: common,
        nodes: fc.array(nodeRole, { minLength: 1, maxLength: 3 }),
        subnets: fc.constantFrom(1, 2, 3),
        maxUnavailable: fc.constantFrom(1, 2),
        repairs: fc.array(repair, { minLength: 1, maxLength: 2 }),
    })
    .map(({ of, repairs, ...rest }) => ({ ...of, ...rest, turns: [handOver, ...repairs.flat()] }));

/** Repairs of a rollout without node roles to detach from, so without the injection guard. It may have replaced another role. */
export const plainRepairs: fc.Arbitrary<Scenario> = fc
    .record({ of: guardedRepairs, hasReplaced: fc.boolean() })
    .map(({ of, hasReplaced }) => ({
        ...of,
        last: { roleName: "cni", detachFromNodeRoles: undefined },
        turns: [...(hasReplaced ? [without(up("next"))] : []), ...of.turns].map((turn) => ({
            ...turn,
            operation:
                turn.operation.do === "up"
                    ? { ...turn.operation, program: { ...turn.operation.program, detachFromNodeRoles: undefined } }
                    : turn.operation,
        })),
    }));

const flips = fc.array(
    fc.record({
        after: fc.nat({ max: 1600 }).map((quarters) => quarters * 250),
        fault: fc.record({
            kind: fc.constant("podFlips" as const),
            which,
            milliseconds: fc.constantFrom(2000, 5000, 9000),
        }),
    }),
    { minLength: 2, maxLength: 10 },
);

/** A healthy cluster whose pods flip now and then, with pods that take long to start: runs take longer than the limit of one pod. */
export const flipping: fc.Arbitrary<Scenario> = fc
    .record({
        of: common,
        nodes: fc.array(nodeRole, { minLength: 4, maxLength: 7 }),
        startMilliseconds: fc.constantFrom(10_000, 30_000),
        first: flips,
        second: flips,
        roleName: fc.constantFrom("cni", "next"),
    })
    .map(({ of, first, second, roleName, ...rest }) => ({
        ...of,
        ...rest,
        subnets: 1,
        maxUnavailable: 1,
        turns: [
            { ...without(up(roleName)), faults: first, expected: "done" },
            { ...without(destroy), faults: second, expected: "done" },
        ],
    }));

/** One node, or all nodes of a node role, do not respond as the run begins. */
const silent: fc.Arbitrary<Happening> = fc.oneof(
    fc.record({ kind: fc.constant("roleNotReady" as const), role: nodeRole }),
    fc.record({ kind: fc.constant("nodeNotReady" as const), which }),
);

/** Rollouts, repairs and hand-backs beside NotReady nodes. */
export const besideNotReady: fc.Arbitrary<Scenario> = fc
    .record({
        of: common,
        nodes: fc.array(nodeRole, { minLength: 1, maxLength: 4 }),
        subnets: fc.constantFrom(1, 2),
        maxUnavailable: fc.constantFrom(1, 2),
        node: silent,
        operation: fc.constantFrom<Operation>(up("cni"), up("next"), up("cni", true), destroy),
        first: fc.constantFrom<readonly Turn[]>([], [handOver], [without(up("cni", false, undefined))]),
        deleted: fc.option(which, { nil: undefined }),
    })
    .map(({ of, node, operation, first, deleted, ...rest }) => ({
        ...of,
        ...rest,
        turns: [
            ...(operation.do === "destroy" && first.length === 0 ? [handOver] : first),
            {
                ...without({ do: "nothing" }),
                faults: [
                    ...(deleted === undefined ? [] : [{ after: 0, fault: { kind: "annotationWiped" as const } }]),
                    ...(deleted === undefined
                        ? []
                        : [{ after: 0, fault: { kind: "podDeleted" as const, which: deleted } }]),
                    { after: 10_000, fault: node },
                ],
            },
            {
                ...without(operation.do === "up" ? { ...operation, refresh: first.length > 0 } : operation),
                expected: "moved",
            },
        ],
    }));

/** The pods of the first nodes are canaries. */
const podOfWave = fc.integer({ min: 2, max: 7 });

const failsInAWave: fc.Arbitrary<Happening> = fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant("subnetCloses" as const), which: fc.nat({ max: 1 }) }), weight: 3 },
    {
        arbitrary: fc.record({
            kind: fc.constantFrom("imageMissing" as const, "stopsSlowly" as const),
            which: podOfWave,
        }),
        weight: 4,
    },
);

/** What happens before the next run: mostly nothing, or the role loses its rights. */
const between: fc.Arbitrary<readonly Happening[]> = fc.constantFrom<readonly Happening[]>(
    [],
    [{ kind: "subnetsOpen" }, { kind: "imagesReturn" }],
    [{ kind: "roleBroken", by: "trust-refused" }],
);

/** Waves of several pods that fail for one or two reasons, runs that are killed as they take them back, and the next runs. */
export const failingWaves: fc.Arbitrary<Scenario> = fc
    .record({
        of: common,
        nodes: fc.array(fc.constantFrom("a" as const, "a" as const, "b" as const), { minLength: 4, maxLength: 7 }),
        subnets: fc.constantFrom(1, 2),
        maxUnavailable: fc.constantFrom(2, 3, 4),
        fails: fc.array(failsInAWave, { minLength: 1, maxLength: 4 }),
        killedAsItTakesBack: fc.option(fc.nat({ max: 30 }), { nil: undefined, freq: 2 }),
        next: fc.array(fc.record({ happens: between, refresh: fc.boolean() }), { minLength: 1, maxLength: 2 }),
        detach: fc.constantFrom(named, undefined),
    })
    .map(({ of, fails, killedAsItTakesBack, next, detach, ...rest }) => ({
        ...of,
        ...rest,
        turns: [
            { ...without(up("cni", false, detach)), asAWaveBegins: fails, killedAsItTakesBack },
            ...next.map(({ happens, refresh }): Turn => ({
                ...without(up("cni", refresh, detach)),
                faults: happens.map((fault) => ({ after: 0, fault })),
            })),
        ],
    }));
