import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EKSClient } from "@aws-sdk/client-eks";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { STSClient } from "@aws-sdk/client-sts";
import { memoize, memoizeByKey } from "../async/memoize";
import type { AwsConnection } from "../model/connection";
import { ATTEMPT_STEP, limitAttempt } from "./attemptLimit";
import { type EksAuthCall, eksAuthCall } from "./eksAuthClient";
import { errorCodeOf, messageOf, refusalOf } from "./awsErrors";
import { regionOf } from "./awsRegion";
import { callerCredentials } from "./callerCredentials";
import { isRegionDisabled, stsInactive } from "./stsRegion";

/** Part of CloudTrail's userAgent, so that a security team recognises the calls. */
const USER_AGENT = "eks-cni";

/** The time of each request and the number of attempts are limited. The pauses between attempts grow to 20 seconds. */
const REQUEST_LIMITS = {
    connectionTimeout: 5_000,
    requestTimeout: 20_000,
    socketTimeout: 20_000,
    throwOnRequestTimeout: true,
};
const MAX_ATTEMPTS = 6;

/** For a caller that would rather have no answer than wait for it. */
const IMPATIENT_LIMITS = { ...REQUEST_LIMITS, requestTimeout: 10_000, socketTimeout: 10_000 };

/** The limit of one attempt, until its response has been read completely. */
const ATTEMPT_MILLISECONDS = 30_000;

/** Fewer attempts than elsewhere, since the proof itself is repeated. */
const PROOF_ATTEMPTS = 3;

export interface SessionKeys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
}

/** The clients of one connection. Each is created, and its module loaded, when first needed. */
export interface Clients {
    region(): Promise<string>;
    /** For calls with the caller's own credentials. Errors that the user can fix are thrown as a Refusal. */
    iam(): Promise<IAMClient>;
    sts(): Promise<STSClient>;
    /** For the connection's region, or another. */
    eks(region?: string): Promise<EKSClient>;
    ec2(region?: string): Promise<EC2Client>;
    /** For calls with a token instead of credentials. Errors are AWS's own. */
    anonymousSts(): Promise<STSClient>;
    /** For calls with the credentials of another session. Errors are AWS's own. */
    ec2As(keys: SessionKeys): Promise<EC2Client>;
    /** For sessions of pods, with the caller's own credentials. Errors are AWS's own. */
    eksAuth(): Promise<EksAuthCall>;
    /** Values that must not appear in any message. */
    readonly secrets: readonly string[];
}

/** Settings that the connection does not have, or leaves unset. */
export interface ClientDefaults {
    readonly region?: string;
    /** Whether to attempt each call only once, and for a short time. */
    readonly impatient?: boolean;
    /** How long an attempt may take, until its response has been read completely. */
    readonly attemptMilliseconds?: number;
    /** How long the credential provider may take. */
    readonly credentialsMilliseconds?: number;
}

export function createClients(connection: AwsConnection, defaults: ClientDefaults): Clients {
    // Otherwise every update and preview would show the AWS SDK's warning about future Node.js support.
    process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
    const secrets = [connection.secretAccessKey, connection.sessionToken, connection.externalId].flatMap(
        (s) => s ?? [],
    );
    const region = memoize(() => regionOf(connection, defaults));
    const areConfigured = connection.accessKeyId !== undefined;
    const asRefusals = (service: string) => refusalMiddleware(service, secrets, region, areConfigured);
    const limits = defaults.impatient ? IMPATIENT_LIMITS : REQUEST_LIMITS;
    const attemptTimeout = limitAttempt(defaults.attemptMilliseconds ?? ATTEMPT_MILLISECONDS);

    const settings = async (service: string, inRegion?: string) => ({
        region: inRegion ?? (await region()),
        ...(connection.endpoints?.[service] !== undefined && { endpoint: connection.endpoints[service] }),
        customUserAgent: USER_AGENT,
        retryMode: "standard",
        maxAttempts: defaults.impatient ? 1 : MAX_ATTEMPTS,
        requestHandler: limits,
    });
    const sts = memoize(async () => {
        const { STSClient } = await import("./awsSdk");
        const config = await settings("sts");
        const credentials = await callerCredentials(connection, config, defaults.credentialsMilliseconds);
        const client = new STSClient({ ...config, credentials });
        client.middlewareStack.add(asRefusals("sts"), OUTERMOST);
        client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
        return client;
    });
    /** All clients share one client's credentials, so that a role is assumed once, not once per service and region. */
    const asOperator = async (service: string, inRegion?: string) => ({
        ...(await settings(service, inRegion)),
        credentials: (await sts()).config.credentials,
    });
    const ec2 = memoizeByKey(async (inRegion: string) => {
        const { EC2Client } = await import("./awsSdk");
        const client = new EC2Client(await asOperator("ec2", inRegion));
        client.middlewareStack.add(asRefusals("ec2"), OUTERMOST);
        client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
        return client;
    });
    const eks = memoizeByKey(async (inRegion: string) => {
        const { EKSClient } = await import("./awsSdk");
        const client = new EKSClient(await asOperator("eks", inRegion));
        client.middlewareStack.add(asRefusals("eks"), OUTERMOST);
        client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
        return client;
    });
    return {
        secrets,
        region,
        sts,
        ec2: async (inRegion) => ec2(inRegion ?? (await region())),
        iam: memoize(async () => {
            const { IAMClient } = await import("./awsSdk");
            const client = new IAMClient(await asOperator("iam"));
            client.middlewareStack.add(asRefusals("iam"), OUTERMOST);
            client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
            client.middlewareStack.add(quotaIsNotThrottling, EACH_ATTEMPT);
            return client;
        }),
        eks: async (inRegion) => eks(inRegion ?? (await region())),
        anonymousSts: memoize(async () => {
            const { STSClient } = await import("./awsSdk");
            const client = new STSClient({ ...(await settings("sts")), maxAttempts: PROOF_ATTEMPTS });
            client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
            return client;
        }),
        eksAuth: async () =>
            eksAuthCall({
                region: await region(),
                endpoint: eksAuthEndpoint(connection),
                credentials: async () => (await sts()).config.credentials(),
                timeoutMilliseconds: limits.requestTimeout,
                userAgent: USER_AGENT,
            }),
        ec2As: async (keys) => {
            const { EC2Client } = await import("./awsSdk");
            const config = { ...(await settings("ec2")), maxAttempts: PROOF_ATTEMPTS, credentials: keys };
            const client = new EC2Client(config);
            client.middlewareStack.add(attemptTimeout, ATTEMPT_STEP);
            return client;
        },
    };
}

/** As the SDK finds it, which does not know this service here: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function eksAuthEndpoint({ endpoints = {} }: AwsConnection): string | undefined {
    return (
        endpoints["eksauth"] ?? process.env["AWS_ENDPOINT_URL_EKS_AUTH"] ?? process.env["AWS_ENDPOINT_URL"] ?? undefined
    );
}

const EACH_ATTEMPT = { step: "deserialize", priority: "high", name: "eksCniQuota" } as const;

/**
 * Prevents retries after IAM's LimitExceededException, an exhausted quota.
 *
 * The SDK takes it for throttling and retries for a quarter of a minute (THROTTLING_ERROR_CODES of @smithy/core). It does not
 * retry IAM's own name of the error, LimitExceeded.
 */
function quotaIsNotThrottling<Call, Answer>(next: (call: Call) => Promise<Answer>) {
    return async (call: Call): Promise<Answer> => {
        try {
            return await next(call);
        } catch (error) {
            throw errorCodeOf(error) === "LimitExceeded"
                ? Object.assign(error as Error, { name: "LimitExceeded" })
                : error;
        }
    };
}

const OUTERMOST = { step: "initialize", priority: "high", name: "eksCniErrors" } as const;

/** Middleware outside the SDK's retries and credential providers, so that it gets the final errors of both. */
function refusalMiddleware(
    service: string,
    secrets: readonly string[],
    region: () => Promise<string>,
    areConfigured: boolean,
) {
    return <Call, Answer>(next: (call: Call) => Promise<Answer>, { commandName = "" }: { commandName?: string }) =>
        async (call: Call): Promise<Answer> => {
            try {
                return await next(call);
            } catch (error) {
                const action = `${service}:${commandName.replace(/Command$/, "")}`;
                throw isRegionDisabled(error)
                    ? stsInactive(messageOf(error, secrets), action, await region())
                    : (refusalOf(error, action, secrets, areConfigured) ?? error);
            }
        };
}
