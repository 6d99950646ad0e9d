import type { IamState, RoleState } from "local-eks/iam";
import type { AssociationRecord, PodRecord, RecordedEvent, Recording } from "../../continuity/monitor/recording";

export const ACCOUNT = "111122223333";
export const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/0A1B";
export const CLUSTER = `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/prod`;
export const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;
export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/cni`;

const allow = (actions: string[], resource = "*") => ({ Effect: "Allow", Action: actions, Resource: resource });
const ec2 = (...names: string[]) => names.map((name) => `ec2:${name}`);

/** Source: version 6 of https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKS_CNI_Policy.html */
export const cniDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
        allow(
            ec2(
                ...["AssignPrivateIpAddresses", "AttachNetworkInterface", "CreateNetworkInterface"],
                ...["DeleteNetworkInterface", "DescribeInstances", "DescribeTags", "DescribeNetworkInterfaces"],
                ...["DescribeInstanceTypes", "DescribeSubnets", "DescribeSecurityGroups", "DetachNetworkInterface"],
                ...["ModifyNetworkInterfaceAttribute", "UnassignPrivateIpAddresses"],
            ),
        ),
        allow(ec2("CreateTags"), "arn:aws:ec2:*:*:network-interface/*"),
    ],
});

export interface Trust {
    readonly subject?: string;
    readonly audience?: string;
    readonly provider?: string;
}

export function trustOf(trust: Trust = {}): string {
    const { subject = "system:serviceaccount:kube-system:aws-node", audience = "sts.amazonaws.com" } = trust;
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Federated: trust.provider ?? PROVIDER },
                Action: "sts:AssumeRoleWithWebIdentity",
                Condition: { StringEquals: { [`${ISSUER}:sub`]: subject, [`${ISSUER}:aud`]: audience } },
            },
        ],
    });
}

/** Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html */
export function podIdentityTrust(serviceAccount = "aws-node"): string {
    const tags = {
        "eks-cluster-arn": CLUSTER,
        "kubernetes-namespace": "kube-system",
        "kubernetes-service-account": serviceAccount,
    };
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Service: "pods.eks.amazonaws.com" },
                Action: ["sts:AssumeRole", "sts:TagSession"],
                Condition: {
                    StringEquals: Object.fromEntries(
                        Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value]),
                    ),
                },
            },
        ],
    });
}

/** The right of AmazonEKSWorkerNodePolicy that the Pod Identity agent needs. */
export const agentDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [allow(["eks-auth:AssumeRoleForPodIdentity"])],
});

export const associated: AssociationRecord = { roleArn: ROLE, disableSessionTags: false, isLimited: false };

export function role(name: string, more: Partial<RoleState> = {}): RoleState {
    return {
        name,
        arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
        id: `AROA${name}`,
        trustPolicy: trustOf(),
        maxSessionDuration: 3600,
        attachedPolicyArns: [CNI_POLICY],
        inlinePolicies: {},
        instanceProfileNames: [],
        ...more,
    };
}

export const nodeRole = (more: Partial<RoleState> = {}): RoleState =>
    role("nodes", { instanceProfileNames: ["nodes"], ...more });

export function iam(roles: readonly RoleState[], more: Partial<IamState> = {}): IamState {
    const policy = {
        arn: CNI_POLICY,
        document: cniDocument,
        versionIds: ["v6"],
        defaultVersionId: "v6",
        attachmentCount: 1,
    };
    return {
        roles: Object.fromEntries(roles.map((one) => [one.name, one])),
        policies: { [CNI_POLICY]: policy },
        oidcProviders: { [PROVIDER]: { arn: PROVIDER, url: ISSUER, clientIds: ["sts.amazonaws.com"] } },
        ...more,
    };
}

export function pod(uid: string, more: Partial<PodRecord> = {}): PodRecord {
    return {
        uid,
        name: `aws-node-${uid}`,
        node: "n1",
        running: true,
        ready: true,
        terminating: false,
        createdAt: 0,
        serviceAccount: "aws-node",
        ipFamily: "ipv4",
        tokenFile: false,
        roleArn: undefined,
        audience: undefined,
        ...more,
    };
}

export const withRole = (uid: string, more: Partial<PodRecord> = {}): PodRecord =>
    pod(uid, { tokenFile: true, roleArn: ROLE, audience: "sts.amazonaws.com", ...more });

/** Node n1 is instance i-1 with the profile `nodes`, and n2 is i-2. */
export const twoNodes: RecordedEvent[] = ["1", "2"].flatMap((number) => [
    { at: 0, kind: "node", node: { name: `n${number}`, ready: true, instanceId: `i-${number}` } },
    { at: 0, kind: "instance", id: `i-${number}`, profile: "nodes" },
]);

export function recording(to: number, ...events: RecordedEvent[]): Recording {
    return { from: 0, to, issuer: ISSUER, accountId: ACCOUNT, clusterArn: CLUSTER, events: [...twoNodes, ...events] };
}
