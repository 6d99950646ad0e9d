import type { V1TokenRequestSpec } from "@kubernetes/client-node";
import { POD_IDENTITY_AUDIENCE } from "../../documents/podIdentity";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { PodSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { undefinedIfMissing } from "./clusterErrors";

/** The shortest lifetime that the API server grants: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
const LIFETIME_SECONDS = 600;

/** A token like the one that the kubelet requests for the webhook's volume, but not bound to a pod. */
export function requestToken(cluster: Cluster, subject: Subject): Promise<string> {
    return tokenFor(cluster, subject, { audiences: [TOKEN_AUDIENCE] });
}

/** A token like the one that the kubelet requests for a pod with an association: EKS Auth accepts no other. */
export function requestPodToken(cluster: Cluster, subject: Subject, { name, uid }: BoundPod): Promise<string> {
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name, uid };
    return tokenFor(cluster, subject, { audiences: [POD_IDENTITY_AUDIENCE], boundObjectRef });
}

/** The pod that a token is bound to. */
export type BoundPod = Pick<PodSeen, "name" | "uid">;

async function tokenFor(
    cluster: Cluster,
    subject: Subject,
    spec: Pick<V1TokenRequestSpec, "audiences" | "boundObjectRef">,
): Promise<string> {
    const { serviceAccount } = subject;
    const answer = await undefinedIfMissing(
        cluster.call(
            { verb: "create", resource: "serviceaccounts/token", ...serviceAccount },
            cluster.core.createNamespacedServiceAccountToken({
                ...serviceAccount,
                body: { spec: { ...spec, expirationSeconds: LIFETIME_SECONDS } },
            }),
        ),
    );
    if (answer?.status === undefined) {
        throw refusals.serviceAccountMissing(subject);
    }
    return answer.status.token;
}
