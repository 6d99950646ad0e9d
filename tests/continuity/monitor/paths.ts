/**
 * Whether a pod of aws-node has a working path to the CNI's permissions, given the IAM state in force. Pure, and independent of
 * the code that it judges. It shares only the policy evaluation of the AWS stand-in, which also allows or denies the CNI's calls.
 */
import { type IamState, policyVerdict, type RoleState, type ServiceControlPolicies, trustVerdict } from "local-eks/iam";
import type { AssociationRecord, PodRecord } from "./recording";

/** The calls of the CNI in whatever mode, besides CreateTags: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md */
const CNI_ACTIONS = {
    ipv4: [
        "AssignPrivateIpAddresses",
        "AttachNetworkInterface",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeInstances",
        "DescribeInstanceTypes",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DescribeTags",
        "DetachNetworkInterface",
        "ModifyNetworkInterfaceAttribute",
        "UnassignPrivateIpAddresses",
    ],
    ipv6: [
        "AssignIpv6Addresses",
        "DescribeInstances",
        "DescribeInstanceTypes",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DescribeTags",
    ],
} as const;

/** The facts that decide whether one pod has a path. */
export interface PathFacts {
    readonly iam: IamState;
    readonly issuer: string;
    readonly accountId: string;
    /** The instance profile of the node's instance; undefined if it has none. */
    readonly instanceProfile: string | undefined;
    /** Whether the pod's node can reach STS, and STS takes tokens. */
    readonly stsReachable: boolean;
    readonly podIdentity: PodIdentityFacts;
    /** Those of the account's organization. Missing: it is in none. */
    readonly serviceControlPolicies?: ServiceControlPolicies;
}

/** What decides whether a pod with container credentials gets new ones. */
export interface PodIdentityFacts {
    /** Whether an agent answers on the pod's node. */
    readonly agentAnswers: boolean;
    /** Whether that agent can reach EKS Auth. */
    readonly eksAuthReachable: boolean;
    /** The association of the service account, as each server of EKS Auth sees it. They are asked in turns. */
    readonly associations: readonly (AssociationRecord | undefined)[];
    /** The role of the last credentials that the node's agent got for the pod. Undefined if it has got none. */
    readonly heldRoleArn: string | undefined;
    readonly clusterArn: string;
}

/** Why a pod has no working path. */
export interface MissingPath {
    readonly reason: string;
    /** Whether a session that the pod may still hold keeps working until its renewal, up to an hour later. */
    readonly hiddenBySession: boolean;
}

/** Why the pod has no working path, or undefined if it has one. */
export function missingPath(pod: PodRecord, circumstances: PathFacts): MissingPath | undefined {
    // The AWS SDK does not fall back: with a token file, it never uses the node's role.
    // https://github.com/aws/aws-sdk-go-v2/blob/main/config/resolve_credentials.go
    if (pod.tokenFile) {
        return lackOfTokenPath(pod, circumstances);
    }
    return pod.containerCredentials ? lackOfAssociationPath(pod, circumstances) : lackOfNodePath(pod, circumstances);
}

/**
 * The session that a pod holds ends at once with the permissions of its role. Whatever is in the way of the next session counts, too, from the same
 * moment: how long an agent and the SDK keep a session differs between their versions, and a restart ends it.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
function lackOfAssociationPath(pod: PodRecord, facts: PathFacts): MissingPath | undefined {
    const { heldRoleArn, associations } = facts.podIdentity;
    const ofSession = heldRoleArn === undefined ? undefined : lackOfRole(pod, facts, heldRoleArn);
    if (ofSession !== undefined) {
        return atOnce(`it has credentials, and ${ofSession}`);
    }
    const unreachable = lackOfAgent(facts);
    const lacks = associations.map((one) => unreachable ?? lackOfAssociation(pod, facts, one));
    const reason = lacks.find((lack) => lack !== undefined);
    if (reason === undefined) {
        return undefined;
    }
    // If the servers of EKS Auth differ, the pod may be lucky.
    return heldRoleArn === undefined && !lacks.includes(undefined) ? atOnce(reason) : atRenewal(reason);
}

/** Why the agent of the pod's node gets no credentials for any pod. */
function lackOfAgent(facts: PathFacts): string | undefined {
    const { iam, instanceProfile, accountId, podIdentity, serviceControlPolicies } = facts;
    if (!podIdentity.agentAnswers) {
        return "it has container credentials, and no Pod Identity agent answers on its node";
    }
    if (!podIdentity.eksAuthReachable) {
        return "the Pod Identity agent of its node cannot reach EKS Auth";
    }
    const nodeRole = Object.values(iam.roles).find(({ instanceProfileNames }) =>
        instanceProfileNames.includes(instanceProfile ?? ""),
    );
    const action = "eks-auth:AssumeRoleForPodIdentity";
    const resource = podIdentity.clusterArn;
    const context = { "aws:PrincipalArn": nodeRole?.arn ?? "", "aws:RequestedRegion": "us-west-2" };
    const act = { principalArn: nodeRole?.arn ?? "", accountId, action, resource, context };
    return nodeRole && policyVerdict(iam, nodeRole, act, serviceControlPolicies) === "allowed"
        ? undefined
        : `the role of its node may not call ${action}`;
}

function lackOfAssociation(
    pod: PodRecord,
    facts: PathFacts,
    association: AssociationRecord | undefined,
): string | undefined {
    if (association === undefined) {
        return "it has container credentials, and there is no Pod Identity association";
    }
    const { roleArn, isLimited } = association;
    if (isLimited) {
        return "the association has a target role or a session policy, which the monitor does not evaluate";
    }
    const role = roleNamed(facts, roleArn);
    return role && !trustsPodIdentity(role, pod, facts, association)
        ? `the association's role ${role.name} does not trust Pod Identity with the tags of the pod`
        : lackOfRole(pod, facts, roleArn);
}

/** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html and pod-id-abac.html */
function trustsPodIdentity(role: RoleState, pod: PodRecord, facts: PathFacts, association: AssociationRecord): boolean {
    const { accountId, podIdentity } = facts;
    const service = "pods.eks.amazonaws.com";
    const tags = association.disableSessionTags ? {} : tagsOf(pod, podIdentity.clusterArn);
    return cached(trustOf, role, [service, JSON.stringify(tags)], () => {
        const keys = Object.keys(tags);
        const context = {
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": service,
            ...Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value])),
            ...(keys.length === 0 ? {} : { "aws:TagKeys": keys }),
        };
        return ["sts:AssumeRole", ...(keys.length === 0 ? [] : ["sts:TagSession"])].every((action) => {
            const act = { principalArn: service, accountId, action, resource: role.arn, context };
            return trustVerdict(role, act) === "allowed";
        });
    });
}

function tagsOf({ name, uid, serviceAccount }: PodRecord, clusterArn: string): Readonly<Record<string, string>> {
    return {
        "eks-cluster-arn": clusterArn,
        "eks-cluster-name": clusterArn.split("/").pop() ?? "",
        "kubernetes-namespace": "kube-system",
        "kubernetes-service-account": serviceAccount,
        "kubernetes-pod-name": name,
        "kubernetes-pod-uid": uid,
    };
}

function roleNamed({ iam }: PathFacts, roleArn: string): RoleState | undefined {
    return Object.values(iam.roles).find(({ arn }) => arn === roleArn);
}

function lackOfRole(pod: PodRecord, facts: PathFacts, roleArn: string): string | undefined {
    const role = roleNamed(facts, roleArn);
    return role ? lackOfPermissions(pod, facts, role) : `the association's role ${roleArn} does not exist`;
}

function lackOfTokenPath(pod: PodRecord, facts: PathFacts): MissingPath | undefined {
    const { iam, issuer, accountId, stsReachable } = facts;
    const { roleArn, audience } = pod;
    if (roleArn === undefined || audience === undefined) {
        return atOnce(roleArn === undefined ? "it has a token file and no AWS_ROLE_ARN" : "no volume holds its token");
    }
    const role = Object.values(iam.roles).find(({ arn }) => arn === roleArn);
    if (role === undefined) {
        return atOnce(`its role ${roleArn} does not exist`);
    }
    const permissions = lackOfPermissions(pod, facts, role);
    if (permissions !== undefined) {
        return atOnce(permissions);
    }
    if (!stsReachable) {
        return atRenewal("its node cannot reach STS");
    }
    const providerArn = `arn:aws:iam::${accountId}:oidc-provider/${issuer}`;
    if (!(iam.oidcProviders[providerArn]?.clientIds.includes(audience) ?? false)) {
        return atRenewal(`IAM has no OIDC provider of the cluster with the audience ${audience}`);
    }
    const subject = `system:serviceaccount:kube-system:${pod.serviceAccount}`;
    return trusts(role, { issuer, providerArn, subject, audience, accountId })
        ? undefined
        : atRenewal(`its role ${role.name} does not trust its token`);
}

function lackOfNodePath(pod: PodRecord, facts: PathFacts): MissingPath | undefined {
    const { iam, instanceProfile } = facts;
    if (instanceProfile === undefined) {
        return atOnce("it has no token, and its node has no instance profile");
    }
    const role = Object.values(iam.roles).find(({ instanceProfileNames }) =>
        instanceProfileNames.includes(instanceProfile),
    );
    const reason =
        role === undefined
            ? `it has no token, and the instance profile ${instanceProfile} has no role`
            : lackOfPermissions(pod, facts, role);
    return reason === undefined ? undefined : atOnce(reason);
}

function atOnce(reason: string): MissingPath {
    return { reason, hiddenBySession: false };
}

function atRenewal(reason: string): MissingPath {
    return { reason, hiddenBySession: true };
}

interface Token {
    readonly issuer: string;
    readonly providerArn: string;
    readonly subject: string;
    readonly audience: string;
    readonly accountId: string;
}

function trusts(role: RoleState, { issuer, providerArn, subject, audience, accountId }: Token): boolean {
    return cached(trustOf, role, [issuer, providerArn, subject, audience], () => {
        const context = { [`${issuer}:sub`]: subject, [`${issuer}:aud`]: audience };
        const action = "sts:AssumeRoleWithWebIdentity";
        const act = { principalArn: providerArn, accountId, action, resource: role.arn, context };
        return trustVerdict(role, act) === "allowed";
    });
}

function lackOfPermissions(
    { ipFamily }: PodRecord,
    { iam, accountId, serviceControlPolicies = [] }: PathFacts,
    role: RoleState,
): string | undefined {
    const documents = role.attachedPolicyArns.map((arn) => iam.policies[arn]?.document);
    const boundary = role.permissionsBoundaryArn ?? "";
    const others = [iam.policies[boundary]?.document, JSON.stringify(serviceControlPolicies)];
    return cached(permissionsOf, role, [...documents, ...others, ipFamily], () => {
        const interfaceArn = `arn:aws:ec2:us-west-2:${accountId}:network-interface/eni-1`;
        const context = { "aws:PrincipalArn": role.arn, "aws:RequestedRegion": "us-west-2" };
        const refused = [
            ...CNI_ACTIONS[ipFamily].map((name) => [name, "*"] as const),
            ["CreateTags", interfaceArn] as const,
        ]
            .filter(([name, resource]) => {
                const act = { principalArn: role.arn, accountId, action: `ec2:${name}`, resource, context };
                return policyVerdict(iam, role, act, serviceControlPolicies) !== "allowed";
            })
            .map(([name]) => name);
        return refused.length === 0 ? undefined : `the role ${role.name} may not call ${refused.join(", ")}`;
    });
}

/**
 * Caches of verdicts, by the role and everything else that a verdict depends on. A verdict takes milliseconds and is needed for
 * each pod in each IAM state, but roles rarely change from one state to the next.
 */
const trustOf = new Map<string, boolean>();
const permissionsOf = new Map<string, string | undefined>();

function cached<T>(cache: Map<string, T>, role: RoleState, rest: readonly (string | undefined)[], judge: () => T): T {
    const key = JSON.stringify([role, rest]);
    if (!cache.has(key)) {
        cache.set(key, judge());
    }
    return cache.get(key) as T;
}
