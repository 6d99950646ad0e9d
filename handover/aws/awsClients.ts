import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EKSClient } from "@aws-sdk/client-eks";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { STSClient } from "@aws-sdk/client-sts";
import { memoize, memoizeByKey } from "../async/memoize";
import type { AwsConnection } from "../model/connection";
import { endsWithin, WHOLE_ATTEMPT } from "./attemptLimit";
import { codeOf, refusalOf, wordsOf } from "./awsErrors";
import { regionOf } from "./awsRegion";
import { operatorCredentials } from "./operatorCredentials";
import { isRegionDisabled, stsInactive } from "./stsRegion";

/** In CloudTrail's userAgent, so that a security team recognises the calls. */
const USER_AGENT = "eks-cni";

/** A request has an end, and so has the number of attempts; the pauses between them grow to 20 seconds. */
const REQUEST_LIMITS = {
    connectionTimeout: 5_000,
    requestTimeout: 20_000,
    socketTimeout: 20_000,
    throwOnRequestTimeout: true,
};
const MAX_ATTEMPTS = 6;

/** Of a caller who does without the answer rather than wait for it. */
const SOON = { ...REQUEST_LIMITS, requestTimeout: 10_000, socketTimeout: 10_000 };

/** For an attempt with its answer read to the end. */
const ATTEMPT_MILLISECONDS = 30_000;

/** Whoever wants a proof asks again and again anyway. */
const PROOF_ATTEMPTS = 3;

export interface SessionKeys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
}

/** The clients of one connection, each made and its module loaded when first needed. */
export interface Clients {
    region(): Promise<string>;
    /** The operator's. Errors that the operator can do something about leave them as a Refusal. */
    iam(): Promise<IAMClient>;
    eks(): Promise<EKSClient>;
    sts(): Promise<STSClient>;
    /** Of the connection's region, or another. */
    ec2(region?: string): Promise<EC2Client>;
    /** For calls that carry a token and no credentials. Errors are AWS's own. */
    anonymousSts(): Promise<STSClient>;
    /** For calls as somebody else. Errors are AWS's own. */
    ec2As(keys: SessionKeys): Promise<EC2Client>;
    /** What must not stand in any message. */
    readonly secrets: readonly string[];
}

/** What the connection leaves open. */
export interface ClientDefaults {
    readonly region?: string;
    /** Whether each call is made once, and its answer awaited for a short time. */
    readonly impatient?: boolean;
    /** How long an attempt may take, its answer read to the end. */
    readonly attemptMilliseconds?: number;
    /** How long credentials may take to come. */
    readonly credentialsMilliseconds?: number;
}

export function makeClients(connection: AwsConnection, defaults: ClientDefaults): Clients {
    // The AWS SDK's notice of Node.js versions to come would be shown as a part of each update and preview.
    process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
    const secrets = [connection.secretAccessKey, connection.sessionToken, connection.externalId].flatMap(
        (s) => s ?? [],
    );
    const region = memoize(() => regionOf(connection, defaults));
    const inWords = (service: string) => inOurWords(service, secrets, region);
    const limits = defaults.impatient ? SOON : REQUEST_LIMITS;
    const inTime = endsWithin(defaults.attemptMilliseconds ?? ATTEMPT_MILLISECONDS);

    const settings = async (service: string, inRegion?: string) => ({
        region: inRegion ?? (await region()),
        ...(connection.endpoints?.[service] !== undefined && { endpoint: connection.endpoints[service] }),
        customUserAgent: USER_AGENT,
        retryMode: "standard",
        maxAttempts: defaults.impatient ? 1 : MAX_ATTEMPTS,
        requestHandler: limits,
    });
    const sts = memoize(async () => {
        const { STSClient } = await import("@aws-sdk/client-sts");
        const config = await settings("sts");
        const credentials = await operatorCredentials(connection, config, defaults.credentialsMilliseconds);
        const client = new STSClient({ ...config, credentials });
        client.middlewareStack.add(inWords("sts"), OUTERMOST);
        client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
        return client;
    });
    /** One client's credentials serve all: a role is assumed once, not once a service and region. */
    const asOperator = async (service: string, inRegion?: string) => ({
        ...(await settings(service, inRegion)),
        credentials: (await sts()).config.credentials,
    });
    const ec2 = memoizeByKey(async (inRegion: string) => {
        const { EC2Client } = await import("@aws-sdk/client-ec2");
        const client = new EC2Client(await asOperator("ec2", inRegion));
        client.middlewareStack.add(inWords("ec2"), OUTERMOST);
        client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
        return client;
    });
    return {
        secrets,
        region,
        sts,
        ec2: async (inRegion) => ec2(inRegion ?? (await region())),
        iam: memoize(async () => {
            const { IAMClient } = await import("@aws-sdk/client-iam");
            const client = new IAMClient(await asOperator("iam"));
            client.middlewareStack.add(inWords("iam"), OUTERMOST);
            client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
            client.middlewareStack.add(quotaIsNoThrottling, EACH_ATTEMPT);
            return client;
        }),
        eks: memoize(async () => {
            const { EKSClient } = await import("@aws-sdk/client-eks");
            const client = new EKSClient(await asOperator("eks"));
            client.middlewareStack.add(inWords("eks"), OUTERMOST);
            client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
            return client;
        }),
        anonymousSts: memoize(async () => {
            const { STSClient } = await import("@aws-sdk/client-sts");
            const client = new STSClient({ ...(await settings("sts")), maxAttempts: PROOF_ATTEMPTS });
            client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
            return client;
        }),
        ec2As: async (keys) => {
            const { EC2Client } = await import("@aws-sdk/client-ec2");
            const config = { ...(await settings("ec2")), maxAttempts: PROOF_ATTEMPTS, credentials: keys };
            const client = new EC2Client(config);
            client.middlewareStack.add(inTime, WHOLE_ATTEMPT);
            return client;
        },
    };
}

const EACH_ATTEMPT = { step: "deserialize", priority: "high", name: "eksCniQuota" } as const;

/**
 * The SDK takes IAM's LimitExceeded, a quota that is used up, for throttling and tries again for a quarter of a minute
 * (THROTTLING_ERROR_CODES of @smithy/core). By the name that IAM itself gives it, it does not.
 */
function quotaIsNoThrottling<Call, Answer>(next: (call: Call) => Promise<Answer>) {
    return async (call: Call): Promise<Answer> => {
        try {
            return await next(call);
        } catch (error) {
            throw codeOf(error) === "LimitExceeded" ? Object.assign(error as Error, { name: "LimitExceeded" }) : error;
        }
    };
}

const OUTERMOST = { step: "initialize", priority: "high", name: "eksCniErrors" } as const;

/** A middleware outside of the SDK's retries and of its search for credentials, so that it sees what comes of both. */
function inOurWords(service: string, secrets: readonly string[], region: () => Promise<string>) {
    return <Call, Answer>(next: (call: Call) => Promise<Answer>, { commandName = "" }: { commandName?: string }) =>
        async (call: Call): Promise<Answer> => {
            try {
                return await next(call);
            } catch (error) {
                const action = `${service}:${commandName.replace(/Command$/, "")}`;
                throw isRegionDisabled(error)
                    ? stsInactive(wordsOf(error, secrets), action, await region())
                    : (refusalOf(error, action, secrets) ?? error);
            }
        };
}
