import { deepStrictEqual } from "assert";
import { findProblems } from "../../../../components/arguments/allRules";
import { knownArgs } from "../../../../components/arguments/knownArgs";
import { ROWS } from "./allRows";

describe("the rules of the arguments, without a component", () => {
    for (const { title, args, problems } of ROWS) {
        it(`${problems.length === 0 ? "accept" : "refuse"} ${title}`, () => {
            deepStrictEqual(
                findProblems(knownArgs(args)).map(({ path, expected, got, fix }) => ({
                    propertyPath: path,
                    reason: `expected ${expected}, got ${got}; ${fix}`,
                })),
                problems,
            );
        });
    }
});
