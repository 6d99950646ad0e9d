import { deepStrictEqual, rejects, strictEqual } from "assert";
import type { Proof, ProofRequest } from "../../../../handover/model/proof";
import { account } from "./account";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";
import { dryRuns, provable, QUESTION, ROLE, simulator } from "./session";

const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/A";
const SUBJECT = "system:serviceaccount:kube-system:aws-node";
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const TOKEN = `${encoded({ alg: "RS256" })}.${encoded({ iss: `https://${ISSUER}`, sub: SUBJECT, aud: ["sts.amazonaws.com"] })}.c2ln`;
const WORDS = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
const REFUSED = `STS refuses ${ROLE} to this machine (${WORDS})`;

const trust = (Condition: object = {}, subject = SUBJECT, more: object[] = []) => ({
    Version: "2012-10-17",
    Statement: [
        {
            Effect: "Allow",
            Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
                StringEquals: { [`${ISSUER}:sub`]: subject, [`${ISSUER}:aud`]: "sts.amazonaws.com" },
                ...Condition,
            },
        },
        ...more,
    ],
});
const OUTSIDE = {
    Effect: "Deny",
    Principal: "*",
    Action: "sts:*",
    Resource: "*",
    Condition: { StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-1" } },
};

describe("The proof of a role outside a data perimeter", () => {
    const aws = useAws();
    const answerTrust = (document: object) =>
        aws.answer({
            "iam:GetRole": () => ({
                Role: {
                    RoleName: "prod-cni",
                    RoleId: "AROA",
                    Arn: ROLE,
                    Path: "/cni/",
                    AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(document)),
                },
            }),
        });
    const stsSays = (words: string) =>
        aws.answer({ "sts:AssumeRoleWithWebIdentity": () => new AwsFailure("AccessDenied", words, 403) });
    const prove = (more: Partial<ProofRequest> = {}) =>
        aws.connect().prove({ ...QUESTION, token: TOKEN, readTrust: true, ...more });
    const why = (proof: Proof) => (proof.verdict === "yes" ? "" : proof.why);

    beforeEach(() => {
        aws.answer(provable());
        stsSays(WORDS);
        answerTrust(trust());
    });

    const admitting: [string, object, string][] = [
        [
            "nothing but the token's claims: the denial is a resource control policy's",
            trust(),
            `${REFUSED}, although the role's trust policy admits the token: a resource control policy or a VPC endpoint policy may admit the nodes.`,
        ],
        [
            "a VPC",
            trust({ StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } }),
            `${REFUSED}: the role's trust policy admits the token under conditions on aws:SourceVpc, which the nodes may meet.`,
        ],
        [
            "an address and an organisation",
            trust({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" }, StringLike: { "aws:PrincipalOrgID": "o-*" } }),
            `${REFUSED}: the role's trust policy admits the token under conditions on aws:PrincipalOrgID, aws:SourceIp, which the nodes may meet.`,
        ],
        [
            "a Deny outside a VPC",
            trust({}, SUBJECT, [OUTSIDE]),
            `${REFUSED}: the role's trust policy admits the token under conditions on aws:SourceVpc, which the nodes may meet.`,
        ],
    ];
    for (const [what, document, words] of admitting) {
        it(`is undecided where the trust policy asks for ${what}`, async () => {
            answerTrust(document);
            deepStrictEqual(await prove({ depth: "assumeRole" }), { verdict: "undecided", why: words, evidence: [] });
            const full = await prove();
            deepStrictEqual([full.verdict, why(full)], ["undecided", words]);
        });
    }

    for (const denied of [
        "with an explicit deny in a resource control policy",
        "because no VPC endpoint policy allows the sts:AssumeRoleWithWebIdentity action",
    ]) {
        it(`is undecided where STS names the policy, and reads no trust policy: ${denied}`, async () => {
            const words = `User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: ${ROLE} ${denied}`;
            stsSays(words);
            const kind = denied.includes("VPC") ? "VPC endpoint policy" : "resource control policy";
            deepStrictEqual(await prove({ depth: "assumeRole", readTrust: false }), {
                verdict: "undecided",
                why: `STS refuses ${ROLE} to this machine (${words}): a ${kind} may admit the nodes.`,
                evidence: [],
            });
            strictEqual(aws.counts()["iam:GetRole"], undefined);
        });
    }

    it("is undecided where STS names the policy, and the caller may not read the role", async () => {
        aws.answer({ "iam:GetRole": () => new AwsFailure("AccessDenied", "you may not", 403) });
        stsSays(`${WORDS} with an explicit deny in a resource control policy`);
        strictEqual((await prove({ depth: "assumeRole" })).verdict, "undecided");
    });

    it("has the role's permissions simulated, since there is no session to try them with", async () => {
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        deepStrictEqual(proof.evidence, [
            "IAM's policy simulator allows the role: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses, " +
                "ec2:AttachNetworkInterface, ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DetachNetworkInterface, " +
                "ec2:ModifyNetworkInterfaceAttribute, ec2:CreateTags, ec2:DescribeInstances, ec2:DescribeInstanceTypes, " +
                "ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:DescribeTags",
        ]);
        strictEqual(
            aws.calls.some(({ parameters }) => parameters["DryRun"] === "true"),
            false,
        );
    });

    it("fails where the simulation says that the role lacks a permission", async () => {
        aws.answer(simulator({ "ec2:CreateTags": { EvalDecision: "implicitDeny" } }));
        const proof = await prove();
        deepStrictEqual([proof.verdict, proof.verdict === "no" && proof.code], ["no", "permission-missing"]);
    });

    it("gives both reasons where the simulation cannot decide either", async () => {
        aws.answer(
            simulator({ "ec2:CreateTags": { EvalDecision: "implicitDeny", MissingContextValues: ["aws:SourceVpc"] } }),
        );
        aws.answer({ "iam:ListRolePolicies": () => new AwsFailure("AccessDenied", "you may not", 403) });
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        strictEqual(
            why(proof),
            `${REFUSED}, although the role's trust policy admits the token: a resource control policy or a VPC endpoint policy may admit the ` +
                "nodes. IAM's policy simulator cannot decide ec2:CreateTags: it depends on conditions that only a real call meets.",
        );
    });

    it("says what is not proved where the caller may not simulate", async () => {
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("AccessDenied", "you may not", 403) });
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        strictEqual(proof.evidence.length, 1);
        strictEqual(proof.evidence[0]?.startsWith("Not proved: ec2:AssignPrivateIpAddresses, "), true);
    });

    describe("is a refusal of the role itself", () => {
        const refused = async (more: Partial<ProofRequest> = {}) => {
            const proof = await prove(more);
            deepStrictEqual([proof.verdict, proof.verdict === "no" && proof.code], ["no", "trust-refused"]);
            return proof;
        };

        it("where the trust policy names another service account, whatever else it asks for", async () => {
            answerTrust(
                trust(
                    { StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } },
                    "system:serviceaccount:kube-system:other",
                ),
            );
            strictEqual(
                why(await refused()),
                `sts:AssumeRoleWithWebIdentity for ${ROLE} failed in ${REGION}: ${WORDS}. The role does not trust this cluster's service ` +
                    "account, or it does not exist, or IAM has not propagated it yet.",
            );
        });

        it("where the trust policy names another cluster", async () => {
            answerTrust(JSON.parse(JSON.stringify(trust()).replaceAll(ISSUER, `${ISSUER}B`)) as object);
            await refused();
        });

        it("where the role does not exist", async () => {
            aws.answer({ "iam:GetRole": () => new AwsFailure("NoSuchEntity", "cannot be found", 404) });
            await refused();
        });

        it("where the role does not exist, also if STS names a policy of the perimeter", async () => {
            aws.answer({ "iam:GetRole": () => new AwsFailure("NoSuchEntity", "cannot be found", 404) });
            stsSays(`${WORDS} with an explicit deny in a resource control policy`);
            await refused();
        });

        it("where the caller may not read it", async () => {
            aws.answer({ "iam:GetRole": () => new AwsFailure("AccessDenied", "you may not", 403) });
            await refused();
        });

        it("where the trust policy is not to be read yet", async () => {
            await refused({ readTrust: false });
            await refused({ readTrust: undefined });
            strictEqual(aws.counts()["iam:GetRole"], undefined);
        });

        it("where the token shows no claims", async () => {
            await refused({ token: "opaque" });
        });
    });

    it("is an error where IAM cannot be read for another reason", async () => {
        aws.answer({ "iam:GetRole": () => new AwsFailure("ExpiredToken", "too old", 403) });
        await rejects(prove(), { code: "aws-credentials-expired" });
    });

    it("stays what STS says where it refuses for another reason", async () => {
        aws.answer({
            "sts:AssumeRoleWithWebIdentity": () =>
                new AwsFailure("InvalidIdentityToken", "No OpenIDConnect provider found in your account for x"),
        });
        const proof = await prove();
        deepStrictEqual([proof.verdict, proof.verdict === "no" && proof.code], ["no", "provider-missing"]);
    });

    it("is undecided where EC2 denies the session by a service control policy, and the caller may not simulate", async () => {
        const words =
            "You are not authorized to perform this operation. User: arn is not authorized to perform: ec2:CreateTags with an explicit " +
            "deny in a service control policy. Encoded authorization failure message: QUJDRA";
        const world = provable();
        aws.answer({ "sts:AssumeRoleWithWebIdentity": world["sts:AssumeRoleWithWebIdentity"] ?? (() => ({})) });
        aws.answer(
            dryRuns(account({ instances: [{ id: "i-1" }] }), {
                CreateTags: new AwsFailure("UnauthorizedOperation", words, 403),
            }),
        );
        aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("AccessDenied", "you may not", 403) });
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        strictEqual(
            why(proof).includes("by a policy that may depend on where the call comes from: UnauthorizedOperation: "),
            true,
        );
    });
});
