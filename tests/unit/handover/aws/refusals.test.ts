import { deepStrictEqual, strictEqual } from "assert";
import { refusalOf, unknownRefusal } from "../../../../handover/aws/awsErrors";
import { stsInactive } from "../../../../handover/aws/stsRegion";
import type { Refusal } from "../../../../handover/model/refusal";

function named(name: string, message: string): Error {
    return Object.assign(new Error(message), { name });
}

function parts(refusal: Refusal | undefined): (string | undefined)[] {
    return [refusal?.code, refusal?.seen, refusal?.means, refusal?.fix];
}

/** All parts of the message that the operator reads. */
describe("an error of AWS is reported", () => {
    const table: [string, string, string, string, string][] = [
        [
            "AccessDenied",
            "aws-access-denied",
            "AWS rejected iam:GetRole: it failed",
            "The identity that the live checks use lacks iam:GetRole.",
            "Allow iam:GetRole for this identity, or set other credentials with the argument `aws`.",
        ],
        [
            "ExpiredToken",
            "aws-credentials-expired",
            "The call iam:GetRole failed: it failed",
            "The credentials of the live checks have expired. The steps taken so far are kept, and the next run finds them.",
            "Log in again (for example with `aws sso login`), check `aws sts get-caller-identity`, and run the same command " +
                "again. It continues from here.",
        ],
        [
            "CredentialsProviderError",
            "aws-credentials-missing",
            "No AWS credentials for iam:GetRole: it failed",
            "The live checks call AWS with the credentials of the user who runs Pulumi, and found none.",
            "Log in (for example with `aws sso login`), or set a profile: `pulumi config set aws:profile PROFILE`, or the " +
                "argument `aws` (profile, roleArn). Then run the same command again.",
        ],
        [
            "InvalidClientTokenId",
            "aws-credentials-refused",
            "AWS rejected iam:GetRole: it failed",
            "AWS does not know these credentials, or does not accept them in this region.",
            "Check which credentials are used (`aws sts get-caller-identity`, with --profile PROFILE if `aws` sets one), and that " +
                "the region and the endpoints match them. Then run the same command again.",
        ],
        [
            "TimeoutError",
            "aws-unreachable",
            "No answer to iam:GetRole: it failed",
            "Whether AWS carried out this call is unknown. The next run reads the actual state.",
            "Check network, proxy, region and endpoints, and run the same command again.",
        ],
        [
            "Throttling",
            "aws-throttled",
            "AWS rejected iam:GetRole at every attempt: it failed",
            "The account exceeds the rate limit of this API.",
            "Run the same command again later. It continues from here.",
        ],
    ];
    for (const [name, ...refusal] of table) {
        it(`as ${refusal[0]}, with what it means and what to do`, () => {
            deepStrictEqual(parts(refusalOf(named(name, "it failed"), "iam:GetRole", [])), refusal);
        });
    }

    it("as aws-access-denied, with both sides of a role that cannot be assumed", () => {
        const words =
            "User: arn is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/deployer";
        deepStrictEqual(parts(refusalOf(named("AccessDenied", words), "iam:GetRole", [])), [
            "aws-access-denied",
            `AWS rejected iam:GetRole: ${words}`,
            "The identity that the live checks use lacks sts:AssumeRole, or the role does not trust it.",
            "Allow sts:AssumeRole for this identity, and name it in the role's trust policy (a user of IAM Identity Center by the role " +
                "AWSReservedSSO_… of the permission set). Or set other credentials with the argument `aws`.",
        ]);
    });

    for (const [policy, denied] of [
        ["service control policy", "with an explicit deny in a service control policy"],
        ["resource control policy", "with an explicit deny in a resource control policy"],
        ["VPC endpoint policy", "because no VPC endpoint policy allows the iam:GetRole action"],
    ] as const) {
        it(`as aws-access-denied, with the way in where a ${policy} denies the call`, () => {
            const words = `User: arn is not authorized to perform: iam:GetRole on resource: role nodes ${denied}`;
            deepStrictEqual(parts(refusalOf(named("AccessDenied", words), "iam:GetRole", [])), [
                "aws-access-denied",
                `AWS rejected iam:GetRole: ${words}`,
                `A ${policy} denies iam:GetRole to the identity that the live checks use, whatever its own policies allow.`,
                "Run the same command again from a network that this policy admits, or as an identity that it exempts (the argument `aws`). " +
                    "Its owner can exempt this one.",
            ]);
        });
    }

    it("as aws-credentials-expired, with the commands for keys of the stack's configuration", () => {
        strictEqual(
            refusalOf(named("ExpiredToken", "it failed"), "iam:GetRole", [], true)?.fix,
            "Set new keys in the stack's configuration (`pulumi config set --secret aws:accessKey KEY`, and in the same way aws:secretKey and " +
                "aws:token), and run pulumi up, which saves them. Then run the same command again. It continues from here.",
        );
    });

    it("as aws-call-failed, if it is unknown", () => {
        deepStrictEqual(parts(unknownRefusal(named("OddException", "it failed"), [])), [
            "aws-call-failed",
            "A call to AWS failed with Odd: it failed",
            "The live checks cannot continue after this error.",
            "Look up the error in the AWS documentation, fix its cause, and run the same command again. It continues from here.",
        ]);
    });

    it("as sts-region-inactive, with the region and its switches", () => {
        deepStrictEqual(parts(stsInactive("it is off", "sts:GetCallerIdentity", "eu-south-1")), [
            "sts-region-inactive",
            "STS in eu-south-1 issues no credentials for sts:GetCallerIdentity: it is off",
            "STS is deactivated in this region for the account of the role that the live checks use.",
            "Activate it in the role's account: the IAM console, Account settings, Security Token Service (STS), Endpoints, " +
                "eu-south-1. For a region that is off by default: `aws account enable-region --region-name eu-south-1`.",
        ]);
    });

    const missing: [string, string][] = [
        ["is not authorized to perform: iam:PassRole on resource: r", "iam:PassRole"],
        ["is not authorized to perform iam:PassRole on resource: r", "iam:PassRole"],
        ["is not authorized to perform this operation", "iam:GetRole"],
    ];
    for (const [words, action] of missing) {
        it(`with the right that is missing, ${action}, where AWS says "${words}"`, () => {
            const refusal = refusalOf(named("AccessDenied", words), "iam:GetRole", []);
            strictEqual(refusal?.means, `The identity that the live checks use lacks ${action}.`);
            strictEqual(
                refusal.fix,
                `Allow ${action} for this identity, or set other credentials with the argument \`aws\`.`,
            );
        });
    }

    describe("by its caller alone, where its name only has to do with one that is known:", () => {
        const names = [
            "AccessDeniedForDependency",
            "NotAccessDenied",
            "ExpiredTokens",
            "NotExpiredToken",
            "RequestExpiredBefore",
            "AuthFailures",
            "NoAuthFailure",
            "UnknownInvalidAccessKeyId",
            "OptInRequiredForRegion",
            "NoTimeoutError",
            "TimeoutErrors",
            "RequestTimeoutInvalid",
            "InvalidThrottling",
            "BadSlowDown",
            "ProviderErrors",
            "CredentialsProviderErrorOfOthers",
        ];
        for (const name of names) {
            it(name, () => {
                strictEqual(refusalOf(named(name, "it failed"), "iam:GetRole", []), undefined);
            });
        }
    });

    for (const name of [
        "ThrottlingException",
        "ThrottledException",
        "EC2ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
        "SlowDown",
    ]) {
        it(`as too many calls, whatever it is called: ${name}`, () => {
            strictEqual(refusalOf(named(name, "slower"), "eks:DescribeCluster", [])?.code, "aws-throttled");
        });
    }
});
