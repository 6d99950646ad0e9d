import { deepStrictEqual, strictEqual } from "assert";
import {
    errorCodeOf,
    isAccessDenied,
    isUnreachable,
    messageOf,
    refusalOf,
    unknownRefusal,
} from "../../../../handover/aws/awsErrors";

function named(name: string, message = "", more: object = {}): Error {
    return Object.assign(new Error(message), { name, ...more });
}

describe("an error of the AWS SDK", () => {
    const codes: [string, unknown, string][] = [
        ["a service's", named("AccessDenied"), "AccessDenied"],
        ["a service's with the SDK's ending", named("AccessDeniedException"), "AccessDenied"],
        ["a service's that has the ending in its middle", named("ExceptionQuotaExceeded"), "ExceptionQuotaExceeded"],
        ["what is no error", "AccessDenied", ""],
    ];
    for (const [what, error, code] of codes) {
        it(`has a code: ${what}`, () => {
            strictEqual(errorCodeOf(error), code);
        });
    }

    it("has words, or at least a name", () => {
        strictEqual(messageOf(named("X", "  it failed \n")), "it failed");
        strictEqual(messageOf(named("TimeoutError")), "TimeoutError");
        strictEqual(messageOf("odd"), "odd");
    });

    it("is shown without its secrets, and without the encoded message that only AWS can read", () => {
        const words = "no. Encoded authorization failure message: aGVsbG8-_x and s3cret, s3cret";
        strictEqual(messageOf(named("X", words), ["s3cret", ""]), "no. and ***, ***");
        strictEqual(messageOf(named("X", "no.\n  Encoded authorization failure message: aGVsbG8")), "no.");
        strictEqual(messageOf(named("X", "Encoded authorization failure message: aGVsbG8 and so on")), " and so on");
    });

    const denied: [string, boolean][] = [
        ["AccessDenied", true],
        ["AccessDeniedException", true],
        ["UnauthorizedOperation", true],
        ["Client.UnauthorizedOperation", true],
        ["DryRunOperation", false],
        ["NotAccessDenied", false],
        ["AccessDeniedByQuota", false],
    ];
    for (const [name, is] of denied) {
        it(`is ${is ? "" : "not "}a refusal: ${name}`, () => {
            strictEqual(isAccessDenied(named(name)), is);
        });
    }

    const unreachable: [string, Error, boolean][] = [
        ["no time left", named("TimeoutError"), true],
        ["connection refused", named("Error", "connect", { code: "ECONNREFUSED" }), true],
        ["no such name", named("Error", "getaddrinfo", { code: "ENOTFOUND" }), true],
        ["a certificate that has expired", named("Error", "tls", { code: "CERT_HAS_EXPIRED" }), true],
        ["a certificate of one's own", named("Error", "tls", { code: "SELF_SIGNED_CERT_IN_CHAIN" }), true],
        ["a certificate of another name", named("Error", "tls", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }), true],
        ["an answer that is not HTTP", named("Error", "Parse Error", { code: "HPE_INVALID_CONSTANT" }), true],
        ["an unknown authority", named("Error", "tls", { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }), true],
        [
            "what caused another error",
            named("Error", "x", { cause: named("Error", "y", { code: "ECONNRESET" }) }),
            true,
        ],
        ["a cause of another kind", named("Error", "x", { cause: named("Error", "y") }), false],
        ["a service's answer", named("ValidationError", "x"), false],
        ["a code of Node's that is not the network's", named("Error", "x", { code: "ERR_INVALID_ARG_TYPE" }), false],
        ["a path with a space in it", named("Error", "x", { code: "ERR_UNESCAPED_CHARACTERS" }), false],
    ];
    for (const [what, error, is] of unreachable) {
        it(`${is ? "means" : "does not mean"} that AWS was not reached: ${what}`, () => {
            strictEqual(isUnreachable(error), is);
        });
    }

    describe("becomes a refusal", () => {
        const table: [string, Error, string | undefined][] = [
            ["AccessDeniedException", named("AccessDeniedException", "no"), "aws-access-denied"],
            ["ExpiredTokenException", named("ExpiredTokenException", "old"), "aws-credentials-expired"],
            ["TokenRefreshRequired", named("TokenRefreshRequired", "old"), "aws-credentials-expired"],
            [
                "a login that has expired",
                named("CredentialsProviderError", "The SSO session associated with this profile has expired."),
                "aws-credentials-expired",
            ],
            ["a token that has expired", named("TokenProviderError", "Token is expired."), "aws-credentials-expired"],
            [
                "no credentials",
                named("CredentialsProviderError", "Could not load credentials"),
                "aws-credentials-missing",
            ],
            ["an unknown key", named("UnrecognizedClientException", "invalid"), "aws-credentials-refused"],
            ["an unknown key of EC2", named("AuthFailure", "invalid"), "aws-credentials-refused"],
            ["a region that is not enabled", named("OptInRequired", "subscribe"), "aws-credentials-refused"],
            ["no answer", named("TimeoutError", "slow"), "aws-unreachable"],
            ["throttling by EC2", named("RequestLimitExceeded", "slower"), "aws-throttled"],
            ["throttling by EKS", named("ThrottlingException", "slower"), "aws-throttled"],
            ["throttling by IAM", named("Throttling", "slower"), "aws-throttled"],
            ["what the caller knows", named("NoSuchEntityException", "gone"), undefined],
            ["a quota", named("LimitExceeded", "ten"), undefined],
        ];
        for (const [what, error, code] of table) {
            it(`${code ?? "only by its caller"}: ${what}`, () => {
                const refusal = refusalOf(error, "iam:GetRole", []);
                strictEqual(refusal?.code, code);
                if (refusal !== undefined) {
                    strictEqual(refusal.seen.includes("iam:GetRole") && refusal.seen.endsWith(error.message), true);
                }
            });
        }

        it("that names the action which AWS names, else the one that was called", () => {
            const means = (words: string) => refusalOf(named("AccessDenied", words), "iam:GetRole", [])?.means;
            strictEqual(
                means("User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: r"),
                "The identity that the live checks use lacks sts:AssumeRole, or the role does not trust it.",
            );
            strictEqual(means("Access denied"), "The identity that the live checks use lacks iam:GetRole.");
        });

        it("that keeps an unknown code and its words", () => {
            const { code, seen } = unknownRefusal(named("OddException", "Something s3cret"), ["s3cret"]);
            deepStrictEqual([code, seen], ["aws-call-failed", "A call to AWS failed with Odd: Something ***"]);
            strictEqual(unknownRefusal("odd", []).seen, "A call to AWS failed with an error: odd");
        });
    });
});
