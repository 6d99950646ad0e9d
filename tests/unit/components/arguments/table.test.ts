import * as pulumi from "@pulumi/pulumi";
import { assertAccepted, assertRefusedLate, assertRefusedNow } from "../../support/refusals";
import { construct } from "../../support/underMocks";
import { ROWS } from "./allRows";
import { PLAIN } from "./rule";

/** Lists of which the length is plain, and not the members. */
const LISTS = ["additionalPolicyArns"];

/** The ways in which a program can have a value only later. */
const WAYS: [string, (value: unknown) => unknown][] = [
    ["as an Output", (value) => pulumi.output(value)],
    ["as a Promise", (value) => Promise.resolve(value)],
];

describe("the arguments", () => {
    for (const { title, args, plain, sample, problems } of ROWS) {
        it(`${problems.length === 0 ? "accept" : "refuse"} ${title}`, async () => {
            const run = await construct(args);
            if (problems.length === 0) {
                assertAccepted(run);
            } else {
                assertRefusedNow(run, problems);
            }
        });

        for (const [way, later] of sample === true ? WAYS : WAYS.slice(0, 1)) {
            const lateArgs = late(args, later);
            if (lateArgs === undefined) {
                continue;
            }
            it(`${problems.length === 0 ? "accept" : "refuse"} ${title}, ${way}`, async () => {
                const run = await construct(lateArgs);
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

/** The arguments with everything late that can be late; undefined if that is nothing. */
function late(args: Record<string, unknown>, later: (value: unknown) => unknown): Record<string, unknown> | undefined {
    let count = 0;
    const delay = (value: unknown, path: string): unknown => {
        if (value === undefined || value === null || PLAIN.includes(path)) {
            return value;
        }
        count += 1;
        return later(value);
    };
    const delayed = Object.entries(args).map(([name, value]): [string, unknown] => {
        if (LISTS.includes(name)) {
            return [name, Array.isArray(value) ? value.map(later) : value];
        }
        if (["serviceAccount", "rollout", "timeouts"].includes(name)) {
            return [name, isObject(value) ? members(value, (member, key) => delay(member, `${name}.${key}`)) : value];
        }
        return [name, delay(value, name)];
    });
    return count === 0 ? undefined : Object.fromEntries(delayed);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function members(value: Record<string, unknown>, change: (member: unknown, key: string) => unknown) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member, key)]));
}
