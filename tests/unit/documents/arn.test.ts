import { deepStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import {
    issuerOfUrl,
    parseClusterArn,
    parseOidcProviderArn,
    parsePolicyArn,
    parseRoleArn,
} from "../../../documents/arn";
import { PARTITIONS } from "../support/fixtures";

const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/";
const ROLE = "arn:aws:iam::111122223333:role";
const POLICY = "arn:aws:iam::111122223333:policy";

/** Invalid forms of the part before the resource, for all three kinds of ARN. */
function refusedBeginnings(resource: string): [string, string][] {
    return [
        ["the empty string", ""],
        ["something before it", ` arn:aws:iam::111122223333:${resource}`],
        ["something after it, in a new line", `arn:aws:iam::111122223333:${resource}\n`],
        ["no arn:", `aws:iam::111122223333:${resource}`],
        ["an upper case partition", `arn:AWS:iam::111122223333:${resource}`],
        ["a partition that is not AWS's", `arn:azure:iam::111122223333:${resource}`],
        ["a partition that ends in a hyphen", `arn:aws-:iam::111122223333:${resource}`],
        ["a partition with two hyphens in a row", `arn:aws--cn:iam::111122223333:${resource}`],
        ["a partition that only begins like AWS's", `arn:awsome:iam::111122223333:${resource}`],
        ["a wildcard as partition", `arn:*:iam::111122223333:${resource}`],
        ["another service", `arn:aws:sts::111122223333:${resource}`],
        ["a region", `arn:aws:iam:us-west-2:111122223333:${resource}`],
        ["no account", `arn:aws:iam:::${resource}`],
        ["an account of 11 digits", `arn:aws:iam::11112222333:${resource}`],
        ["an account of 13 digits", `arn:aws:iam::1111222233334:${resource}`],
        ["an account with a letter", `arn:aws:iam::11112222333x:${resource}`],
        ["a wildcard as account", `arn:aws:iam::*:${resource}`],
    ];
}

describe("the ARN of an OIDC provider", () => {
    for (const { partition, providerArn, dualStackProviderArn } of PARTITIONS) {
        for (const arn of [providerArn, dualStackProviderArn]) {
            it(`names partition, account and issuer: ${arn}`, () => {
                deepStrictEqual(parseOidcProviderArn(arn), {
                    arn,
                    partition,
                    accountId: "111122223333",
                    issuer: arn.slice(arn.indexOf("/") + 1),
                });
            });
        }
    }

    const accepted = [
        "a",
        "1",
        "a.b",
        "a-b.c-d",
        "issuer.example.com",
        "issuer.example.com:1",
        "issuer.example.com:12345/id",
        "issuer.example.com/a",
        "issuer.example.com/Aa0._~%-/b/c",
        "a".repeat(247),
        `issuer.example.com/${"a".repeat(228)}`,
    ];
    for (const issuer of accepted) {
        it(`takes the issuer ${issuer.slice(0, 40)} of ${issuer.length} characters`, () => {
            strictEqual(parseOidcProviderArn(PROVIDER + issuer)?.issuer, issuer);
        });
    }

    const refused: [string, string][] = [
        ...refusedBeginnings("oidc-provider/issuer.example.com"),
        ["another kind of resource", `${ROLE}/issuer.example.com`],
        ["no issuer", PROVIDER],
        ["an issuer with its scheme", `${PROVIDER}https://issuer.example.com`],
        ["an upper case host", `${PROVIDER}Issuer.example.com`],
        ["a host that starts with a hyphen", `${PROVIDER}-issuer.example.com`],
        ["a host that starts with a dot", `${PROVIDER}.example.com`],
        ["a host that ends in a hyphen", `${PROVIDER}issuer-/id`],
        ["a host that ends in a dot", `${PROVIDER}issuer./id`],
        ["a port without digits", `${PROVIDER}issuer.example.com:/id`],
        ["a port of 6 digits", `${PROVIDER}issuer.example.com:123456/id`],
        ["a port with a letter", `${PROVIDER}issuer.example.com:80a`],
        ["a slash at the end", `${PROVIDER}issuer.example.com/`],
        ["an empty part in its path", `${PROVIDER}issuer.example.com//id`],
        ["a query", `${PROVIDER}issuer.example.com/id?x=1`],
        ["a wildcard in its host", `${PROVIDER}*.example.com`],
        ["a wildcard in its path", `${PROVIDER}issuer.example.com/id/*`],
        ["a single-character wildcard in its path", `${PROVIDER}issuer.example.com/id/?`],
        ["a policy variable in its path", `${PROVIDER}issuer.example.com/\${aws:username}`],
        ["a colon in its path", `${PROVIDER}issuer.example.com/id:aud`],
        ["a quote in its path", `${PROVIDER}issuer.example.com/"`],
        ["a space in its path", `${PROVIDER}issuer.example.com/ id`],
        ["an issuer of 248 characters, one more than IAM's URL of 255 leaves", PROVIDER + "a".repeat(248)],
    ];
    for (const [what, arn] of refused) {
        it(`cannot have ${what}`, () => strictEqual(parseOidcProviderArn(arn), undefined));
    }

    it("never carries a character with a meaning in policies, whatever is given", () => {
        const tails = fc.array(fc.constantFrom("a", "/", ".", ":", "*", "?", "$", "{", "}", '"', "\n", "%", "-"));
        fc.assert(
            fc.property(tails, (tail) => {
                const issuer = parseOidcProviderArn(`${PROVIDER}a${tail.join("")}`)?.issuer;
                strictEqual(/[*?${}"\s]/.test(issuer ?? ""), false);
            }),
        );
    });
});

describe("the ARN of a role", () => {
    const accepted: [string, string, string][] = [
        [`${ROLE}/a`, "/", "a"],
        [`${ROLE}/AmazonEKSVPCCNIRole`, "/", "AmazonEKSVPCCNIRole"],
        [`${ROLE}/eks/cni/role`, "/eks/cni/", "role"],
        [`${ROLE}/a!b~c/role`, "/a!b~c/", "role"],
        [`${ROLE}/Aa0_+=,.@-`, "/", "Aa0_+=,.@-"],
        [`${ROLE}/${"a".repeat(64)}`, "/", "a".repeat(64)],
    ];
    for (const [arn, path, name] of accepted) {
        it(`names path and name: ${arn}`, () => {
            deepStrictEqual(parseRoleArn(arn), { partition: "aws", accountId: "111122223333", path, name });
        });
    }

    it("names its partition and account", () => {
        const role = parseRoleArn("arn:aws-us-gov:iam::444455556666:role/cni");
        deepStrictEqual(role, { partition: "aws-us-gov", accountId: "444455556666", path: "/", name: "cni" });
    });

    const refused: [string, string][] = [
        ...refusedBeginnings("role/cni"),
        ["another kind of resource", `${POLICY}/cni`],
        ["the account aws", "arn:aws:iam::aws:role/cni"],
        ["no name", `${ROLE}/`],
        ["no slash", `${ROLE}cni`],
        ["a path and no name", `${ROLE}/eks/`],
        ["an empty part in its path", `${ROLE}//cni`],
        ["a space in its path", `${ROLE}/e ks/cni`],
        ["a letter beyond ~ in its path", `${ROLE}/é/cni`],
        ["a name of 65 characters", `${ROLE}/${"a".repeat(65)}`],
        ["a name with a space", `${ROLE}/a b`],
        ["a name with a wildcard", `${ROLE}/*`],
        ["a name with a colon", `${ROLE}/a:b`],
    ];
    for (const [what, arn] of refused) {
        it(`cannot have ${what}`, () => strictEqual(parseRoleArn(arn), undefined));
    }
});

describe("the ARN of a managed policy", () => {
    const accepted: [string, ReturnType<typeof parsePolicyArn>][] = [
        [
            "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
            { partition: "aws", owner: "aws", path: "/", name: "AmazonEKS_CNI_Policy" },
        ],
        [
            "arn:aws-cn:iam::aws:policy/service-role/X",
            { partition: "aws-cn", owner: "aws", path: "/service-role/", name: "X" },
        ],
        [`${POLICY}/a`, { partition: "aws", owner: "111122223333", path: "/", name: "a" }],
        [
            `${POLICY}/eks/a!~b/Aa0_+=,.@-`,
            { partition: "aws", owner: "111122223333", path: "/eks/a!~b/", name: "Aa0_+=,.@-" },
        ],
        [`${POLICY}/${"a".repeat(128)}`, { partition: "aws", owner: "111122223333", path: "/", name: "a".repeat(128) }],
    ];
    for (const [arn, parts] of accepted) {
        it(`names partition, owner, path and name: ${arn}`, () => deepStrictEqual(parsePolicyArn(arn), parts));
    }

    const refused: [string, string][] = [
        ...refusedBeginnings("policy/cni"),
        ["another kind of resource", `${ROLE}/cni`],
        ["an owner that only begins like AWS", "arn:aws:iam::awsome:policy/cni"],
        ["no name", `${POLICY}/`],
        ["no slash", `${POLICY}cni`],
        ["an empty part in its path", `${POLICY}//cni`],
        ["a letter beyond ~ in its path", `${POLICY}/é/cni`],
        ["a name of 129 characters", `${POLICY}/${"a".repeat(129)}`],
        ["a name with a space", `${POLICY}/a b`],
        ["a name with a wildcard", `${POLICY}/*`],
    ];
    for (const [what, arn] of refused) {
        it(`cannot have ${what}`, () => strictEqual(parsePolicyArn(arn), undefined));
    }
});

describe("the ARN of an EKS cluster", () => {
    const accepted: [string, ReturnType<typeof parseClusterArn>][] = [
        [
            "arn:aws:eks:us-west-2:111122223333:cluster/prod",
            { partition: "aws", region: "us-west-2", accountId: "111122223333", name: "prod" },
        ],
        [
            "arn:aws-us-gov:eks:us-gov-east-1:111122223333:cluster/0_a-Z",
            { partition: "aws-us-gov", region: "us-gov-east-1", accountId: "111122223333", name: "0_a-Z" },
        ],
        [
            `arn:aws-eusc:eks:eusc-de-east-1:111122223333:cluster/${"a".repeat(100)}`,
            { partition: "aws-eusc", region: "eusc-de-east-1", accountId: "111122223333", name: "a".repeat(100) },
        ],
        [
            "arn:aws:eks:ap-southeast-12:111122223333:cluster/a",
            { partition: "aws", region: "ap-southeast-12", accountId: "111122223333", name: "a" },
        ],
    ];
    for (const [arn, parts] of accepted) {
        it(`names partition, region, account and name: ${arn}`, () => deepStrictEqual(parseClusterArn(arn), parts));
    }

    const CLUSTER = "arn:aws:eks:us-west-2:111122223333:cluster";
    const refused: [string, string][] = [
        ...refusedBeginnings("cluster/prod"),
        ["something before it", ` ${CLUSTER}/prod`],
        ["something after it, in a new line", `${CLUSTER}/prod\n`],
        ["another service", "arn:aws:ecs:us-west-2:111122223333:cluster/prod"],
        ["no region", "arn:aws:eks::111122223333:cluster/prod"],
        ["a region without a number", "arn:aws:eks:us-west:111122223333:cluster/prod"],
        ["a zone", "arn:aws:eks:us-west-2a:111122223333:cluster/prod"],
        ["a region of one part", "arn:aws:eks:us-2:111122223333:cluster/prod"],
        ["no account", "arn:aws:eks:us-west-2::cluster/prod"],
        ["an account of 13 digits", "arn:aws:eks:us-west-2:1111222233334:cluster/prod"],
        ["another kind of resource", "arn:aws:eks:us-west-2:111122223333:nodegroup/prod"],
        ["no name", `${CLUSTER}/`],
        ["a name that begins with a hyphen", `${CLUSTER}/-prod`],
        ["a name with a dot", `${CLUSTER}/prod.k8s.local`],
        ["a name of 101 characters", `${CLUSTER}/${"a".repeat(101)}`],
        ["more behind its name", `${CLUSTER}/prod/nodes`],
    ];
    for (const [what, arn] of refused) {
        it(`cannot have ${what}`, () => strictEqual(parseClusterArn(arn), undefined));
    }
});

describe("the issuer of a URL", () => {
    it("is what follows https://, path kept", () => {
        strictEqual(
            issuerOfUrl("https://oidc.eks.us-west-2.amazonaws.com/id/A"),
            "oidc.eks.us-west-2.amazonaws.com/id/A",
        );
    });

    it("is the text itself when it has no scheme", () => {
        strictEqual(issuerOfUrl("oidc.eks.us-west-2.amazonaws.com/id/A"), "oidc.eks.us-west-2.amazonaws.com/id/A");
    });

    it("loses the scheme at its beginning only, and only once", () => {
        strictEqual(issuerOfUrl("https://https://a"), "https://a");
        strictEqual(issuerOfUrl("a.example.com/https://b"), "a.example.com/https://b");
    });
});
