import { randomUUID } from "node:crypto";

import { policyVerdict, reasonOf } from "../authorise";
import type { CallOrigin } from "../callOrigin";
import type { ClusterAccess } from "../eks";
import type { Association } from "../eks/associations";
import type { AssociationView } from "../eks/associations/views";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import { globalKeys, limitedPrincipal, type Organization } from "../organization";
import type { ResourceControlPolicies } from "../resourceControl";
import type { Issuers } from "../sts/issuers";
import { type Caller, operatorArn, type Session, type Sessions } from "../sts/sessions";
import { logged } from "./callLog";
import { type PodOfToken, podOfToken } from "./token";
import { mayAssumeTarget, sessionTags, trustsService } from "./trust";

export interface EksAuthContext {
    readonly accountId: string;
    readonly region: string;
    readonly access: ReadonlyMap<string, ClusterAccess>;
    /** The view of the server that answers a call. */
    readonly nextAuthView: () => AssociationView;
    readonly issuers: Issuers;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
    readonly organization: Organization;
    readonly resourceControl: ResourceControlPolicies;
    readonly eksAuthTimes: EksAuthTimes;
    readonly eksAuthCallsLog: string;
}

/** How long credentials are valid. */
export interface EksAuthTimes {
    sessionSeconds: number;
    targetSessionSeconds: number;
}

/** "6 hours", and with a target role "59 minutes": https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html */
export const eksAuthTimes: EksAuthTimes = { sessionSeconds: 6 * 3600, targetSessionSeconds: 59 * 60 };

export interface PodIdentityCredentials {
    readonly session: Session;
    readonly association: Association;
    readonly pod: PodOfToken;
}

/**
 * AssumeRoleForPodIdentity: https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html
 *
 * @param caller On EKS the node: the Pod Identity agent has no credentials but those of the node role.
 */
export function assumeRoleForPodIdentity(
    asked: Asked,
    caller: Caller,
    context: EksAuthContext,
    from: From = {},
): Promise<PodIdentityCredentials> {
    const arn = caller.kind === "operator" ? operatorArn(context.accountId) : caller.arn;
    const call = { caller: arn, clusterName: asked.clusterName };
    return logged(
        context.eksAuthCallsLog,
        call,
        () => credentialsFor(asked, caller, context, from),
        ({ pod, association, session }) => ({
            ...pod,
            associationId: association.associationId,
            roleArn: session.roleArn,
        }),
    );
}

interface Asked {
    readonly clusterName: string;
    readonly token: string;
}

/** Where a call comes from. */
interface From {
    readonly origin?: CallOrigin;
    readonly region?: string;
}

async function credentialsFor(
    { clusterName, token }: Asked,
    caller: Caller,
    context: EksAuthContext,
    { origin, region }: From,
): Promise<PodIdentityCredentials> {
    const { accountId } = context;
    const clusterArn = `arn:aws:eks:${context.region}:${accountId}:cluster/${clusterName}`;
    authorise(caller, clusterArn, context, region ?? context.region, origin);
    const pod = await podOfToken(token, context.access.get(clusterName)?.issuer, context.issuers, Date.now());
    const association = context.nextAuthView().find(clusterName, pod.namespace, pod.serviceAccount);
    if (association === undefined) {
        // The words are not known from a source.
        throw new AwsError("ResourceNotFoundException", "No association found for the service account.", 404);
    }
    return { session: assume(association, clusterArn, pod, context), association, pod };
}

/** The right is one of AmazonEKSWorkerNodePolicy. The node role needs it, and nothing else of the pod's role. */
function authorise(
    caller: Caller,
    resource: string,
    { accountId, organization, enforced }: EksAuthContext,
    region: string,
    origin: CallOrigin | undefined,
): void {
    const principal = limitedPrincipal(caller, organization, accountId);
    if (principal === undefined) {
        return;
    }
    const action = "eks-auth:AssumeRoleForPodIdentity";
    const keys = globalKeys(principal, region, origin);
    const act = { principalArn: principal.arn, accountId, action, resource, context: keys };
    const verdict = policyVerdict(enforced(), principal.policies, act, organization.serviceControlPolicies);
    if (verdict !== "allowed") {
        throw new AwsError(
            "AccessDeniedException",
            `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${reasonOf(verdict, action)}`,
            400,
        );
    }
}

function assume(association: Association, clusterArn: string, pod: PodOfToken, context: EksAuthContext): Session {
    const { accountId, sessions, resourceControl, eksAuthTimes: times } = context;
    const state = context.enforced();
    const roleOf = (roleArn: string) => Object.values(state.roles).find(({ arn }) => arn === roleArn);
    if (association.policy !== undefined) {
        throw new AwsError("NotImplemented", "This sandbox has no session policies of associations (policy).", 501);
    }
    const tags = sessionTags(association, clusterArn, pod);
    const role = roleOf(association.roleArn);
    if (!role || !trustsService(role, accountId, tags, resourceControl.documents)) {
        throw notTrusted();
    }
    const name = sessionName(association.clusterName, pod.podName);
    if (association.targetRoleArn === undefined) {
        return sessions.create(role, name, times.sessionSeconds, undefined, tags);
    }
    const target = roleOf(association.targetRoleArn);
    if (!target || !mayAssumeTarget(state, role, target, association, tags)) {
        throw notTrusted();
    }
    return sessions.create(target, name, times.targetSessionSeconds, undefined, tags);
}

/**
 * `eks-<cluster>-<pod>-<random UUID>` (botocore's model of EKS Auth, assumeRoleId). How it is cut to the 64 characters that STS allows is not
 * known from a source.
 */
function sessionName(clusterName: string, podName: string): string {
    const id = randomUUID();
    return `${`eks-${clusterName}-${podName}`.slice(0, 63 - id.length)}-${id}`;
}

/** The words are not known from a source. */
function notTrusted(): AwsError {
    return new AwsError(
        "AccessDeniedException",
        "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
        400,
    );
}
