import assert from "node:assert/strict";

import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { ListClustersCommand } from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreatePolicyVersionCommand,
    CreateRoleCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
    GetRoleCommand,
    ListRolesCommand,
    PutRolePolicyCommand,
    SetDefaultPolicyVersionCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { invalidClientToken, noPolicy, notAuthorized, unauthorized } from "./refusals";
import {
    accountId,
    assertRefused,
    clients,
    cniPolicyArn,
    ec2TrustPolicy,
    keysOf,
    permissions,
    trusting,
} from "./support";
import { useIam } from "./useIam";
import { untilEnforced, useIssuer, type Session } from "./useIssuer";

describe("sessions of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "SESSIONS");

    describe("as callers", () => {
        it("are named by GetCallerIdentity, an operator is too", async () => {
            const { sts, arn } = await issuer.session("caller");
            const session = await sts.send(new GetCallerIdentityCommand({}));
            assert.deepEqual([session.Arn, session.Account], [arn, accountId]);
            const operator = await account.fixture.sts.send(new GetCallerIdentityCommand({}));
            assert.equal(operator.Arn, `arn:aws:iam::${accountId}:user/operator`);
        });

        it("are refused when key and token do not belong together, by each service in its own words", async () => {
            const [one, other] = [await issuer.session("mixed-one"), await issuer.session("mixed-other")];
            const sessionToken = other.keys.sessionToken ?? "";
            const mixed = clients(account.fixture.api.endpoint, { ...one.keys, sessionToken });
            await assertRefused(mixed.sts.send(new GetCallerIdentityCommand({})), invalidClientToken);
            await assertRefused(mixed.iam.send(new ListRolesCommand({})), invalidClientToken);
            await assertRefused(mixed.ec2.send(new DescribeInstancesCommand({})), {
                name: "AuthFailure",
                status: 401,
                message: "AWS was not able to validate the provided access credentials",
            });
            await assertRefused(mixed.eks.send(new ListClustersCommand({})), {
                name: "UnrecognizedClientException",
                status: 403,
                message: "The security token included in the request is invalid.",
            });
        });

        it("are refused when their keys were never issued", () => {
            const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" };
            const { iam } = clients(account.fixture.api.endpoint, keys);
            return assertRefused(iam.send(new GetRoleCommand({ RoleName: "cni" })), invalidClientToken);
        });

        describe("that assume another role", () => {
            const reader = async (name: string, trusted: string, maxSeconds?: number) => {
                await account.createRole(name, trusting(trusted), { MaxSessionDuration: maxSeconds });
                const inline = { RoleName: name, PolicyName: "inline", PolicyDocument: permissions("ec2:Describe*") };
                await account.fixture.iam.send(new PutRolePolicyCommand(inline));
                return `arn:aws:iam::${accountId}:role/${name}`;
            };
            const assume = ({ sts }: Session, RoleArn: string, DurationSeconds?: number) =>
                sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "chained", DurationSeconds }));

            it("have its rights then, and no longer their own", async () => {
                const session = await issuer.session("chaining", { inline: permissions("iam:GetRole") });
                const RoleArn = await reader("chained", `arn:aws:iam::${accountId}:role/chaining`);
                const { Credentials, AssumedRoleUser } = await assume(session, RoleArn);
                assert.equal(AssumedRoleUser?.Arn, `arn:aws:sts::${accountId}:assumed-role/chained/chained`);
                const chained = clients(account.fixture.api.endpoint, keysOf(Credentials));
                await chained.ec2.send(new DescribeInstancesCommand({}));
                await assertRefused(chained.iam.send(new GetRoleCommand({ RoleName: "chaining" })), {
                    name: "AccessDenied",
                    status: 403,
                    message: /assumed-role\/chained\/chained is not authorized to perform: iam:GetRole/,
                });
            });

            it("get an hour at most, whatever the role's MaxSessionDuration says", async () => {
                const session = await issuer.session("chaining-long");
                const RoleArn = await reader("chained-long", `arn:aws:iam::${accountId}:role/chaining-long`, 43_200);
                await assume(session, RoleArn, 3600);
                await assertRefused(assume(session, RoleArn, 3601), {
                    name: "ValidationError",
                    status: 400,
                    message:
                        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
                });
            });

            it("are refused by a role that does not trust them", async () => {
                const session = await issuer.session("chaining-untrusted", { inline: permissions("sts:AssumeRole") });
                const RoleArn = await reader("chained-untrusted", `arn:aws:iam::${accountId}:role/chaining`);
                await assertRefused(assume(session, RoleArn), {
                    name: "AccessDenied",
                    status: 403,
                    message: `User: ${session.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
                });
            });
        });
    });

    describe("that STS refuses to issue", () => {
        afterEach(() => account.fixture.api.refuseWebIdentity(undefined));

        it("are refused with the configured code for every caller, and issued again afterwards", async () => {
            await issuer.makeRole("refused-by-sts");
            account.fixture.api.refuseWebIdentity("RegionDisabledException");
            await assertRefused(issuer.assume("refused-by-sts"), {
                name: "RegionDisabledException",
                status: 403,
                message: /STS is not activated in the requested region/,
            });
            account.fixture.api.refuseWebIdentity("AccessDenied");
            await assertRefused(issuer.assume("refused-by-sts"), notAuthorized);
            account.fixture.api.refuseWebIdentity(undefined);
            await issuer.assume("refused-by-sts");
        });

        const codes = [
            ["AccessDenied", "AccessDenied", 403],
            ["IDPCommunicationError", "IDPCommunicationErrorException", 400],
            ["InvalidIdentityToken", "InvalidIdentityTokenException", 400],
            ["RegionDisabledException", "RegionDisabledException", 403],
            ["ServiceUnavailable", "ServiceUnavailable", 503],
        ] as const;
        for (const [code, name, status] of codes) {
            it(`are refused with ${code}, which passes for an answer of STS`, async () => {
                await issuer.makeRole(`refused-with-${code}`);
                account.fixture.api.refuseWebIdentity(code);
                await assertRefused(issuer.assume(`refused-with-${code}`), { name, status, message: /./ });
            });
        }

        it("go on if they were handed out before", async () => {
            const session = await issuer.session("before-refusals", { policyArn: cniPolicyArn });
            account.fixture.api.refuseWebIdentity("AccessDenied");
            await session.ec2.send(new DescribeInstancesCommand({}));
        });
    });

    describe("that live on", () => {
        const describeInstances = ({ ec2 }: Session) => ec2.send(new DescribeInstancesCommand({}));
        const refusedFor = (arn: string) =>
            unauthorized(arn, "ec2:DescribeInstances", noPolicy("ec2:DescribeInstances"));

        it("end with their role, for each service, also when a new role has its name", async () => {
            const session = await issuer.session("deleted");
            await session.sts.send(new GetCallerIdentityCommand({}));
            await account.fixture.iam.send(new DeleteRoleCommand({ RoleName: "deleted" }));
            await assertRefused(session.sts.send(new GetCallerIdentityCommand({})), invalidClientToken);
            await assertRefused(describeInstances(session), {
                name: "AuthFailure",
                status: 401,
                message: "AWS was not able to validate the provided access credentials",
            });
            await issuer.makeRole("deleted");
            await assertRefused(session.sts.send(new GetCallerIdentityCommand({})), invalidClientToken);
        });

        it("go on until the deletion of their role is in force", async () => {
            const { sts } = await issuer.session("deleted-late");
            account.fixture.api.setDelays({ enforcementSeconds: 1 });
            await account.fixture.iam.send(new DeleteRoleCommand({ RoleName: "deleted-late" }));
            await sts.send(new GetCallerIdentityCommand({}));
            await untilEnforced();
            await assertRefused(sts.send(new GetCallerIdentityCommand({})), invalidClientToken);
        });

        it("feel an attachment and a detachment when they come into force", async () => {
            const session = await issuer.session("late");
            const change = { RoleName: "late", PolicyArn: cniPolicyArn };
            account.fixture.api.setDelays({ enforcementSeconds: 1 });
            await account.fixture.iam.send(new AttachRolePolicyCommand(change));
            await assertRefused(describeInstances(session), refusedFor(session.arn));
            await untilEnforced();
            await describeInstances(session);
            await account.fixture.iam.send(new DetachRolePolicyCommand(change));
            await describeInstances(session);
            await untilEnforced();
            await assertRefused(describeInstances(session), refusedFor(session.arn));
        });

        it("follow a policy's default version", async () => {
            const policy = await account.createPolicy("followed", permissions("ec2:DescribeInstances"));
            const PolicyArn = policy.Policy?.Arn ?? "";
            const session = await issuer.session("follows", { policyArn: PolicyArn });
            await account.fixture.iam.send(
                new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: permissions("s3:*") }),
            );
            await describeInstances(session);
            const setDefault = (VersionId: string) =>
                account.fixture.iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }));
            await setDefault("v2");
            await assertRefused(describeInstances(session), refusedFor(session.arn));
            await setDefault("v1");
            await describeInstances(session);
        });
    });

    describe("as callers of IAM", () => {
        it("refuses a session without the right, naming the role as IAM does", async () => {
            const { iam, arn } = await issuer.session("iam-none");
            await assertRefused(iam.send(new GetRoleCommand({ RoleName: "iam-none" })), {
                name: "AccessDenied",
                status: 403,
                message:
                    `User: ${arn} is not authorized to perform: iam:GetRole on resource: role iam-none ` +
                    noPolicy("iam:GetRole"),
            });
            await assertRefused(iam.send(new ListRolesCommand({})), {
                name: "AccessDenied",
                status: 403,
                message:
                    `User: ${arn} is not authorized to perform: iam:ListRoles on resource: ` +
                    `arn:aws:iam::${accountId}:role/ ${noPolicy("iam:ListRoles")}`,
            });
        });

        it("lets a session do what its policies allow, on the resource that they name", async () => {
            const inline = permissions("iam:GetRole", `arn:aws:iam::${accountId}:role/iam-own`);
            const { iam } = await issuer.session("iam-own", { inline });
            await iam.send(new GetRoleCommand({ RoleName: "iam-own" }));
            await account.fixture.iam.send(
                new CreateRoleCommand({ RoleName: "iam-foreign", AssumeRolePolicyDocument: ec2TrustPolicy }),
            );
            await assertRefused(iam.send(new GetRoleCommand({ RoleName: "iam-foreign" })), {
                name: "AccessDenied",
                status: 403,
                message: /iam:GetRole on resource: role iam-foreign /,
            });
        });
    });
});
