import assert from "node:assert/strict";

import {
    CreateOpenIDConnectProviderCommand,
    DeleteRoleCommand,
    GetOpenIDConnectProviderCommand,
    GetPolicyCommand,
    GetRoleCommand,
} from "@aws-sdk/client-iam";

import { accountId, assertRefused, ec2TrustPolicy } from "./support";
import { useIam } from "./useIam";

describe("names and parameters in IAM of the AWS stand-in", () => {
    const account = useIam();
    const { createRole, createPolicy } = account;

    describe("parameters", () => {
        const longName = "x".repeat(65);
        const nameRule = "Member must satisfy regular expression pattern: [\\w+=,.@-]+";
        const refusals: [string, object, string][] = [
            [
                "a name with a slash",
                { RoleName: "a/b" },
                `1 validation error detected: Value 'a/b' at 'roleName' failed to satisfy constraint: ${nameRule}`,
            ],
            [
                "a name of 65 characters",
                { RoleName: longName },
                `1 validation error detected: Value '${longName}' at 'roleName' failed to satisfy constraint: ` +
                    "Member must have length less than or equal to 64",
            ],
            [
                "a path without an end",
                { Path: "/cni" },
                "The specified value for path is invalid. It must begin and end with / and contain only " +
                    "alphanumeric characters and/or / characters.",
            ],
            [
                "sessions of less than an hour",
                { MaxSessionDuration: 3599 },
                "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: " +
                    "Member must have value greater than or equal to 3600",
            ],
            [
                "sessions of more than twelve hours",
                { MaxSessionDuration: 43201 },
                "1 validation error detected: Value '43201' at 'maxSessionDuration' failed to satisfy constraint: " +
                    "Member must have value less than or equal to 43200",
            ],
            [
                "a description of 1001 characters",
                { Description: "x".repeat(1001) },
                `1 validation error detected: Value '${"x".repeat(1001)}' at 'description' failed to satisfy ` +
                    "constraint: Member must have length less than or equal to 1000",
            ],
            [
                "a tag key of 129 characters",
                { Tags: [{ Key: "k".repeat(129), Value: "" }] },
                `1 validation error detected: Value '${"k".repeat(129)}' at 'tags.1.member.key' failed to satisfy ` +
                    "constraint: Member must have length less than or equal to 128",
            ],
        ];
        for (const [what, more, message] of refusals) {
            it(`are refused with ${what}`, () =>
                assertRefused(createRole("parameters", ec2TrustPolicy, more), {
                    name: "ValidationError",
                    status: 400,
                    message,
                }));
        }

        it("may have 50 tags and not one more", async () => {
            const tags = (count: number) => ({
                Tags: Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: "v" })),
            });
            await createRole("most-tags", ec2TrustPolicy, tags(50));
            await assertRefused(createRole("too-many-tags", ec2TrustPolicy, tags(51)), {
                name: "ValidationError",
                status: 400,
                message: /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50$/,
            });
        });

        it("are refused with tag keys that differ in case only", () =>
            assertRefused(
                createRole("tag-case", ec2TrustPolicy, {
                    Tags: [
                        { Key: "team", Value: "a" },
                        { Key: "Team", Value: "b" },
                    ],
                }),
                {
                    name: "InvalidInputException",
                    status: 400,
                    message: "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                },
            ));

        it("are refused with a tag key that begins with aws:", () =>
            assertRefused(createRole("tag-aws", ec2TrustPolicy, { Tags: [{ Key: "aws:owner", Value: "a" }] }), {
                name: "InvalidInputException",
                status: 400,
                message: "aws: prefixed tag key names are not allowed for external use.",
            }));
    });

    describe("names", () => {
        it("of roles exist once, whatever their case", async () => {
            await createRole("Twice");
            for (const name of ["Twice", "twice"]) {
                await assertRefused(createRole(name), {
                    name: "EntityAlreadyExistsException",
                    status: 409,
                    message: `Role with name ${name} already exists.`,
                });
            }
        });

        it("of policies exist once, whatever their case and path", async () => {
            await createPolicy("Twice");
            for (const [name, path] of [
                ["Twice", "/"],
                ["twice", "/cni/"],
            ] as const) {
                await assertRefused(createPolicy(name, undefined, path), {
                    name: "EntityAlreadyExistsException",
                    status: 409,
                    message: `A policy called ${name} already exists. Duplicate names are not allowed.`,
                });
            }
        });

        it("of roles are for a path and another one alike, and the path is part of the ARN", async () => {
            const { Role } = await createRole("with-path", ec2TrustPolicy, { Path: "/cni/a/" });
            assert.equal(Role?.Arn, `arn:aws:iam::${accountId}:role/cni/a/with-path`);
            await assertRefused(createRole("with-path"), {
                name: "EntityAlreadyExistsException",
                status: 409,
                message: "Role with name with-path already exists.",
            });
        });

        it("of OIDC providers are their URLs and exist once", async () => {
            const Url = "https://oidc.eks.us-west-2.amazonaws.com/id/TWICE";
            const create = () =>
                account.fixture.iam.send(
                    new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] }),
                );
            await create();
            await assertRefused(create(), {
                name: "EntityAlreadyExistsException",
                status: 409,
                message: `Provider with url ${Url} already exists.`,
            });
        });

        it("that do not exist are reported as such", async () => {
            const missing = { name: "NoSuchEntityException", status: 404 };
            const roleMessage = "The role with name missing cannot be found.";
            await assertRefused(account.fixture.iam.send(new GetRoleCommand({ RoleName: "missing" })), {
                ...missing,
                message: roleMessage,
            });
            await assertRefused(account.fixture.iam.send(new DeleteRoleCommand({ RoleName: "missing" })), {
                ...missing,
                message: roleMessage,
            });
            const policyArn = `arn:aws:iam::${accountId}:policy/missing`;
            await assertRefused(account.fixture.iam.send(new GetPolicyCommand({ PolicyArn: policyArn })), {
                ...missing,
                message: `Policy ${policyArn} was not found.`,
            });
            const providerArn = `arn:aws:iam::${accountId}:oidc-provider/missing.example.com`;
            await assertRefused(
                account.fixture.iam.send(
                    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }),
                ),
                { ...missing, message: `OpenIDConnect Provider not found for arn ${providerArn}` },
            );
        });
    });
});
