import * as pulumi from "@pulumi/pulumi";
import { strictEqual } from "assert";
import { inspect } from "util";
import { assertRefusedLate } from "../../support/refusals";
import { PROVIDER_ARN } from "../../support/standIn";
import { construct } from "../../support/underMocks";

const SECRET = "s3cr3t!";
const POLICY = "arn:aws:iam::111122223333:policy/s3cr3t";

/** Title, arguments, and the expected problem. */
const rows: [string, Record<string, unknown>, { propertyPath: string; reason: string }][] = [
    [
        "a secret name",
        { roleName: pulumi.secret(SECRET) },
        {
            propertyPath: "roleName",
            reason:
                "expected 1 to 64 letters, digits and + = , . @ _ -, got a secret value; " +
                "change the name, or omit roleName for a generated one",
        },
    ],
    [
        "a secret tag",
        { tags: { team: pulumi.secret(SECRET) } },
        {
            propertyPath: "tags",
            reason:
                "expected a value of at most 256 letters, digits, spaces and _ . : / = + - @, got a secret value; " +
                "change the value",
        },
    ],
    [
        "the key of a secret object of tags",
        { tags: pulumi.secret({ [SECRET]: "v" }) },
        {
            propertyPath: "tags",
            reason: "expected a key of 1 to 128 letters, digits, spaces and _ . : / = + - @, got a secret value; rename the tag",
        },
    ],
    [
        "the key of a secret object of tags, with a line break in it",
        { tags: pulumi.secret({ [`${SECRET}\n${SECRET}`]: "v" }) },
        {
            propertyPath: "tags",
            reason: "expected a key of 1 to 128 letters, digits, spaces and _ . : / = + - @, got a secret value; rename the tag",
        },
    ],
    [
        "a secret member of a list",
        { additionalPolicyArns: ["arn:aws:iam::aws:policy/A", pulumi.secret(SECRET)] },
        {
            propertyPath: "additionalPolicyArns[1]",
            reason:
                "expected the ARN of a managed policy, got a secret value; write it like " +
                "arn:aws:iam::111122223333:policy/NAME, or arn:aws:iam::aws:policy/NAME",
        },
    ],
    [
        "a secret that is in a list twice",
        { additionalPolicyArns: [pulumi.secret(POLICY), pulumi.secret(POLICY)] },
        {
            propertyPath: "additionalPolicyArns[1]",
            reason: "expected each member once, got a secret value; remove one of them",
        },
    ],
    [
        "a secret part of an object",
        { serviceAccount: { name: pulumi.secret(SECRET) } },
        {
            propertyPath: "serviceAccount.name",
            reason:
                "expected 1 to 253 lower case letters, digits, - and ., with a letter or digit at each end and around each " +
                "dot, got a secret value; use the name of a service account: kubectl get serviceaccounts -A",
        },
    ],
];

describe("an argument error about a secret", () => {
    for (const [title, args, problem] of rows) {
        it(`does not show ${title}`, async () => {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN, ...args });
            assertRefusedLate(run, [problem]);
            strictEqual(inspect([run.rejections, run.errors, run.warnings], { depth: 9 }).includes("s3cr3t"), false);
        });
    }

    it("does not show a secret that contradicts another argument", async () => {
        const run = await construct({
            existingRoleArn: "arn:aws:iam::111122223333:role/cni",
            roleDescription: pulumi.secret("s3cr3t"),
        });
        assertRefusedLate(run, [
            {
                propertyPath: "roleDescription",
                reason:
                    "expected no value with existingRoleArn (the component does not change that role), got a secret value; " +
                    "remove roleDescription, or remove existingRoleArn to create a role",
            },
        ]);
        strictEqual(inspect([run.rejections, run.errors], { depth: 9 }).includes("s3cr3t"), false);
    });

    it("also shows the problem of an argument that is not secret", async () => {
        const run = await construct({
            oidcProviderArn: PROVIDER_ARN,
            roleName: pulumi.secret(SECRET),
            maxSessionDuration: pulumi.output(1),
        });
        assertRefusedLate(run, [
            {
                propertyPath: "roleName",
                reason:
                    "expected 1 to 64 letters, digits and + = , . @ _ -, got a secret value; " +
                    "change the name, or omit roleName for a generated one",
            },
            {
                propertyPath: "maxSessionDuration",
                reason:
                    "expected a whole number of seconds from 3600 to 43200, got 1; " +
                    "choose 1 to 12 hours, or omit maxSessionDuration for 1 hour",
            },
        ]);
    });

    it("does not show the account of a secret provider in what it expects of another argument", async () => {
        const run = await construct({
            oidcProviderArn: pulumi.secret(PROVIDER_ARN),
            permissionsBoundary: "arn:aws:iam::444455556666:policy/boundary",
        });
        assertRefusedLate(run, [
            {
                propertyPath: "permissionsBoundary",
                reason:
                    "expected an AWS managed policy, or a policy in the account of oidcProviderArn, got " +
                    '"arn:aws:iam::444455556666:policy/boundary"; use an AWS managed policy from this partition, or a policy from this ' +
                    "account",
            },
        ]);
    });
});
