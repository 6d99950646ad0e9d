import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
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
const reversed = Object.fromEntries(Object.entries(own.StringEquals).reverse());
const listed = Object.fromEntries(Object.entries(own.StringEquals).map(([key, value]) => [key, [value]]));
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

describe("What a trust policy says to EKS Pod Identity", () => {
    it("is yes in the component's own, and no to another cluster or service account", () => {
        const document = podIdentityTrustPolicy(ACCOUNT);
        strictEqual(trustOfPodIdentity(document, ACCOUNT), "yes");
        const others = [
            { ...ACCOUNT, clusterArn: `${CLUSTER_ARN}2` },
            { ...ACCOUNT, serviceAccount: { ...ACCOUNT.serviceAccount, name: "other" } },
            { ...ACCOUNT, serviceAccount: { ...ACCOUNT.serviceAccount, namespace: "other" } },
        ];
        for (const other of others) {
            strictEqual(trustOfPodIdentity(document, other), "no");
        }
    });

    const rows: [string, TrustOfPodIdentity, unknown[]][] = [
        ["without a Condition element", "yes", [statement(null)]],
        ["with the component's condition in another order", "yes", [statement({ StringEquals: reversed })]],
        ["with the values in lists of one", "yes", [statement({ StringEquals: listed })]],
        ["of several services", "yes", [statement(own, { Principal: { Service: ["ec2.amazonaws.com", SERVICE] } })]],
        ["of another service", "no", [statement(own, { Principal: { Service: "ec2.amazonaws.com" } })]],
        ["of everybody", "yes", [statement(own, { Principal: "*" })]],
        ["of everybody in AWS's form", "yes", [statement(own, { Principal: { AWS: "*" } })]],
        ["of a role", "no", [statement(own, { Principal: { AWS: SERVICE } })]],
        ["without a principal", "no", [statement(own, { Principal: undefined })]],
        ["for all actions of STS", "yes", [statement(own, { Action: ["sts:Tag*", "sts:Assume*"] })]],
        ["without the session tags", "no", [statement(own, { Action: "sts:AssumeRole" })]],
        ["with the session tags alone", "no", [statement(own, { Action: "sts:TagSession" })]],
        [
            "with a statement for each action",
            "yes",
            [statement(own, { Action: "sts:AssumeRole" }), statement(own, { Action: "sts:TagSession" })],
        ],
        ["in no statement", "no", []],
        ["with another value in the component's condition", "no", [statement({ StringEquals: { [NAME]: "other" } })]],
        ["with a wildcard that is none", "no", [statement({ StringEquals: { [NAME]: "aws-*" } })]],
        [
            "with another value, and a condition of another writer",
            "no",
            [statement({ StringEquals: { [NAME]: "other", "aws:SourceAccount": "111122223333" } })],
        ],
        [
            "with another value in one of two statements",
            "yes",
            [statement({ StringEquals: { [NAME]: "x" } }), statement()],
        ],
        ["with some of the tags", "undecided", [statement({ StringEquals: { [NAME]: "aws-node" } })]],
        ["with several service accounts", "undecided", [statement({ StringEquals: { [NAME]: ["x", "aws-node"] } })]],
        ["with a policy variable", "undecided", [statement({ StringEquals: { [NAME]: "${aws:PrincipalTag/ns}" } })]],
        ["with another operator", "undecided", [statement({ StringLike: { [CLUSTER]: "arn:aws:eks:*:cluster/dev" } })]],
        [
            "with an account that is expected",
            "undecided",
            [statement({ StringEquals: { ...own.StringEquals, "aws:SourceAccount": "111122223333" } })],
        ],
        ["with a Deny of everything", "no", [statement(), deny(null)]],
        ["with a Deny of these pods", "no", [statement(), deny(own)]],
        ["with a Deny of one of the actions", "no", [statement(), deny(null, { Action: "sts:TagSession" })]],
        [
            "with a Deny of another action",
            "yes",
            [statement(), deny(null, { Action: "sts:AssumeRoleWithWebIdentity" })],
        ],
        [
            "with a Deny of another service",
            "yes",
            [statement(), deny(null, { Principal: { Service: "ec2.amazonaws.com" } })],
        ],
        [
            "with a Deny outside a network",
            "undecided",
            [statement(), deny({ StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-1" } })],
        ],
    ];
    for (const [what, expected, statements] of rows) {
        it(`is ${expected} ${what}`, () => strictEqual(trusts(...statements), expected));
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
            strictEqual(trustOfPodIdentity(document, ACCOUNT), "no");
        }
    });

    it("agrees with an evaluation of the policy, from a network and from outside", () => {
        const claim = fc.constantFrom("aws-node", "other", "aws-*", "*");
        const tag = fc.record({
            operator: fc.constantFrom("StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists"),
            key: fc.constantFrom(NAME, CLAIM),
            value: claim,
        });
        const ofCall = fc.record({
            operator: fc.constantFrom("StringEquals", "StringEqualsIfExists", "StringNotEqualsIfExists"),
            key: fc.constant("aws:SourceVpc"),
            value: fc.constantFrom("vpc-1", "vpc-2"),
        });
        const others = fc
            .array(fc.oneof({ weight: 2, arbitrary: tag }, ofCall), { maxLength: 2 })
            .map((all) =>
                all.reduce<Record<string, object>>(
                    (done, { operator, key, value }) => ({ ...done, [operator]: { ...done[operator], [key]: value } }),
                    {},
                ),
            );
        const condition = fc.oneof(others, fc.constantFrom<object | undefined>(undefined, own));
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
                seen.add(trust);
                // A call from a network is one of those above, so each answer must be one of theirs.
                const possible = { yes: [true], no: [false], undecided: [true, false] }[trust];
                ok(
                    answers.every((allowed) => possible.includes(allowed)),
                    JSON.stringify({ Statement, trust, answers }),
                );
            }),
            { numRuns: 300 },
        );
        deepStrictEqual([...seen].sort(), ["no", "undecided", "yes"]);
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
