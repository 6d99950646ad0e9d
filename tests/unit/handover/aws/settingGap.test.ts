import { deepStrictEqual, rejects } from "node:assert/strict";
import { ipv6CniPolicy } from "../../../../documents/cniPermissions";
import type { SettingGapRequest } from "../../../../handover/model/settingGap";
import { SETTING_GAP } from "../support/settingGap";
import { account, CNI_POLICY, type Role } from "./account";
import { ACCOUNT, Answers, AwsCall, AwsFailure, useAws } from "./fakeAws";

const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const allow = (Action: readonly string[], Resource: unknown = "*") => ({
    Statement: [{ Effect: "Allow", Action, Resource }],
});
const DENY = { Statement: [{ Effect: "Deny", Action: "ec2:Create*", Resource: "*" }] };
const ADDS = SETTING_GAP.missing;
const [ATTACH = "", CREATE = "", MODIFY = ""] = ADDS;
const NOT_NOW = () => new AwsFailure("AccessDenied", "not now", 403);
const request: SettingGapRequest = {
    roleArn: `arn:aws:iam::${ACCOUNT}:role/teams/cni`,
    ipFamily: "ipv6",
    settings: { ENABLE_MULTI_NIC: true },
    subnetIds: [],
};

describe("What the settings need and the role does not grant", () => {
    const aws = useAws();
    const policies = {
        [arn("ipv6")]: { document: ipv6CniPolicy("aws") },
        [arn("interfaces")]: { document: allow(ADDS) },
        [arn("attach")]: { document: allow([ATTACH]) },
        [arn("one-subnet")]: { document: allow(ADDS, "arn:aws:ec2:*:*:subnet/subnet-1") },
        [arn("deny")]: { document: DENY },
        [arn("deny-other")]: {
            document: { Statement: [{ Effect: "Deny", Action: "ec2:RunInstances", Resource: "*" }] },
        },
        [arn("all")]: { document: allow(["*"]) },
    };
    const excluded = (...ids: string[]) => ({
        "ec2:DescribeSubnets": (call: AwsCall) => {
            const from = Number(call.parameters["NextToken"] ?? 0);
            return {
                subnetSet: ids.slice(from, from + 1).map((subnetId) => ({ subnetId })),
                ...(from + 1 < ids.length && { nextToken: String(from + 1) }),
            };
        },
    });
    const holding = (role: Parameters<typeof account>[0]["roles"], more: Answers = excluded()) =>
        aws.answer({ ...account({ policies, ...(role && { roles: role }) }), ...more });
    const gap = (change: Partial<SettingGapRequest> = {}) => aws.connect().settingGap({ ...request, ...change });

    const DENIES = `${arn("deny")} denies it`;
    const BOUNDARY = `the permissions boundary ${arn("attach")} does not grant it`;
    const rows: [what: string, role: Role, missing: string[], overruling?: string[]][] = [
        ["all with the default policy", { attached: [arn("ipv6")] }, [...ADDS]],
        ["nothing with another policy", { attached: [arn("ipv6"), arn("interfaces")] }, []],
        ["nothing with an inline policy", { attached: [arn("ipv6")], inline: { more: allow(ADDS) } }, []],
        ["nothing with AWS's policy for IPv4, which is not read", { attached: [CNI_POLICY] }, []],
        [
            "the rest of two policies together",
            { attached: [arn("attach")], inline: { more: allow([MODIFY]) } },
            [CREATE],
        ],
        ["all that is granted on other resources only", { attached: [arn("one-subnet")] }, [...ADDS]],
        ["each action of a Deny", { attached: [arn("interfaces"), arn("deny")] }, [CREATE], [DENIES]],
        ["each action of an inline Deny", { inline: { mine: DENY, all: allow(ADDS) } }, [CREATE], ["mine denies it"]],
        ["nothing with a Deny of other actions", { attached: [arn("interfaces"), arn("deny-other")] }, []],
        [
            "each action that the boundary lacks",
            { attached: [arn("interfaces")], boundary: arn("attach") },
            [CREATE, MODIFY],
            [BOUNDARY],
        ],
        ["nothing with a boundary that grants it", { attached: [arn("interfaces")], boundary: arn("all") }, []],
        [
            "each action once, in the same order",
            { attached: [arn("ipv6"), arn("deny")], boundary: arn("attach") },
            [...ADDS],
            [DENIES, BOUNDARY],
        ],
    ];
    for (const [what, role, missing, overruling] of rows) {
        it(`is ${what}`, async () => {
            holding({ cni: role });
            const expected = { ...SETTING_GAP, missing, ...(overruling && { overruling }) };
            deepStrictEqual(await gap(), missing.length === 0 ? undefined : expected);
        });
    }

    it("is all for a role that does not exist yet", async () => {
        holding({});
        deepStrictEqual(await gap(), SETTING_GAP);
        deepStrictEqual(await gap({ policyArns: [arn("interfaces")] }), SETTING_GAP);
    });

    it("is about the policies that the role is to have, if they are known", async () => {
        holding({ cni: { attached: [arn("ipv6"), arn("interfaces")] } });
        deepStrictEqual(await gap({ policyArns: [arn("ipv6")] }), SETTING_GAP);
        deepStrictEqual(await gap({ policyArns: [arn("ipv6"), arn("interfaces")] }), undefined);
        deepStrictEqual(await gap({ policyArns: [] }), undefined);
    });

    it("is nothing where the settings need nothing, and the role is not read", async () => {
        holding({ cni: {} });
        deepStrictEqual(await gap({ settings: undefined }), undefined);
        deepStrictEqual(
            aws.calls.map(({ action }) => action),
            ["ec2:DescribeSubnets"],
        );
    });

    it("is nothing on IPv4, without a call", async () => {
        holding({ cni: {} });
        const before = aws.calls.length;
        deepStrictEqual(await gap({ ipFamily: "ipv4", subnetIds: ["subnet-1"] }), undefined);
        deepStrictEqual(aws.calls.slice(before), []);
    });

    it("is what nodes in an excluded subnet need, on every page", async () => {
        holding({ cni: {} }, excluded("subnet-3", "subnet-2", "subnet-1"));
        const reasons = [
            "nodes are in subnet-1, subnet-3 with the tag kubernetes.io/role/cni: 0, while ENABLE_SUBNET_DISCOVERY is true",
        ];
        deepStrictEqual(await gap({ settings: {}, subnetIds: ["subnet-1", "subnet-3"] }), { ...SETTING_GAP, reasons });
        const { parameters = {} } = aws.calls.find(({ action }) => action === "ec2:DescribeSubnets") ?? {};
        deepStrictEqual(
            [parameters["Filter.1.Name"], parameters["Filter.1.Value.1"]],
            ["tag:kubernetes.io/role/cni", "0"],
        );
        deepStrictEqual(await gap({ settings: {}, subnetIds: ["subnet-4"] }), undefined);
    });

    it("is not known of subnets that may not be read, which then count as not excluded", async () => {
        holding({ cni: {} }, { "ec2:DescribeSubnets": () => new AwsFailure("UnauthorizedOperation", "no", 403) });
        deepStrictEqual(await gap({ settings: {}, subnetIds: ["subnet-1"] }), undefined);
        deepStrictEqual(await gap({ subnetIds: ["subnet-1"] }), SETTING_GAP);
        holding({ cni: {} }, { "ec2:DescribeSubnets": () => new AwsFailure("InvalidParameterValue", "no") });
        await rejects(gap());
    });

    it("is all if the policies may not be read, with AWS's answer", async () => {
        for (const action of ["iam:GetRole", "iam:ListRolePolicies", "iam:GetPolicy"]) {
            holding({ cni: { attached: [arn("interfaces")] } }, { ...excluded(), [action]: NOT_NOW });
            const { unread = "", ...rest } = (await gap()) ?? {};
            deepStrictEqual(rest, SETTING_GAP);
            deepStrictEqual(unread.startsWith(`AWS rejected ${action}`), true, unread);
        }
        holding({ cni: {} }, { ...excluded(), "iam:GetRole": () => new AwsFailure("ValidationError", "no") });
        await rejects(gap());
    });
});
