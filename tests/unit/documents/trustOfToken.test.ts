import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { trustVerdict } from "local-eks/iam";
import { parseOidcProviderArn } from "../../../documents/arn";
import { type TrustOfToken, trustOfToken } from "../../../documents/trustOfToken";
import { trustPolicy } from "../../../documents/trustPolicy";

const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/A";
const PROVIDER = `arn:aws:iam::111122223333:oidc-provider/${ISSUER}`;
const SUBJECT = "system:serviceaccount:kube-system:aws-node";
const CLAIMS = { issuer: ISSUER, subject: SUBJECT, audiences: ["sts.amazonaws.com"] };
const [SUB, AUD] = [`${ISSUER}:sub`, `${ISSUER}:aud`];

const own = { StringEquals: { [SUB]: SUBJECT, [AUD]: "sts.amazonaws.com" } };
const statement = (Condition: object | null = own, more: object = {}) => ({
    Effect: "Allow",
    Principal: { Federated: PROVIDER },
    Action: "sts:AssumeRoleWithWebIdentity",
    ...(Condition === null ? {} : { Condition }),
    ...more,
});
const deny = (Condition: object | null, more: object = {}) =>
    statement(Condition, { Effect: "Deny", Principal: "*", ...more });
const trusts = (...Statement: unknown[]) => trustOfToken({ Version: "2012-10-17", Statement }, CLAIMS, PROVIDER);
const YES: TrustOfToken = { admits: "yes" };
const NO: TrustOfToken = { admits: "no" };
const depends = (...keys: string[]): TrustOfToken => ({ admits: "depends", keys });
const NETWORK = {
    StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-1" },
    NotIpAddressIfExists: { "aws:SourceIp": "10.0.0.0/8" },
};

describe("What a trust policy says to a token", () => {
    it("is yes in the component's own, and no to another cluster or service account", () => {
        const provider = parseOidcProviderArn(PROVIDER);
        ok(provider !== undefined);
        const document = trustPolicy([provider], { namespace: "kube-system", name: "aws-node" });
        deepStrictEqual(trustOfToken(document, CLAIMS, PROVIDER), YES);
        deepStrictEqual(trustOfToken(document, { ...CLAIMS, subject: `${SUBJECT}s` }, PROVIDER), NO);
        deepStrictEqual(trustOfToken(document, { ...CLAIMS, issuer: `${ISSUER}B` }, `${PROVIDER}B`), NO);
        deepStrictEqual(trustOfToken(document, { ...CLAIMS, audiences: ["other"] }, PROVIDER), NO);
    });

    const rows: [string, TrustOfToken, unknown[]][] = [
        ["without conditions", YES, [statement({})]],
        ["without a Condition element", YES, [statement(null)]],
        ["with wildcards", YES, [statement({ StringLike: { [SUB]: "system:serviceaccount:*:aws-node" } })]],
        ["with wildcards that do not match", NO, [statement({ StringLike: { [SUB]: "system:serviceaccount:*:aws" } })]],
        ["with a wildcard that is none", NO, [statement({ StringEquals: { [SUB]: "system:serviceaccount:*" } })]],
        ["with several subjects", YES, [statement({ StringEquals: { [SUB]: ["other", SUBJECT] } })]],
        ["in another case", YES, [statement({ StringEqualsIgnoreCase: { [SUB]: SUBJECT.toUpperCase() } })]],
        ["in another case, which counts", NO, [statement({ StringEquals: { [SUB]: SUBJECT.toUpperCase() } })]],
        ["with keys in another case", YES, [statement({ StringEquals: { [SUB.toUpperCase()]: SUBJECT } })]],
        ["with a set operator", YES, [statement({ "ForAnyValue:StringLike": { [SUB]: ["*aws-node"] } })]],
        ["if a claim exists", YES, [statement({ StringEqualsIfExists: { [SUB]: SUBJECT } })]],
        [
            "if a claim exists that the token lacks",
            YES,
            [statement({ StringEqualsIfExists: { [`${ISSUER}:amr`]: "x" } })],
        ],
        ["with a claim that the token lacks", NO, [statement({ StringEquals: { [`${ISSUER}:amr`]: "x" } })]],
        ["with a claim of another issuer", NO, [statement({ StringEquals: { "login.example.com:sub": SUBJECT } })]],
        ["except for a subject", YES, [statement({ StringNotEquals: { [SUB]: "other" } })]],
        ["except for this subject", NO, [statement({ StringNotLike: { [SUB]: "*aws-node" } })]],
        ["except for a claim that the token lacks", YES, [statement({ StringNotEquals: { [`${ISSUER}:amr`]: "x" } })]],
        ["with a claim that must be there", YES, [statement({ Null: { [SUB]: "false" } })]],
        ["with a claim that must not be there", NO, [statement({ Null: { [SUB]: "true" } })]],
        ["with another claim that must not be there", YES, [statement({ Null: { [`${ISSUER}:amr`]: "true" } })]],
        ["for this provider", YES, [statement({ StringEquals: { "aws:FederatedProvider": PROVIDER } })]],
        [
            "for this provider, as an ARN",
            YES,
            [statement({ ArnLike: { "aws:FederatedProvider": "arn:aws:iam::*:oidc-provider/*" } })],
        ],
        ["for another provider", NO, [statement({ StringEquals: { "aws:FederatedProvider": `${PROVIDER}B` } })]],
        ["of several providers", YES, [statement(own, { Principal: { Federated: [`${PROVIDER}B`, PROVIDER] } })]],
        ["of other providers", NO, [statement(own, { Principal: { Federated: `${PROVIDER}B` } })]],
        ["of everybody", YES, [statement(own, { Principal: "*" })]],
        ["of everybody in AWS's form", YES, [statement(own, { Principal: { AWS: "*" } })]],
        ["of a role", NO, [statement(own, { Principal: { AWS: PROVIDER } })]],
        ["without a principal", NO, [statement(own, { Principal: undefined })]],
        ["for all actions of STS", YES, [statement(own, { Action: ["sts:TagSession", "sts:Assume*"] })]],
        ["for another action", NO, [statement(own, { Action: "sts:AssumeRole" })]],
        ["in the second statement", YES, [statement(own, { Action: "sts:AssumeRole" }), statement()]],
        ["in no statement", NO, []],
        ["with a Deny of everything", NO, [statement(), deny(null)]],
        ["with a Deny of this subject", NO, [statement(), deny({ StringEquals: { [SUB]: SUBJECT } })]],
        ["with a Deny of another subject", YES, [statement(), deny({ StringNotEquals: { [SUB]: SUBJECT } })]],
        ["with a Deny of another action", YES, [statement(), deny(null, { Action: "sts:AssumeRole" })]],
        [
            "with a Deny of another provider",
            YES,
            [statement(), deny(null, { Principal: { Federated: `${PROVIDER}B` } })],
        ],
        [
            "with a network that is expected",
            depends("aws:SourceVpc"),
            [statement({ ...own, StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } })],
        ],
        [
            "with a network that is expected, for another subject",
            NO,
            [statement({ StringEquals: { [SUB]: "other", "aws:SourceVpc": "vpc-1" } })],
        ],
        [
            "with an address that is expected",
            depends("aws:SourceIp"),
            [statement({ ...own, IpAddress: { "aws:SourceIp": "10.0.0.0/8" } })],
        ],
        [
            "with an organisation",
            depends("aws:PrincipalOrgID"),
            [statement({ StringEquals: { ...own.StringEquals, "aws:PrincipalOrgID": "o-1" } })],
        ],
        [
            "with the name of the session",
            depends("sts:RoleSessionName"),
            [statement({ ...own, StringLike: { "sts:RoleSessionName": "aws-node*" } })],
        ],
        [
            "with a policy variable",
            depends(SUB),
            [statement({ StringLike: { [SUB]: "system:serviceaccount:${aws:PrincipalTag/ns}:*" } })],
        ],
        ["with an operator of another type", depends(SUB), [statement({ BinaryEquals: { [SUB]: "x" } })]],
        ["with a Deny outside a network", depends("aws:SourceIp", "aws:SourceVpc"), [statement(), deny(NETWORK)]],
        [
            "with a network in both",
            depends("aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce"),
            [statement({ ...own, StringLike: { "aws:SourceVpce": "*" } }), deny(NETWORK)],
        ],
        [
            "with a Deny outside a network, for another subject",
            YES,
            [statement(), deny({ ...NETWORK, StringEquals: { [SUB]: "other" } })],
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
            deepStrictEqual(trustOfToken(document, CLAIMS, PROVIDER), NO);
        }
    });

    it("agrees with an evaluation of the policy, from a node and from outside", () => {
        const claim = fc.constantFrom(SUBJECT, "other", "system:serviceaccount:kube-system:*", "*");
        const known = fc.record({
            operator: fc.constantFrom(
                "StringEquals",
                "StringLike",
                "StringNotEquals",
                "StringNotLike",
                "StringEqualsIfExists",
            ),
            key: fc.constantFrom(SUB, `${ISSUER}:amr`, "login.example.com:sub"),
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
            Principal: fc.constantFrom<unknown>({ Federated: PROVIDER }, { Federated: `${PROVIDER}B` }, "*"),
            Action: fc.constantFrom("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", "sts:*"),
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
    const act = {
        principalArn: PROVIDER,
        accountId: "111122223333",
        action: "sts:AssumeRoleWithWebIdentity",
        resource: arn,
        context: { [SUB]: SUBJECT, [AUD]: "sts.amazonaws.com", "aws:FederatedProvider": PROVIDER, ...context },
    };
    return trustVerdict(role, act) === "allowed";
}
