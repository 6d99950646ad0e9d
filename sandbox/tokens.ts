import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { decodeProtectedHeader, SignJWT } from "jose";
import { credentialPaths } from "./cluster/credentials";
import { loadKubeconfig } from "./kubeconfigs";

/** The claims of a token. Each has a default. */
export interface TokenOptions {
    /** Defaults to "kube-system". */
    namespace?: string;
    /** Defaults to "aws-node". */
    serviceAccount?: string;
    /** Defaults to "sts.amazonaws.com". */
    audience?: string;
    /** In seconds. Defaults to an hour. */
    expirationSeconds?: number;
    /** Binds the token to a pod, as the kubelet does: the token ends with the pod. */
    pod?: { pod: string; uid: string };
}

/** A service account token from the API server, as the kubelet requests it for a pod's projected volume. */
export async function requestToken(config: KubeConfig, options: TokenOptions = {}): Promise<string> {
    const { namespace = "kube-system", serviceAccount = "aws-node", audience = "sts.amazonaws.com", pod } = options;
    const { expirationSeconds = 3600 } = options;
    const boundObjectRef = pod && { apiVersion: "v1", kind: "Pod", name: pod.pod, uid: pod.uid };
    const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
        name: serviceAccount,
        namespace,
        body: {
            apiVersion: "authentication.k8s.io/v1",
            kind: "TokenRequest",
            spec: { audiences: [audience], expirationSeconds, boundObjectRef },
        },
    });
    return status?.token ?? "";
}

/** Claims and key that differ from those of the API server. */
export interface SignedClaims {
    /** Defaults to the cluster's issuer. */
    issuer?: string;
    /** Relative to now, for instance "1h", or "-1h" for an expired token. Defaults to an hour. */
    expiresIn?: string;
    /** Defaults to the cluster's own key. */
    key?: KeyObject;
}

/**
 * A token of the service account aws-node with claims that the API server would not sign, for instance an expired one.
 */
export async function signToken(
    { kubeconfigPath, issuer }: { kubeconfigPath: string; issuer: string },
    claims: SignedClaims = {},
): Promise<string> {
    const { serviceAccountKey } = credentialPaths(dirname(kubeconfigPath));
    const { kid } = decodeProtectedHeader(await requestToken(loadKubeconfig(kubeconfigPath)));
    return new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid })
        .setIssuer(claims.issuer ?? issuer)
        .setAudience("sts.amazonaws.com")
        .setSubject("system:serviceaccount:kube-system:aws-node")
        .setIssuedAt("-2h")
        .setExpirationTime(claims.expiresIn ?? "1h")
        .sign(claims.key ?? createPrivateKey(readFileSync(serviceAccountKey)));
}
