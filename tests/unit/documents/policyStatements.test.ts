import { deepStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { isAboutAction, matchesWildcards, readStatements } from "../../../documents/policyStatements";

describe("IAM's wildcards", () => {
    const table: [string, string, boolean][] = [
        ["*", "", true],
        ["*", "ec2:DescribeTags", true],
        ["**", "a", true],
        ["?", "", false],
        ["?", "a", true],
        ["?", "ab", false],
        ["a*", "a", true],
        ["a*", "ba", false],
        ["*a", "ba", true],
        ["*a", "ab", false],
        ["a*b*c", "aXbYc", true],
        ["a*b*c", "aXcYb", false],
        ["*ab", "aab", true],
        ["a?c", "abc", true],
        ["a?c", "ac", false],
        ["a.c", "abc", false],
        ["", "", true],
        ["", "a", false],
        ["a", "", false],
        ["arn:aws:ec2:*", "arn:aws:ec2:us-west-2:111122223333:network-interface/eni-1", true],
    ];
    for (const [pattern, text, matches] of table) {
        it(`${JSON.stringify(pattern)} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
            strictEqual(matchesWildcards(pattern, text), matches);
        });
    }

    it("mean what the same pattern means as a regular expression", () => {
        const few = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", ".", ":"), maxLength: 8 });
        const text = fc.string({ unit: fc.constantFrom("a", "b", ".", ":"), maxLength: 10 });
        fc.assert(
            fc.property(few, text, (pattern, candidate) => {
                const regex = pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
                strictEqual(matchesWildcards(pattern, candidate), new RegExp(`^${regex}$`).test(candidate));
            }),
            { numRuns: 2000 },
        );
    });

    it("take no time for a pattern of many", () => {
        strictEqual(matchesWildcards(`${"*a".repeat(60)}b`, "a".repeat(2000)), false);
    });
});

describe("a policy document of another author", () => {
    it("has each element as text or list, one statement or several, and the condition keys of all operators", () => {
        const conditions = { StringEquals: { "aws:RequestTag/Team": "a" }, Bool: { "AWS:SecureTransport": "true" } };
        const written = { Effect: "Allow", Action: "ec2:CreateTags", Resource: ["a", "b"], Condition: conditions };
        const read = {
            effect: "Allow",
            actions: ["ec2:CreateTags"],
            exceptActions: false,
            resources: ["a", "b"],
            exceptResources: false,
            conditionKeys: ["aws:requesttag/team", "aws:securetransport"],
        };
        deepStrictEqual(readStatements({ Statement: written }), [read]);
        deepStrictEqual(readStatements({ Statement: [written, written] }), [read, read]);
    });

    it("may name what it is not about", () => {
        deepStrictEqual(readStatements({ Statement: { Effect: "Deny", NotAction: ["iam:*"], NotResource: "a" } }), [
            {
                effect: "Deny",
                actions: ["iam:*"],
                exceptActions: true,
                resources: ["a"],
                exceptResources: true,
                conditionKeys: [],
            },
        ]);
    });

    const none: [string, unknown][] = [
        ["undefined", undefined],
        ["null", null],
        ["a text", "Allow *"],
        ["a list", [{ Effect: "Allow", Action: "*", Resource: "*" }]],
        ["no statement", { Version: "2012-10-17" }],
        ["a statement of another effect", { Statement: { Effect: "allow", Action: "*", Resource: "*" } }],
        ["a statement that is no object", { Statement: ["Allow", null, 1] }],
    ];
    for (const [what, document] of none) {
        it(`has no statement that counts: ${what}`, () => {
            deepStrictEqual(readStatements(document), []);
        });
    }

    it("is not broken by members of the wrong kind", () => {
        const [read] = readStatements({ Statement: { Effect: "Allow", Action: [1, "a"], Condition: { Bool: null } } });
        deepStrictEqual([read?.actions, read?.resources, read?.conditionKeys], [["a"], [], []]);
    });
});

describe("a statement", () => {
    const statement = { effect: "Allow", resources: ["*"], exceptResources: false, conditionKeys: [] } as const;

    it("is about the actions that it names, in any case", () => {
        const named = { ...statement, actions: ["EC2:Assign*", "s3:*"], exceptActions: false };
        strictEqual(isAboutAction(named, "ec2:AssignIpv6Addresses"), true);
        strictEqual(isAboutAction(named, "ec2:UnassignIpv6Addresses"), false);
    });

    it("with NotAction is about all others", () => {
        const except = { ...statement, actions: ["EC2:Assign*", "s3:*"], exceptActions: true };
        strictEqual(isAboutAction(except, "ec2:AssignIpv6Addresses"), false);
        strictEqual(isAboutAction(except, "ec2:UnassignIpv6Addresses"), true);
    });
});
