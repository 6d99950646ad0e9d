import assert from "node:assert/strict";

import { DescribeInstancesCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { AttachRolePolicyCommand, GetRoleCommand, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { noPolicy, unauthorized } from "./refusals";
import { accountId, assertRefused, clients, cniPolicyArn, keysOf, permissions, trusting } from "./support";
import { useIam } from "./useIam";
import { untilEnforced, useIssuer } from "./useIssuer";

const roleArn = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;

describe("users of the AWS stand-in", () => {
    const account = useIam();
    const user = (name: string, ...documents: string[]) => {
        const made = account.fixture.api.createUser(name, documents);
        return { ...made, ...clients(account.fixture.api.endpoint, made) };
    };
    const assume = (sts: ReturnType<typeof user>["sts"], role: string, ExternalId?: string) =>
        sts.send(new AssumeRoleCommand({ RoleArn: roleArn(role), RoleSessionName: "live-checks", ExternalId }));

    it("may do what their policies say, and no more, in each service's own words", async () => {
        const { iam, ec2, eks, arn } = user("narrow", permissions("ec2:DescribeInstances"));
        await ec2.send(new DescribeInstancesCommand({}));
        await assertRefused(
            ec2.send(new DescribeVpcsCommand({})),
            unauthorized(arn, "ec2:DescribeVpcs", noPolicy("ec2:DescribeVpcs")),
        );
        await account.createRole("users-role");
        await assertRefused(iam.send(new GetRoleCommand({ RoleName: "users-role" })), {
            name: "AccessDenied",
            status: 403,
            message:
                `User: ${arn} is not authorized to perform: iam:GetRole on resource: role users-role ` +
                noPolicy("iam:GetRole"),
        });
        await assertRefused(eks.send(new DescribeClusterCommand({ name: "c" })), {
            name: "AccessDeniedException",
            status: 403,
            message:
                `User: ${arn} is not authorized to perform: eks:DescribeCluster on resource: ` +
                `arn:aws:eks:us-west-2:${accountId}:cluster/c ${noPolicy("eks:DescribeCluster")}`,
        });
    });

    it("attach the policy that a condition of their own policy names, and no other", async () => {
        const cniOnly = { ArnEquals: { "iam:PolicyARN": cniPolicyArn } };
        const Statement = [{ Effect: "Allow", Action: "iam:AttachRolePolicy", Resource: "*", Condition: cniOnly }];
        const { iam, arn } = user("attaching", JSON.stringify({ Version: "2012-10-17", Statement }));
        await account.createRole("attachable");
        const attach = (PolicyArn: string) =>
            iam.send(new AttachRolePolicyCommand({ RoleName: "attachable", PolicyArn }));
        await attach(cniPolicyArn);
        await assertRefused(attach("arn:aws:iam::aws:policy/AdministratorAccess"), {
            name: "AccessDenied",
            status: 403,
            message:
                `User: ${arn} is not authorized to perform: iam:AttachRolePolicy on resource: role attachable ` +
                noPolicy("iam:AttachRolePolicy"),
        });
    });

    it("may always ask for their identity", async () => {
        const { sts, arn } = user("without-permissions");
        const { Arn, Account, UserId } = await sts.send(new GetCallerIdentityCommand({}));
        assert.deepEqual([Arn, Account], [arn, accountId]);
        assert.match(UserId ?? "", /^AIDA/);
    });

    it("are gone when another one has their name", async () => {
        const former = user("twice", permissions("ec2:DescribeInstances"));
        user("twice");
        await assertRefused(former.ec2.send(new DescribeInstancesCommand({})), {
            name: "AuthFailure",
            status: 401,
            message: "AWS was not able to validate the provided access credentials",
        });
    });

    it("assume a role that trusts them, and have its rights then", async () => {
        const { sts, arn } = user("assuming");
        await account.createRole("assumed", trusting(arn));
        await account.fixture.iam.send(new AttachRolePolicyCommand({ RoleName: "assumed", PolicyArn: cniPolicyArn }));
        const { Credentials, AssumedRoleUser } = await assume(sts, "assumed");
        assert.equal(AssumedRoleUser?.Arn, `arn:aws:sts::${accountId}:assumed-role/assumed/live-checks`);
        const session = clients(account.fixture.api.endpoint, keysOf(Credentials));
        await session.ec2.send(new DescribeInstancesCommand({}));
    });

    it("assume a role that trusts their account only if their own policies say so too", async () => {
        await account.createRole("trusting-account", trusting(`arn:aws:iam::${accountId}:root`));
        const without = user("without-assume");
        await assertRefused(assume(without.sts, "trusting-account"), {
            name: "AccessDenied",
            status: 403,
            message: `User: ${without.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn("trusting-account")}`,
        });
        await assume(user("with-assume", permissions("sts:AssumeRole")).sts, "trusting-account");
        await assume(account.fixture.sts, "trusting-account");
    });

    it("have to say the external id that a role asks for", async () => {
        const { sts, arn } = user("external");
        const condition = { Condition: { StringEquals: { "sts:ExternalId": "42" } } };
        await account.createRole("external", trusting(arn, condition));
        await assume(sts, "external", "42");
        await assertRefused(assume(sts, "external", "43"), {
            name: "AccessDenied",
            status: 403,
            message: /AssumeRole/,
        });
    });
});

describe("SimulatePrincipalPolicy of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "Simulated");
    const simulate = async (
        PolicySourceArn: string,
        ActionNames: string[],
        ResourceArns?: string[],
        iam = account.fixture.iam,
    ) => {
        const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames, ResourceArns });
        return ((await iam.send(command)).EvaluationResults ?? []).map((result) => [
            result.EvalActionName,
            result.EvalResourceName,
            result.EvalDecision,
        ]);
    };
    const interfaceArn = `arn:aws:ec2:us-west-2:${accountId}:network-interface/eni-1`;

    it("says what a role's policies say about each action and resource", async () => {
        const inline = permissions("ec2:DeleteNetworkInterface").replace("Allow", "Deny");
        await issuer.makeRole("simulated", { policyArn: cniPolicyArn, inline });
        assert.deepEqual(
            await simulate(roleArn("simulated"), [
                "ec2:AssignPrivateIpAddresses",
                "ec2:AssignIpv6Addresses",
                "ec2:DeleteNetworkInterface",
            ]),
            [
                ["ec2:AssignPrivateIpAddresses", "*", "allowed"],
                ["ec2:AssignIpv6Addresses", "*", "implicitDeny"],
                ["ec2:DeleteNetworkInterface", "*", "explicitDeny"],
            ],
        );
    });

    /** The results for these actions and resources, without what the SDK adds. */
    const evaluated = async (PolicySourceArn: string, ActionNames: string[], ResourceArns?: string[], values = {}) => {
        const ContextEntries = Object.entries<string>(values).map(([ContextKeyName, value]) => ({
            ContextKeyName,
            ContextKeyType: "string" as const,
            ContextKeyValues: [value],
        }));
        const asked = { PolicySourceArn, ActionNames, ResourceArns, ContextEntries };
        return (await account.fixture.iam.send(new SimulatePrincipalPolicyCommand(asked))).EvaluationResults;
    };
    const instanceArn = `arn:aws:ec2:us-west-2:${accountId}:instance/i-1`;

    it("gives one result an action, with one for each resource in it, of which the most restrictive counts", async () => {
        await issuer.makeRole("simulated-resources", { policyArn: cniPolicyArn });
        const role = roleArn("simulated-resources");
        assert.deepEqual(await evaluated(role, ["ec2:CreateTags"], [interfaceArn, instanceArn]), [
            {
                EvalActionName: "ec2:CreateTags",
                EvalResourceName: "arn:aws:ec2:${Region}:${Account}:${ResourceType}/${ResourcePath}",
                EvalDecision: "implicitDeny",
                MatchedStatements: [],
                MissingContextValues: [],
                EvalDecisionDetails: {},
                ResourceSpecificResults: [
                    { EvalResourceName: interfaceArn, EvalResourceDecision: "allowed" },
                    { EvalResourceName: instanceArn, EvalResourceDecision: "implicitDeny" },
                ],
            },
        ]);
        assert.deepEqual(await evaluated(role, ["ec2:CreateTags"], [interfaceArn]), [
            {
                EvalActionName: "ec2:CreateTags",
                EvalResourceName: interfaceArn,
                EvalDecision: "allowed",
                MatchedStatements: [],
                MissingContextValues: [],
                EvalDecisionDetails: {},
                ResourceSpecificResults: [{ EvalResourceName: interfaceArn, EvalResourceDecision: "allowed" }],
            },
        ]);
    });

    it("names the condition keys without a value, of every statement, in both places and only if it does not allow", async () => {
        // amazon-vpc-cni-k8s docs/iam-policy.md, "Scope-down IAM policy".
        const key = "aws:ResourceTag/cluster.k8s.amazonaws.com/name";
        const tagging = { Effect: "Allow", Action: "ec2:CreateTags", Resource: interfaceArn };
        const scoped = {
            Effect: "Allow",
            Action: "ec2:AssignPrivateIpAddresses",
            Resource: "*",
            Condition: { StringEquals: { [key]: "sandbox" } },
        };
        const inline = JSON.stringify({ Version: "2012-10-17", Statement: [tagging, scoped] });
        await issuer.makeRole("simulated-scoped", { inline });
        const role = roleArn("simulated-scoped");
        const seen = async (action: string, resources?: string[], values = {}) =>
            (await evaluated(role, [action], resources, values))?.map((result) => [
                result.EvalDecision,
                result.MissingContextValues,
                result.ResourceSpecificResults?.map(({ MissingContextValues }) => MissingContextValues),
            ]);
        assert.deepEqual(await seen("ec2:AssignPrivateIpAddresses", [interfaceArn]), [
            ["implicitDeny", [key], [[key]]],
        ]);
        assert.deepEqual(await seen("ec2:AssignPrivateIpAddresses"), [["implicitDeny", [key], undefined]]);
        // The key of a statement about another action.
        assert.deepEqual(await seen("ec2:DescribeTags"), [["implicitDeny", [key], undefined]]);
        assert.deepEqual(await seen("ec2:CreateTags", [interfaceArn]), [["allowed", [], [undefined]]]);
        assert.deepEqual(await seen("ec2:AssignPrivateIpAddresses", [interfaceArn], { [key]: "sandbox" }), [
            ["allowed", [], [undefined]],
        ]);
        assert.deepEqual(await seen("ec2:AssignPrivateIpAddresses", [interfaceArn], { [key]: "other" }), [
            ["implicitDeny", [], [undefined]],
        ]);
    });

    const refused: [string, string, string[], string[] | undefined, string][] = [
        [
            "actions that IAM does not simulate together",
            "role",
            ["iam:PassRole", "sts:AssumeRole", "ec2:CreateTags"],
            undefined,
            "Invalid Input Actions: [iam:PassRole,ec2:CreateTags] and [sts:AssumeRole] require different authorization information. " +
                "Please refer to the documentation for more details: " +
                "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
        ],
        [
            "actions of one service that IAM does not simulate together",
            "role",
            ["s3:CreateBucket", "s3:PutBucketReplication"],
            undefined,
            "Invalid Input Actions: [s3:CreateBucket] and [s3:PutBucketReplication] require different authorization information. " +
                "Please refer to the documentation for more details: " +
                "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
        ],
        [
            "an action without a service",
            "role",
            ["Describe"],
            undefined,
            "The action is invalid since it is missing names",
        ],
        [
            "a resource that is no ARN",
            "role",
            ["ec2:CreateTags"],
            ["eni-1"],
            "ResourceNames are not in a valid ARN format: eni-1.",
        ],
        [
            "a principal that is a session",
            "assumed-role",
            ["ec2:CreateTags"],
            undefined,
            `Invalid Entity Arn: arn:aws:iam::${accountId}:assumed-role/simulated-refused does not clearly define entity ` +
                "type and name.",
        ],
    ];
    for (const [what, kind, actions, resources, message] of refused) {
        it(`refuses ${what} as InvalidInput`, async () => {
            await issuer.makeRole(`simulated-refused`).catch(() => undefined);
            const principal = `arn:aws:iam::${accountId}:${kind}/simulated-refused`;
            await assertRefused(simulate(principal, actions, resources), {
                name: "InvalidInputException",
                status: 400,
                message,
            });
        });
    }

    it("tells a permissions boundary from policies that do not allow", async () => {
        const boundary = await account.createPolicy("simulated-boundary", permissions("ec2:DescribeSubnets"));
        const PermissionsBoundary = boundary.Policy?.Arn ?? "";
        await issuer.makeRole("simulated-bounded", { policyArn: cniPolicyArn, PermissionsBoundary });
        const { EvaluationResults } = await account.fixture.iam.send(
            new SimulatePrincipalPolicyCommand({
                PolicySourceArn: roleArn("simulated-bounded"),
                ActionNames: ["ec2:DescribeSubnets", "ec2:DescribeInstances", "ec2:RunInstances"],
            }),
        );
        assert.deepEqual(
            EvaluationResults?.map(({ EvalDecision, PermissionsBoundaryDecisionDetail: detail }) => [
                EvalDecision,
                detail?.AllowedByPermissionsBoundary,
            ]),
            [
                ["allowed", true],
                ["implicitDeny", false],
                // Also where the policies would not allow it either.
                ["implicitDeny", false],
            ],
        );
    });

    it("shows a change before it is in force", async () => {
        const { ec2 } = await issuer.session("simulated-early");
        account.fixture.api.setDelays({ enforcementSeconds: 1 });
        await account.fixture.iam.send(
            new AttachRolePolicyCommand({ RoleName: "simulated-early", PolicyArn: cniPolicyArn }),
        );
        const [result] = await simulate(roleArn("simulated-early"), ["ec2:DescribeInstances"]);
        assert.equal(result?.[2], "allowed");
        await assertRefused(ec2.send(new DescribeInstancesCommand({})), {
            name: "UnauthorizedOperation",
            status: 403,
            message: /ec2:DescribeInstances/,
        });
        await untilEnforced();
        await ec2.send(new DescribeInstancesCommand({}));
    });

    it("needs a permission of its own, and a principal that exists", async () => {
        const made = account.fixture.api.createUser("simulating", []);
        const { iam } = clients(account.fixture.api.endpoint, made);
        await issuer.makeRole("simulated-by-user");
        await assertRefused(simulate(roleArn("simulated-by-user"), ["ec2:DescribeVpcs"], undefined, iam), {
            name: "AccessDenied",
            status: 403,
            message:
                `User: ${made.arn} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: ` +
                `${roleArn("simulated-by-user")} ${noPolicy("iam:SimulatePrincipalPolicy")}`,
        });
        await assertRefused(simulate(roleArn("simulated-missing"), ["ec2:DescribeVpcs"]), {
            name: "NoSuchEntityException",
            status: 404,
            message: "The role with name simulated-missing cannot be found.",
        });
    });
});
