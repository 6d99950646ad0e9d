/** Random options of Pulumi's commands, on top of a random sequence. */
import * as fc from "fast-check";
import type { Child, Flags } from "./engineFlags";
import type { Program } from "./engine";
import type { Operation, Scenario, Turn } from "./modelRun";
import { scenario } from "./scenarios";

/** All children from this one on. */
const from = (first: Child): Child[] => CHAIN.slice(CHAIN.indexOf(first));
const CHAIN: readonly Child[] = [
    "role",
    "policies",
    "guard",
    "patch",
    "canary",
    "rollout",
    "injectionGuard",
    "detachment",
];

const some = fc.subarray([...CHAIN], { minLength: 1, maxLength: 7 });
/** The first children of the chain, as an operator adds what the engine misses. */
const first = fc.constantFrom(...CHAIN.slice(0, 7)).map((last) => CHAIN.slice(0, CHAIN.indexOf(last) + 1));

/** The options of one update. */
const anyFlags: fc.Arbitrary<Flags> = fc
    .record({
        which: fc.oneof(
            fc.constant({}),
            fc.oneof(some, first).map((target) => ({ target })),
            fc
                .oneof(
                    some,
                    fc.constantFrom(...CHAIN).map((one) => [one]),
                    fc.constantFrom(...CHAIN).map(from),
                )
                .map((exclude) => ({ exclude })),
            fc
                .subarray<Child>(["guard", "canary", "injectionGuard", "detachment"], { minLength: 1 })
                .map((replace) => ({ replace })),
        ),
        continueOnError: fc.boolean(),
        policyMissing: fc.constantFrom(false, false, true),
    })
    .map(({ which, ...others }) => ({ ...which, ...others }));

const kept = fc.constantFrom(undefined, ...CHAIN.slice(0, 7));

interface Change {
    readonly flags: Flags | undefined;
    readonly lastKept: Child | undefined;
}

/** The engine makes the role's name. A role that returns under a fixed name is one that the checks take for the verified one. */
const named = (program: Program): Program => ({ ...program, generatedName: true });

/** The delete of a replaced guard refuses for node roles that only its successor names, so all programs name the same. */
const namingBoth = (program: Program): Program => ({ ...program, detachFromNodeRoles: ["a", "b"] });

function withFlags(operation: Operation, { flags, lastKept }: Change): Operation {
    if (operation.do === "up") {
        return { ...operation, program: named(operation.program), ...(flags === undefined ? {} : { flags }) };
    }
    return operation.do === "destroy" && lastKept !== undefined ? { ...operation, lastKept } : operation;
}

const replacesGuard = ({ operation }: Turn) =>
    operation.do === "up" && (operation.flags?.replace?.includes("guard") ?? false);

function namingNodeRoles(of: Scenario): Scenario {
    const turns = of.turns.map((turn) => {
        const { operation } = turn;
        return operation.do === "up"
            ? { ...turn, operation: { ...operation, program: namingBoth(operation.program) } }
            : turn;
    });
    return { ...of, turns, last: namingBoth(of.last) };
}

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 8, maxLength: 8 };

/** A random sequence whose commands have options. */
function scenarioWith(flags: fc.Arbitrary<Flags>): fc.Arbitrary<Scenario> {
    const change = fc.record({ flags: fc.option(flags, { nil: undefined, freq: 2 }), lastKept: kept });
    return fc.record({ of: scenario, each: fc.array(change, MOST_TURNS) }).map(({ of, each }) => {
        const turns = of.turns.map((turn, index) => ({
            ...turn,
            operation: withFlags(turn.operation, each[index] ?? { flags: undefined, lastKept: undefined }),
        }));
        const flagged = { ...of, turns, last: named(of.last) };
        return turns.some(replacesGuard) ? namingNodeRoles(flagged) : flagged;
    });
}

export const flagged = scenarioWith(anyFlags);

const withoutDestroy = (of: Scenario): Scenario => ({
    ...of,
    turns: of.turns.map((turn) => (turn.operation.do === "destroy" ? { ...turn, operation: { do: "nothing" } } : turn)),
});

/** Only detachments are deleted, as they are replaced. */
export const replacing = scenarioWith(fc.constant({ replace: ["detachment"] })).map(withoutDestroy);
