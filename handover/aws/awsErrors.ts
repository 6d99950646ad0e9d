import { AnsweredRefusal, type Refusal } from "../model/refusal";
import { perimeterOf } from "./perimeter";

/**
 * Translates errors of the AWS SDK into refusals, where the user can fix the cause. AWS's own message is always kept, without
 * the credentials and tokens that it may quote.
 */

/** The error code of AWS or the SDK. The clients of the services differ in whether `Exception` is part of it. */
export function errorCodeOf(error: unknown): string {
    return error instanceof Error ? error.name.replace(/Exception$/, "") : "";
}

/**
 * The message of an error.
 *
 * The encoded part of an EC2 denial is left out: it is long, and only sts:DecodeAuthorizationMessage can read it
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html).
 */
export function messageOf(error: unknown, secrets: readonly string[] = []): string {
    const said = error instanceof Error ? error.message.trim() || error.name : String(error);
    const plain = said.replace(/\s*Encoded authorization failure message: \S+/, "");
    return secrets.filter(Boolean).reduce((text, secret) => text.replaceAll(secret, "***"), plain);
}

/** IAM, STS: AccessDenied; EKS: AccessDeniedException; EC2: UnauthorizedOperation, in some cases Client.UnauthorizedOperation. */
export function isAccessDenied(error: unknown): boolean {
    return /^(Client\.)?(AccessDenied|UnauthorizedOperation)$/.test(errorCodeOf(error));
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and EC2's RequestExpired. */
const EXPIRED = /^(ExpiredToken|RequestExpired|TokenRefreshRequired)$/;

/** The services' answers to unknown credentials or a wrong signature. */
const UNKNOWN_CALLER =
    /^(InvalidClientTokenId|UnrecognizedClient|AuthFailure|SignatureDoesNotMatch|InvalidAccessKeyId|MissingAuthenticationToken|IncompleteSignature|OptInRequired)$/;

export function isUnknownCaller(error: unknown): boolean {
    return UNKNOWN_CALLER.test(errorCodeOf(error));
}

const THROTTLED = /^(Throttling|Throttled|EC2Throttled|RequestLimitExceeded|TooManyRequests|RequestThrottled|SlowDown)/;

export function isThrottled(error: unknown): boolean {
    return THROTTLED.test(errorCodeOf(error));
}

/** The service did not answer: name lookup, connection, TLS, or no complete response within the time limit. */
export function isUnreachable(error: unknown): boolean {
    const { code = "", cause } = error instanceof Error ? (error as Error & { code?: string }) : {};
    return (
        /^(TimeoutError|AbortError|RequestTimeout|NetworkingError)$/.test(errorCodeOf(error)) ||
        /^(E[A-Z]+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_\w+|HPE_\w+)$/.test(
            code,
        ) ||
        (cause instanceof Error && isUnreachable(cause))
    );
}

/**
 * The refusal for a failed call to AWS. Undefined if the calling function handles the error.
 *
 * @param areConfigured Whether the keys are those of the stack's configuration, which a destroy and a refresh take from the state.
 */
export function refusalOf(
    error: unknown,
    action: string,
    secrets: readonly string[],
    areConfigured = false,
): Refusal | undefined {
    const words = messageOf(error, secrets);
    if (isAccessDenied(error)) {
        return accessDenied(words, action);
    }
    if (EXPIRED.test(errorCodeOf(error)) || (isFromProvider(error) && /expired/i.test(words))) {
        return new AnsweredRefusal(
            "aws-credentials-expired",
            `The call ${action} failed`,
            words,
            "The credentials of the live checks have expired. The steps taken so far are kept, and the next run finds them.",
            areConfigured ? SET_NEW_KEYS : LOG_IN_AGAIN,
        );
    }
    if (isFromProvider(error)) {
        return new AnsweredRefusal(
            "aws-credentials-missing",
            `No AWS credentials for ${action}`,
            words,
            "The live checks call AWS with the credentials of the user who runs Pulumi, and found none.",
            "Log in (for example with `aws sso login`), or set a profile: `pulumi config set aws:profile PROFILE`, or the argument " +
                "`aws` (profile, roleArn). Then run the same command again.",
        );
    }
    if (isUnknownCaller(error)) {
        return new AnsweredRefusal(
            "aws-credentials-refused",
            `AWS rejected ${action}`,
            words,
            "AWS does not know these credentials, or does not accept them in this region.",
            "Check which credentials are used (`aws sts get-caller-identity`, with --profile PROFILE if `aws` sets one), and that " +
                "the region and the endpoints match them. Then run the same command again.",
        );
    }
    if (isUnreachable(error)) {
        return new AnsweredRefusal(
            "aws-unreachable",
            `No answer to ${action}`,
            words,
            "Whether AWS carried out this call is unknown. The next run reads the actual state.",
            "Check network, proxy, region and endpoints, and run the same command again.",
        );
    }
    return isThrottled(error)
        ? new AnsweredRefusal(
              "aws-throttled",
              `AWS rejected ${action} at every attempt`,
              words,
              "The account exceeds the rate limit of this API.",
              "Run the same command again later. It continues from here.",
          )
        : undefined;
}

const LOG_IN_AGAIN =
    "Log in again (for example with `aws sso login`), check `aws sts get-caller-identity`, and run the same command " +
    "again. It continues from here.";

const SET_NEW_KEYS =
    "Set new keys in the stack's configuration (`pulumi config set --secret aws:accessKey KEY`, and in the same way aws:secretKey and aws:token), " +
    "and run pulumi up, which saves them. Then run the same command again. It continues from here.";

/** For an error without a refusal of its own: it passes on AWS's message. */
export function unknownRefusal(error: unknown, secrets: readonly string[]): Refusal {
    return new AnsweredRefusal(
        "aws-call-failed",
        `A call to AWS failed with ${errorCodeOf(error) || "an error"}`,
        messageOf(error, secrets),
        "The live checks cannot continue after this error.",
        "Look up the error in the AWS documentation, fix its cause, and run the same command again. It continues from here.",
    );
}

/** AWS names the missing action, which may differ from the one that was called. */
export function missingAction(words: string, called: string): string {
    return /not authorized to perform:? ([\w-]+:\w+)/.exec(words)?.[1] ?? called;
}

function accessDenied(words: string, called: string): Refusal {
    const action = missingAction(words, called);
    const [means, fix] = wayIn(action, perimeterOf(words));
    return new AnsweredRefusal("aws-access-denied", `AWS rejected ${called}`, words, means, fix);
}

/** The cause, and who can change it. */
function wayIn(action: string, perimeter: string | undefined): [means: string, fix: string] {
    if (perimeter !== undefined) {
        return [
            `A ${perimeter} denies ${action} to the identity that the live checks use, whatever its own policies allow.`,
            "Run the same command again from a network that this policy admits, or as an identity that it exempts (the argument `aws`). Its owner " +
                "can exempt this one.",
        ];
    }
    // STS does not say which of the two is missing: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
    return action === "sts:AssumeRole"
        ? [
              "The identity that the live checks use lacks sts:AssumeRole, or the role does not trust it.",
              "Allow sts:AssumeRole for this identity, and name it in the role's trust policy (a user of IAM Identity Center by the role " +
                  "AWSReservedSSO_… of the permission set). Or set other credentials with the argument `aws`.",
          ]
        : [
              `The identity that the live checks use lacks ${action}.`,
              `Allow ${action} for this identity, or set other credentials with the argument \`aws\`.`,
          ];
}

/** CredentialsProviderError, TokenProviderError and similar errors of the SDK's credential chain. */
function isFromProvider(error: unknown): boolean {
    return error instanceof Error && /ProviderError$/.test(error.name);
}
