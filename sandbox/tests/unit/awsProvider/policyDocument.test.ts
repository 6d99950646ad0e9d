import { equal } from "node:assert/strict";
import { equivalentPolicies, normalizeJson } from "../../../awsProvider/bridge/policyDocument";

const ALLOW = { Effect: "Allow", Action: ["ec2:A", "ec2:B"], Resource: "*" };
const DENY = { Effect: "Deny", Action: "ec2:C", Resource: "*" };

function document(...statements: object[]): string {
    return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Cases of github.com/hashicorp/awspolicyequivalence, aws_policy_equivalence_test.go, in short. */
const cases: readonly [title: string, left: string, right: string, same: boolean][] = [
    ["the same text", document(ALLOW), document(ALLOW), true],
    [
        "another order of keys",
        document(ALLOW),
        document({ Resource: "*", Action: ["ec2:A", "ec2:B"], Effect: "Allow" }),
        true,
    ],
    ["another order of actions", document(ALLOW), document({ ...ALLOW, Action: ["ec2:B", "ec2:A"] }), true],
    ["another order of statements", document(ALLOW, DENY), document(DENY, ALLOW), true],
    ["a single action in a list", document(DENY), document({ ...DENY, Action: ["ec2:C"] }), true],
    [
        "a single statement without a list",
        document(DENY),
        JSON.stringify({ Version: "2012-10-17", Statement: DENY }),
        true,
    ],
    ["another case of the effect", document(DENY), document({ ...DENY, Effect: "deny" }), true],
    ["two empty documents", "", "{}", true],
    [
        "an account and its root user",
        document({ ...DENY, Principal: { AWS: "111122223333" } }),
        document({ ...DENY, Principal: { AWS: "arn:aws:iam::111122223333:root" } }),
        true,
    ],
    [
        "another order of a condition's values",
        document({ ...DENY, Condition: { StringEquals: { "aws:a": ["1", "2"] } } }),
        document({ ...DENY, Condition: { StringEquals: { "aws:a": ["2", "1"] } } }),
        true,
    ],
    ["one more action", document(ALLOW), document({ ...ALLOW, Action: ["ec2:A", "ec2:B", "ec2:C"] }), false],
    ["one more statement", document(ALLOW), document(ALLOW, DENY), false],
    ["another version", document(DENY), JSON.stringify({ Version: "2008-10-17", Statement: [DENY] }), false],
    ["another Sid", document(DENY), document({ ...DENY, Sid: "One" }), false],
    ["another case of an action", document(DENY), document({ ...DENY, Action: "EC2:c" }), false],
    [
        "another principal",
        document({ ...DENY, Principal: { AWS: "111122223333" } }),
        document({ ...DENY, Principal: { AWS: "444455556666" } }),
        false,
    ],
    ["a condition more", document(DENY), document({ ...DENY, Condition: { StringEquals: { "aws:a": "1" } } }), false],
    [
        "another operator of a condition",
        document({ ...DENY, Condition: { StringLike: { "aws:a": "1" } } }),
        document({ ...DENY, Condition: { StringEquals: { "aws:a": "1" } } }),
        false,
    ],
    ["no JSON", "nonsense", "nonsense", false],
    ["a document without statements", `{"Version":"2012-10-17"}`, `{"Version":"2012-10-17"}`, false],
];

describe("two policy documents", () => {
    for (const [title, left, right, same] of cases) {
        it(`are ${same ? "the same" : "not the same"} with ${title}`, () => {
            equal(equivalentPolicies(left, right), same);
            equal(equivalentPolicies(right, left), same);
        });
    }

    it("are normalised to sorted keys and no white space", () => {
        equal(normalizeJson(`{ "b": [ { "z": 1, "a": 2 } ],\n "a": null }`), `{"a":null,"b":[{"a":2,"z":1}]}`);
        equal(normalizeJson("not JSON"), "not JSON");
    });
});
