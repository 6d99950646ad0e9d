import assert from "node:assert/strict";

import fc from "fast-check";

import { trustVerdict, policyVerdict } from "../../../aws/authorise";
import { AwsError } from "../../../aws/errors";
import { managedPolicyRefusal, trustPolicyRefusal } from "../../../aws/iam/documents";
import { emptyIamState, type RoleState } from "../../../aws/iam/state";

const accountId = "111122223333";

/** Values at any place of a policy, correct and wrong ones. */
const value = fc.oneof(
    fc.constantFrom<unknown>("*", "ec2:*", "sts:AssumeRole", "Allow", "Deny", "2012-10-17", "arn:aws:ec2:*:*:*"),
    fc.jsonValue({ maxDepth: 2 }),
);
const statement = fc.record(
    {
        Sid: value,
        Effect: fc.oneof(fc.constant<unknown>("Allow"), value),
        Action: fc.oneof(fc.constant<unknown>("sts:AssumeRole"), value),
        Resource: value,
        Principal: fc.oneof(fc.constant<unknown>({ Service: "ec2.amazonaws.com" }), value),
        Condition: fc.oneof(fc.constant<unknown>({ StringEquals: { "aws:SourceAccount": accountId } }), value),
    },
    { requiredKeys: ["Effect", "Action"] },
);
const document = fc.oneof(
    fc.string(),
    fc.json(),
    fc
        .record({
            Version: fc.oneof(fc.constant<unknown>("2012-10-17"), value),
            Statement: fc.array(statement, { maxLength: 3 }),
        })
        .map((policy) => JSON.stringify(policy)),
);

function role(trustPolicy: string, inline: Record<string, string>): RoleState {
    const arn = `arn:aws:iam::${accountId}:role/r`;
    return {
        name: "r",
        arn,
        id: "AROAEXAMPLE",
        trustPolicy,
        maxSessionDuration: 3600,
        attachedPolicyArns: [],
        inlinePolicies: inline,
        instanceProfileNames: [],
    };
}
const act = {
    principalArn: `arn:aws:sts::${accountId}:assumed-role/r/s`,
    accountId,
    action: "ec2:DescribeInstances",
    resource: "*",
    context: {},
};

describe("policy documents", () => {
    it("are refused by an error of AWS or taken, whatever text they are; a trust policy that is taken can be followed", () => {
        fc.assert(
            fc.property(document, (text) => {
                const refusal = trustPolicyRefusal(text, accountId, []);
                if (refusal) {
                    assert.ok(refusal instanceof AwsError);
                } else {
                    trustVerdict(role(text, {}), act);
                }
            }),
            { numRuns: 2000 },
        );
    });

    it("are refused by an error of AWS or taken, whatever text they are; permissions that are taken can be followed", () => {
        fc.assert(
            fc.property(document, (text) => {
                const refusal = managedPolicyRefusal(text);
                if (refusal) {
                    assert.ok(refusal instanceof AwsError);
                } else {
                    policyVerdict(emptyIamState, role("{}", { p: text }), act);
                }
            }),
            { numRuns: 2000 },
        );
    });

    it("give nothing that they do not name", () => {
        const allow = (action: string) =>
            JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });
        const verdicts = ["ec2:DescribeInstances", "ec2:Describe*", "ec2:DescribeSubnets", "s3:*"].map((action) =>
            policyVerdict(emptyIamState, role("{}", { p: allow(action) }), act),
        );
        assert.deepEqual(verdicts, ["allowed", "allowed", "implicitDeny", "implicitDeny"]);
    });
});
