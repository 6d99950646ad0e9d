/** Random options of Pulumi's commands, on top of a random sequence. */
import * as fc from "fast-check";
import { type Child, CHILDREN, Flags, positionOf } from "./engineFlags";
import { withEachProgram } from "./eachProgram";
import type { Program } from "./engine";
import type { Operation, Scenario, Turn } from "./modelRun";
import { scenario } from "./scenarios";

/** All children from this one on. */
const from = (child: Child): Child[] => CHILDREN.slice(positionOf(child));

const some = fc.subarray([...CHILDREN], { minLength: 1, maxLength: 6 });
/** The first children of the chain, as an operator adds what the engine misses. */
const first = fc.constantFrom(...CHILDREN.slice(0, 6)).map((last) => CHILDREN.slice(0, positionOf(last) + 1));

const one = fc.constantFrom(...CHILDREN).map((child) => [child]);
/** The replacement of the attachment is a limit of docs/limits.md. */
const REPLACED: Child[] = ["guard", "canary", "detachment"];
const oneReplaced = fc.constantFrom(...REPLACED).map((child) => [child]);

/** The options of one update. */
const anyFlags: fc.Arbitrary<Flags> = fc
    .record({
        which: fc.oneof(
            fc.constant({}),
            fc.oneof(some, first).map((target) => ({ target })),
            fc
                .oneof(
                    some,
                    one,
                    one.map(([child = "role"]) => from(child)),
                )
                .map((exclude) => ({ exclude })),
            fc.oneof(fc.subarray(REPLACED, { minLength: 1 }), oneReplaced).map((replace) => ({ replace })),
        ),
        goesOn: fc.constantFrom({}, { continueOnError: true }),
        missing: fc.oneof({ arbitrary: fc.constant({}), weight: 7 }, fc.constant({ policyMissing: true })),
    })
    .map(({ which, goesOn, missing }) => ({ ...which, ...goesOn, ...missing }));

const kept = fc.constantFrom(undefined, ...CHILDREN.slice(0, 6));

interface Change {
    readonly flags: Flags | undefined;
    readonly lastKept: Child | undefined;
}

/** The delete of a replaced guard refuses for node roles that only its successor names, so all programs name the same. */
const namingBoth = (program: Program): Program => ({ ...program, detachFromNodeRoles: ["a", "b"] });

function withFlags(operation: Operation, { flags, lastKept }: Change): Operation {
    if (operation.do === "up") {
        return { ...operation, ...(flags === undefined ? {} : { flags }) };
    }
    return operation.do === "destroy" && lastKept !== undefined ? { ...operation, lastKept } : operation;
}

const replacesGuard = ({ operation }: Turn) =>
    operation.do === "up" && (operation.flags?.replace?.includes("guard") ?? false);

const namingNodeRoles = (of: Scenario): Scenario => withEachProgram(of, namingBoth);

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
        return turns.some(replacesGuard) ? namingNodeRoles({ ...of, turns }) : { ...of, turns };
    });
}

export const flagged = scenarioWith(anyFlags);

const withoutDestroy = (of: Scenario): Scenario => ({
    ...of,
    turns: of.turns.map((turn) => (turn.operation.do === "destroy" ? { ...turn, operation: { do: "nothing" } } : turn)),
});

/** Only detachments are deleted, as they are replaced. */
export const replacing = scenarioWith(fc.constant({ replace: ["detachment"] })).map(withoutDestroy);
