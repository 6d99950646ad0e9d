import { podIdentityTrustPolicy } from "../../../../documents/podIdentity";
import { trustPolicy } from "../../../../documents/trustPolicy";
import type { ResourceSpec } from "./run";

export const COMPONENT = "eks-cni:index:CniServiceAccountRole";
export const ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE";

export function managedCni(partition = "aws"): string {
    return `arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`;
}

/** The trust policy that the component creates. */
export function goodTrust(partition = "aws") {
    const arn = `arn:${partition}:iam::111122223333:oidc-provider/${ISSUER}`;
    const provider = { arn, partition, accountId: "111122223333", issuer: ISSUER };
    return trustPolicy([provider], { namespace: "kube-system", name: "aws-node" });
}

export const CLUSTER_ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/cluster";

/** The trust policy that the component creates with the delivery `podIdentity`. */
export function podIdentityTrust(clusterArn = CLUSTER_ARN) {
    return podIdentityTrustPolicy({ clusterArn, serviceAccount: { namespace: "kube-system", name: "aws-node" } });
}

export function role(name: string, assumeRolePolicy: unknown, more: Record<string, unknown> = {}): ResourceSpec {
    const text = typeof assumeRolePolicy === "string" ? assumeRolePolicy : JSON.stringify(assumeRolePolicy);
    return { name, type: "aws:iam/role:Role", props: { name, assumeRolePolicy: text, ...more } };
}

export function nodeRole(more: Record<string, unknown> = {}, service = "ec2.amazonaws.com"): ResourceSpec {
    return role(
        "nodes",
        { Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }] },
        more,
    );
}

export function attachment(
    name: string,
    to: string,
    policyArn: string,
    more: Partial<ResourceSpec> = {},
): ResourceSpec {
    return { name, type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", props: { role: to, policyArn }, ...more };
}

export function cluster(props: Record<string, unknown> = {}): ResourceSpec {
    return { name: "cluster", type: "aws:eks/cluster:Cluster", props: { name: "cluster", ...props } };
}

export function addon(props: Record<string, unknown> = {}): ResourceSpec {
    return {
        name: "addon",
        type: "aws:eks/addon:Addon",
        props: { addonName: "vpc-cni", clusterName: "cluster", ...props },
    };
}

export const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";

export function account(
    type: "ServiceAccount" | "ServiceAccountPatch",
    more: Partial<ResourceSpec> = {},
): ResourceSpec {
    const annotations = { "eks.amazonaws.com/role-arn": ROLE_ARN };
    const metadata = { namespace: "kube-system", name: "aws-node", annotations };
    return { name: "account", type: `kubernetes:core/v1:${type}`, props: { metadata }, ...more };
}

/** A component with these arguments. A stack rule sees its outputs only. */
export function component(inputs: Record<string, unknown> = {}): ResourceSpec {
    return { name: "cni", type: COMPONENT, props: { policyArns: [managedCni()], roleName: "cni" }, inputs };
}

/** A Pod Identity association of aws-node. */
export function association(more: Partial<ResourceSpec> = {}, props: Record<string, unknown> = {}): ResourceSpec {
    return {
        name: "association",
        type: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        props: {
            clusterName: "cluster",
            namespace: "kube-system",
            serviceAccount: "aws-node",
            roleArn: ROLE_ARN,
            ...props,
        },
        ...more,
    };
}

/** A cluster with its OIDC provider, the resources of a component with Pod Identity, and a node group that depends on it. */
export function podIdentityStack(props: Record<string, unknown> = {}): ResourceSpec[] {
    const child = { parents: COMPONENT, parent: "cni" };
    return [
        cluster(),
        {
            name: "issuer",
            type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            props: { url: `https://${ISSUER}` },
        },
        nodeRole(),
        component({ delivery: "podIdentity", clusterName: "cluster" }),
        { ...role("cni-role", podIdentityTrust()), ...child },
        attachment("cni-policy", "cni-role", managedCni(), child),
        association({ ...child, name: "cni-association", dependsOn: ["cni-policy"] }, props),
        nodeGroup({ dependsOn: ["cni"] }),
    ];
}

/** A cluster, the resources of the component, and a node group that depends on it. */
export function goodStack(): ResourceSpec[] {
    return [
        cluster(),
        nodeRole(),
        component(),
        { ...role("cni-role", goodTrust()), parents: COMPONENT, parent: "cni" },
        attachment("cni-policy", "cni-role", managedCni(), { parents: COMPONENT, parent: "cni" }),
        account("ServiceAccountPatch", { parents: COMPONENT, parent: "cni", dependsOn: ["cni-policy"] }),
        nodeGroup({ dependsOn: ["cni"] }),
    ];
}

export function nodeGroup(more: Partial<ResourceSpec> = {}): ResourceSpec {
    const props = { nodeRoleArn: "arn:aws:iam::111122223333:role/nodes", launchTemplate: { id: "lt-1" } };
    return { name: "group", type: "aws:eks/nodeGroup:NodeGroup", props, ...more };
}
