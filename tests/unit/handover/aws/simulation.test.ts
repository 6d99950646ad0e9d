import { deepStrictEqual, rejects, strictEqual } from "assert";
import type { CniAction } from "../../../../documents/cniActions";
import { createClients } from "../../../../handover/aws/awsClients";
import { simulate } from "../../../../handover/aws/simulation";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";
import { members } from "./session";

const ROLE = `arn:aws:iam::${ACCOUNT}:role/cni/prod-cni`;
const READING: CniAction = { action: "ec2:DescribeTags", on: [] };
const ASSIGNING: CniAction = { action: "ec2:AssignIpv6Addresses", on: ["network-interface"] };

describe("a simulation of a role's rights", () => {
    const aws = useAws();

    const simulated = async (actions: CniAction[], roleArn = ROLE, region = REGION, eni?: string) => {
        const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" };
        const clients = createClients({ ...operator, endpoints: { iam: aws.endpoint() } }, { region });
        return simulate(
            clients,
            roleArn,
            actions,
            eni === undefined ? undefined : { networkInterfaceId: eni, vpcId: undefined },
        );
    };
    const answer = (...EvaluationResults: object[]) =>
        aws.answer({ "iam:SimulatePrincipalPolicy": () => ({ EvaluationResults }) });

    /** The parameters of the call for one action. */
    const parametersFor = (action: string, region: string, more: object = {}) => ({
        Version: "2010-05-08",
        PolicySourceArn: ROLE,
        "ActionNames.member.1": action,
        "ContextEntries.member.1.ContextKeyName": "aws:RequestedRegion",
        "ContextEntries.member.1.ContextKeyType": "string",
        "ContextEntries.member.1.ContextKeyValues.member.1": region,
        ...more,
    });

    it("asks for reading on no resource and for the rest on an interface, in the cluster's region", async () => {
        answer();
        await simulated([ASSIGNING, READING], ROLE, "eu-west-1", "eni-1");
        deepStrictEqual(
            aws.calls.map(({ parameters }) => parameters),
            [
                parametersFor("ec2:DescribeTags", "eu-west-1"),
                parametersFor("ec2:AssignIpv6Addresses", "eu-west-1", {
                    "ResourceArns.member.1": `arn:aws:ec2:eu-west-1:${ACCOUNT}:network-interface/eni-1`,
                }),
            ],
        );
    });

    it("names an interface of the role's partition, any where none is known", async () => {
        answer();
        const roleArn = `arn:aws-cn:iam::${ACCOUNT}:role/cni`;
        await simulated([ASSIGNING], roleArn, "cn-north-1");
        deepStrictEqual(
            aws.calls.map(({ parameters }) => parameters),
            [
                parametersFor("ec2:AssignIpv6Addresses", "cn-north-1", {
                    PolicySourceArn: roleArn,
                    "ResourceArns.member.1": `arn:aws-cn:ec2:cn-north-1:${ACCOUNT}:network-interface/eni-0123456789abcdef0`,
                }),
            ],
        );
    });

    it("asks nothing for no action", async () => {
        deepStrictEqual(await simulated([]), { decisions: new Map() });
        deepStrictEqual(aws.counts(), {});
    });

    const table: [string, object[], string][] = [
        ["allowed", [{ EvalActionName: "ec2:DescribeTags", EvalDecision: "allowed" }], "allowed"],
        ["allowed, in another case", [{ EvalActionName: "EC2:describetags", EvalDecision: "allowed" }], "allowed"],
        [
            "allowed, although something is missing",
            [{ EvalActionName: "ec2:DescribeTags", EvalDecision: "allowed", MissingContextValues: ["aws:SourceIp"] }],
            "allowed",
        ],
        ["explicitly denied", [{ EvalActionName: "ec2:DescribeTags", EvalDecision: "explicitDeny" }], "denied"],
        ["not allowed by anything", [{ EvalActionName: "ec2:DescribeTags", EvalDecision: "implicitDeny" }], "denied"],
        [
            "not allowed for want of a value",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "implicitDeny",
                    MissingContextValues: ["aws:SourceIp"],
                },
            ],
            "unclear",
        ],
        // EvaluationResult, MissingContextValues: with resources, they are "included under the ResourceSpecificResults section".
        [
            "not allowed for want of a value of one resource",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "implicitDeny",
                    MissingContextValues: [],
                    ResourceSpecificResults: [
                        { EvalResourceName: "a", EvalResourceDecision: "implicitDeny" },
                        {
                            EvalResourceName: "b",
                            EvalResourceDecision: "implicitDeny",
                            MissingContextValues: ["aws:ResourceTag/cluster.k8s.amazonaws.com/name"],
                        },
                    ],
                },
            ],
            "unclear",
        ],
        [
            "denied on its resource, with nothing missing",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "implicitDeny",
                    ResourceSpecificResults: [{ EvalResourceName: "a", EvalResourceDecision: "implicitDeny" }],
                },
            ],
            "denied",
        ],
        [
            "allowed, and so on its resource",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "allowed",
                    ResourceSpecificResults: [{ EvalResourceName: "a", EvalResourceDecision: "allowed" }],
                },
            ],
            "allowed",
        ],
        [
            "allowed, but denied on one resource",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "allowed",
                    ResourceSpecificResults: [
                        { EvalResourceName: "a", EvalResourceDecision: "allowed" },
                        { EvalResourceName: "b", EvalResourceDecision: "explicitDeny" },
                    ],
                },
            ],
            "denied",
        ],
        [
            "denied, and not by the organization",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "implicitDeny",
                    OrganizationsDecisionDetail: { AllowedByOrganizations: true },
                },
            ],
            "denied",
        ],
        [
            "denied by the organization, whatever is missing besides",
            [
                {
                    EvalActionName: "ec2:DescribeTags",
                    EvalDecision: "explicitDeny",
                    MissingContextValues: ["aws:ResourceTag/cluster.k8s.amazonaws.com/name"],
                    OrganizationsDecisionDetail: { AllowedByOrganizations: false },
                },
            ],
            "deniedByOrganization",
        ],
        [
            "something of another action",
            [{ EvalActionName: "ec2:DescribeTagsOfAll", EvalDecision: "allowed" }],
            "denied",
        ],
        ["nothing", [], "denied"],
    ];
    for (const [what, results, decision] of table) {
        it(`is ${decision} when IAM says ${what}`, async () => {
            answer(...results);
            deepStrictEqual(await simulated([READING]), { decisions: new Map([["ec2:DescribeTags", decision]]) });
        });
    }

    describe("that a service control policy denies", () => {
        /** IAM's answers to a call with no network, and to one from inside. */
        const answers = (outside: object, inside: object) =>
            aws.answer({
                "iam:SimulatePrincipalPolicy": ({ parameters }) => ({
                    EvaluationResults: members(parameters, "ActionNames").map((EvalActionName) => ({
                        EvalActionName,
                        ...("ContextEntries.member.2.ContextKeyName" in parameters ? inside : outside),
                    })),
                }),
            });
        const excluded = {
            EvalDecision: "explicitDeny",
            OrganizationsDecisionDetail: { AllowedByOrganizations: false },
        };
        const allowed = { EvalDecision: "allowed", OrganizationsDecisionDetail: { AllowedByOrganizations: true } };
        const decided = async () => (await simulated([READING])) as { decisions: ReadonlyMap<string, string> };
        const decision = async () => (await decided()).decisions.get("ec2:DescribeTags");

        it("is unclear if it admits a call from inside the network: IAM does not name its condition keys", async () => {
            answers(excluded, allowed);
            strictEqual(await decision(), "unclear");
        });

        it("is denied by the organization if it denies that call, too", async () => {
            answers(excluded, excluded);
            strictEqual(await decision(), "deniedByOrganization");
        });

        it("is denied if the role's own policies deny that call", async () => {
            answers(excluded, { ...allowed, EvalDecision: "implicitDeny" });
            strictEqual(await decision(), "denied");
        });

        it("is simulated once more for these actions alone, from the node's VPC or made by a service", async () => {
            const other: CniAction = { ...READING, action: "ec2:DescribeSubnets" };
            aws.answer({
                "iam:SimulatePrincipalPolicy": ({ parameters }) => ({
                    EvaluationResults: members(parameters, "ActionNames").map((EvalActionName) => ({
                        EvalActionName,
                        ...(EvalActionName === "ec2:DescribeTags" ? excluded : allowed),
                    })),
                }),
            });
            const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" };
            const clients = createClients({ ...operator, endpoints: { iam: aws.endpoint() } }, { region: REGION });
            const node = { networkInterfaceId: "eni-1", vpcId: "vpc-1" };
            deepStrictEqual(await simulate(clients, ROLE, [READING, other], node), {
                decisions: new Map([
                    ["ec2:DescribeTags", "deniedByOrganization"],
                    ["ec2:DescribeSubnets", "allowed"],
                ]),
            });
            deepStrictEqual(
                aws.calls[1]?.parameters,
                parametersFor("ec2:DescribeTags", REGION, {
                    "ContextEntries.member.2.ContextKeyName": "aws:ViaAWSService",
                    "ContextEntries.member.2.ContextKeyType": "boolean",
                    "ContextEntries.member.2.ContextKeyValues.member.1": "true",
                    "ContextEntries.member.3.ContextKeyName": "aws:SourceVpc",
                    "ContextEntries.member.3.ContextKeyType": "string",
                    "ContextEntries.member.3.ContextKeyValues.member.1": "vpc-1",
                }),
            );
            strictEqual(aws.calls.length, 2);
        });

        it("is simulated without a VPC where no node is known", async () => {
            answers(excluded, allowed);
            await simulated([READING]);
            strictEqual("ContextEntries.member.3.ContextKeyName" in (aws.calls[1]?.parameters ?? {}), false);
        });

        it("is not simulated again where the organisation allows it", async () => {
            answers({ ...allowed, EvalDecision: "implicitDeny" }, allowed);
            strictEqual(await decision(), "denied");
            strictEqual(aws.calls.length, 1);
        });
    });

    it("has the decisions of all pages", async () => {
        const other: CniAction = { ...READING, action: "ec2:DescribeSubnets" };
        aws.answer({
            "iam:SimulatePrincipalPolicy": ({ parameters: { Marker } }) => ({
                EvaluationResults: [{ EvalActionName: Marker ?? "ec2:DescribeTags", EvalDecision: "allowed" }],
                ...(Marker === undefined && { IsTruncated: true, Marker: "ec2:DescribeSubnets" }),
            }),
        });
        deepStrictEqual(await simulated([READING, other]), {
            decisions: new Map([
                ["ec2:DescribeTags", "allowed"],
                ["ec2:DescribeSubnets", "allowed"],
            ]),
        });
    });

    it("denies all of a role that IAM does not show yet", async () => {
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("NoSuchEntity", "no role", 404) });
        deepStrictEqual(await simulated([READING, ASSIGNING]), {
            decisions: new Map([
                ["ec2:DescribeTags", "denied"],
                ["ec2:AssignIpv6Addresses", "denied"],
            ]),
        });
    });

    it("is none where the caller may not simulate", async () => {
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("AccessDenied", "you may not", 403) });
        deepStrictEqual(await simulated([READING]), {
            notAllowed: "AWS rejected iam:SimulatePrincipalPolicy: you may not",
        });
    });

    /** In the words that aws-cloudformation/rain quotes (internal/aws/iam/iam.go, Simulate), about other actions. */
    const mixed = new AwsFailure(
        "InvalidInput",
        "Invalid Input Actions: [ec2:CreateTags] and [ec2:AssignIpv6Addresses] require different authorization information. Please refer to " +
            "the documentation for more details: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
    );
    const TAGGING: CniAction = { ...ASSIGNING, action: "ec2:CreateTags" };

    it("asks about each action alone when IAM refuses them in one call", async () => {
        aws.answer({
            "iam:SimulatePrincipalPolicy": ({ parameters }) =>
                parameters["ActionNames.member.2"] === undefined
                    ? {
                          EvaluationResults: [
                              {
                                  EvalActionName: parameters["ActionNames.member.1"],
                                  EvalDecision:
                                      parameters["ActionNames.member.1"] === "ec2:CreateTags"
                                          ? "allowed"
                                          : "implicitDeny",
                              },
                          ],
                      }
                    : mixed,
        });
        deepStrictEqual(await simulated([ASSIGNING, TAGGING]), {
            decisions: new Map([
                ["ec2:AssignIpv6Addresses", "denied"],
                ["ec2:CreateTags", "allowed"],
            ]),
        });
        deepStrictEqual(aws.counts(), { "iam:SimulatePrincipalPolicy": 3 });
    });

    it("leaves an action open that IAM does not simulate, and decides the others", async () => {
        aws.answer({
            "iam:SimulatePrincipalPolicy": ({ parameters }) =>
                parameters["ActionNames.member.1"] === "ec2:CreateTags" &&
                parameters["ActionNames.member.2"] === undefined
                    ? { EvaluationResults: [{ EvalActionName: "ec2:CreateTags", EvalDecision: "allowed" }] }
                    : mixed,
        });
        deepStrictEqual(await simulated([ASSIGNING, TAGGING]), {
            decisions: new Map([
                ["ec2:AssignIpv6Addresses", "unevaluated"],
                ["ec2:CreateTags", "allowed"],
            ]),
        });
    });

    const failures: [string, AwsFailure, object][] = [
        [
            "credentials that have expired",
            new AwsFailure("ExpiredToken", "too old", 403),
            { code: "aws-credentials-expired" },
        ],
        ["an unknown code", new AwsFailure("PolicyEvaluation", "wrong"), { message: "wrong" }],
    ];
    for (const [what, failure, error] of failures) {
        it(`is an error with ${what}`, async () => {
            aws.answer({ "iam:SimulatePrincipalPolicy": () => failure });
            await rejects(simulated([READING]), error);
        });
    }
});
