import * as pulumi from "@pulumi/pulumi";
import { assertAccepted, assertRefusedLate, assertRefusedNow } from "../../support/refusals";
import { WITH_ARN } from "../../support/standIn";
import { construct } from "../../support/underMocks";
import { ROWS } from "./allRows";
import { PLAIN } from "./rule";

/** These lists must be known at once, but their members may be known late. */
const LISTS = ["additionalPolicyArns"];

/** How a program can pass a value that is known late. */
const LATE_FORMS: [string, (value: unknown) => unknown][] = [
    ["as an Output", (value) => pulumi.output(value)],
    ["as a Promise", (value) => Promise.resolve(value)],
];

/** A cluster that is looked up has an ARN, which a role for Pod Identity trusts. */
const OPTIONS = { lookups: WITH_ARN };

describe("the arguments", () => {
    for (const { title, args, plain, sample, problems } of ROWS) {
        it(`${problems.length === 0 ? "accept" : "refuse"} ${title}`, async () => {
            const run = await construct(args, OPTIONS);
            if (problems.length === 0) {
                assertAccepted(run);
            } else {
                assertRefusedNow(run, problems);
            }
        });

        for (const [form, makeLate] of sample === true ? LATE_FORMS : LATE_FORMS.slice(0, 1)) {
            const lateArgs = withLateValues(args, makeLate);
            if (lateArgs === undefined) {
                continue;
            }
            it(`${problems.length === 0 ? "accept" : "refuse"} ${title}, ${form}`, async () => {
                const run = await construct(lateArgs, OPTIONS);
                if (problems.length === 0) {
                    assertAccepted(run);
                } else if (plain) {
                    assertRefusedNow(run, problems);
                } else {
                    assertRefusedLate(run, problems);
                }
            });
        }
    }
});

/** Makes every value late that may be known late. Undefined if there is none. */
function withLateValues(
    args: Record<string, unknown>,
    makeLate: (value: unknown) => unknown,
): Record<string, unknown> | undefined {
    let count = 0;
    const delayUnlessPlain = (value: unknown, path: string): unknown => {
        if (value === undefined || value === null || PLAIN.includes(path)) {
            return value;
        }
        count += 1;
        return makeLate(value);
    };
    const delayed = Object.entries(args).map(([name, value]): [string, unknown] => {
        if (LISTS.includes(name)) {
            return [name, Array.isArray(value) ? value.map(makeLate) : value];
        }
        if (["serviceAccount", "rollout", "timeouts"].includes(name)) {
            return [
                name,
                isObject(value) ? members(value, (member, key) => delayUnlessPlain(member, `${name}.${key}`)) : value,
            ];
        }
        return [name, delayUnlessPlain(value, name)];
    });
    return count === 0 ? undefined : Object.fromEntries(delayed);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function members(value: Record<string, unknown>, change: (member: unknown, key: string) => unknown) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member, key)]));
}
