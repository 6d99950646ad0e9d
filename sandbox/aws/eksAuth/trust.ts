import { assumeVerdict, trustVerdict } from "../authorise";
import type { Association } from "../eks/associations";
import type { IamState, RoleState } from "../iam/state";
import type { PodOfToken } from "./token";

export type SessionTags = Readonly<Record<string, string>>;

const service = "pods.eks.amazonaws.com";

/** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html: the six tags, unless the association disables them. */
export function sessionTags(
    { clusterName, disableSessionTags }: Association,
    clusterArn: string,
    { namespace, serviceAccount, podName, podUid }: PodOfToken,
): SessionTags {
    return disableSessionTags
        ? {}
        : {
              "eks-cluster-arn": clusterArn,
              "eks-cluster-name": clusterName,
              "kubernetes-namespace": namespace,
              "kubernetes-service-account": serviceAccount,
              "kubernetes-pod-name": podName,
              "kubernetes-pod-uid": podUid,
          };
}

/**
 * The keys of a call that passes session tags. They are transitive (pod-id-abac.html):
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
 */
function tagKeys(tags: SessionTags): Record<string, string | string[]> {
    const keys = Object.keys(tags);
    return keys.length === 0
        ? {}
        : {
              ...Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value])),
              "aws:TagKeys": keys,
              "sts:TransitiveTagKeys": keys,
          };
}

/** STS asks for the right to tag the session only if it is tagged: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html */
function actionsFor(tags: SessionTags): string[] {
    return ["sts:AssumeRole", ...(Object.keys(tags).length > 0 ? ["sts:TagSession"] : [])];
}

/** Whether a role lets the service assume it for a pod with these tags (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html). */
export function trustsService(
    role: RoleState,
    accountId: string,
    tags: SessionTags,
    resourceControl: readonly string[],
): boolean {
    const context = {
        ...tagKeys(tags),
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": service,
    };
    return actionsFor(tags).every((action) => {
        const act = { principalArn: service, accountId, action, resource: role.arn, context };
        return trustVerdict(role, act, resourceControl) === "allowed";
    });
}

/**
 * Whether the association's role may assume its target role, and the target role lets it. Without session tags, EKS presents the external id
 * (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html).
 */
export function mayAssumeTarget(
    state: IamState,
    role: RoleState,
    target: RoleState,
    { externalId }: Association,
    tags: SessionTags,
): boolean {
    const hasTags = Object.keys(tags).length > 0;
    const context = {
        ...tagKeys(tags),
        "aws:PrincipalArn": role.arn,
        ...(!hasTags && externalId !== undefined && { "sts:ExternalId": externalId }),
    };
    const accountId = role.arn.split(":")[4] ?? "";
    return actionsFor(tags).every((action) => {
        const act = { principalArn: role.arn, accountId, action, resource: target.arn, context };
        return assumeVerdict(state, target, role, act) === "allowed";
    });
}
