import { asMap, asMaps, asString, asStringMap, isZero, UNKNOWN, Value, ValueMap } from "../bridge/values";
import { CheckFailure } from "../bridge/check";

export type Service = "iam" | "sts" | "eks" | "ec2";

const SERVICES: readonly Service[] = ["iam", "sts", "eks", "ec2"];

export interface ProviderConfig {
    readonly region: string;
    readonly profile?: string;
    readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
    readonly endpoints: Partial<Record<Service, string>>;
    readonly defaultTags: Record<string, string>;
    /** terraform-provider-aws allows 25 attempts (`max_retries`). */
    readonly maxAttempts: number;
}

/** Options of the provider that have an effect here. */
const HONOURED = ["region", "profile", "accessKey", "secretKey", "token", "endpoints", "defaultTags", "maxRetries"];

/** Options that are accepted and ignored: the feature that they configure or switch off does not exist here. */
const WITHOUT_EFFECT = [
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
    "s3UsePathStyle",
    "s3UsEast1RegionalEndpoint",
];

/** Options of the real provider (node_modules/@pulumi/aws/provider.js) that the stand-in refuses by name. */
const NOT_IMPLEMENTED = [
    "allowedAccountIds",
    "assumeRoleWithWebIdentity",
    "assumeRoles",
    "customCaBundle",
    "ec2MetadataServiceEndpoint",
    "ec2MetadataServiceEndpointMode",
    "forbiddenAccountIds",
    "httpProxy",
    "httpsProxy",
    "ignoreTags",
    "insecure",
    "noProxy",
    "retryMode",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "stsRegion",
    "tagPolicyCompliance",
    "tokenBucketRateLimiterCapacity",
    "useDualstackEndpoint",
    "useFipsEndpoint",
    "userAgents",
];

/** The properties that the engine adds to a provider's inputs. */
const OF_THE_ENGINE = ["version", "pluginDownloadURL", "__internal", "__defaults"];

export function knownOptions(): string[] {
    return [...HONOURED, ...WITHOUT_EFFECT, ...NOT_IMPLEMENTED].sort();
}

/** All problems of a provider's configuration. */
export function checkConfig(raw: ValueMap, environment: NodeJS.ProcessEnv): CheckFailure[] {
    const config = decode(raw);
    const failures: CheckFailure[] = [];
    for (const [property, value] of Object.entries(config)) {
        if (NOT_IMPLEMENTED.includes(property) && !isZero(value)) {
            failures.push({
                property,
                reason: `the stand-in for the AWS provider does not implement the option "${property}"`,
            });
        } else if (!knownOptions().includes(property) && !OF_THE_ENGINE.includes(property)) {
            failures.push({ property, reason: `"${property}" is not a known option of the AWS provider` });
        }
    }
    for (const service of endpointNames(config["endpoints"])) {
        if (!SERVICES.some((known) => known === service)) {
            const reason = `the stand-in for the AWS provider serves ${SERVICES.join(", ")}, not "${service}"`;
            failures.push({ property: "endpoints", reason });
        }
    }
    if (regionOf(config, environment) === undefined && config["region"] !== UNKNOWN) {
        const reason = "Missing region configuration: set aws:region, the provider's region or AWS_REGION";
        failures.push({ property: "region", reason });
    }
    return failures;
}

export function parseConfig(raw: ValueMap, environment: NodeJS.ProcessEnv): ProviderConfig {
    const failures = checkConfig(raw, environment);
    if (failures.length > 0) {
        throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
    }
    const config = decode(raw);
    const [profile, accessKeyId, secretAccessKey, sessionToken] = ["profile", "accessKey", "secretKey", "token"].map(
        (name) => asString(config[name]),
    );
    return {
        region: regionOf(config, environment) ?? "",
        ...(profile === undefined ? {} : { profile }),
        ...(accessKeyId === undefined || secretAccessKey === undefined
            ? {}
            : {
                  credentials: {
                      accessKeyId,
                      secretAccessKey,
                      ...(sessionToken === undefined ? {} : { sessionToken }),
                  },
              }),
        endpoints: endpointsOf(config["endpoints"]),
        defaultTags: asStringMap(asMap(config["defaultTags"])?.["tags"]),
        maxAttempts: Number(config["maxRetries"] ?? 25),
    };
}

/**
 * Structured options and booleans arrive as JSON text (see provider.js); strings such as a region arrive as they are.
 */
function decode(raw: ValueMap): ValueMap {
    return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, decodeValue(value)]));
}

function decodeValue(value: Value): Value {
    if (typeof value !== "string" || !/^(\[|\{|true$|false$)/.test(value)) {
        return value;
    }
    try {
        return JSON.parse(value) as Value;
    } catch {
        return value;
    }
}

function regionOf(config: ValueMap, environment: NodeJS.ProcessEnv): string | undefined {
    const candidates = [asString(config["region"]), environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]];
    return candidates.find((candidate) => candidate !== undefined && candidate !== "");
}

function endpointNames(endpoints: Value | undefined): string[] {
    return asMaps(endpoints).flatMap((entry) => Object.keys(entry).filter((name) => !isZero(entry[name])));
}

function endpointsOf(endpoints: Value | undefined): Partial<Record<Service, string>> {
    const found: Partial<Record<Service, string>> = {};
    for (const entry of asMaps(endpoints)) {
        for (const service of SERVICES) {
            const url = asString(entry[service]);
            if (url !== undefined && url !== "") {
                found[service] = url;
            }
        }
    }
    return found;
}
