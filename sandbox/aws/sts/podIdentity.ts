import { decodeJwt } from "jose";

import { trustVerdict } from "../authorise";
import type { ClusterAccess } from "../eks";
import type { Associations } from "../eks/associations";
import { AwsError } from "../errors";
import type { IamState, RoleState } from "../iam/state";
import type { Issuers } from "./issuers";
import type { Session, Sessions } from "./sessions";

export interface PodIdentityContext {
    readonly accountId: string;
    readonly access: ReadonlyMap<string, ClusterAccess>;
    readonly associations: Associations;
    readonly issuers: Issuers;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
}

export const podIdentityAudience = "pods.eks.amazonaws.com";
const service = "pods.eks.amazonaws.com";

/**
 * The answer to the Pod Identity agent on a node for a pod's token:
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html. The role must trust the
 * service for both actions: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export async function podIdentitySession(token: string, context: PodIdentityContext): Promise<Session> {
    const claims = decodeJwt(token);
    const cluster = [...context.access].find(([, { issuer }]) => issuer === claims.iss)?.[0];
    const of = claims["kubernetes.io"] as { namespace: string; serviceaccount: { name: string } } | undefined;
    if (![claims.aud ?? []].flat().includes(podIdentityAudience) || cluster === undefined || of === undefined) {
        throw new AwsError("InvalidTokenException", "The specified Kubernetes service account token is invalid.", 400);
    }
    await context.issuers.verifySignature(claims.iss ?? "", token);
    const association = context.associations.find(cluster, of.namespace, of.serviceaccount.name);
    if (!association) {
        throw new AwsError("ResourceNotFoundException", "No association found for the service account.", 404);
    }
    const role = Object.values(context.enforced().roles).find(({ arn }) => arn === association.roleArn);
    if (!role || !trustsService(role, context.accountId)) {
        throw new AwsError(
            "AccessDeniedException",
            "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
            400,
        );
    }
    return context.sessions.create(role, `eks-${cluster}-aws-node`, 6 * 3600);
}

function trustsService(role: RoleState, accountId: string): boolean {
    return ["sts:AssumeRole", "sts:TagSession"].every(
        (action) =>
            trustVerdict(role, { principalArn: service, accountId, action, resource: role.arn, context: {} }) ===
            "allowed",
    );
}
