/** Random sequences in an account with instances that never join, or join late, and with nodes of other kinds. */
import * as fc from "fast-check";
import { churning } from "./churning";
import type { Happening, Scenario, Turn } from "./modelRun";
import type { InstanceChange } from "./otherInstances";
import { nodeRole } from "./ownerChanges";
import { scenario } from "./scenarios";

/** Their tags name the cluster. */
const ofCluster: fc.Arbitrary<InstanceChange> = fc.oneof(
    {
        arbitrary: fc.record({
            kind: fc.constant("instanceLaunched" as const),
            role: nodeRole,
            state: fc.constantFrom("pending" as const, "running" as const, "stopping" as const, "stopped" as const),
            minutesAgo: fc.constantFrom(0, 1, 60),
        }),
        weight: 3,
    },
    {
        arbitrary: fc.record({ kind: fc.constantFrom("instanceJoins" as const, "instanceTerminated" as const) }),
        weight: 2,
    },
);

const change: fc.Arbitrary<InstanceChange> = fc.oneof(
    { arbitrary: ofCluster, weight: 5 },
    { arbitrary: fc.record({ kind: fc.constant("otherNodeJoins" as const), role: nodeRole }), weight: 2 },
);

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

/**
 * @param later What happens in each turn.
 * @param seconds Up to how late.
 */
function withInstances(
    scenarios: fc.Arbitrary<Scenario>,
    later: fc.Arbitrary<InstanceChange>,
    seconds: number,
): fc.Arbitrary<Scenario> {
    const moment = fc.nat({ max: 4 * seconds }).map((quarters) => quarters * 250);
    const changes = fc.array(fc.record({ after: moment, fault: later }), { maxLength: 2 });
    return fc
        .record({
            of: scenarios,
            first: fc.array(change, { minLength: 1, maxLength: 3 }),
            each: fc.array(changes, MOST_TURNS),
        })
        .map(({ of, first, each }) => ({
            ...of,
            turns: of.turns.map((turn, index): Turn => {
                const before = index > 0 ? [] : first.map((fault: Happening) => ({ after: 0, fault }));
                return { ...turn, faults: [...before, ...turn.faults, ...(each[index] ?? [])] };
            }),
        }));
}

export const scenarioWithInstances = withInstances(scenario, change, 40);

/**
 * The same on a fleet that never stands still, where no run may fail. A run refuses for an instance without the cluster's tags that is no node yet: those
 * of other kinds have joined before.
 */
export const churningWithInstances = withInstances(churning, ofCluster, 160);
