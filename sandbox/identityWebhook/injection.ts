import { parse } from "csv-parse/sync";

import type { Container, Pod, ServiceAccount, Volume } from "./pod";

/** The settings of the webhook: the flags of amazon-eks-pod-identity-webhook main.go. On EKS AWS sets them. */
export interface InjectionDefaults {
    readonly region: string;
    readonly audience: string;
    readonly regionalStsEndpoints: boolean;
    readonly tokenExpirationSeconds: number;
    readonly containerCredentials: ContainerCredentials;
}

/** The flags that begin with `container-credentials-`. */
export interface ContainerCredentials {
    readonly fullUri: string;
    readonly audience: string;
    readonly mountPath: string;
    readonly volumeName: string;
    readonly tokenPath: string;
}

/** main.go, the defaults of the flags. */
export const flagDefaults: InjectionDefaults = {
    region: "",
    audience: "sts.amazonaws.com",
    regionalStsEndpoints: false,
    tokenExpirationSeconds: 86400,
    containerCredentials: {
        fullUri: "http://169.254.170.23/v1/credentials",
        audience: "pods.eks.amazonaws.com",
        mountPath: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
        volumeName: "eks-pod-identity-token",
        tokenPath: "eks-pod-identity-token",
    },
};

/** The address of the Pod Identity agent: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html */
export const credentialsUris = {
    ipv4: flagDefaults.containerCredentials.fullUri,
    ipv6: "http://[fd00:ec2::23]/v1/credentials",
} as const;

/** AWS's settings on EKS. Clusters since 1.22 use the regional endpoint of STS without an annotation. */
export function eksDefaults(region: string, ipFamily: keyof typeof credentialsUris = "ipv4"): InjectionDefaults {
    const containerCredentials = { ...flagDefaults.containerCredentials, fullUri: credentialsUris[ipFamily] };
    return { ...flagDefaults, region, regionalStsEndpoints: true, containerCredentials };
}

/** RFC 6902. The webhook only adds; "add" on an existing member replaces it. */
export interface PatchOperation {
    readonly op: "add";
    readonly path: string;
    readonly value: unknown;
}

/** The variables and the token volume of one kind of credentials. */
interface Identity {
    readonly audience: string;
    readonly volumeName: string;
    readonly mountPath: string;
    readonly tokenPath: string;
    /** The names of the variables. A container that sets one of them keeps it and gets neither. */
    readonly reserved: readonly [string, string];
    /** The value of the first variable; the value of the second is the path of the token. */
    readonly value: string;
}

interface Injection {
    readonly identity: Identity;
    readonly region: string;
    readonly regionalStsEndpoints: boolean;
    readonly tokenExpirationSeconds: number;
    readonly tokenFile: string;
    readonly skippedContainers: ReadonlySet<string>;
}

const domain = "eks.amazonaws.com";

function webIdentity(roleArn: string, audience: string): Identity {
    return {
        audience,
        volumeName: "aws-iam-token",
        mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount",
        tokenPath: "token",
        reserved: ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
        value: roleArn,
    };
}

/**
 * EKS Pod Identity: only its agent knows the role.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
function podIdentity({ fullUri, ...rest }: ContainerCredentials): Identity {
    return {
        ...rest,
        reserved: ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
        value: fullUri,
    };
}

/** pkg/constants.go, MinTokenExpiration: the API server's own minimum. */
const minTokenExpirationSeconds = 600;
/** pkg/constants.go, DefaultMinTokenExpiration and DefaultTokenExpiration. */
const spreadSeconds = { from: 79200, to: 86400 };

/** What the webhook knows when it is asked about a pod. */
export interface Knowledge {
    /** Undefined while the webhook's cache does not have it. */
    readonly serviceAccount: ServiceAccount | undefined;
    /** Whether the service account has an EKS Pod Identity association. */
    readonly hasPodIdentity?: boolean;
    /** From 0 to less than 1. */
    readonly random?: () => number;
}

/**
 * The change of a pod when it is created; undefined when the pod is admitted unchanged.
 *
 * The rules are those of amazon-eks-pod-identity-webhook, pkg/handler/handler.go (buildPodPatchConfig, getPodSpecPatch,
 * addEnvToContainer, parsePodAnnotations) and pkg/cache/cache.go (addSA, GetCommonConfigurations).
 */
export function injectionPatch(
    pod: Pod,
    knowledge: Knowledge,
    defaults: InjectionDefaults,
): PatchOperation[] | undefined {
    const injection = injectionOf(pod, knowledge, defaults);
    if (!injection) {
        return undefined;
    }
    const { containers = [], initContainers = [], volumes } = pod.spec ?? {};
    // A volume of this name stays as it is, whatever it holds, and the containers get the variables all the same.
    const hasVolume = volumes?.some(({ name }) => name === injection.identity.volumeName);
    const all = (list: readonly Container[]) => list.map((container) => inject(container, injection));
    return [
        ...(knowledge.hasPodIdentity ? [labelPatch(pod)] : []),
        ...(hasVolume ? [] : [volumePatch(volumes, tokenVolume(injection))]),
        add("/spec/containers", all(containers)),
        ...(initContainers.length > 0 ? [add("/spec/initContainers", all(initContainers))] : []),
    ];
}

/**
 * Annotations override the defaults. For the token's expiration the pod's annotation overrides the service account's.
 */
function injectionOf(
    pod: Pod,
    { serviceAccount, hasPodIdentity = false, random = Math.random }: Knowledge,
    defaults: InjectionDefaults,
): Injection | undefined {
    const ofAccount = serviceAccount?.metadata?.annotations ?? {};
    const ofPod = pod.metadata?.annotations ?? {};
    const roleArn = ofAccount[`${domain}/role-arn`];
    const identity = hasPodIdentity
        ? podIdentity(defaults.containerCredentials)
        : roleArn && webIdentity(roleArn, ofAccount[`${domain}/audience`] ?? defaults.audience);
    if (!identity) {
        return undefined;
    }
    // If the cache lacks the account, upstream ignores the flags (pkg/cache/cache.go, GetCommonConfigurations).
    const common = serviceAccount ? defaults : flagDefaults;
    const expiration = expirationOf(ofPod) ?? expirationOf(ofAccount) ?? common.tokenExpirationSeconds;
    return {
        identity,
        region: defaults.region,
        regionalStsEndpoints: parseBool(ofAccount[`${domain}/sts-regional-endpoints`]) ?? common.regionalStsEndpoints,
        tokenExpirationSeconds: hasPodIdentity ? spread(expiration, random) : expiration,
        tokenFile: tokenFileOf(pod, identity),
        skippedContainers: skippedContainers(ofPod[`${domain}/skip-containers`]),
    };
}

/** handler.go, addJitterToDefaultToken: also where an annotation states the default. */
function spread(seconds: number, random: () => number): number {
    const { from, to } = spreadSeconds;
    return seconds === to ? from + Math.floor(random() * (to - from + 1)) : seconds;
}

function inject(container: Container, injection: Injection): Container {
    if (injection.skippedContainers.has(container.name)) {
        return container;
    }
    const present = new Set((container.env ?? []).map((variable) => variable.name));
    const { reserved, value, volumeName, mountPath } = injection.identity;
    const hasIdentity = reserved.some((name) => present.has(name));
    const hasRegion = present.has("AWS_REGION") || present.has("AWS_DEFAULT_REGION");
    const hasSts = present.has("AWS_STS_REGIONAL_ENDPOINTS");
    if (hasIdentity && hasRegion && hasSts) {
        // The token is not mounted then, either.
        return container;
    }
    const added = [
        ...(!hasSts && injection.regionalStsEndpoints
            ? [{ name: "AWS_STS_REGIONAL_ENDPOINTS", value: "regional" }]
            : []),
        ...(!hasRegion && injection.region
            ? [
                  { name: "AWS_DEFAULT_REGION", value: injection.region },
                  { name: "AWS_REGION", value: injection.region },
              ]
            : []),
        ...(!hasIdentity
            ? [
                  { name: reserved[0], value },
                  { name: reserved[1], value: injection.tokenFile },
              ]
            : []),
    ];
    const mounts = container.volumeMounts ?? [];
    return {
        ...container,
        env: [...(container.env ?? []), ...added],
        volumeMounts: mounts.some((mount) => mount.name === volumeName)
            ? mounts
            : [...mounts, { name: volumeName, readOnly: true, mountPath }],
    };
}

function tokenVolume({ identity, tokenExpirationSeconds }: Injection): Volume {
    return {
        name: identity.volumeName,
        projected: {
            sources: [
                {
                    serviceAccountToken: {
                        audience: identity.audience,
                        expirationSeconds: tokenExpirationSeconds,
                        path: identity.tokenPath,
                    },
                },
            ],
        },
    };
}

const podIdentityLabel = `${domain}/pod-identity`;

function labelPatch({ metadata }: Pod): PatchOperation {
    return metadata?.labels
        ? add(`/metadata/labels/${podIdentityLabel.replace("/", "~1")}`, "enabled")
        : add("/metadata/labels", { [podIdentityLabel]: "enabled" });
}

function volumePatch(volumes: readonly Volume[] | undefined, volume: Volume): PatchOperation {
    return volumes ? add("/spec/volumes/0", volume) : add("/spec/volumes", [volume]);
}

function add(path: string, value: unknown): PatchOperation {
    return { op: "add", path, value };
}

/** On Windows the variable's value is a Windows path; the mount path does not change. */
function tokenFileOf(pod: Pod, { mountPath, tokenPath }: Identity): string {
    const path = `${mountPath}/${tokenPath}`;
    const selector = pod.spec?.nodeSelector ?? {};
    const isWindows = selector["beta.kubernetes.io/os"] === "windows" || selector["kubernetes.io/os"] === "windows";
    return isWindows ? `C:${path.replaceAll("/", "\\")}` : path;
}

/** Go's strconv.ParseInt: a value that is no 64-bit integer is ignored. A value that is too low is raised. */
function expirationOf(annotations: Readonly<Record<string, string>>): number | undefined {
    const text = annotations[`${domain}/token-expiration`];
    if (text === undefined || !/^[+-]?\d+$/.test(text)) {
        return undefined;
    }
    const value = BigInt(text.replace("+", ""));
    return value === BigInt.asIntN(64, value) ? Math.max(Number(value), minTokenExpirationSeconds) : undefined;
}

/** Go's strconv.ParseBool. */
function parseBool(text: string | undefined): boolean | undefined {
    if (text !== undefined && ["1", "t", "T", "true", "TRUE", "True"].includes(text)) {
        return true;
    }
    return text !== undefined && ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

/** The first record of Go's csv.Reader: blanks are part of a name, and a line that is no CSV skips no container. */
function skippedContainers(annotation = ""): ReadonlySet<string> {
    try {
        const [first] = parse(annotation.replace(/\r$/, ""), {
            to: 1,
            skip_empty_lines: true,
            record_delimiter: ["\r\n", "\n"],
        });
        return new Set(first);
    } catch {
        return new Set();
    }
}
