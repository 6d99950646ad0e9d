/** Random sequences of the runs of several stacks that share a node role. */
import * as fc from "fast-check";
import type { Fault } from "./faults";
import { type ClusterFault, type ClusterRun, SHARED, type SharedScenario, type Turn } from "./severalClusters";

export const cluster = fc.nat({ max: 2 });
const killedAt = fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, fc.nat({ max: 120 }));

export const clusterRun: fc.Arbitrary<ClusterRun> = fc.oneof(
    {
        arbitrary: fc.record({
            do: fc.constant("up" as const),
            of: cluster,
            naming: fc.constantFrom("handedOver" as const, "handedOver" as const, "asBefore" as const, "none" as const),
            refresh: fc.boolean(),
            roleName: fc.constantFrom("cni", "cni", "cni", "next"),
            killedAt,
        }),
        weight: 3,
    },
    fc.record({ do: fc.constant("destroy" as const), of: cluster, withdraws: fc.boolean(), killedAt }),
);

const moment = fc.nat({ max: 120 }).map((quarters) => quarters * 250);

export const harmless: fc.Arbitrary<Fault> = fc.oneof(
    fc.constant({ kind: "nodeJoins" as const, role: SHARED } as const),
    fc.record({ kind: fc.constant("podDeleted" as const), which: fc.nat({ max: 5 }) }),
);
/** Without an injection guard, a pod that the webhook has missed needs the node role. */
export const ofTheWebhook: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ kind: fc.constantFrom("webhookDown" as const, "webhookUp" as const) }),
    fc.record({ kind: fc.constant("webhookLate" as const), milliseconds: fc.constantFrom(1000, 4000) }),
);

const faultsOf = (fault: fc.Arbitrary<ClusterFault["fault"]>): fc.Arbitrary<readonly ClusterFault[]> =>
    fc.array(fc.record({ of: cluster, after: moment, fault }), { maxLength: 2 });

const turnWith = (faults: fc.Arbitrary<readonly ClusterFault[]>, run: fc.Arbitrary<ClusterRun>): fc.Arbitrary<Turn> =>
    fc.oneof(
        fc.record({ runs: fc.tuple(run), faults }),
        fc.record({
            runs: fc.tuple(run, run),
            choices: fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 12 }),
            faults,
        }),
    );

/** A hand-over without faults: most interesting sequences begin after one. */
const handOver = (of: number): Turn => ({
    runs: [{ do: "up", of, naming: "handedOver", refresh: false, roleName: "cni", killedAt: undefined }],
    faults: [],
});

export function scenarioOf(
    lists: fc.Arbitrary<readonly boolean[]>,
    isFar: fc.Arbitrary<boolean>,
    fault: fc.Arbitrary<ClusterFault["fault"]>,
    run = clusterRun,
): fc.Arbitrary<SharedScenario> {
    return lists.chain((listed) => {
        const all = listed.map((_, index) => index);
        const turns = fc.array(turnWith(faultsOf(fault), run), { minLength: 1, maxLength: 5 });
        return fc.record({
            lists: fc.constant(listed),
            isFar,
            isLate: fc.boolean(),
            turns: fc.oneof(
                turns,
                turns.map((later) => [handOver(0), handOver(1), ...later]),
                turns.map((later) => [...all.map(handOver), handOver(0), ...later]),
            ),
            last: fc.constantFrom(...all.filter((index) => listed[index])),
            order: fc.shuffledSubarray(all, { minLength: all.length }),
            updatesBetween: fc.boolean(),
            killed: fc.array(killedAt, { minLength: all.length, maxLength: all.length }),
        });
    });
}

/** Every program lists the node role. */
export const sharedScenario = scenarioOf(
    fc.constantFrom([true, true], [true, true, true]),
    fc.boolean(),
    fc.oneof(harmless, ofTheWebhook),
);

/** One program does not: its pods get the role, and another cluster's run detaches the policy. */
export const unlistedScenario = scenarioOf(
    fc.constantFrom([false, true], [true, false, true], [true, true, false]),
    fc.constant(false),
    harmless,
);

/** The nodes of the last cluster join when the policy is detached already, and its stack is the first that hands back. */
export const lateScenario = sharedScenario.map((of): SharedScenario => ({
    ...of,
    lists: [true, true, true],
    isLate: true,
    turns: [
        handOver(0),
        handOver(1),
        handOver(2),
        ...of.turns.filter(({ runs }) => runs.every((one) => one.do === "up")),
    ],
    last: 0,
    order: [2, 1, 0],
    killed: [],
}));
