/** Sequences on a fleet that never stands still. The cluster is healthy, so no run may fail that is not killed. */
import * as fc from "fast-check";
import type { Operation, Scenario, Turn } from "./modelRun";

const named = ["a", "b"];
const up = (roleName: string, detachFromNodeRoles: string[] | undefined = named): Operation => ({
    do: "up",
    refresh: false,
    program: { roleName, detachFromNodeRoles },
});
const healthy = (operation: Operation): Turn => ({ operation, faults: [], killedAt: undefined, expected: "done" });
const destroy: Operation = { do: "destroy" };

/** A first hand-over or one in two updates, mostly another role, and the hand-back. Some runs are killed, and the same command runs again. */
const courses: fc.Arbitrary<readonly Turn[]> = fc
    .record({
        first: fc.constantFrom<readonly Operation[]>([up("cni")], [up("cni", undefined), up("cni")]),
        then: fc.constantFrom<readonly Operation[]>([], [up("next")]),
        killedAt: fc.option(fc.nat({ max: 150 }), { nil: undefined, freq: 2 }),
        killed: fc.nat({ max: 3 }),
    })
    .map(({ first, then, killedAt, killed }) =>
        [...first, ...then, destroy].flatMap((operation, index) =>
            index === killed && killedAt !== undefined
                ? [{ ...healthy(operation), killedAt }, healthy(operation)]
                : [healthy(operation)],
        ),
    );

const CHURN = { everyMilliseconds: 3000, livesMilliseconds: 60_000, roles: named };

/** A node joins and one leaves every 3 seconds, and each lives for a minute. */
export const churning: fc.Arbitrary<Scenario> = fc
    .record({
        nodes: fc.array(fc.constantFrom("a" as const, "b" as const), { minLength: 6, maxLength: 18 }),
        strategy: fc.constantFrom("RollingUpdate" as const, "OnDelete" as const),
        policyMilliseconds: fc.constantFrom(1000, 1000, 8000),
        subnets: fc.constantFrom(1, 2, 3),
        maxUnavailable: fc.constantFrom(1, 2, 3),
        startMilliseconds: fc.constantFrom(1000, 4000, 8000),
        startsNotReady: fc.boolean(),
        lingers: fc.boolean(),
        turns: courses,
    })
    .map(({ startsNotReady, lingers, ...of }) => ({
        ...of,
        churn: { ...CHURN, startsNotReady, lingers },
        last: { roleName: "cni", detachFromNodeRoles: named },
    }));

/** With pods that the webhook misses while nodes join, around the time at which the policies leave. */
export const churningWithoutWebhook: fc.Arbitrary<Scenario> = fc
    .record({ of: churning, downAt: fc.nat({ max: 160 }), forMilliseconds: fc.constantFrom(2000, 6000, 20_000) })
    .map(({ of, downAt, forMilliseconds }) => ({
        ...of,
        turns: of.turns.map((turn, index) => {
            const { operation, killedAt } = turn;
            const rest = { operation, killedAt, faults: [] };
            return index > 0
                ? rest
                : {
                      ...rest,
                      faults: [
                          { after: downAt * 1000, fault: { kind: "webhookDown" as const } },
                          { after: downAt * 1000 + forMilliseconds, fault: { kind: "webhookUp" as const } },
                      ],
                  };
        }),
    }));

/** Beside four nodes that stay, one joins every 3 seconds, and leaves before its pod is stable. */
export const shortLived: fc.Arbitrary<Scenario> = churning.map((of) => ({
    ...of,
    nodes: [...named, ...named] as ("a" | "b")[],
    churn: { ...CHURN, startsNotReady: false, lingers: false, ...of.churn, livesMilliseconds: 9000, stay: 4 },
}));
