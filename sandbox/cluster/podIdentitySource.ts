import type { V1Pod } from "@kubernetes/client-node";

/** A projected token in a volume of a pod. */
export interface TokenVolume {
    audience: string;
    expirationSeconds: number;
}

/** The source of the credentials of the AWS SDK in a pod. */
export type IdentitySource =
    | { source: "webIdentity"; roleArn: string; token: TokenVolume | undefined }
    | { source: "containerCredentials"; uri: string; token: TokenVolume | undefined }
    | { source: "instanceRole" };

/**
 * The order of the AWS SDK's chain (aws-sdk-go-v2 config/resolve_credentials.go): a token file and its role first, then
 * container credentials, then the instance's role. The SDK tries only the first one that is configured.
 */
export function identitySourceOf(pod: V1Pod, containerName: string): IdentitySource {
    const container = pod.spec?.containers.find(({ name }) => name === containerName);
    const value = (variable: string) => container?.env?.find(({ name }) => name === variable)?.value;
    const tokenFile = value("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (tokenFile !== undefined) {
        return {
            source: "webIdentity",
            roleArn: value("AWS_ROLE_ARN") ?? "",
            token: tokenAt(pod, container, tokenFile),
        };
    }
    const uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (uri !== undefined) {
        const file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") ?? "";
        return { source: "containerCredentials", uri, token: tokenAt(pod, container, file) };
    }
    return { source: "instanceRole" };
}

type Container = NonNullable<V1Pod["spec"]>["containers"][number];

/** The token that the kubelet writes to this file. Undefined if no volume of the container contains it. */
function tokenAt(pod: V1Pod, container: Container | undefined, file: string): TokenVolume | undefined {
    for (const { name, mountPath } of container?.volumeMounts ?? []) {
        const sources = pod.spec?.volumes?.find((volume) => volume.name === name)?.projected?.sources ?? [];
        const found = sources.find(
            ({ serviceAccountToken }) =>
                serviceAccountToken && `${mountPath.replace(/\/$/, "")}/${serviceAccountToken.path}` === file,
        )?.serviceAccountToken;
        if (found) {
            return { audience: found.audience ?? "", expirationSeconds: found.expirationSeconds ?? 3600 };
        }
    }
    return undefined;
}
