/**
 * The test pods of AWS's identity webhook, restated: https://github.com/aws/amazon-eks-pod-identity-webhook at
 * 3bf80a348116483b2162190e43232e4d243f76c4, pkg/handler/testdata, with the settings that pkg/handler/handler_pod_test.go
 * (buildModifierFromPod) takes from their annotations.
 */
import { type ContainerCredentials, flagDefaults, type InjectionDefaults } from "../identityWebhook/injection";
import type { Container, Pod } from "../identityWebhook/pod";

export interface UpstreamPod {
    readonly file: string;
    readonly flags: InjectionDefaults;
    /** Of the service account. */
    readonly annotations: Readonly<Record<string, string>>;
    readonly hasPodIdentity: boolean;
    readonly pod: Pod;
    readonly outcome: Outcome;
}

/** What a patch does, without what it copies from the pod. */
export interface Outcome {
    /** The label of container credentials, or all labels, and the path at which it is added. */
    readonly label?: { readonly at: string; readonly value: unknown };
    /** The path at which the volume is added; undefined when it is there already. */
    readonly volume?: {
        readonly at: string;
        readonly name: string;
        readonly audience: string;
        readonly seconds: number;
    };
    /** The variables and mounts of each container after the patch, by its name. */
    readonly containers: Readonly<Record<string, Credentials>>;
    readonly initContainers?: Readonly<Record<string, Credentials>>;
}

export interface Credentials {
    readonly env: Readonly<Record<string, string>>;
    /** The path at which each volume is mounted, with ":ro" where it is read-only. */
    readonly mounts: Readonly<Record<string, string>>;
}

const role = "arn:aws:iam::111122223333:role/s3-reader";
const chinese = "arn:aws-cn:iam::111122223333:role/s3-reader";
const folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const mounts = { "aws-iam-token": `${folder}:ro` };
const untouched = { env: {}, mounts: {} };

const named = (name: string, value: string) => ({ name, value });
const main: Container = { name: "main" };
const inRegion = (region: string) => ({ ...flagDefaults, region });
const regions = (region: string) => ({ AWS_DEFAULT_REGION: region, AWS_REGION: region });
const identity = (roleArn: string, file = `${folder}/token`) => ({
    AWS_ROLE_ARN: roleArn,
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
});
const regional = { AWS_STS_REGIONAL_ENDPOINTS: "regional" };
const withRole = (roleArn = role, more: Record<string, string> = {}) => ({
    "eks.amazonaws.com/role-arn": roleArn,
    "eks.amazonaws.com/audience": "sts.amazonaws.com",
    ...more,
});
const regionally = { "eks.amazonaws.com/sts-regional-endpoints": "true" };
const token = (at: string, seconds = 86400) => ({ at, name: "aws-iam-token", audience: "sts.amazonaws.com", seconds });

function podOf(spec: Partial<NonNullable<Pod["spec"]>> = {}, annotations: Record<string, string> = {}): Pod {
    return { metadata: { name: "pod", annotations }, spec: { containers: [main], ...spec } };
}

/** A pod whose account names a role, with the outcome for its one container. */
function webIdentity(
    file: string,
    env: Record<string, string>,
    more: Partial<Omit<UpstreamPod, "outcome">> & { outcome?: Partial<Outcome> } = {},
): UpstreamPod {
    const outcome = { volume: token("/spec/volumes"), containers: { main: { env, mounts } }, ...more.outcome };
    const usual = { flags: flagDefaults, annotations: withRole(), hasPodIdentity: false, pod: podOf() };
    return { file, ...usual, ...more, outcome };
}

const windows = identity(role, "C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token");
const china = { flags: inRegion("cn-north-1"), annotations: withRole(chinese, regionally) };
const ownRegion = [named("AWS_REGION", "cn-northwest-1"), named("AWS_STS_REGIONAL_ENDPOINTS", "regional")];
const hasSts = podOf({ containers: [{ ...main, env: ownRegion }] });
const afterOwnRegion = { AWS_REGION: "cn-northwest-1", ...regional, ...identity(chinese) };
const expiring = (annotation: string): Pod => ({
    ...hasSts,
    metadata: { annotations: { "eks.amazonaws.com/token-expiration": annotation } },
});
const skipping = { "eks.amazonaws.com/skip-containers": "sidecar" };

const webIdentityPods: UpstreamPod[] = [
    webIdentity("betaWindowsPodWithoutVolumes.pod.yaml", windows, {
        pod: podOf({ nodeSelector: { "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "windows" } }),
    }),
    webIdentity("windowsPodWithoutVolumes.pod.yaml", windows, {
        pod: podOf({ nodeSelector: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "windows" } }),
    }),
    webIdentity(
        "initPodNeedsRegion.pod.yaml",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ initContainers: [{ name: "init" }] }),
            outcome: { initContainers: { init: { env: { ...regions("seattle"), ...identity(role) }, mounts } } },
        },
    ),
    webIdentity(
        "rawPodHasAll.pod.yaml",
        {},
        {
            ...china,
            annotations: { ...china.annotations, "eks.amazonaws.com/token-expiration": "3600" },
            pod: podOf({ containers: [{ ...main, env: [...ownRegion, named("AWS_ROLE_ARN", chinese)] }] }),
            outcome: {
                volume: token("/spec/volumes", 3600),
                // The token is not even mounted.
                containers: {
                    main: {
                        env: { AWS_REGION: "cn-northwest-1", ...regional, AWS_ROLE_ARN: chinese },
                        mounts: {},
                    },
                },
            },
        },
    ),
    webIdentity("rawPodHasSTS.pod.yaml", afterOwnRegion, { ...china, pod: hasSts }),
    webIdentity("rawPodHasTokenExpiration.pod.yaml", afterOwnRegion, {
        ...china,
        pod: expiring("3600"),
        outcome: { volume: token("/spec/volumes", 3600) },
    }),
    webIdentity(
        "rawPodHasVolumeMount.pod.yaml",
        {},
        {
            pod: podOf({
                containers: [{ ...main, volumeMounts: [{ name: "aws-iam-token", mountPath: "/path/to/token" }] }],
                volumes: [{ name: "aws-iam-token", hostPath: { path: "/path/to/token" } }],
            }),
            // Upstream's pod says `path` for `mountPath`, which upstream's patch therefore leaves empty.
            // The pod has the variables, and no token where they lead.
            outcome: {
                volume: undefined,
                containers: { main: { env: identity(role), mounts: { "aws-iam-token": "/path/to/token" } } },
            },
        },
    ),
    webIdentity("rawPodMinTokenExpiration.pod.yaml", afterOwnRegion, {
        ...china,
        pod: expiring("0"),
        outcome: { volume: token("/spec/volumes", 600) },
    }),
    webIdentity(
        "rawPodNeedsRegion.pod.yaml",
        { ...regions("seattle"), ...identity(role) },
        { flags: inRegion("seattle") },
    ),
    webIdentity("rawPodNeedsSTS.pod.yaml", { ...regional, ...regions("cn-north-1"), ...identity(chinese) }, china),
    webIdentity(
        "rawPodNoSTSAnnotationOverride.pod.yaml",
        { ...regions("us-east-1"), ...identity(role) },
        {
            flags: { ...inRegion("us-east-1"), regionalStsEndpoints: true },
            annotations: withRole(role, { "eks.amazonaws.com/sts-regional-endpoints": "false" }),
        },
    ),
    webIdentity(
        "rawPodRegionPresent.pod.yaml",
        { AWS_REGION: "paris", ...identity(role) },
        { pod: podOf({ containers: [{ ...main, env: [named("AWS_REGION", "paris")] }] }) },
    ),
    webIdentity(
        "rawPodSkip.pod.yaml",
        {},
        {
            flags: inRegion("us-west-2"),
            pod: podOf(
                { containers: [{ name: "sidecar" }, { ...main, env: [named("AWS_ROLE_ARN", "already-defined")] }] },
                skipping,
            ),
            outcome: {
                containers: {
                    sidecar: untouched,
                    main: { env: { AWS_ROLE_ARN: "already-defined", ...regions("us-west-2") }, mounts },
                },
            },
        },
    ),
    webIdentity(
        "rawPodWithGRPC.pod.yaml",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ containers: [{ ...main, readinessProbe: { grpc: { port: 5000 } } }] }),
        },
    ),
    webIdentity(
        "rawPodWithInitContainer.pod.yaml",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ initContainers: [{ name: "init" }, { name: "sidecar", restartPolicy: "Always" }] }),
            outcome: {
                initContainers: {
                    init: { env: { ...regions("seattle"), ...identity(role) }, mounts },
                    sidecar: { env: { ...regions("seattle"), ...identity(role) }, mounts },
                },
            },
        },
    ),
    webIdentity("rawPodWithVolumes.pod.yaml", identity(role), {
        pod: podOf({ volumes: [{ name: "my-volume" }] }),
        outcome: { volume: token("/spec/volumes/0") },
    }),
    webIdentity("rawPodWithoutVolumes.pod.yaml", identity(role)),
    webIdentity(
        "rawPodWithsecCompProfile.pod.yaml",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ containers: [{ ...main, securityContext: { seccompProfile: { type: "RuntimeDefault" } } }] }),
        },
    ),
];

const containerCredentials: ContainerCredentials = {
    fullUri: "http://con-creds/uri",
    audience: "con-creds-aud",
    mountPath: "/con-creds-mount-path",
    volumeName: "con-creds-volume-name",
    tokenPath: "con-creds-token-path",
};
const ofPodIdentity = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://con-creds/uri",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/con-creds-mount-path/con-creds-token-path",
};
const credentialsMount = { "con-creds-volume-name": "/con-creds-mount-path:ro" };
/** 79,200 s is the least of the spread: upstream's tests have a source of random numbers that is always 0. */
const credentialsToken = (at: string, seconds = 79200) => ({
    at,
    name: "con-creds-volume-name",
    audience: "con-creds-aud",
    seconds,
});

/** A pod whose account has an EKS Pod Identity association. */
function podIdentity(
    file: string,
    more: Partial<Omit<UpstreamPod, "outcome">> & { outcome?: Partial<Outcome> } = {},
): UpstreamPod {
    const outcome = {
        label: { at: "/metadata/labels", value: { "eks.amazonaws.com/pod-identity": "enabled" } },
        volume: credentialsToken("/spec/volumes"),
        containers: { main: { env: ofPodIdentity, mounts: credentialsMount } },
        ...more.outcome,
    };
    const usual = { annotations: {}, hasPodIdentity: true, pod: podOf() };
    const flags = { ...flagDefaults, ...more.flags, containerCredentials };
    return { file: `containercredentials/${file}`, ...usual, ...more, flags, outcome };
}

const tenThousand = { ...regionally, "eks.amazonaws.com/token-expiration": "10000" };

const podIdentityPods: UpstreamPod[] = [
    podIdentity("rawPodNeedsAll.pod.yaml", {
        flags: inRegion("cn-north-1"),
        annotations: tenThousand,
        outcome: {
            volume: credentialsToken("/spec/volumes", 10000),
            containers: {
                main: {
                    env: { ...regional, ...regions("cn-north-1"), ...ofPodIdentity },
                    mounts: credentialsMount,
                },
            },
        },
    }),
    podIdentity("rawPodSkip.pod.yaml", {
        pod: podOf({ containers: [{ name: "sidecar" }, main] }, skipping),
        outcome: { containers: { sidecar: untouched, main: { env: ofPodIdentity, mounts: credentialsMount } } },
    }),
    podIdentity("rawPodWithConflictingVolumeMount.pod.yaml", {
        pod: podOf({
            containers: [
                {
                    ...main,
                    volumeMounts: [{ name: "con-creds-volume-name", mountPath: "/some/other/path", readOnly: true }],
                },
            ],
            volumes: [{ name: "con-creds-volume-name", hostPath: { path: "token" } }],
        }),
        outcome: {
            volume: undefined,
            containers: {
                main: { env: ofPodIdentity, mounts: { "con-creds-volume-name": "/some/other/path:ro" } },
            },
        },
    }),
    podIdentity("rawPodWithRoleArn.pod.yaml", {
        annotations: { ...tenThousand, "eks.amazonaws.com/role-arn": chinese },
        outcome: {
            volume: credentialsToken("/spec/volumes", 10000),
            containers: { main: { env: { ...regional, ...ofPodIdentity }, mounts: credentialsMount } },
        },
    }),
    podIdentity("rawPodWithVolume.pod.yaml", {
        pod: podOf({ volumes: [{ name: "tokenPath" }] }),
        outcome: { volume: credentialsToken("/spec/volumes/0") },
    }),
    podIdentity("rawPodWithoutVolumes.pod.yaml"),
];

export const upstreamPods: readonly UpstreamPod[] = [...webIdentityPods, ...podIdentityPods];
