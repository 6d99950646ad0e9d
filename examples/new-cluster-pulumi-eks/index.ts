import * as aws from "@pulumi/aws";
import * as eks from "@pulumi/eks";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

/** No default node group: its role would have the CNI policy, and its nodes would start before the CNI has its own role. */
const cluster = new eks.Cluster("cluster", {
    vpcId: config.require("vpcId"),
    subnetIds: config.requireObject<string[]>("subnetIds"),
    authenticationMode: eks.AuthenticationMode.Api,
    createOidcProvider: true,
    skipDefaultNodeGroup: true,
});

/** It never holds the CNI policy. */
const nodeRole = new aws.iam.Role("nodes", {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
    forceDetachPolicies: true,
});
const policy = "arn:aws:iam::aws:policy";
const policies = {
    worker: `${policy}/AmazonEKSWorkerNodePolicy`,
    registry: `${policy}/AmazonEC2ContainerRegistryPullOnly`,
};
const attached = Object.entries(policies).map(
    ([name, policyArn]) => new aws.iam.RolePolicyAttachment(`nodes-${name}`, { role: nodeRole.name, policyArn }),
);

const kubeconfig = cluster.kubeconfigJson;

/** With the issuer, another endpoint or authority in the kubeconfig replaces nothing on the cluster. */
const provider = new kubernetes.Provider("cluster", { kubeconfig, clusterIdentifier: cluster.oidcProviderUrl });

const cni = new CniServiceAccountRole(
    "cni",
    { oidcProviderArn: cluster.oidcProviderArn, detachFromNodeRoles: [nodeRole.name], kubeconfig },
    { providers: { kubernetes: provider } },
);

new eks.ManagedNodeGroup(
    "nodes",
    { cluster, nodeRole, scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 } },
    { dependsOn: [cni, ...attached] },
);

export const roleArn = cni.roleArn;
export const remainingSteps = cni.remainingSteps;
