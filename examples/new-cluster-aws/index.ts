import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";
import { kubeconfigOf } from "./kubeconfig";
import { serviceRole } from "./serviceRole";

const config = new pulumi.Config();
const subnetIds = config.requireObject<string[]>("subnetIds");

const cluster = new aws.eks.Cluster("cluster", {
    name: config.require("clusterName"),
    roleArn: serviceRole("cluster", "eks.amazonaws.com", [aws.iam.ManagedPolicy.AmazonEKSClusterPolicy]).arn,
    vpcConfig: { subnetIds },
});

const issuer = cluster.identities.apply((identities) => identities[0]?.oidcs[0]?.issuer ?? "");

const oidcProvider = new aws.iam.OpenIdConnectProvider("cluster", {
    url: issuer,
    clientIdLists: ["sts.amazonaws.com"],
});

/** It never has the CNI policy, so the nodes become Ready only after aws-node has its own role. */
const nodeRole = serviceRole("nodes", "ec2.amazonaws.com", [
    aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy,
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
]);

const kubeconfig = kubeconfigOf(cluster);

/** With the issuer, another endpoint or authority in the kubeconfig replaces nothing on the cluster. */
const provider = new kubernetes.Provider("cluster", { kubeconfig, clusterIdentifier: issuer });

/** EKS has installed aws-node, which has no pods yet. Every pod that starts from now on carries the role, or is refused. */
const cni = new CniServiceAccountRole(
    "cni",
    { oidcProviderArn: oidcProvider.arn, detachFromNodeRoles: [nodeRole.name], kubeconfig },
    { providers: { kubernetes: provider } },
);

new aws.eks.NodeGroup(
    "nodes",
    {
        clusterName: cluster.name,
        nodeRoleArn: nodeRole.arn,
        subnetIds,
        scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
    },
    { dependsOn: cni },
);

export const clusterName = cluster.name;
export const roleArn = cni.roleArn;
export const remainingSteps = cni.remainingSteps;
