import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { PodSessionRequest } from "../../../../handover/model/proof";
import { AwsFailure, REGION, SILENCE, useAws } from "./fakeAws";
import { account } from "./account";
import { dryRuns, mayNot, provable, QUESTION, ROLE, SESSION_KEY, simulator, TOKEN } from "./session";

const ASK = "eks-auth:AssumeRoleForPodIdentity";
const request: PodSessionRequest = { ...QUESTION, clusterName: "prod", token: TOKEN };
const session = (role = "prod-cni") => ({
    subject: { namespace: "kube-system", serviceAccount: "aws-node" },
    podIdentityAssociation: { associationId: "a-1" },
    assumedRoleUser: { arn: `arn:aws:sts::111122223333:assumed-role/${role}/eks-prod-aws-node-1` },
    credentials: {
        accessKeyId: SESSION_KEY,
        secretAccessKey: "sessions-secret-key",
        sessionToken: "sessions-own-token",
    },
});

describe("The session of a pod, which EKS Auth gives this machine", () => {
    const aws = useAws();
    const prove = (more: Partial<PodSessionRequest> = {}) =>
        aws
            .connect({ endpoints: { ...endpoints(), eksauth: aws.endpoint() } })
            .provePodSession({ ...request, ...more });
    const endpoints = () =>
        Object.fromEntries(["iam", "sts", "ec2", "eks"].map((service) => [service, aws.endpoint()]));
    const answering = (answer: unknown) => aws.answer({ ...provable(), [ASK]: () => answer });

    it("is asked for with the caller's own credentials, and recognisably", async () => {
        answering(session());
        await prove({ depth: "assumeRole" });
        const [call] = aws.calls.filter(({ action }) => action === ASK);
        deepStrictEqual(
            [call?.accessKeyId, call?.region, call?.parameters["2"], JSON.parse(call?.parameters["body"] ?? "")],
            ["AKIAOPERATOR", REGION, "prod", { token: TOKEN }],
        );
        match(call?.userAgent ?? "", /(^| )eks-cni( |$)/);
    });

    it("proves the role, and nothing more if no more is asked for", async () => {
        answering(session());
        deepStrictEqual(await prove({ depth: "assumeRole" }), {
            proof: {
                verdict: "yes",
                evidence: [`EKS Auth issues a session of ${ROLE} for a pod of the service account`],
            },
            final: true,
        });
        strictEqual(aws.calls.filter(({ action }) => action.startsWith("ec2:")).length, 0);
    });

    it("tries the plugin's calls", async () => {
        answering(session());
        const { proof, final } = await prove();
        deepStrictEqual([proof.verdict, final], ["yes", true]);
        ok(aws.calls.some(({ action, accessKeyId }) => action === "ec2:CreateTags" && accessKeyId === SESSION_KEY));
    });

    it("does not work if EC2 and the simulator refuse a call, which IAM may still propagate", async () => {
        const refused = { CreateTags: mayNot("CreateTags") };
        aws.answer({
            ...provable(),
            ...dryRuns(account({ instances: [{ id: "i-1" }] }), refused),
            ...simulator({ "ec2:CreateTags": { EvalDecision: "implicitDeny" } }),
            [ASK]: () => session(),
        });
        const { proof, final } = await prove();
        deepStrictEqual([proof.verdict, final], ["no", false]);
        strictEqual(JSON.stringify(proof).includes("sessions-"), false, "a secret is in the message");
    });

    for (const [when, answer, why, isFinal] of [
        [
            "EKS Auth still gives another role",
            session("former"),
            /^EKS Auth still gives the pods the role former\.$/,
            false,
        ],
        ["EKS Auth names no role", {}, /^EKS Auth still gives the pods the role \.$/, false],
        [
            "EKS Auth does not know the association yet",
            new AwsFailure("ResourceNotFoundException", "No association found.", 404),
            /^EKS Auth answered ResourceNotFoundException: No association found\.$/,
            false,
        ],
        [
            "the role does not trust the service, or IAM does not know it yet",
            new AwsFailure("AccessDeniedException", "Unauthorized Exception! EKS does not have permissions."),
            /^EKS Auth answered AccessDeniedException: Unauthorized Exception! EKS does not have permissions\.$/,
            false,
        ],
        [
            "this machine may not ask",
            new AwsFailure(
                "AccessDeniedException",
                `User: arn is not authorized to perform: ${ASK} on resource: r`,
                403,
            ),
            /^EKS Auth answered AccessDeniedException: User: arn is not authorized/,
            true,
        ],
        [
            "EKS Auth quotes the token",
            new AwsFailure("InvalidTokenException", `The token ${TOKEN} is invalid.`),
            /^EKS Auth answered InvalidTokenException: The token (?!.*the-token-itself)/,
            false,
        ],
        ["EKS Auth does not answer", SILENCE, /^EKS Auth (?:did not answer this machine|could not be asked)/, true],
    ] as const) {
        it(`says nothing of the role if ${when}`, async () => {
            answering(answer);
            const { proof, final } = await prove();
            strictEqual(proof.verdict, "undecided");
            match(proof.why, why);
            deepStrictEqual([final, proof.evidence], [isFinal, []]);
        });
    }
});
