/** Random sequences that begin with a rollout over several subnets, one of which has no way to STS, or loses it while the rollout goes on. */
import * as fc from "fast-check";
import type { Fault } from "./faults";
import type { Scenario, Turn } from "./modelRun";
import { scenario } from "./scenarios";

const which = fc.nat({ max: 2 });
const nodeRole = fc.constantFrom("a" as const, "b" as const);

/** The canaries take about half a minute. */
const closes = fc.record({
    after: fc.nat({ max: 180 }).map((quarters) => quarters * 250),
    fault: fc.oneof(
        { arbitrary: fc.record({ kind: fc.constant("subnetCloses" as const), which }), weight: 4 },
        { arbitrary: fc.record({ kind: fc.constant("imageMissing" as const), which: fc.nat({ max: 5 }) }), weight: 1 },
    ),
});

const opens: Fault = { kind: "subnetsOpen" };

/** Mostly one that nothing ends. */
const rollout: fc.Arbitrary<Turn> = fc.record({
    operation: fc.record({
        do: fc.constant("up" as const),
        refresh: fc.constant(false),
        program: fc.record({
            roleName: fc.constantFrom("cni", "next"),
            detachFromNodeRoles: fc.constantFrom(["a", "b"], undefined),
        }),
    }),
    faults: fc.oneof(
        fc.array(closes, { minLength: 1, maxLength: 2 }),
        closes.map((close) => [close, { after: close.after + 20_000, fault: opens }]),
    ),
    killedAt: fc.constantFrom(undefined, undefined, undefined, 40, 60),
});

export const scenarioWithSubnets: fc.Arbitrary<Scenario> = fc
    .record({
        of: scenario,
        nodes: fc.array(nodeRole, { minLength: 2, maxLength: 4 }),
        subnets: fc.constantFrom(2, 3),
        rollouts: fc.array(rollout, { minLength: 1, maxLength: 2 }),
    })
    .map(({ of, nodes, subnets, rollouts }) => ({
        ...of,
        nodes,
        subnets,
        // The first of the other turns may be a hand-over that would come too early.
        turns: [...rollouts, ...of.turns.slice(1, 4)],
    }));
