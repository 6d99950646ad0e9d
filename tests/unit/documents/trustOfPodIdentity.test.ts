import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { trustVerdict } from "local-eks/iam";
import { POD_IDENTITY_ACTIONS, podIdentityTrustPolicy, requestTags } from "../../../documents/podIdentity";
import { type TrustOfPodIdentity, trustOfPodIdentity } from "../../../documents/trustOfPodIdentity";

const CLUSTER_ARN = "arn:aws:eks:us-west-2:111122223333:cluster/prod";
const ACCOUNT = { clusterArn: CLUSTER_ARN, serviceAccount: { namespace: "kube-system", name: "aws-node" } };
const SERVICE = "pods.eks.amazonaws.com";
const NAME = "aws:RequestTag/kubernetes-service-account";
const CLUSTER = "aws:RequestTag/eks-cluster-arn";
const CLAIM = "oidc.eks.us-west-2.amazonaws.com/id/A:amr";

const own = { StringEquals: requestTags(ACCOUNT) };
const statement = (Condition: object | null = own, more: object = {}) => ({
    Effect: "Allow",
    Principal: { Service: SERVICE },
    Action: ["sts:AssumeRole", "sts:TagSession"],
    ...(Condition === null ? {} : { Condition }),
    ...more,
});
const deny = (Condition: object | null, more: object = {}) =>
    statement(Condition, { Effect: "Deny", Principal: "*", ...more });
const trusts = (...Statement: unknown[]) => trustOfPodIdentity({ Version: "2012-10-17", Statement }, ACCOUNT);
const YES: TrustOfPodIdentity = { admits: "yes" };
const NO: TrustOfPodIdentity = { admits: "no" };
const depends = (...keys: string[]): TrustOfPodIdentity => ({ admits: "depends", keys });
const NETWORK = {
    StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-1" },
    NotIpAddressIfExists: { "aws:SourceIp": "10.0.0.0/8" },
};

describe("What a trust policy says to EKS Pod Identity", () => {
    it("is yes in the component's own, and no to another cluster or service account", () => {
        const document = podIdentityTrustPolicy(ACCOUNT);
        deepStrictEqual(trustOfPodIdentity(document, ACCOUNT), YES);
        const others = [
            { ...ACCOUNT, clusterArn: `${CLUSTER_ARN}2` },
            { ...ACCOUNT, serviceAccount: { ...ACCOUNT.serviceAccount, name: "other" } },
            { ...ACCOUNT, serviceAccount: { ...ACCOUNT.serviceAccount, namespace: "other" } },
        ];
        for (const other of others) {
            deepStrictEqual(trustOfPodIdentity(document, other), NO);
        }
    });

    const rows: [string, TrustOfPodIdentity, unknown[]][] = [
        ["without conditions", YES, [statement({})]],
        ["without a Condition element", YES, [statement(null)]],
        ["with wildcards", YES, [statement({ StringLike: { [CLUSTER]: "arn:aws:eks:*:cluster/prod" } })]],
        [
            "with wildcards that do not match",
            NO,
            [statement({ StringLike: { [CLUSTER]: "arn:aws:eks:*:cluster/dev" } })],
        ],
        ["with a wildcard that is none", NO, [statement({ StringEquals: { [NAME]: "aws-*" } })]],
        ["with an ARN", YES, [statement({ ArnLike: { [CLUSTER]: "arn:aws:eks:*:*:cluster/*" } })]],
        ["with several service accounts", YES, [statement({ StringEquals: { [NAME]: ["other", "aws-node"] } })]],
        ["in another case", YES, [statement({ StringEqualsIgnoreCase: { [NAME]: "AWS-NODE" } })]],
        ["in another case, which counts", NO, [statement({ StringEquals: { [NAME]: "AWS-NODE" } })]],
        ["with keys in another case", YES, [statement({ StringEquals: { [NAME.toUpperCase()]: "aws-node" } })]],
        ["with a set operator", YES, [statement({ "ForAnyValue:StringLike": { [NAME]: ["*-node"] } })]],
        ["if a tag exists", YES, [statement({ StringEqualsIfExists: { [NAME]: "aws-node" } })]],
        ["if a claim of a web identity exists", YES, [statement({ StringEqualsIfExists: { [CLAIM]: "x" } })]],
        ["with a claim of a web identity", NO, [statement({ StringEquals: { [CLAIM]: "x" } })]],
        ["except for a service account", YES, [statement({ StringNotEquals: { [NAME]: "other" } })]],
        ["except for this service account", NO, [statement({ StringNotLike: { [NAME]: "*-node" } })]],
        ["except for a claim of a web identity", YES, [statement({ StringNotEquals: { [CLAIM]: "x" } })]],
        ["with a tag that must be there", YES, [statement({ Null: { [NAME]: "false" } })]],
        ["with a tag that must not be there", NO, [statement({ Null: { [NAME]: "true" } })]],
        ["with a claim that must not be there", YES, [statement({ Null: { [CLAIM]: "true" } })]],
        ["of several services", YES, [statement(own, { Principal: { Service: ["ec2.amazonaws.com", SERVICE] } })]],
        ["of another service", NO, [statement(own, { Principal: { Service: "ec2.amazonaws.com" } })]],
        ["of everybody", YES, [statement(own, { Principal: "*" })]],
        ["of everybody in AWS's form", YES, [statement(own, { Principal: { AWS: "*" } })]],
        ["of a role", NO, [statement(own, { Principal: { AWS: SERVICE } })]],
        ["without a principal", NO, [statement(own, { Principal: undefined })]],
        ["for all actions of STS", YES, [statement(own, { Action: ["sts:Tag*", "sts:Assume*"] })]],
        ["without the session tags", NO, [statement(own, { Action: "sts:AssumeRole" })]],
        ["with the session tags alone", NO, [statement(own, { Action: "sts:TagSession" })]],
        [
            "with a statement for each action",
            YES,
            [statement(own, { Action: "sts:AssumeRole" }), statement(own, { Action: "sts:TagSession" })],
        ],
        ["in no statement", NO, []],
        ["with a Deny of everything", NO, [statement(), deny(null)]],
        ["with a Deny of this service account", NO, [statement(), deny({ StringEquals: { [NAME]: "aws-node" } })]],
        [
            "with a Deny of other service accounts",
            YES,
            [statement(), deny({ StringNotEquals: { [NAME]: "aws-node" } })],
        ],
        ["with a Deny of one of the actions", NO, [statement(), deny(null, { Action: "sts:TagSession" })]],
        ["with a Deny of another action", YES, [statement(), deny(null, { Action: "sts:AssumeRoleWithWebIdentity" })]],
        [
            "with a Deny of another service",
            YES,
            [statement(), deny(null, { Principal: { Service: "ec2.amazonaws.com" } })],
        ],
        [
            "with an account that is expected",
            depends("aws:SourceAccount"),
            [statement({ StringEquals: { ...own.StringEquals, "aws:SourceAccount": "111122223333" } })],
        ],
        [
            "with an account that is expected, for another service account",
            NO,
            [statement({ StringEquals: { [NAME]: "other", "aws:SourceAccount": "111122223333" } })],
        ],
        [
            "with the name of the session",
            depends("sts:RoleSessionName"),
            [statement({ ...own, StringLike: { "sts:RoleSessionName": "eks-*" } })],
        ],
        ["with a policy variable", depends(NAME), [statement({ StringLike: { [NAME]: "${aws:PrincipalTag/ns}*" } })]],
        ["with an operator of another type", depends(NAME), [statement({ BinaryEquals: { [NAME]: "x" } })]],
        ["with a Deny outside a network", depends("aws:SourceIp", "aws:SourceVpc"), [statement(), deny(NETWORK)]],
        [
            "with a network in both",
            depends("aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce"),
            [statement({ ...own, StringLike: { "aws:SourceVpce": "*" } }), deny(NETWORK)],
        ],
        [
            "with a Deny outside a network, for another service account",
            YES,
            [statement(), deny({ ...NETWORK, StringEquals: { [NAME]: "other" } })],
        ],
        [
            "with one statement that asks for a network, and one that does not",
            YES,
            [statement({ ...own, IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }), statement()],
        ],
        [
            "with the same key twice, once",
            depends("aws:SourceVpc"),
            [statement({ ...own, StringLike: { "aws:SourceVpc": "vpc-*" }, Null: { "aws:SourceVpc": "false" } })],
        ],
    ];
    for (const [what, expected, statements] of rows) {
        it(`is ${expected.admits} ${what}`, () => deepStrictEqual(trusts(...statements), expected));
    }

    it("is no where the document is none", () => {
        for (const document of [
            undefined,
            null,
            "",
            {},
            { Statement: "x" },
            { Statement: [null, 7, { Effect: "Maybe" }] },
        ]) {
            deepStrictEqual(trustOfPodIdentity(document, ACCOUNT), NO);
        }
    });

    it("agrees with an evaluation of the policy, from a network and from outside", () => {
        const claim = fc.constantFrom("aws-node", "other", "aws-*", "*");
        const known = fc.record({
            operator: fc.constantFrom(
                "StringEquals",
                "StringLike",
                "StringNotEquals",
                "StringNotLike",
                "StringEqualsIfExists",
            ),
            key: fc.constantFrom(NAME, CLAIM),
            value: claim,
        });
        const ofCall = fc.record({
            operator: fc.constantFrom("StringEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"),
            key: fc.constant("aws:SourceVpc"),
            value: fc.constantFrom("vpc-1", "vpc-2"),
        });
        const condition = fc
            .array(fc.oneof({ weight: 2, arbitrary: known }, ofCall), { maxLength: 2 })
            .map((all) =>
                all.reduce<Record<string, object>>(
                    (done, { operator, key, value }) => ({ ...done, [operator]: { ...done[operator], [key]: value } }),
                    {},
                ),
            );
        const one = fc.record({
            Effect: fc.constantFrom("Allow", "Allow", "Deny"),
            Principal: fc.constantFrom<unknown>({ Service: SERVICE }, { Service: "ec2.amazonaws.com" }, "*"),
            Action: fc.constantFrom<unknown>(POD_IDENTITY_ACTIONS, "sts:AssumeRole", "sts:*"),
            Condition: condition,
        });
        const seen = new Set<string>();
        fc.assert(
            fc.property(fc.array(one, { minLength: 1, maxLength: 3 }), (Statement) => {
                const answers = [undefined, "vpc-1", "vpc-2"].map((vpc) =>
                    evaluated(Statement, vpc === undefined ? {} : { "aws:SourceVpc": vpc }),
                );
                const trust = trusts(...Statement);
                seen.add(trust.admits);
                // A call from a network is one of those above, so each answer must be one of theirs.
                const possible = { yes: [true], no: [false], depends: [true, false] }[trust.admits];
                ok(
                    answers.every((allowed) => possible.includes(allowed)),
                    JSON.stringify({ Statement, trust, answers }),
                );
            }),
            { numRuns: 300 },
        );
        deepStrictEqual([...seen].sort(), ["depends", "no", "yes"]);
    });
});

/** Whether the evaluation of the local EKS allows the call. */
function evaluated(Statement: unknown[], context: Readonly<Record<string, string>>): boolean {
    const arn = "arn:aws:iam::111122223333:role/cni";
    const role = {
        name: "cni",
        arn,
        id: "AROA",
        trustPolicy: JSON.stringify({ Version: "2012-10-17", Statement }),
        maxSessionDuration: 3600,
        attachedPolicyArns: [],
        inlinePolicies: {},
        instanceProfileNames: [],
    };
    const tags = requestTags(ACCOUNT);
    return POD_IDENTITY_ACTIONS.every((action) => {
        const act = {
            principalArn: SERVICE,
            accountId: "111122223333",
            action,
            resource: arn,
            context: { ...tags, ...context },
        };
        return trustVerdict(role, act) === "allowed";
    });
}
