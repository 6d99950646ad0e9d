/** Random sequences with other clusters that share the role, with node roles of the same program, and with other DaemonSets. */
import * as fc from "fast-check";
import { OTHER_ISSUERS } from "./cniRole";
import type { Program } from "./engine";
import type { Operation, Scenario, Turn } from "./modelRun";
import type { NeighbourChange } from "./neighbourChanges";
import { scenarioWithChanges } from "./programChanges";

/** One kind of neighbour. */
interface Kind {
    /** What each update of the program may say. */
    readonly says: fc.Arbitrary<Partial<Program>>;
    readonly change: fc.Arbitrary<NeighbourChange>;
    readonly moves: fc.Arbitrary<NonNullable<Turn["moves"]>>;
}

const [one = "", two = ""] = OTHER_ISSUERS;

/** An issuer joins, stays and leaves. */
const otherClusters: Kind = {
    says: fc.record({ otherIssuers: fc.constantFrom([one], [one], [one], [one, two], [two], []) }),
    change: fc.constant({ kind: "otherClustersTakeTheRole" }),
    moves: fc.constant([]),
};

/** Each node role may belong to the program, be listed, and lose its nodes. */
const ownNodeRoles: Kind = {
    says: fc
        .record({
            own: fc.constantFrom<string[][]>(["c"], ["c"], ["b", "c"], ["a"], []),
            listed: fc.constantFrom<string[][]>(["a", "b", "c"], ["a", "b", "c"], ["a", "b"]),
        })
        .map(({ own, listed }) => ({
            ownNodeRoles: own.filter((role) => listed.includes(role)),
            detachFromNodeRoles: listed,
        })),
    change: fc.record({
        kind: fc.constant("poolScaled" as const),
        role: fc.constantFrom<("a" | "b" | "c")[]>("a", "b", "c", "c"),
        up: fc.boolean(),
    }),
    moves: fc.constant([]),
};

/** The program mostly follows what the plugin's owner does with the DaemonSet and its service account. */
const otherDaemonSets: Kind = {
    says: fc.constantFrom({ follows: true }, { follows: true }, { follows: true }, {}),
    change: fc.oneof(
        fc.record({
            kind: fc.constant("secondInstalled" as const),
            serviceAccount: fc.constantFrom("aws-node" as const, "aws-node" as const, "another" as const),
        }),
        fc.constantFrom({ kind: "othersRestarted" as const }, { kind: "othersRemoved" as const }),
    ),
    moves: fc.constantFrom<NonNullable<Turn["moves"]>[]>(
        [],
        [],
        [],
        [],
        ["daemonSetRenamed"],
        ["serviceAccountChanged"],
        ["daemonSetRenamed", "serviceAccountChanged"],
    ),
};

const moment = fc.nat({ max: 160 }).map((quarters) => quarters * 250);

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

function eachTurn({ says, change, moves }: Kind) {
    return fc.record({
        said: says,
        changes: fc.array(fc.record({ after: moment, fault: change }), { maxLength: 2 }),
        moves,
    });
}

interface EachTurn {
    readonly said: Partial<Program>;
    readonly changes: Turn["faults"];
    readonly moves: NonNullable<Turn["moves"]>;
}

function changedTurn(turn: Turn, { said, changes, moves }: EachTurn): Turn {
    return {
        ...turn,
        operation: changedOperation(turn.operation, said),
        faults: [...turn.faults, ...changes],
        moves: [...(turn.moves ?? []), ...moves],
    };
}

function changedOperation(operation: Operation, said: Partial<Program>): Operation {
    return operation.do === "up" ? { ...operation, program: changedProgram(operation.program, said) } : operation;
}

/** A program that lists no node roles goes on like that. */
function changedProgram(
    program: Program,
    { ownNodeRoles: own, detachFromNodeRoles, ...said }: Partial<Program>,
): Program {
    const listed = program.detachFromNodeRoles === undefined ? undefined : detachFromNodeRoles;
    return {
        ...program,
        ...said,
        ...(listed === undefined ? {} : { detachFromNodeRoles: listed, ownNodeRoles: own ?? [] }),
    };
}

/** The sequences of `of`, with one kind of neighbour more. */
function withKind(of: fc.Arbitrary<Scenario>, kind: Kind): fc.Arbitrary<Scenario> {
    return fc
        .record({ scenario: of, each: fc.array(eachTurn(kind), MOST_TURNS), last: kind.says })
        .map(({ scenario, each, last }) => ({
            ...scenario,
            turns: scenario.turns.map((turn, index) => {
                const mine = each[index];
                return mine === undefined ? turn : changedTurn(turn, mine);
            }),
            last: changedProgram(scenario.last, last),
        }));
}

export const scenarioWithOtherClusters = withKind(scenarioWithChanges, otherClusters);
export const scenarioWithOwnNodeRoles = withKind(scenarioWithChanges, ownNodeRoles);
export const scenarioWithOtherDaemonSets = withKind(scenarioWithChanges, otherDaemonSets);
/** All three at once. */
export const scenarioWithNeighbours = withKind(withKind(scenarioWithOtherClusters, ownNodeRoles), otherDaemonSets);
