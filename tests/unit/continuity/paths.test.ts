import * as assert from "assert";
import { missingPath, type PathFacts } from "../../continuity/monitor/paths";
import { ACCOUNT, CNI_POLICY, cniDocument, iam, ISSUER, nodeRole, pod, role, ROLE, trustOf, withRole } from "./world";

const ALLOWED = JSON.parse(cniDocument) as { Version: string; Statement: { Action: string[]; Resource: string }[] };

function without(action: string): string {
    const Statement = ALLOWED.Statement.map((one) => ({
        ...one,
        Action: one.Action.filter((name) => name !== action),
    }));
    return JSON.stringify({ ...ALLOWED, Statement: Statement.filter(({ Action }) => Action.length > 0) });
}

function circumstances(more: Partial<PathFacts> = {}): PathFacts {
    return {
        iam: iam([nodeRole(), role("cni")]),
        issuer: ISSUER,
        accountId: ACCOUNT,
        instanceProfile: "nodes",
        stsReachable: true,
        ...more,
    };
}

describe("the path of a pod in an organization", () => {
    const statement = (Effect: string, Action: string, Condition?: object) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: { Effect, Action, Resource: "*", ...(Condition && { Condition }) },
        });
    const everything = statement("Allow", "*");
    const lack = (one: Parameters<typeof missingPath>[0], ...levels: string[][]) =>
        missingPath(one, circumstances({ serviceControlPolicies: levels }));

    it("is there where the organization allows the calls", () => {
        assert.deepStrictEqual(
            [lack(withRole("a"), [everything]), lack(pod("b"), [everything])],
            [undefined, undefined],
        );
    });

    it("is gone at once where it denies one, for each role", () => {
        const levels = [[everything], [everything, statement("Deny", "ec2:AssignPrivateIpAddresses")]];
        const reasonOf = (name: string) => ({
            reason: `the role ${name} may not call AssignPrivateIpAddresses`,
            hiddenBySession: false,
        });
        assert.deepStrictEqual(
            [lack(withRole("a"), ...levels), lack(pod("b"), ...levels)],
            [reasonOf("cni"), reasonOf("nodes")],
        );
    });

    it("is gone for the role alone that a policy names", () => {
        const denied = statement("Deny", "ec2:DescribeTags", { ArnEquals: { "aws:PrincipalArn": ROLE } });
        assert.match(lack(withRole("a"), [everything, denied])?.reason ?? "", /role cni may not call DescribeTags/);
        assert.strictEqual(lack(pod("b"), [everything, denied]), undefined);
    });

    it("is there in a region that a region deny leaves", () => {
        const NotEquals = { StringNotEquals: { "aws:RequestedRegion": ["us-west-2"] } };
        assert.strictEqual(lack(withRole("a"), [everything, statement("Deny", "*", NotEquals)]), undefined);
    });
});

describe("the path of a pod with a token", () => {
    it("is there when its role trusts the token and holds the permissions, whatever the node's role holds", () => {
        const state = iam([nodeRole({ attachedPolicyArns: [] }), role("cni")]);
        assert.strictEqual(missingPath(withRole("a"), circumstances({ iam: state })), undefined);
    });

    const lacks: [string, Parameters<typeof missingPath>[0], Partial<PathFacts>, RegExp, boolean][] = [
        ["its role does not exist", withRole("a"), { iam: iam([nodeRole()]) }, /role\/cni does not exist/, false],
        [
            "its role has another path",
            withRole("a", { roleArn: `arn:aws:iam::${ACCOUNT}:role/path/cni` }),
            {},
            /does not exist/,
            false,
        ],
        [
            "its role trusts another service account",
            withRole("a"),
            {
                iam: iam([
                    role("cni", { trustPolicy: trustOf({ subject: "system:serviceaccount:kube-system:other" }) }),
                ]),
            },
            /does not trust/,
            true,
        ],
        ["it is of another service account", withRole("a", { serviceAccount: "default" }), {}, /does not trust/, true],
        [
            "its role trusts another audience",
            withRole("a"),
            { iam: iam([role("cni", { trustPolicy: trustOf({ audience: "sts" }) })]) },
            /does not trust/,
            true,
        ],
        [
            "its role trusts another provider",
            withRole("a"),
            { iam: iam([role("cni", { trustPolicy: trustOf({ provider: `${ISSUER}2` }) })]) },
            /does not trust/,
            true,
        ],
        [
            "its token is for another audience than the provider has",
            withRole("a", { audience: "sts.amazonaws.com.cn" }),
            {},
            /no OIDC provider .* sts.amazonaws.com.cn/,
            true,
        ],
        ["there is no provider", withRole("a"), { iam: iam([role("cni")], { oidcProviders: {} }) }, /no OIDC/, true],
        [
            "its role lost the policy",
            withRole("a"),
            { iam: iam([role("cni", { attachedPolicyArns: [] })]) },
            /cni may not call/,
            false,
        ],
        ["STS is out of reach", withRole("a"), { stsReachable: false }, /cannot reach STS/, true],
        ["it has no role", withRole("a", { roleArn: undefined }), {}, /no AWS_ROLE_ARN/, false],
        ["it has no volume", withRole("a", { audience: undefined }), {}, /no volume/, false],
    ];
    lacks.forEach(([why, one, more, reason, hiddenBySession]) => {
        it(`is missing when ${why}, also if the node's role would do`, () => {
            const lack = missingPath(one, circumstances(more));
            assert.match(lack?.reason ?? "a path", reason);
            assert.strictEqual(lack?.hiddenBySession, hiddenBySession);
        });
    });
});

describe("the path of a pod without a token", () => {
    it("is there when its node's role holds the permissions, also with a role ARN and with STS out of reach", () => {
        const one = pod("a", { roleArn: ROLE });
        assert.strictEqual(missingPath(one, circumstances({ iam: iam([nodeRole()]), stsReachable: false })), undefined);
    });

    it("may come from an inline policy", () => {
        const state = iam([nodeRole({ attachedPolicyArns: [], inlinePolicies: { cni: cniDocument } })]);
        assert.strictEqual(missingPath(pod("a"), circumstances({ iam: state })), undefined);
    });

    const lacks: [string, Partial<PathFacts>, RegExp][] = [
        ["its node has no instance profile", { instanceProfile: undefined }, /no instance profile/],
        ["the profile has no role", { iam: iam([nodeRole({ instanceProfileNames: [] })]) }, /nodes has no role/],
        ["the role lost the policy", { iam: iam([nodeRole({ attachedPolicyArns: [] })]) }, /AssignPrivateIpAddresses/],
        [
            "a boundary takes the permissions away",
            {
                iam: iam([nodeRole({ permissionsBoundaryArn: "arn:aws:iam::111122223333:policy/none" })], {
                    policies: {
                        ...iam([]).policies,
                        "arn:aws:iam::111122223333:policy/none": {
                            arn: "arn:aws:iam::111122223333:policy/none",
                            document: without("ec2:DescribeTags"),
                            versionIds: ["v1"],
                            defaultVersionId: "v1",
                            attachmentCount: 1,
                        },
                    },
                }),
            },
            /may not call DescribeTags$/,
        ],
    ];
    lacks.forEach(([why, more, reason]) => {
        it(`is missing when ${why}`, () => {
            const lack = missingPath(pod("a"), circumstances(more));
            assert.match(lack?.reason ?? "a path", reason);
            assert.strictEqual(lack?.hiddenBySession, false);
        });
    });

    it("needs every single call of the CNI", () => {
        const calls = ALLOWED.Statement.flatMap(({ Action }) => Action).filter(
            (one) => one !== "ec2:DescribeSecurityGroups",
        );
        for (const call of calls) {
            const policies = iam([]).policies;
            const policy = { ...policies[CNI_POLICY], document: without(call) } as (typeof policies)[string];
            const state = iam([nodeRole()], { policies: { [CNI_POLICY]: policy } });
            const lack = missingPath(pod("a"), circumstances({ iam: state }));
            assert.strictEqual(lack?.reason, `the role nodes may not call ${call.replace("ec2:", "")}`);
        }
    });
});

describe("the path of a pod with the credentials of Pod Identity", () => {
    const carrier = { ...pod("a"), containerCredentials: true, createdAt: 1000 };
    const association = { roleArn: ROLE, since: 0 };
    const reason = (more: Partial<PathFacts>) => missingPath(carrier, circumstances(more))?.reason;

    it("is there when the association's role holds the permissions, whatever the node's role holds", () => {
        const state = iam([nodeRole({ attachedPolicyArns: [] }), role("cni")]);
        assert.strictEqual(reason({ iam: state, association }), undefined);
    });

    it("is missing without the role, or without its permissions", () => {
        assert.match(reason({ iam: iam([nodeRole()]), association }) ?? "", /role\/cni does not exist/);
        const state = iam([nodeRole(), role("cni", { attachedPolicyArns: [] })]);
        assert.match(reason({ iam: state, association }) ?? "", /may not call/);
    });

    it("outlives the association, unless the pod is younger", () => {
        const gone = (since: number) => reason({ association: { roleArn: undefined, since } });
        assert.strictEqual(gone(1001), undefined);
        assert.match(gone(1000) ?? "", /no Pod Identity association/);
        assert.match(reason({}) ?? "", /no Pod Identity association/);
    });
});
