import { deepStrictEqual, rejects, strictEqual } from "assert";
import { trustPolicy } from "../../../../documents/trustPolicy";
import type { Proof, ProofRequest } from "../../../../handover/model/proof";
import { account } from "./account";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";
import { dryRuns, provable, QUESTION, ROLE, simulator } from "./session";

const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/A";
const SUBJECT = "system:serviceaccount:kube-system:aws-node";
const WORDS = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
const refusedHere = (why: string, words = WORDS) =>
    `STS refuses ${ROLE} to this machine (${words}), and the role's trust policy ${why}: another policy may admit the nodes.`;
const NAMED = refusedHere("names the service account");
const OWN = refusedHere("is the one that the component writes");
/** The trust policy of a role that pods carry. */
const IN_USE = { issuer: ISSUER, subject: SUBJECT };

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
    const prove = (more: Partial<ProofRequest> = {}) => aws.connect().prove({ ...QUESTION, trust: IN_USE, ...more });
    const why = (proof: Proof) => (proof.verdict === "yes" ? "" : proof.why);

    beforeEach(() => {
        aws.answer(provable());
        stsSays(WORDS);
        answerTrust(trust());
    });

    const naming: [string, object][] = [
        ["nothing else", trust()],
        ["a VPC", trust({ StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } })],
        ["a Deny outside a VPC", trust({}, SUBJECT, [OUTSIDE])],
        ["another service account, too", trust({}, SUBJECT, trust({}, "other").Statement)],
        ["service accounts by wildcards", trust({}, "system:serviceaccount:kube-system:*")],
    ];
    for (const [what, document] of naming) {
        it(`is undecided for a role that pods carry, where the trust policy names the service account, and ${what}`, async () => {
            answerTrust(document);
            deepStrictEqual(await prove({ depth: "assumeRole" }), { verdict: "undecided", why: NAMED, evidence: [] });
            const full = await prove();
            deepStrictEqual([full.verdict, why(full)], ["undecided", NAMED]);
        });
    }

    for (const denied of [
        "with an explicit deny in a resource control policy",
        "because no VPC endpoint policy allows the sts:AssumeRoleWithWebIdentity action",
    ]) {
        it(`is undecided for a role that pods carry, where STS names the policy, and the caller may not read the role: ${denied}`, async () => {
            aws.answer({ "iam:GetRole": () => new AwsFailure("AccessDenied", "you may not", 403) });
            stsSays(`${WORDS} ${denied}`);
            strictEqual((await prove({ depth: "assumeRole" })).verdict, "undecided");
        });
    }

    it("is undecided for an own role if its trust policy is the one that the component writes", async () => {
        const written = trustPolicy([{ arn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`, issuer: ISSUER }], {
            namespace: "kube-system",
            name: "aws-node",
        });
        deepStrictEqual(await prove({ depth: "assumeRole", trust: written }), {
            verdict: "undecided",
            why: OWN,
            evidence: [],
        });
        strictEqual(why(await prove({ trust: written })), OWN);
        const denied = "with an explicit deny in a resource control policy";
        for (const [document, words] of [
            [trust({ StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } }), WORDS],
            [trust({}, SUBJECT, [OUTSIDE]), `${WORDS} ${denied}`],
            [trust({}, "system:serviceaccount:kube-system:*"), WORDS],
        ] as const) {
            answerTrust(document);
            stsSays(words);
            const proof = await prove({ depth: "assumeRole", trust: written });
            deepStrictEqual([proof.verdict, proof.verdict === "no" && proof.code], ["no", "trust-refused"]);
        }
        for (const failure of ["NoSuchEntity", "AccessDenied"]) {
            aws.answer({ "iam:GetRole": () => new AwsFailure(failure, "no", 403) });
            strictEqual((await prove({ depth: "assumeRole", trust: written })).verdict, "no");
        }
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
            `${NAMED} IAM's policy simulator cannot decide ec2:CreateTags: it depends on conditions that only a real call meets.`,
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

        it("where no trust policy is asked for, also if STS names a policy of the perimeter", async () => {
            stsSays(`${WORDS} with an explicit deny in a resource control policy`);
            const proof = await aws.connect().prove(QUESTION);
            deepStrictEqual([proof.verdict, proof.verdict === "no" && proof.code], ["no", "trust-refused"]);
            strictEqual(aws.counts()["iam:GetRole"], undefined);
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
