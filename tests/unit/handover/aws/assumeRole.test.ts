import { deepStrictEqual, rejects, strictEqual } from "assert";
import { assume } from "../../../../handover/aws/assumeRole";
import { createClients } from "../../../../handover/aws/awsClients";
import { Refusal } from "../../../../handover/model/refusal";
import { AwsFailure, REGION, SILENCE, useAws } from "./fakeAws";
import { provable, ROLE, SESSION_KEY, TOKEN } from "./session";

describe("a token's session of a role", () => {
    const aws = useAws();
    beforeEach(() => aws.answer(provable()));

    const assumeAsToken = async () => {
        const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "operators-secret-key" };
        return assume(
            createClients({ ...operator, endpoints: { sts: aws.endpoint() } }, { region: REGION }),
            ROLE,
            TOKEN,
        );
    };
    const answerWith = (answer: unknown) => aws.answer({ "sts:AssumeRoleWithWebIdentity": () => answer });
    const refused = async () => {
        const answer = await assumeAsToken();
        strictEqual("refused" in answer, true);
        return "refused" in answer ? answer.refused : undefined;
    };
    const why = (words: string, meaning: string) =>
        `sts:AssumeRoleWithWebIdentity for ${ROLE} failed in ${REGION}: ${words}. ${meaning}`;

    it("has its keys and its token", async () => {
        deepStrictEqual(await assumeAsToken(), {
            session: {
                accessKeyId: SESSION_KEY,
                secretAccessKey: "sessions-secret-key",
                sessionToken: "sessions-own-token",
            },
        });
    });

    const TRUST =
        "The role does not trust this cluster's service account, or it does not exist, or IAM has not propagated it yet.";
    const TOKEN_REFUSED = "STS does not accept the token that the cluster issued.";
    const table: [string, AwsFailure, string, string][] = [
        [
            "the trust",
            new AwsFailure("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403),
            "trust-refused",
            TRUST,
        ],
        [
            "the provider",
            new AwsFailure(
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/A",
            ),
            "provider-missing",
            "IAM has no OIDC provider for the cluster's issuer in the role's account.",
        ],
        [
            "the audience",
            new AwsFailure("InvalidIdentityToken", "Incorrect token audience"),
            "token-refused",
            TOKEN_REFUSED,
        ],
        [
            "the time",
            new AwsFailure("ExpiredTokenException", "Token expired: current date/time 2 must be before 1"),
            "token-refused",
            TOKEN_REFUSED,
        ],
        [
            "a claim",
            new AwsFailure("IDPRejectedClaim", "The identity provider reported that authentication failed", 403),
            "token-refused",
            TOKEN_REFUSED,
        ],
        [
            "a provider that STS cannot reach, after some attempts",
            new AwsFailure("IDPCommunicationError", "could not be reached"),
            "token-refused",
            TOKEN_REFUSED,
        ],
        [
            "too many calls, after some attempts",
            new AwsFailure("Throttling", "Rate exceeded"),
            "sts-unreachable",
            "STS did not answer the machine that runs Pulumi.",
        ],
    ];
    for (const [what, failure, code, meaning] of table) {
        it(`may come later when it is refused for ${what}, and the words of STS are kept`, async () => {
            answerWith(failure);
            deepStrictEqual(await refused(), { verdict: "no", code, why: why(failure.message, meaning), final: false });
        }).timeout(60_000);
    }

    it("does not come by waiting when STS is switched off in the region, but by its switch", async () => {
        const words = "STS is not activated in this region for account:1.";
        answerWith(new AwsFailure("RegionDisabledException", words, 403));
        deepStrictEqual(await refused(), {
            verdict: "no",
            code: "sts-region-inactive",
            why: why(
                words,
                "STS is deactivated in this region for the role's account, so neither the pods nor the machine that runs Pulumi can " +
                    "use it.",
            ),
            final: true,
            fix:
                "Activate it in the role's account: the IAM console, Account settings, Security Token Service (STS), " +
                `Endpoints, ${REGION}. For a region that is off by default: \`aws account enable-region --region-name ${REGION}\`.`,
        });
    });

    it("may come later when STS does not answer", async () => {
        answerWith(SILENCE);
        const { code, final, why: reason = "" } = (await refused()) ?? {};
        deepStrictEqual([code, final], ["sts-unreachable", false]);
        strictEqual(reason.endsWith(". STS did not answer the machine that runs Pulumi."), true, reason);
    }).timeout(60_000);

    it("is refused without the token that STS repeats, and without the operator's secrets", async () => {
        answerWith(new AwsFailure("InvalidIdentityToken", `'${TOKEN}' is not valid, nor is operators-secret-key`));
        strictEqual((await refused())?.why, why("'***' is not valid, nor is ***", TOKEN_REFUSED));
    });

    it("is an error without the token, too, when the answer of STS is unknown", async () => {
        const words = `1 validation error detected: Value '${TOKEN}' at 'webIdentityToken'`;
        answerWith(new AwsFailure("ValidationError", words));
        await rejects(assumeAsToken(), (error: Refusal) => {
            deepStrictEqual(
                [error.code, error.seen],
                [
                    "aws-call-failed",
                    "A call to AWS failed with ValidationError: 1 validation error detected: Value '***' at 'webIdentityToken'",
                ],
            );
            strictEqual(error.message.includes(TOKEN), false);
            return true;
        });
    });
});
