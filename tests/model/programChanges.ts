/** Random changes of a program's arguments, on top of a random sequence. */
import * as fc from "fast-check";
import type { Program } from "./engine";
import type { Operation, Scenario, Turn } from "./modelRun";
import { nodeRole, ownerChange } from "./ownerChanges";
import { scenario } from "./scenarios";

type Arguments = Omit<Partial<Program>, "roleName" | "detachFromNodeRoles">;

/** What narrows the role, if the program says it where it said something else before. Mostly nothing. */
const narrowing: fc.Arbitrary<Arguments> = fc.constantFrom(
    {},
    {},
    {},
    {},
    { boundary: "enough" as const },
    { boundary: "too narrow" as const },
    { ipFamily: "ipv6" as const },
    { ipFamily: "ipv6" as const, unnamedCluster: true },
    { wrongIssuer: true },
    { serviceAccountName: "another" },
    { daemonSetName: "another" },
    { serviceAccountName: "another", daemonSetName: "another" },
);

const policies = {
    additionalPolicyArns: fc.constantFrom(
        ["logs" as const],
        ["logs" as const, "other" as const],
        ["logs" as const, "other" as const],
        ["other" as const],
        [],
    ),
};

const programArguments: fc.Arbitrary<Arguments> = fc
    .record({ narrowing, ...policies, forceDestroy: fc.constantFrom(false, false, true) })
    .map(({ narrowing: narrows, ...others }) => withoutUndefined({ ...others, ...narrows }));

/** The idle node role is named with the others, or leaves the list. */
const nodeRoles = fc.constantFrom(["a", "b"], ["a", "b", "c"], ["a", "b", "c"]);

/** What an operator says in the end: nothing by mistake, and every node role that may have nodes. */
const last: fc.Arbitrary<Arguments> = fc
    .record({ ...policies, additionalPolicyArns: fc.constant(["logs" as const]) })
    .map(withoutUndefined);

function withoutUndefined(of: object): Partial<Program> {
    return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined));
}

const moment = fc.nat({ max: 160 }).map((quarters) => quarters * 250);
const changes: fc.Arbitrary<Turn["faults"]> = fc.oneof(
    fc.array(fc.record({ after: moment, fault: ownerChange }), { maxLength: 2 }),
    fc.array(fc.record({ after: moment, fault: ownerChange }), { maxLength: 2 }),
    // The add-on has another role, and EKS does not show it.
    moment.map((after) => [
        { after, fault: { kind: "deliveriesUnread" as const } },
        { after, fault: { kind: "addOnGetsRole" as const } },
    ]),
    nodeRole.map((role) => [
        { after: 0, fault: { kind: "policyLent" as const, role } },
        { after: 2000, fault: { kind: "policyReturned" as const, role } },
    ]),
);

/** What stays the same in all updates of a sequence: most programs keep the role's name, or let the engine make it. */
const names = fc.record({ roleName: fc.constantFrom(undefined, "cni"), generatedName: fc.boolean() });

interface Change {
    readonly more: Arguments;
    readonly roles: readonly string[];
    readonly owners: Turn["faults"];
    /** Instead of doing nothing. */
    readonly refreshes: boolean;
}

function changed(program: Program, { roleName, ...more }: Partial<Program>, roles: readonly string[]): Program {
    return {
        ...program,
        ...more,
        roleName: roleName ?? program.roleName,
        detachFromNodeRoles: program.detachFromNodeRoles === undefined ? undefined : roles,
    };
}

function changedOperation(
    operation: Operation,
    named: Partial<Program>,
    { more, roles, refreshes }: Change,
): Operation {
    if (operation.do === "up") {
        return { ...operation, program: changed(operation.program, { ...more, ...named }, roles) };
    }
    return operation.do === "nothing" && refreshes ? { do: "refresh" } : operation;
}

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

/** A random sequence in which each update may change any argument, and in which the owners of cluster and account act. */
export const scenarioWithChanges: fc.Arbitrary<Scenario> = fc
    .record({
        of: scenario,
        each: fc.array(
            fc.record({ more: programArguments, roles: nodeRoles, owners: changes, refreshes: fc.boolean() }),
            MOST_TURNS,
        ),
        named: names.map(withoutUndefined),
        ends: last,
        writesLogs: fc.boolean(),
    })
    .map(({ of, each, named, ends, writesLogs }) => ({
        ...of,
        more: true,
        writesLogs,
        turns: of.turns.map(({ operation, faults, killedAt }, index) => {
            const change = each[index] ?? { more: {}, roles: [], owners: [], refreshes: false };
            return {
                operation: changedOperation(operation, named, change),
                faults: [...faults, ...change.owners],
                killedAt,
            };
        }),
        last: changed(of.last, { ...ends, ...named }, ["a", "b", "c"]),
    }));
