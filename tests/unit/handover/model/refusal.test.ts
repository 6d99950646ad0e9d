import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { AnsweredRefusal, isRefusal, listRefusals, Refusal, Refusals } from "../../../../handover/model/refusal";

const first = new Refusal("node-role-missing", "There is no role a.", "It is listed.", "Remove it.");
const second = new Refusal("cluster-too-old", "The cluster is old.", "It lacks an API.", "Upgrade it.");

describe("A refusal", () => {
    it("shows its code, then what was seen, what it means and what to do", () => {
        strictEqual(first.message, "[node-role-missing] There is no role a. It is listed. Remove it.");
        strictEqual(first.name, "Refusal");
    });

    it("ends with the answer that it is about, after the advice", () => {
        const answered = new AnsweredRefusal(
            "aws-throttled",
            "AWS rejected a:B",
            "Rate exceeded",
            "Too much.",
            "Wait.",
        );
        const message = "[aws-throttled] AWS rejected a:B. Too much. Wait. Details: Rate exceeded";
        deepStrictEqual(
            [answered.message, answered.stack, answered.seen],
            [message, message, "AWS rejected a:B: Rate exceeded"],
        );
        strictEqual(isRefusal(answered, "aws-throttled"), true);
    });

    it("has no stack, which would hide the message", () => {
        strictEqual(first.stack, first.message);
    });
});

describe("Several refusals", () => {
    const both = (): Refusals => new Refusals("The update stopped", [first, second]);

    it("are an error with each of them on its own line", () => {
        const { message, name, stack } = both();
        strictEqual(message, `The update stopped, for 2 reasons:\n  ${first.message}\n  ${second.message}`);
        strictEqual(name, "Refusals");
        strictEqual(stack, message);
    });

    it("are counted only if there is more than one", () => {
        strictEqual(
            listRefusals("The update stopped", [first]),
            `The update stopped, for this reason:\n  ${first.message}`,
        );
    });

    it("are no refusal themselves", () => {
        strictEqual(isRefusal(both()), false);
    });
});

describe("An error", () => {
    const rows: [string, unknown, string[], boolean][] = [
        ["is a refusal of any code", first, [], true],
        ["is a refusal of its code", first, ["node-role-missing"], true],
        ["is a refusal of one of several codes", first, ["cluster-too-old", "node-role-missing"], true],
        ["is no refusal of another code", first, ["cluster-too-old"], false],
        [
            "is no refusal if it only has a code",
            Object.assign(new Error("a"), { code: "node-role-missing" }),
            [],
            false,
        ],
        ["is no refusal if it is nothing", undefined, [], false],
    ];
    for (const [what, error, codes, expected] of rows) {
        it(what, () => {
            deepStrictEqual(isRefusal(error, ...codes), expected);
        });
    }
});
