import * as assert from "assert";
import { missingPath, type PathFacts, type PodIdentityFacts } from "../../continuity/monitor/paths";
import type { RoleState } from "local-eks/iam";
import {
    ACCOUNT,
    agentDocument,
    associated,
    CLUSTER,
    CNI_POLICY,
    cniDocument,
    iam,
    ISSUER,
    nodeRole,
    pod,
    podIdentityTrust,
    role,
    ROLE,
    trustOf,
    withRole,
} from "./world";

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
        podIdentity: podIdentity(),
        ...more,
    };
}

function podIdentity(more: Partial<PodIdentityFacts> = {}): PodIdentityFacts {
    return {
        agentAnswers: true,
        eksAuthReachable: true,
        associations: [associated],
        heldRoleArn: undefined,
        clusterArn: CLUSTER,
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

describe("the path of a pod on IPv6", () => {
    const document = (...Action: string[]) =>
        JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } });
    const needed = [
        "ec2:AssignIpv6Addresses",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:CreateTags",
    ];
    const reasonWith = (...actions: string[]) => {
        const state = iam([nodeRole({ inlinePolicies: { cni: document(...actions) }, attachedPolicyArns: [] })]);
        return missingPath(pod("a", { ipFamily: "ipv6" }), circumstances({ iam: state }))?.reason;
    };

    it("needs what the CNI calls there, each of it, and nothing that it calls on IPv4 alone", () => {
        assert.strictEqual(reasonWith(...needed), undefined);
        for (const action of needed) {
            const lack = `the role nodes may not call ${action.replace("ec2:", "")}`;
            assert.match(reasonWith(...needed.filter((one) => one !== action)) ?? "", new RegExp(`${lack}$`));
        }
    });

    it("is not that of a pod on IPv4 beside it", () => {
        const facts = circumstances();
        assert.strictEqual(missingPath(pod("b"), facts), undefined);
        assert.match(
            missingPath(pod("a", { ipFamily: "ipv6" }), facts)?.reason ?? "",
            /may not call AssignIpv6Addresses$/,
        );
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
    const carrier = pod("a", { containerCredentials: true });
    const node = nodeRole({ attachedPolicyArns: [], inlinePolicies: { agent: agentDocument } });
    const associatedRole = (more: Partial<RoleState> = {}) => role("cni", { trustPolicy: podIdentityTrust(), ...more });
    const lackWith = (more: Partial<PodIdentityFacts> = {}, ...roles: RoleState[]) =>
        missingPath(
            carrier,
            circumstances({
                iam: iam(roles.length > 0 ? roles : [node, associatedRole()]),
                podIdentity: podIdentity(more),
            }),
        );

    it("is there when the agent gets credentials of a role that holds the permissions, whatever the node's role holds", () => {
        assert.strictEqual(lackWith(), undefined);
        assert.strictEqual(lackWith({ heldRoleArn: ROLE }), undefined);
    });

    const without: [string, Partial<PodIdentityFacts>, RoleState[], RegExp][] = [
        ["no agent answers on its node", { agentAnswers: false }, [], /no Pod Identity agent answers on its node/],
        ["the agent cannot reach EKS Auth", { eksAuthReachable: false }, [], /cannot reach EKS Auth/],
        [
            "the node's role may not ask EKS Auth",
            {},
            [nodeRole(), associatedRole()],
            /its node may not call eks-auth:AssumeRoleForPodIdentity/,
        ],
        ["there is no association", { associations: [undefined] }, [], /there is no Pod Identity association/],
        [
            "the association has a target role",
            { associations: [{ ...associated, isLimited: true }] },
            [],
            /target role or a session policy/,
        ],
        [
            "its tags are disabled, and the role's trust wants them",
            { associations: [{ ...associated, disableSessionTags: true }] },
            [],
            /role cni does not trust Pod Identity/,
        ],
        [
            "the role trusts the token of the service account instead",
            {},
            [node, role("cni")],
            /role cni does not trust Pod Identity/,
        ],
        [
            "the role trusts another service account",
            {},
            [node, associatedRole({ trustPolicy: podIdentityTrust("other") })],
            /role cni does not trust Pod Identity/,
        ],
        ["the role does not exist", {}, [node], /role\/cni does not exist/],
        ["the role lost the policy", {}, [node, associatedRole({ attachedPolicyArns: [] })], /cni may not call/],
    ];
    for (const [why, more, roles, reason] of without) {
        it(`is missing at once when ${why}, and it has no credentials yet`, () => {
            const lack = lackWith(more, ...roles);
            assert.match(lack?.reason ?? "a path", reason);
            assert.strictEqual(lack?.hiddenBySession, false);
        });
    }
    for (const [why, more, roles, reason] of without.slice(0, 8)) {
        it(`is missing when ${why}, also while it has a session`, () => {
            const lack = lackWith({ ...more, heldRoleArn: ROLE }, ...roles);
            assert.match(lack?.reason ?? "a path", reason);
            assert.strictEqual(lack?.hiddenBySession, true);
        });
    }

    it("is missing at once when the role of its session goes, whatever the association has by now", () => {
        const heldRoleArn = `arn:aws:iam::${ACCOUNT}:role/former`;
        assert.deepStrictEqual(lackWith({ heldRoleArn }), {
            reason: `it has credentials, and the association's role ${heldRoleArn} does not exist`,
            hiddenBySession: false,
        });
        const former = role("former", { attachedPolicyArns: [] });
        assert.match(lackWith({ heldRoleArn }, node, associatedRole(), former)?.reason ?? "", /former may not call/);
    });

    it("is missing while one server of EKS Auth does not know the association, and a call may succeed by the other", () => {
        const lack = lackWith({ associations: [associated, undefined] });
        assert.match(lack?.reason ?? "", /there is no Pod Identity association/);
        assert.strictEqual(lack?.hiddenBySession, true);
    });

    it("is that of its token, if it has one, too", () => {
        const both = withRole("b", { containerCredentials: true });
        const facts = podIdentity({ agentAnswers: false, associations: [undefined] });
        assert.strictEqual(missingPath(both, circumstances({ podIdentity: facts })), undefined);
    });
});
