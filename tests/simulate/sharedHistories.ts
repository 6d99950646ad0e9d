/** Random histories of several clusters that share a node role: the sequences of the model, and what those do not have. */
import * as fc from "fast-check";
import type { ClusterFault, ClusterRun } from "../model/severalClusters";
import { cluster, clusterRun, harmless, ofTheWebhook, scenarioOf } from "../model/sharedScenarios";
import { churns, terminations } from "./events";
import { perturbations } from "./perturbations";
import type { SharedSimulation, SharedTurn } from "./several";

/** The first pods of the role do not work. */
const withBadRole: fc.Arbitrary<ClusterRun> = fc.record({
    do: fc.constant("up" as const),
    of: cluster,
    naming: fc.constantFrom("handedOver" as const, "none" as const),
    refresh: fc.boolean(),
    roleName: fc.constantFrom("bad", "bad2"),
    killedAt: fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, fc.nat({ max: 200 })),
});

const turningOff: fc.Arbitrary<ClusterRun> = fc.record({
    do: fc.constant("turnOff" as const),
    of: cluster,
    refresh: fc.boolean(),
    killedAt: fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, fc.nat({ max: 24 })),
});

const sharing: fc.Arbitrary<ClusterFault["fault"]> = fc.constantFrom(
    { kind: "scaledToZero" as const },
    { kind: "scaledToZero" as const },
    { kind: "scaledUp" as const },
    { kind: "sharedPolicyAttached" as const },
);

const more = fc.record({
    perturbed: perturbations,
    events: fc.oneof(
        { arbitrary: fc.constant([]), weight: 2 },
        fc.array(
            fc.record({
                of: cluster,
                after: fc.nat({ max: 240 }).map((quarters) => quarters * 250),
                event: fc.oneof(churns, terminations),
            }),
            { minLength: 1, maxLength: 2 },
        ),
    ),
});

/** As many as a history has turns at most: tests/model/sharedScenarios.ts. */
const MOST_TURNS = { minLength: 9, maxLength: 9 };

function simulated(of: ReturnType<typeof scenarioOf>): fc.Arbitrary<SharedSimulation> {
    return fc.tuple(of, fc.array(more, MOST_TURNS)).map(([history, each]) => ({
        ...history,
        turns: history.turns.map((turn, index): SharedTurn => ({ ...turn, ...each[index] })),
    }));
}

const lists = fc.constantFrom([true, true], [true, true, true]);

const withRuns = (...more: fc.Arbitrary<ClusterRun>[]) =>
    fc.oneof({ arbitrary: clusterRun, weight: 4 }, ...more.map((arbitrary) => ({ arbitrary, weight: 1 })));
const withFaults = (of: fc.Arbitrary<ClusterFault["fault"]>) => fc.oneof({ arbitrary: of, weight: 1 }, harmless);

/** Every program lists the role, so each cluster that is handed over has an injection guard. */
export const sharedHistory = fc.oneof(
    // Without nodes, no canary can show that a role does not work.
    simulated(scenarioOf(lists, fc.boolean(), withFaults(ofTheWebhook), withRuns(withBadRole))),
    simulated(scenarioOf(lists, fc.boolean(), fc.oneof(withFaults(ofTheWebhook), sharing), withRuns())),
);

const anyLists = fc.oneof(lists, fc.constantFrom([false, true], [true, false, true]));

/** Without the injection guard, a pod that the webhook has missed needs the node role, so the webhook is up. */
export const sharedHistoryWithTurningOff = fc.oneof(
    simulated(scenarioOf(anyLists, fc.boolean(), harmless, withRuns(turningOff, turningOff, withBadRole))),
    simulated(scenarioOf(anyLists, fc.boolean(), withFaults(sharing), withRuns(turningOff, turningOff))),
);
