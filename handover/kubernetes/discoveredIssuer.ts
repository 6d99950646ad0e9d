import { issuerOfUrl } from "../../documents/arn";
import { Refusal } from "../model/refusal";
import type { Cluster } from "./clusterClient";
import { undefinedIfMissing } from "./clusterErrors";

/**
 * The issuer of the cluster's tokens, from the OpenID Connect discovery document, without creating a token.
 *
 * Undefined if the document cannot be read: by default, only cluster administrators and pods may read it.
 *
 * Source: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export async function discoveredIssuer(cluster: Cluster): Promise<string | undefined> {
    const request = { verb: "get", resource: "/.well-known/openid-configuration" };
    const response = cluster.wellKnown.getServiceAccountIssuerOpenIDConfiguration();
    const document = await undefinedIfMissing(cluster.call(request, response)).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === "cluster-access-denied") {
            return undefined;
        }
        throw error;
    });
    return issuerOf(document);
}

/** The client declares the document as a string, but returns it parsed. */
function issuerOf(document: unknown): string | undefined {
    const { issuer } = (document ?? {}) as { readonly issuer?: unknown };
    return typeof issuer === "string" ? issuerOfUrl(issuer) : undefined;
}
