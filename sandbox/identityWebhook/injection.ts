import type { Container, Pod, ServiceAccount, Volume } from "./pod";

/** The settings of the webhook; on EKS AWS sets them. */
export interface InjectionDefaults {
    readonly region: string;
    readonly audience: string;
    /** Clusters since 1.22 use the regional endpoint of STS without an annotation. */
    readonly regionalStsEndpoints: boolean;
    readonly tokenExpirationSeconds: number;
}

/** The defaults of main.go's flags, and AWS's settings on EKS. */
export function eksDefaults(region: string): InjectionDefaults {
    return { region, audience: "sts.amazonaws.com", regionalStsEndpoints: true, tokenExpirationSeconds: 86400 };
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
const containerCredentials: Identity = {
    audience: "pods.eks.amazonaws.com",
    volumeName: "eks-pod-identity-token",
    mountPath: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    tokenPath: "eks-pod-identity-token",
    reserved: ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
    value: "http://169.254.170.23/v1/credentials",
};

/** pkg/constants.go, MinTokenExpiration: the API server's own minimum. */
const minTokenExpirationSeconds = 600;

/**
 * The change of a pod when it is created; undefined when the pod is admitted unchanged.
 *
 * The rules are those of amazon-eks-pod-identity-webhook, pkg/handler/handler.go (getPodSpecPatch, addEnvToContainer,
 * parsePodAnnotations, findTokenVolume) and pkg/cache/cache.go (addSA).
 */
export function injectionPatch(
    pod: Pod,
    serviceAccount: ServiceAccount | undefined,
    defaults: InjectionDefaults,
    hasPodIdentity = false,
): PatchOperation[] | undefined {
    const injection = injectionOf(pod, serviceAccount, defaults, hasPodIdentity);
    const volumes = pod.spec?.volumes;
    const reserved = volumes?.find((volume) => volume.name === injection?.identity.volumeName);
    if (!injection || (reserved && !isTokenVolume(reserved, injection.identity))) {
        return undefined;
    }
    const initContainers = pod.spec?.initContainers ?? [];
    return [
        ...(reserved ? [] : [volumePatch(volumes, tokenVolume(injection))]),
        add(
            "/spec/containers",
            (pod.spec?.containers ?? []).map((container) => inject(container, injection)),
        ),
        ...(initContainers.length > 0
            ? [
                  add(
                      "/spec/initContainers",
                      initContainers.map((container) => inject(container, injection)),
                  ),
              ]
            : []),
    ];
}

/**
 * Annotations override the defaults. For the token's expiration the pod's annotation overrides the service account's.
 */
function injectionOf(
    pod: Pod,
    serviceAccount: ServiceAccount | undefined,
    defaults: InjectionDefaults,
    hasPodIdentity: boolean,
): Injection | undefined {
    const ofAccount = serviceAccount?.metadata?.annotations ?? {};
    const ofPod = pod.metadata?.annotations ?? {};
    const roleArn = ofAccount[`${domain}/role-arn`];
    const identity = hasPodIdentity
        ? containerCredentials
        : roleArn && webIdentity(roleArn, ofAccount[`${domain}/audience`] ?? defaults.audience);
    if (!identity) {
        return undefined;
    }
    return {
        identity,
        region: defaults.region,
        regionalStsEndpoints: parseBool(ofAccount[`${domain}/sts-regional-endpoints`]) ?? defaults.regionalStsEndpoints,
        tokenExpirationSeconds: expirationOf(ofPod) ?? expirationOf(ofAccount) ?? defaults.tokenExpirationSeconds,
        tokenFile: tokenFileOf(pod, identity),
        skippedContainers: skippedContainers(ofPod[`${domain}/skip-containers`]),
    };
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

/** A volume of this name with other content is the user's own: the pod is not changed then. */
function isTokenVolume(volume: Volume, { audience, tokenPath }: Identity): boolean {
    return (volume.projected?.sources ?? []).some(
        ({ serviceAccountToken }) =>
            serviceAccountToken?.audience === audience && serviceAccountToken.path === tokenPath,
    );
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

/** A value that is not an integer is ignored; a value that is too low is raised. */
function expirationOf(annotations: Readonly<Record<string, string>>): number | undefined {
    const text = annotations[`${domain}/token-expiration`];
    return text !== undefined && /^[+-]?\d+$/.test(text)
        ? Math.max(Number(text), minTokenExpirationSeconds)
        : undefined;
}

/** Go's strconv.ParseBool. */
function parseBool(text: string | undefined): boolean | undefined {
    if (text !== undefined && ["1", "t", "T", "true", "TRUE", "True"].includes(text)) {
        return true;
    }
    return text !== undefined && ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

/** One line of CSV: blanks are part of a name, and a stray quote makes the whole line invalid. */
function skippedContainers(annotation = ""): ReadonlySet<string> {
    const fields = (annotation.split("\n")[0] ?? "").split(",").map((field) => /^"([^"]*)"$/.exec(field)?.[1] ?? field);
    return new Set(fields.some((field) => field.includes('"')) ? [] : fields);
}
