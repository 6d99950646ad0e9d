import { Refusal } from "../model/refusal";

/**
 * Errors of the AWS SDK in the package's own words, where the operator can do something about them. What AWS itself says is
 * always kept, without the credentials and tokens that it may repeat.
 */

/** The code of an error as AWS or the SDK names it; the SDKs of the services differ in whether `Exception` is part of it. */
export function codeOf(error: unknown): string {
    return error instanceof Error ? error.name.replace(/Exception$/, "") : "";
}

/**
 * What an error says. The encoded part of an EC2 refusal is left out: it is long, and only sts:DecodeAuthorizationMessage can
 * read it (https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html).
 */
export function wordsOf(error: unknown, secrets: readonly string[] = []): string {
    const said = error instanceof Error ? error.message.trim() || error.name : String(error);
    const plain = said.replace(/\s*Encoded authorization failure message: \S+/, "");
    return secrets.filter(Boolean).reduce((text, secret) => text.replaceAll(secret, "***"), plain);
}

/** IAM, STS: AccessDenied; EKS: AccessDeniedException; EC2: UnauthorizedOperation, in some cases Client.UnauthorizedOperation. */
export function isAccessDenied(error: unknown): boolean {
    return /^(Client\.)?(AccessDenied|UnauthorizedOperation)$/.test(codeOf(error));
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and EC2's RequestExpired. */
const EXPIRED = /^(ExpiredToken|RequestExpired|TokenRefreshRequired)$/;

/** What the services say to credentials that they do not know, or whose signature is wrong. */
const NOT_KNOWN =
    /^(InvalidClientTokenId|UnrecognizedClient|AuthFailure|SignatureDoesNotMatch|InvalidAccessKeyId|MissingAuthenticationToken|IncompleteSignature|OptInRequired)$/;

export function isUnknownCaller(error: unknown): boolean {
    return NOT_KNOWN.test(codeOf(error));
}

const THROTTLED = /^(Throttling|Throttled|EC2Throttled|RequestLimitExceeded|TooManyRequests|RequestThrottled|SlowDown)/;

export function isThrottled(error: unknown): boolean {
    return THROTTLED.test(codeOf(error));
}

/** No answer of the service: name lookup, connection, TLS, or no end within the time limit. */
export function isUnreachable(error: unknown): boolean {
    const { code = "", cause } = error instanceof Error ? (error as Error & { code?: string }) : {};
    return (
        /^(TimeoutError|AbortError|RequestTimeout|NetworkingError)$/.test(codeOf(error)) ||
        /^(E[A-Z]+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_\w+|HPE_\w+)$/.test(
            code,
        ) ||
        (cause instanceof Error && isUnreachable(cause))
    );
}

/** The Refusal for an error of a call by the operator, or undefined where the caller of it knows better. */
export function refusalOf(error: unknown, action: string, secrets: readonly string[]): Refusal | undefined {
    const words = wordsOf(error, secrets);
    if (isAccessDenied(error)) {
        return accessDenied(words, action);
    }
    if (EXPIRED.test(codeOf(error)) || (isFromProvider(error) && /expired/i.test(words))) {
        return new Refusal(
            "aws-credentials-expired",
            `AWS answered ${action} with: ${words}`,
            "The credentials of the live checks have expired. The next run sees the steps that were taken.",
            "Log in again (for example with `aws sso login`), check `aws sts get-caller-identity`, and run the same command " +
                "again. It continues from here.",
        );
    }
    if (isFromProvider(error)) {
        return new Refusal(
            "aws-credentials-missing",
            `No AWS credentials for ${action}: ${words}`,
            "The live checks call AWS with the credentials of the operator, and found none.",
            "Log in, or set the stack's aws: configuration or the argument `aws` (profile, roleArn).",
        );
    }
    if (isUnknownCaller(error)) {
        return new Refusal(
            "aws-credentials-refused",
            `AWS answered ${action} with: ${words}`,
            "AWS does not know these credentials, or not in this region.",
            "Check which credentials are used (`aws sts get-caller-identity`), and whether region and endpoints belong to them.",
        );
    }
    if (isUnreachable(error)) {
        return new Refusal(
            "aws-unreachable",
            `No answer to ${action}: ${words}`,
            "As far as is known, this call changed nothing.",
            "Check network, proxy, region and endpoints, and run the same command again.",
        );
    }
    return isThrottled(error)
        ? new Refusal(
              "aws-throttled",
              `AWS answered ${action}, after several attempts, with: ${words}`,
              "The account exceeds the rate limit of this API.",
              "Run the same command again later. It continues from here.",
          )
        : undefined;
}

/** What nobody has words for keeps AWS's. */
export function unknownRefusal(error: unknown, secrets: readonly string[]): Refusal {
    return new Refusal(
        "aws-call-failed",
        `AWS answered with ${codeOf(error) || "an error"}: ${wordsOf(error, secrets)}`,
        "The live checks cannot continue after this answer.",
        "Look the error up in the AWS documentation, and run the same command again.",
    );
}

/** AWS names the action that is missing, which need not be the one that was called. */
function accessDenied(words: string, called: string): Refusal {
    const action = /not authorized to perform:? ([\w-]+:\w+)/.exec(words)?.[1] ?? called;
    return new Refusal(
        "aws-access-denied",
        `AWS answered ${called} with: ${words}`,
        `The caller of the live checks lacks ${action}.`,
        `Allow ${action} for the caller, or set other credentials with the argument \`aws\`.`,
    );
}

/** CredentialsProviderError, TokenProviderError and the like of the SDK's credential chain. */
function isFromProvider(error: unknown): boolean {
    return error instanceof Error && /ProviderError$/.test(error.name);
}
