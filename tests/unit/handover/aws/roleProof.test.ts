import { deepStrictEqual, rejects, strictEqual } from "assert";
import { Proof, ProofRequest } from "../../../../handover/model/proof";
import { account, CNI_POLICY, rolesAlone } from "./account";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";
import { dryRuns, mayNot, members, provable, QUESTION, ROLE, SESSION_KEY, simulator, TOKEN } from "./session";

/** Pods start with the role next. */
const STARTING = { start: { settings: undefined } };

describe("the proof that a role is aws-node's", () => {
    const aws = useAws();

    beforeEach(() => aws.answer(provable()));

    const prove = (question: Partial<ProofRequest> = {}) => aws.connect().prove({ ...QUESTION, ...question });
    const sent = (action: string) => aws.calls.filter((call) => call.action === action);

    async function refused(question: Partial<ProofRequest> = {}): Promise<Extract<Proof, { verdict: "no" }>> {
        const proof = await prove(question);
        strictEqual(proof.verdict, "no", JSON.stringify(proof));
        return proof;
    }

    it("assumes it as aws-node does, in the cluster's region and recognisably", async () => {
        await prove({ depth: "assumeRole" });
        const [call] = sent("sts:AssumeRoleWithWebIdentity");
        deepStrictEqual(
            [call?.accessKeyId, call?.parameters],
            [
                "",
                {
                    Version: "2011-06-15",
                    RoleArn: ROLE,
                    RoleSessionName: "eks-cni-proof",
                    WebIdentityToken: TOKEN,
                    DurationSeconds: "900",
                },
            ],
        );
        strictEqual(/(^| )eks-cni( |$)/.test(call?.userAgent ?? ""), true, call?.userAgent);
    });

    it("is no more than that when no more is asked for", async () => {
        deepStrictEqual(await prove({ depth: "assumeRole" }), {
            verdict: "yes",
            evidence: [`STS in ${REGION} issues a session of ${ROLE} for the service account's token`],
        });
        deepStrictEqual(Object.keys(aws.counts()), ["sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"]);
    });

    it("is refused for good to a role of another account, before anything is sent", async () => {
        const roleArn = "arn:aws:iam::999988887777:role/other";
        deepStrictEqual(await prove({ roleArn }), {
            verdict: "no",
            code: "trust-refused",
            why: `The role ${roleArn} is in a different account from the credentials that the live checks use (${ACCOUNT}).`,
            final: true,
        });
        deepStrictEqual(Object.keys(aws.counts()), ["sts:GetCallerIdentity"]);
    });

    it("is refused as STS refuses it, and asks EC2 nothing", async () => {
        const words = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        aws.answer({ "sts:AssumeRoleWithWebIdentity": () => new AwsFailure("AccessDenied", words, 403) });
        const { code, final } = await refused();
        deepStrictEqual([code, final], ["trust-refused", false]);
        deepStrictEqual(Object.keys(aws.counts()), ["sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"]);
    });

    it("tries on IPv4 what can be tried, and has the rest simulated", async () => {
        deepStrictEqual(await prove(), {
            verdict: "yes",
            evidence: [
                `STS in ${REGION} issues a session of ${ROLE} for the service account's token`,
                "A DryRun as the role succeeds: ec2:AttachNetworkInterface, " +
                    "ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DetachNetworkInterface, " +
                    "ec2:ModifyNetworkInterfaceAttribute, ec2:CreateTags",
                "IAM's policy simulator allows the role: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses, " +
                    "ec2:DescribeInstances, ec2:DescribeInstanceTypes, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, " +
                    "ec2:DescribeTags",
            ],
        });
        const simulated = sent("iam:SimulatePrincipalPolicy").map(({ parameters }) => parameters);
        deepStrictEqual(
            simulated.map((one) => [one["PolicySourceArn"], members(one, "ResourceArns")]),
            [
                [ROLE, []],
                [ROLE, [`arn:aws:ec2:${REGION}:${ACCOUNT}:network-interface/eni-of-i-1`]],
            ],
        );
    });

    it("leaves out what the start of a pod tests, if pods start next, in one simulation", async () => {
        deepStrictEqual(await prove(STARTING), {
            verdict: "yes",
            evidence: [
                `STS in ${REGION} issues a session of ${ROLE} for the service account's token`,
                "A DryRun as the role succeeds: ec2:AttachNetworkInterface, " +
                    "ec2:CreateNetworkInterface, ec2:DeleteNetworkInterface, ec2:DetachNetworkInterface, ec2:CreateTags",
                "IAM's policy simulator allows the role: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses",
            ],
        });
        strictEqual(sent("iam:SimulatePrincipalPolicy").length, 1);
    });

    it("tries what the start writes otherwise, with custom networking", async () => {
        const settings = { AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: true } as const;
        const proof = await prove({ start: { settings } });
        strictEqual("evidence" in proof && proof.evidence[1]?.includes("ec2:ModifyNetworkInterfaceAttribute"), true);
        deepStrictEqual(sent("ec2:ModifyNetworkInterfaceAttribute").length, 1);
    });

    it("tries on IPv6 what the policy for it grants, and nothing of IPv4", async () => {
        strictEqual((await prove({ ipFamily: "ipv6", ...STARTING })).verdict, "yes");
        const asSession = aws.calls
            .filter(({ accessKeyId }) => accessKeyId === SESSION_KEY)
            .map(({ action }) => action);
        deepStrictEqual(asSession, ["ec2:CreateTags"]);
        deepStrictEqual(members(sent("iam:SimulatePrincipalPolicy")[0]?.parameters ?? {}, "ActionNames"), [
            "ec2:AssignIpv6Addresses",
        ]);
    });

    it("has what reads simulated for a role that no pod is about to start with, and fails when that refuses", async () => {
        aws.answer(simulator({ "ec2:DescribeSubnets": { EvalDecision: "implicitDeny" } }));
        strictEqual((await prove(STARTING)).verdict, "yes");
        strictEqual(
            (await refused()).why,
            `The role ${ROLE} lacks these EC2 permissions: ec2:DescribeSubnets (according to IAM's policy simulator).`,
        );
    });

    it("is open when EC2 refuses what the simulation allows", async () => {
        aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), { CreateTags: mayNot("CreateTags") }));
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        strictEqual(proof.why.includes("ec2:CreateTags"), true, proof.why);
        strictEqual(proof.why.includes("Encoded"), false, proof.why);
        strictEqual(proof.evidence.length, 3);
        deepStrictEqual(
            sent("iam:SimulatePrincipalPolicy").map(({ parameters }) => [
                members(parameters, "ActionNames").length,
                members(parameters, "ResourceArns").length,
            ]),
            [
                [5, 0],
                [3, 1],
            ],
        );
    });

    it("fails when both refuse, naming the action", async () => {
        aws.answer({
            ...dryRuns(account({ instances: [{ id: "i-1" }] }), { CreateTags: mayNot("CreateTags") }),
            ...simulator({ "ec2:CreateTags": { EvalDecision: "implicitDeny" } }),
        });
        const { code, final, why } = await refused();
        deepStrictEqual([code, final], ["permission-missing", false]);
        strictEqual(why.includes(`${ROLE} lacks these EC2 permissions: ec2:CreateTags. In its session,`), true, why);
    });

    it("fails when only the simulation can tell, and refuses", async () => {
        aws.answer(simulator({ "ec2:AssignPrivateIpAddresses": { EvalDecision: "explicitDeny" } }));
        const { code, why } = await refused();
        strictEqual(code, "permission-missing");
        strictEqual(
            why,
            `The role ${ROLE} lacks these EC2 permissions: ec2:AssignPrivateIpAddresses (according to IAM's policy simulator).`,
        );
    });

    it("is open when the simulation lacks what a condition asks for", async () => {
        const open = {
            EvalDecision: "implicitDeny",
            MissingContextValues: ["aws:ResourceTag/cluster.k8s.amazonaws.com/name"],
        };
        aws.answer(simulator({ "ec2:UnassignPrivateIpAddresses": open }));
        const proof = await prove();
        strictEqual(proof.verdict, "undecided");
        strictEqual(
            proof.why.includes("cannot decide ec2:UnassignPrivateIpAddresses: it depends on conditions"),
            true,
            proof.why,
        );
    });

    describe("with a denial that lacks a condition's value", () => {
        const ACTION = "ec2:UnassignPrivateIpAddresses";
        const ARN = `arn:aws:iam::${ACCOUNT}:policy/other`;
        const allows = (...actions: string[]) => ({
            Statement: [
                {
                    Effect: "Allow",
                    Action: actions,
                    Resource: "*",
                    Condition: { StringEquals: { "aws:ResourceTag/team": "a" } },
                },
            ],
        });
        const holding = (role: object, policies = {}) => {
            const world = account({ instances: [{ id: "i-1" }], roles: { "prod-cni": role }, policies });
            aws.answer({
                ...dryRuns(world),
                ...Object.fromEntries(Object.entries(world).filter(([name]) => name.startsWith("iam:"))),
                ...simulator({
                    [ACTION]: { EvalDecision: "implicitDeny", MissingContextValues: ["aws:ResourceTag/team"] },
                }),
            });
        };

        it("is open when a policy of the role allows the action under a condition", async () => {
            holding({ inline: { a: allows("s3:*"), b: allows(ACTION) } });
            strictEqual((await prove()).verdict, "undecided");
        });

        it("is open when a managed policy does", async () => {
            holding({ attached: [ARN] }, { [ARN]: { document: allows("ec2:*") } });
            strictEqual((await prove()).verdict, "undecided");
        });

        it("fails when the condition belongs to other actions", async () => {
            holding({ inline: { a: allows("s3:*") }, attached: [ARN] }, { [ARN]: { document: allows("ecr:*") } });
            strictEqual(
                (await refused()).why,
                `The role ${ROLE} lacks these EC2 permissions: ${ACTION} (according to IAM's policy simulator).`,
            );
        });

        it("is open when the caller may not read the policies", async () => {
            holding({ inline: { a: allows("s3:*") } });
            aws.answer({ "iam:GetRolePolicy": () => new AwsFailure("AccessDenied", "you may not", 403) });
            strictEqual((await prove()).verdict, "undecided");
        });

        /** IAM simulates no action, each is refused alone. */
        const unevaluated = () => {
            aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("InvalidInput", "different") });
        };

        it("is open when IAM does not simulate an action that a policy of the role allows", async () => {
            holding({ inline: { a: allows("ec2:*") } });
            unevaluated();
            const proof = await prove(STARTING);
            strictEqual(
                proof.verdict === "undecided" && proof.why,
                "IAM's policy simulator does not simulate ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses.",
            );
        });

        it("fails when IAM does not simulate an action that no policy of the role allows", async () => {
            holding({ inline: { a: allows("ec2:Assign*") } });
            unevaluated();
            strictEqual((await refused(STARTING)).why.includes(`lacks these EC2 permissions: ${ACTION} (`), true);
        });

        it("is an error when the credentials have expired meanwhile", async () => {
            holding({ inline: { a: allows("s3:*") } });
            aws.answer({ "iam:GetRolePolicy": () => new AwsFailure("ExpiredToken", "too old", 403) });
            await rejects(prove(), { code: "aws-credentials-expired" });
        });

        it("is an error when IAM cannot be read for another reason", async () => {
            holding({ inline: { a: allows("s3:*") } });
            aws.answer({ "iam:GetRolePolicy": () => new AwsFailure("PolicyEvaluation", "wrong") });
            await rejects(prove(), { code: "aws-call-failed" });
        });

        it("reads no policies if nothing is open", async () => {
            holding({ inline: { a: allows("s3:*") } });
            aws.answer(simulator());
            strictEqual((await prove()).verdict, "yes");
            deepStrictEqual(sent("iam:ListRolePolicies"), []);
        });
    });

    describe("where the caller may not simulate", () => {
        const words = "User: arn is not authorized to perform: iam:SimulatePrincipalPolicy on resource: role";
        beforeEach(() =>
            aws.answer({ "iam:SimulatePrincipalPolicy": () => new AwsFailure("AccessDenied", words, 403) }),
        );

        it("is open for what cannot be tried, and waiting does not help", async () => {
            const proof = await prove(STARTING);
            strictEqual(proof.verdict, "undecided");
            strictEqual(proof.final, true);
            strictEqual(
                proof.why,
                "Neither a DryRun nor IAM's policy simulator decides ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses: " +
                    `AWS rejected iam:SimulatePrincipalPolicy: ${words}`,
            );
        });

        it("holds if the role's policies allow it, which are read once, and AWS's own not at all", async () => {
            const world = rolesAlone({
                instances: [{ id: "i-1" }],
                roles: { "prod-cni": { attached: [CNI_POLICY] } },
            });
            aws.answer(world);
            const proof = await prove(STARTING);
            strictEqual(proof.verdict, "yes");
            strictEqual(
                proof.evidence[2],
                "The policies of the role allow, without a condition: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses",
            );
            deepStrictEqual(
                ["iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRole", "iam:GetPolicy"].map(
                    (action) => sent(action).length,
                ),
                [1, 1, 1, 0],
            );
        });

        it("fails when EC2 refuses", async () => {
            aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), { CreateTags: mayNot("CreateTags") }));
            strictEqual((await refused()).code, "permission-missing");
        });

        it("is open when EC2 says something else", async () => {
            const odd = new AwsFailure("InvalidParameterValue", "Interface is in use");
            aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), { DetachNetworkInterface: odd }));
            const proof = await prove();
            strictEqual(proof.verdict, "undecided");
            strictEqual(
                proof.why.includes("says nothing about permissions: InvalidParameterValue: Interface is in use"),
                true,
            );
        });
    });

    it("keeps the words of EC2, and none of the secrets that it repeats", async () => {
        const secrets = [TOKEN, "sessions-secret-key", "sessions-own-token", "operators-secret-key"];
        const odd = new AwsFailure("InvalidParameterValue", `not ${secrets.join(", ")}`);
        aws.answer({
            ...dryRuns(account({ instances: [{ id: "i-1" }] }), { DetachNetworkInterface: odd }),
            ...simulator({ "ec2:DetachNetworkInterface": { EvalDecision: "implicitDeny" } }),
        });
        const { why } = await refused();
        strictEqual(
            why,
            `The role ${ROLE} lacks these EC2 permissions: ec2:DetachNetworkInterface. In its session, ec2:DetachNetworkInterface failed: ` +
                "InvalidParameterValue: not ***, ***, ***, ***",
        );
    });

    it("holds by the simulation where EC2 says something else than yes or no", async () => {
        const odd = new AwsFailure("InvalidParameterValue", "Interface is in use");
        aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), { DetachNetworkInterface: odd }));
        const proof = await prove();
        strictEqual(proof.verdict, "yes");
        strictEqual(proof.evidence[2]?.includes("ec2:DetachNetworkInterface"), true);
    });

    it("may come later when EC2 does not know the session yet, whatever the simulation says", async () => {
        const unknown = new AwsFailure(
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            401,
        );
        aws.answer(dryRuns(account({ instances: [{ id: "i-1" }] }), { CreateTags: unknown }));
        const { code, final, why } = await refused();
        deepStrictEqual([code, final], ["permission-missing", false]);
        strictEqual(why.includes("AuthFailure: AWS was not able to validate"), true, why);
    });

    it("may come later when the simulator does not know the role yet", async () => {
        const unknown = new AwsFailure("NoSuchEntity", "The role with name prod-cni cannot be found.", 404);
        aws.answer({ "iam:SimulatePrincipalPolicy": () => unknown });
        deepStrictEqual([(await refused()).code, (await refused()).final], ["permission-missing", false]);
    });

    it("is an error when the operator may not look at the node", async () => {
        const world = account({ instances: [{ id: "i-1" }] });
        aws.answer(dryRuns({ ...world, "ec2:DescribeInstances": () => mayNot("DescribeInstances") }));
        await rejects(prove(), {
            code: "aws-access-denied",
            means: "The identity that the live checks use lacks ec2:DescribeInstances.",
        });
    });
});
