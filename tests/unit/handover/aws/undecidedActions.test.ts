import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ipv6CniPolicy } from "../../../../documents/cniPermissions";
import type { PluginSettings } from "../../../../documents/pluginSettings";
import type { UndecidedRequest } from "../../../../handover/model/proof";
import { account, CNI_POLICY, type Role, rolesAlone } from "./account";
import { ACCOUNT, AwsFailure, useAws } from "./fakeAws";
import { dryRuns, mayNot, members, provable, ROLE, SESSION_KEY, simulator, TOKEN } from "./session";

const ASSIGN = "ec2:AssignPrivateIpAddresses";
const UNASSIGN = "ec2:UnassignPrivateIpAddresses";
const CREATE = "ec2:CreateNetworkInterface";
const WRITING = [
    ASSIGN,
    UNASSIGN,
    "ec2:AttachNetworkInterface",
    CREATE,
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
    "ec2:CreateTags",
];
const MODIFY = "ec2:ModifyNetworkInterfaceAttribute";
const CUSTOM: PluginSettings = { AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: true };

const REQUEST: UndecidedRequest = {
    roleArn: ROLE,
    ipFamily: "ipv4",
    instanceId: "i-1",
    token: TOKEN,
    settings: undefined,
};
const NO_SIMULATOR = {
    "iam:SimulatePrincipalPolicy": () => new AwsFailure("AccessDenied", "you may not simulate", 403),
};
const REJECTED = "AWS rejected iam:SimulatePrincipalPolicy: you may not simulate.";
const inPolicies = (policies: string) =>
    `let the policies of ${ROLE} allow this on every resource, without a condition, a Deny or a permissions boundary`.replace(
        "let",
        policies,
    );
const SIMULATE = `Allow iam:SimulatePrincipalPolicy on ${ROLE} for the identity of the live checks, or ${inPolicies("let")}. Then run pulumi up --refresh.`;
const ALLOW = `${inPolicies("Let")}. Then run pulumi up --refresh.`;
const NEARER =
    "Run pulumi up --refresh on a machine that EC2 does not refuse, for example one in the cluster's VPC. If the policy that refuses admits the nodes, " +
    'set proof: "off", and run pulumi up.';
const noStart = (...actions: string[]) =>
    `No start of the plugin tests whether ${ROLE} may call ${actions.join(", ")}.`;
const inEveryCase = (...actions: string[]) =>
    `The policies of ${ROLE} do not allow ${actions.join(", ")} in every case.`;

const allowing = (Action: string | string[], more: object = {}) => ({
    Statement: [{ Effect: "Allow", Action, Resource: "*", ...more }],
});

describe("The writing actions that are not decided", () => {
    const aws = useAws();
    beforeEach(() => aws.answer(provable()));

    const undecided = (more: Partial<UndecidedRequest> = {}) => aws.connect().undecidedActions({ ...REQUEST, ...more });
    const actions = async (more: Partial<UndecidedRequest> = {}) => (await undecided(more))?.actions;
    const sent = (action: string) => aws.calls.filter((call) => call.action === action);
    const simulated = () =>
        sent("iam:SimulatePrincipalPolicy").flatMap(({ parameters }) => members(parameters, "ActionNames"));
    const tried = () => aws.calls.filter(({ accessKeyId }) => accessKeyId === SESSION_KEY).map(({ action }) => action);
    /** The role has these policies. */
    const holding = (role: Role, policies = {}) => {
        const world = rolesAlone({ roles: { "prod-cni": role }, policies });
        aws.answer(world);
    };
    const withDryRuns = (refused: Record<string, AwsFailure>) =>
        aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), refused));

    it("are none if DryRuns and the simulator allow all, and the policies are not read then", async () => {
        strictEqual(await undecided(), undefined);
        deepStrictEqual(tried().sort(), WRITING.slice(2).sort());
        deepStrictEqual(simulated(), [ASSIGN, UNASSIGN]);
        deepStrictEqual(sent("iam:ListRolePolicies"), []);
    });

    it("are asked about with each setting under which the start does not call them", async () => {
        strictEqual(await undecided({ settings: { ENABLE_IMDS_ONLY_MODE: "unknown" } }), undefined);
        deepStrictEqual(tried().includes(MODIFY), true);
    });

    it("are not tried without a token, nor where STS refuses it", async () => {
        strictEqual(await undecided({ token: undefined }), undefined);
        deepStrictEqual([tried(), sent("sts:AssumeRoleWithWebIdentity")], [[], []]);
        deepStrictEqual(simulated().sort(), [...WRITING].sort());
        aws.answer({ "sts:AssumeRoleWithWebIdentity": () => new AwsFailure("AccessDenied", "no", 403) });
        strictEqual(await undecided(), undefined);
        deepStrictEqual(tried(), []);
    });

    it("are those of IPv6, also without an instance", async () => {
        aws.answer(NO_SIMULATOR);
        holding({});
        deepStrictEqual(await actions({ ipFamily: "ipv6" }), ["ec2:AssignIpv6Addresses"]);
        deepStrictEqual(await actions({ ipFamily: "ipv6", instanceId: undefined }), [
            "ec2:AssignIpv6Addresses",
            "ec2:CreateTags",
        ]);
        holding({ inline: { cni: ipv6CniPolicy("aws") } });
        strictEqual(await undecided({ ipFamily: "ipv6", instanceId: undefined }), undefined);
    });

    describe("without the simulator", () => {
        beforeEach(() => aws.answer(NO_SIMULATOR));

        it("are those that have no DryRun, if no policy allows them", async () => {
            holding({});
            deepStrictEqual(await undecided(), {
                actions: [ASSIGN, UNASSIGN],
                why: `${noStart(ASSIGN, UNASSIGN)} ${REJECTED} ${inEveryCase(ASSIGN, UNASSIGN)}`,
                fix: SIMULATE,
            });
        });

        it("are none if the role has AWS's policy, which is not read, with and without DryRuns", async () => {
            holding({ attached: [CNI_POLICY] });
            strictEqual(await undecided(), undefined);
            strictEqual(await undecided({ token: undefined }), undefined);
            deepStrictEqual(sent("iam:GetPolicy"), []);
        });

        it("are none if a policy of the role allows them without a condition", async () => {
            holding({ inline: { a: allowing("s3:*"), b: allowing([ASSIGN, UNASSIGN]) } });
            strictEqual(await undecided(), undefined);
            deepStrictEqual(await actions({ token: undefined }), WRITING.slice(2));
        });

        it("are those that only a condition allows, and those that a policy denies", async () => {
            const Condition = { StringEquals: { "aws:ResourceTag/cluster.k8s.amazonaws.com/name": "prod" } };
            holding({ inline: { a: allowing(UNASSIGN), b: allowing(ASSIGN, { Condition }) } });
            deepStrictEqual(await actions(), [ASSIGN]);
            holding({ attached: [CNI_POLICY], inline: { a: allowing(UNASSIGN, { Effect: "Deny", Condition }) } });
            deepStrictEqual(await undecided(), {
                actions: [UNASSIGN],
                why: `${noStart(UNASSIGN)} ${REJECTED} ${inEveryCase(UNASSIGN)}`,
                fix: SIMULATE,
            });
        });

        it("are all that a permissions boundary may deny", async () => {
            const boundary = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
            holding({ attached: [CNI_POLICY], boundary });
            deepStrictEqual(await undecided(), {
                actions: [ASSIGN, UNASSIGN],
                why: `${noStart(ASSIGN, UNASSIGN)} ${REJECTED} ${ROLE} has the permissions boundary ${boundary}.`,
                fix: SIMULATE,
            });
        });

        for (const action of [
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
        ]) {
            it(`are all where the caller lacks ${action}`, async () => {
                holding({ attached: [CNI_POLICY], inline: { a: allowing("s3:*") } });
                aws.answer({ [action]: () => new AwsFailure("AccessDenied", `you may not ${action}`, 403) });
                const { why = "", ...rest } = (await undecided()) ?? {};
                deepStrictEqual(rest, { actions: [ASSIGN, UNASSIGN], fix: SIMULATE });
                strictEqual(
                    why,
                    `${noStart(ASSIGN, UNASSIGN)} ${REJECTED} The policies of ${ROLE} could not be read: AWS rejected ${action}: you may not ${action}.`,
                );
            });
        }

        it("are all of a policy that cannot be read, and of a role that IAM does not show", async () => {
            const arn = `arn:aws:iam::${ACCOUNT}:policy/own`;
            holding({ attached: [CNI_POLICY, arn] }, { [arn]: { document: allowing("s3:*") } });
            strictEqual(await undecided(), undefined);
            aws.answer({ "iam:GetPolicyVersion": () => new AwsFailure("AccessDenied", "no", 403) });
            deepStrictEqual(await actions(), [ASSIGN, UNASSIGN]);
            const none = rolesAlone({});
            aws.answer(none);
            strictEqual(
                (await undecided())?.why,
                `${noStart(ASSIGN, UNASSIGN)} ${REJECTED} IAM does not show ${ROLE}.`,
            );
        });

        it("is an error if IAM cannot be read for another reason", async () => {
            holding({});
            aws.answer({ "iam:ListRolePolicies": () => new AwsFailure("ExpiredToken", "too old", 403) });
            await rejects(undecided(), { code: "aws-credentials-expired" });
        });
    });

    describe("where EC2 refuses a DryRun", () => {
        const SCP =
            "UnauthorizedOperation: You are not authorized to perform this operation. User: u is not authorized to perform: ec2:CreateTags with an explicit deny in a service control policy";
        const scp = new AwsFailure("UnauthorizedOperation", SCP.replace("UnauthorizedOperation: ", ""), 403);

        it("are that one, although the simulator and the policies allow it", async () => {
            withDryRuns({ CreateTags: mayNot("CreateTags") });
            holding({ attached: [CNI_POLICY] });
            const { actions: open, fix, why = "" } = (await undecided()) ?? {};
            deepStrictEqual([open, fix], [["ec2:CreateTags"], NEARER]);
            strictEqual(
                why.startsWith(
                    `${noStart("ec2:CreateTags")} EC2 refuses a DryRun of ec2:CreateTags from this machine: UnauthorizedOperation: You are not`,
                ),
                true,
                why,
            );
        });

        it("are also those that the policies alone would decide, if it names a perimeter", async () => {
            aws.answer(NO_SIMULATOR);
            holding({ attached: [CNI_POLICY] });
            withDryRuns({ CreateTags: scp });
            deepStrictEqual(await undecided(), {
                actions: [ASSIGN, UNASSIGN, "ec2:CreateTags"],
                why: `${noStart(ASSIGN, UNASSIGN, "ec2:CreateTags")} EC2 refuses a DryRun of ec2:CreateTags from this machine: ${SCP}. ${REJECTED}`,
                fix: NEARER,
            });
            withDryRuns({ CreateTags: mayNot("CreateTags") });
            deepStrictEqual(await actions(), ["ec2:CreateTags"]);
        });

        it("are none if it is not tried: the simulator, or the policies, decide", async () => {
            withDryRuns({ CreateTags: scp });
            strictEqual(await undecided({ token: undefined }), undefined);
            aws.answer(NO_SIMULATOR);
            holding({ attached: [CNI_POLICY] });
            strictEqual(await undecided({ token: undefined }), undefined);
        });
    });

    it("are none where EC2's answer says nothing, and the simulator or the policies allow it", async () => {
        withDryRuns({ CreateTags: new AwsFailure("InvalidParameterValue", "odd") });
        strictEqual(await undecided(), undefined);
        aws.answer(NO_SIMULATOR);
        holding({ attached: [CNI_POLICY] });
        strictEqual(await undecided(), undefined);
        holding({ inline: { a: allowing([ASSIGN, UNASSIGN]) } });
        deepStrictEqual(await actions(), ["ec2:CreateTags"]);
    });

    const answers: [string, object, string][] = [
        ["denies", { EvalDecision: "implicitDeny" }, `IAM's policy simulator denies ${ASSIGN}.`],
        [
            "denies by the organization",
            { EvalDecision: "implicitDeny", OrganizationsDecisionDetail: { AllowedByOrganizations: "false" } },
            `IAM's policy simulator denies ${ASSIGN}.`,
        ],
        [
            "cannot decide",
            { EvalDecision: "implicitDeny", MissingContextValues: ["aws:ResourceTag/a"] },
            `IAM's policy simulator cannot decide ${ASSIGN}: it depends on conditions that only a real call meets.`,
        ],
    ];
    for (const [what, decision, sentence] of answers) {
        it(`are what the simulator ${what}, whatever the policies allow`, async () => {
            holding({ attached: [CNI_POLICY] });
            aws.answer(simulator({ [ASSIGN]: decision }));
            deepStrictEqual(await undecided(), {
                actions: [ASSIGN],
                why: `${noStart(ASSIGN)} ${sentence}`,
                fix: ALLOW,
            });
        });
    }

    it("are what the simulator does not simulate, unless the policies allow it", async () => {
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("InvalidInput", "different") });
        holding({ attached: [CNI_POLICY] });
        strictEqual(await undecided(), undefined);
        holding({ inline: { a: allowing(ASSIGN) } });
        deepStrictEqual(await undecided(), {
            actions: [UNASSIGN],
            why: `${noStart(UNASSIGN)} IAM's policy simulator does not simulate ${UNASSIGN}. ${inEveryCase(UNASSIGN)}`,
            fix: ALLOW,
        });
    });

    describe("with custom networking", () => {
        const ELSEWHERE = `With custom networking, ${CREATE} uses subnets of ENIConfigs, which are not tested from here.`;

        for (const value of [true, "unknown"] as const) {
            it(`are the creation of interfaces, whatever is allowed in the node's subnet, if it is ${String(value)}`, async () => {
                holding({});
                deepStrictEqual(await undecided({ settings: { AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: value } }), {
                    actions: [CREATE],
                    why: `${noStart(CREATE)} ${ELSEWHERE} ${inEveryCase(CREATE)}`,
                    fix: ALLOW,
                });
            });
        }

        it("are none if the policies allow it everywhere", async () => {
            holding({ attached: [CNI_POLICY] });
            strictEqual(await undecided({ settings: CUSTOM }), undefined);
            holding({ inline: { a: allowing(CREATE, { Resource: "arn:aws:ec2:*:*:subnet/subnet-1" }) } });
            deepStrictEqual(await actions({ settings: CUSTOM }), [CREATE]);
        });

        it("are not decided by the right to simulate, which is asked for if that decides another one", async () => {
            aws.answer(NO_SIMULATOR);
            holding({ inline: { a: allowing([ASSIGN, UNASSIGN]) } });
            strictEqual((await undecided({ settings: CUSTOM }))?.fix, ALLOW);
            holding({ inline: { a: allowing([UNASSIGN]) } });
            strictEqual((await undecided({ settings: CUSTOM }))?.fix, SIMULATE);
        });
    });
});
