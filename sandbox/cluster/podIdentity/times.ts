import { eksAuthTimes } from "../../aws/eksAuth/assumeRole";

/** The times of Pod Identity's credentials, on their way to the SDK in a container. */
export interface PodIdentityTimes {
    /** How long EKS Auth's credentials are valid, without and with a target role. */
    readonly sessionSeconds: number;
    readonly targetSessionSeconds: number;
    /** After so long, the agent asks EKS Auth for new ones (aws/eks-pod-identity-agent cmd/server.go, maxCredentialRenewal). */
    readonly renewalSeconds: number;
    /** How often the agent looks for credentials to renew (internal/credsretriever/refreshing_cache.go, defaultCleanupInterval). */
    readonly sweepSeconds: number;
    /** After a failed renewal (refreshing_cache.go, defaultRetryInterval and defaultMaxRetryJitter). */
    readonly retrySeconds: number;
    readonly retryJitterSeconds: number;
    /** Credentials that are valid for a shorter time are not used (refreshing_cache.go, defaultMinCredentialTtl). */
    readonly minimumSeconds: number;
    /** So long before their end, the SDK asks for new ones (aws/aws-sdk-go-v2 config/resolve_credentials.go, resolveHTTPCredProvider). */
    readonly sdkWindowSeconds: number;
}

export const podIdentityTimes: PodIdentityTimes = {
    ...eksAuthTimes,
    renewalSeconds: 3 * 3600,
    sweepSeconds: 60,
    retrySeconds: 60,
    retryJitterSeconds: 60,
    minimumSeconds: 15,
    sdkWindowSeconds: 5 * 60,
};

/** All of them, times the factor. */
export function scaledTimes(factor: number): PodIdentityTimes {
    const scaled = Object.entries(podIdentityTimes).map(([name, seconds]) => [name, (seconds as number) * factor]);
    return Object.fromEntries(scaled) as PodIdentityTimes;
}
