import { decodeJwt, type JWTPayload } from "jose";

import { AwsError } from "../errors";
import type { Issuers } from "../sts/issuers";

/** The audience of the tokens that the agent sends on: https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html */
export const podIdentityAudience = "pods.eks.amazonaws.com";

/** What a token of a pod says. */
export interface PodOfToken {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly podName: string;
    readonly podUid: string;
}

interface KubernetesClaims {
    readonly namespace?: string;
    readonly serviceaccount?: { readonly name?: string };
    readonly pod?: { readonly name?: string; readonly uid?: string };
}

/**
 * Checks a pod's token: the issuer of the cluster, the audience, the pod to which it is bound, the times and the signature. That a token which
 * is bound to no pod is refused is inferred from the session tags, which name the pod.
 */
export async function podOfToken(
    token: string,
    clusterIssuer: string | undefined,
    issuers: Issuers,
    now: number,
): Promise<PodOfToken> {
    const claims = decode(token);
    const of = claims["kubernetes.io"] as KubernetesClaims | undefined;
    const { namespace, serviceaccount: { name: serviceAccount } = {}, pod } = of ?? {};
    const isOfCluster = claims.iss !== undefined && claims.iss === clusterIssuer;
    if (!isOfCluster || ![claims.aud ?? []].flat().includes(podIdentityAudience)) {
        throw invalidToken();
    }
    if (!namespace || !serviceAccount || !pod?.name || !pod.uid) {
        throw invalidToken();
    }
    if ((claims.exp ?? 0) * 1000 <= now) {
        throw new AwsError("ExpiredTokenException", "The specified Kubernetes service account token is expired.", 400);
    }
    await issuers.verifySignature(claims.iss ?? "", token).catch(() => {
        throw invalidToken();
    });
    return { namespace, serviceAccount, podName: pod.name, podUid: pod.uid };
}

function decode(token: string): JWTPayload {
    try {
        return decodeJwt(token);
    } catch {
        throw invalidToken();
    }
}

/** The text of botocore's model (eks-auth, service-2.json): AWS's own words are not known from a source. */
function invalidToken(): AwsError {
    return new AwsError("InvalidTokenException", "The specified Kubernetes service account token is invalid.", 400);
}
