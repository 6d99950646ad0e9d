import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { Cluster } from "./clusterClient";
import { undefinedIfMissing } from "./clusterErrors";

/** The shortest lifetime that the API server grants: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
const LIFETIME_SECONDS = 600;

/** A token like the one that the kubelet requests for the webhook's volume, but not bound to a pod. */
export async function requestToken(cluster: Cluster, subject: Subject): Promise<string> {
    const { serviceAccount } = subject;
    const answer = await undefinedIfMissing(
        cluster.call(
            { verb: "create", resource: "serviceaccounts/token", ...serviceAccount },
            cluster.core.createNamespacedServiceAccountToken({
                ...serviceAccount,
                body: { spec: { audiences: [TOKEN_AUDIENCE], expirationSeconds: LIFETIME_SECONDS } },
            }),
        ),
    );
    if (answer?.status === undefined) {
        throw refusals.serviceAccountMissing(subject);
    }
    return answer.status.token;
}
