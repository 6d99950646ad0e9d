import { AwsError } from "../errors";
import type { AwsRequest, AwsResponse } from "../protocol";
import { assumeRoleForPodIdentity, type EksAuthContext } from "./assumeRole";

/** The one operation of EKS Auth: its name, and its path with the cluster. */
export const operation = "AssumeRoleForPodIdentity";
const path = /^\/clusters\/([^/]+)\/assume-role-for-pod-identity$/;

export function operationOf({ method, url }: Pick<AwsRequest, "method" | "url">): string {
    return method === "POST" && path.test(url.split("?")[0] ?? "") ? operation : "";
}

/** EKS Auth over HTTP, as for the Pod Identity agent. Any caller with the right gets an answer. */
export async function answerEksAuth(request: AwsRequest, context: EksAuthContext): Promise<AwsResponse> {
    const { credential, region, url, method, origin } = request;
    const caller = context.sessions.authenticate("eks-auth", credential, context.enforced(), region);
    if (operationOf(request) === "") {
        throw new AwsError(
            "UnknownOperationException",
            `This sandbox has no EKS Auth operation for ${method} ${url}.`,
            404,
        );
    }
    const [, cluster = ""] = path.exec(url.split("?")[0] ?? "") ?? [];
    const { token = "" } = JSON.parse(request.body.toString() || "{}") as { token?: string };
    const asked = { clusterName: decodeURIComponent(cluster), token };
    const { session, association, pod } = await assumeRoleForPodIdentity(asked, caller, context, { origin, region });
    return {
        status: 200,
        contentType: "application/json",
        body: JSON.stringify({
            subject: { namespace: pod.namespace, serviceAccount: pod.serviceAccount },
            audience: "pods.eks.amazonaws.com",
            podIdentityAssociation: {
                associationArn: association.associationArn,
                associationId: association.associationId,
            },
            assumedRoleUser: { arn: session.arn, assumeRoleId: `${session.roleId}:${session.sessionName}` },
            credentials: {
                accessKeyId: session.accessKeyId,
                secretAccessKey: session.secretAccessKey,
                sessionToken: session.sessionToken,
                expiration: session.expiresAt / 1000,
            },
        }),
    };
}
