/**
 * The test pods of AWS's identity webhook, restated: amazon-eks-pod-identity-webhook, pkg/handler/testdata, with the
 * settings that pkg/handler/handler_pod_test.go (buildModifierFromPod) takes from their annotations.
 */
import { type ContainerCredentials, flagDefaults, type InjectionDefaults } from "../identityWebhook/injection";
import type { Container, Pod } from "../identityWebhook/pod";

export const UPSTREAM = {
    repository: "https://github.com/aws/amazon-eks-pod-identity-webhook",
    commit: "3bf80a348116483b2162190e43232e4d243f76c4",
    folder: "pkg/handler/testdata",
};

export interface UpstreamPod {
    readonly file: string;
    readonly sha256: string;
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
    sha256: string,
    env: Record<string, string>,
    more: Partial<Omit<UpstreamPod, "outcome">> & { outcome?: Partial<Outcome> } = {},
): UpstreamPod {
    const outcome = { volume: token("/spec/volumes"), containers: { main: { env, mounts } }, ...more.outcome };
    const usual = { flags: flagDefaults, annotations: withRole(), hasPodIdentity: false, pod: podOf() };
    return { file, sha256, ...usual, ...more, outcome };
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
    webIdentity(
        "betaWindowsPodWithoutVolumes.pod.yaml",
        "1b07cb14641d3ec51830a2f5d2b8a9c3202cbde5ca248d7df135f613728ffe86",
        windows,
        { pod: podOf({ nodeSelector: { "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "windows" } }) },
    ),
    webIdentity(
        "windowsPodWithoutVolumes.pod.yaml",
        "b3c01d383682a61d9e413bf2f273b6f75e8c39e7fd19565ce0ea64043fc0b323",
        windows,
        { pod: podOf({ nodeSelector: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "windows" } }) },
    ),
    webIdentity(
        "initPodNeedsRegion.pod.yaml",
        "580dad2d257a81c86f4fa969bd5ea6adce76719bcedea0a3b646a5e5b8234d24",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ initContainers: [{ name: "init" }] }),
            outcome: { initContainers: { init: { env: { ...regions("seattle"), ...identity(role) }, mounts } } },
        },
    ),
    webIdentity(
        "rawPodHasAll.pod.yaml",
        "44d799496b4f5b8e164406d0270e5dea9bbe63b5ca739f76ca44b84f5dbab954",
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
    webIdentity(
        "rawPodHasSTS.pod.yaml",
        "3e1a290feef5ed2b6e9ca5ad77f4341935a73cb34ba804944b2eb840fcfb5211",
        afterOwnRegion,
        { ...china, pod: hasSts },
    ),
    webIdentity(
        "rawPodHasTokenExpiration.pod.yaml",
        "79a9de3378eb099c43444789578d411908320dcb13b37310415ae8e7f8e2af90",
        afterOwnRegion,
        { ...china, pod: expiring("3600"), outcome: { volume: token("/spec/volumes", 3600) } },
    ),
    webIdentity(
        "rawPodHasVolumeMount.pod.yaml",
        "066da6ed749f602093b2c36763167ec9b98c85eaa9df960bea57fe075e6383bf",
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
    webIdentity(
        "rawPodMinTokenExpiration.pod.yaml",
        "97fda430611de9625e357e1927fa03354f7d94216c62d2ee73c0dc6e5418b0d5",
        afterOwnRegion,
        { ...china, pod: expiring("0"), outcome: { volume: token("/spec/volumes", 600) } },
    ),
    webIdentity(
        "rawPodNeedsRegion.pod.yaml",
        "553532c292a9a11de13ab8092f40df22a19ef6e05802d59e0e648324565fee9b",
        { ...regions("seattle"), ...identity(role) },
        { flags: inRegion("seattle") },
    ),
    webIdentity(
        "rawPodNeedsSTS.pod.yaml",
        "e22359f94a94c8bba1145b6b5783413541bb15302ec6f2604722a8078abf74a2",
        { ...regional, ...regions("cn-north-1"), ...identity(chinese) },
        china,
    ),
    webIdentity(
        "rawPodNoSTSAnnotationOverride.pod.yaml",
        "5266102917ee72efb88d41f2be2ebe42c2af52e93bc42d3864edc3e655270089",
        { ...regions("us-east-1"), ...identity(role) },
        {
            flags: { ...inRegion("us-east-1"), regionalStsEndpoints: true },
            annotations: withRole(role, { "eks.amazonaws.com/sts-regional-endpoints": "false" }),
        },
    ),
    webIdentity(
        "rawPodRegionPresent.pod.yaml",
        "39e8aad846ab13adfb520b3766a54b66a16fa7c450c913b8fd22639ecfaf6ddb",
        { AWS_REGION: "paris", ...identity(role) },
        { pod: podOf({ containers: [{ ...main, env: [named("AWS_REGION", "paris")] }] }) },
    ),
    webIdentity(
        "rawPodSkip.pod.yaml",
        "f80b926b7a3fcd102f9d99259600c644cf318ce3a70046aef57fd1f32f1a1e05",
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
        "b04947b16650724afd97e781b4b79f55f18da4c09a387bcb42875ab11ed98b7e",
        { ...regions("seattle"), ...identity(role) },
        {
            flags: inRegion("seattle"),
            pod: podOf({ containers: [{ ...main, readinessProbe: { grpc: { port: 5000 } } }] }),
        },
    ),
    webIdentity(
        "rawPodWithInitContainer.pod.yaml",
        "babd45e30688c2660f6a7af7b265d402c7548e921fa4ff27e76041db466719c4",
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
    webIdentity(
        "rawPodWithVolumes.pod.yaml",
        "e896ef38ca0787ecfa9825ffad68e69a7e8488ef2664ee6d440d9e6c41cb994e",
        identity(role),
        { pod: podOf({ volumes: [{ name: "my-volume" }] }), outcome: { volume: token("/spec/volumes/0") } },
    ),
    webIdentity(
        "rawPodWithoutVolumes.pod.yaml",
        "a8f3743165efb72e4b47ef07a249382b9fc6c764e03f41b1751b51fb2715b471",
        identity(role),
    ),
    webIdentity(
        "rawPodWithsecCompProfile.pod.yaml",
        "eec1e9930773c3897e3298d1f73c08f8243324fdfad9c12550a29b9ac7468284",
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
    sha256: string,
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
    return { file: `containercredentials/${file}`, sha256, ...usual, ...more, flags, outcome };
}

const tenThousand = { ...regionally, "eks.amazonaws.com/token-expiration": "10000" };

const podIdentityPods: UpstreamPod[] = [
    podIdentity("rawPodNeedsAll.pod.yaml", "f580e45e79e606db079fded4f08703a55c989d01dacc79ad70fb782d47152126", {
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
    podIdentity("rawPodSkip.pod.yaml", "c055537b2220d9cba0bbf6decf5ec0e049abc7439bdd1c1ef3c702ba5908dd9f", {
        pod: podOf({ containers: [{ name: "sidecar" }, main] }, skipping),
        outcome: { containers: { sidecar: untouched, main: { env: ofPodIdentity, mounts: credentialsMount } } },
    }),
    podIdentity(
        "rawPodWithConflictingVolumeMount.pod.yaml",
        "17867566a61fb316fff1b9f6f6af885c501be198097ff13e18641cd726f074f6",
        {
            pod: podOf({
                containers: [
                    {
                        ...main,
                        volumeMounts: [
                            { name: "con-creds-volume-name", mountPath: "/some/other/path", readOnly: true },
                        ],
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
        },
    ),
    podIdentity("rawPodWithRoleArn.pod.yaml", "431dc4e178bf84a2e689449aa91abbdf3cba5b9a18abcbd8f0704f18b29cc662", {
        annotations: { ...tenThousand, "eks.amazonaws.com/role-arn": chinese },
        outcome: {
            volume: credentialsToken("/spec/volumes", 10000),
            containers: { main: { env: { ...regional, ...ofPodIdentity }, mounts: credentialsMount } },
        },
    }),
    podIdentity("rawPodWithVolume.pod.yaml", "d69c0f918502bc9cf13088e29c396bd8bbff1767d67dd3a83b26ce6fc7c3e318", {
        pod: podOf({ volumes: [{ name: "tokenPath" }] }),
        outcome: { volume: credentialsToken("/spec/volumes/0") },
    }),
    podIdentity("rawPodWithoutVolumes.pod.yaml", "980902693fc5eca8792a818bfaf8a436b69551c7864a0b93db76e38b35771194"),
];

export const upstreamPods: readonly UpstreamPod[] = [...webIdentityPods, ...podIdentityPods];
