import { deepStrictEqual } from "assert";
import { ungrantedActions } from "../../../documents/cniGrants";

const allow = (Action: string | string[], more: object = {}) => ({ Effect: "Allow", Action, Resource: "*", ...more });
const deny = (Action: string, more: object = {}) => ({ ...allow(Action, more), Effect: "Deny" });
const ASSIGN = "ec2:AssignIpv6Addresses";
const TAG = "ec2:CreateTags";
const tagged = { Condition: { StringEquals: { "aws:ResourceTag/team": "a" } } };

describe("the actions that no policy of a role allows", () => {
    const table: [string, object[][], string[]][] = [
        ["all, without a policy", [], [ASSIGN, TAG]],
        ["none that a statement allows", [[allow([ASSIGN, TAG])]], []],
        [
            "none that a statement allows under a condition",
            [[allow(ASSIGN, tagged)], [allow("ec2:Create*", tagged)]],
            [],
        ],
        ["all, where only other services are allowed", [[allow("s3:*", tagged)]], [ASSIGN, TAG]],
        ["those of no policy", [[allow(ASSIGN, tagged)], [allow("s3:*")]], [TAG]],
        [
            "those that are allowed on other services' resources",
            [[allow("*", { Resource: "arn:aws:s3:::b" })]],
            [ASSIGN, TAG],
        ],
        ["those that another policy denies everywhere", [[allow("ec2:*")], [deny(TAG)]], [TAG]],
        ["none that is denied under a condition", [[allow("ec2:*")], [deny(TAG, tagged)]], []],
    ];
    for (const [what, statements, expected] of table) {
        it(`are ${what}`, () => {
            const documents = statements.map((Statement) => ({ Version: "2012-10-17", Statement }));
            deepStrictEqual(ungrantedActions(documents, [ASSIGN, TAG]), expected);
        });
    }

    it("are none of those of a policy that does not exist", () => {
        deepStrictEqual(ungrantedActions([undefined, { Statement: allow(TAG) }], [ASSIGN, TAG]), [ASSIGN]);
    });
});
