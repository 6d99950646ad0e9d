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
    roleArn: serviceRole("cluster", "eks.amazonaws.com", [aws.iam.ManagedPolicy.AmazonEKSClusterPolicy]),
    vpcConfig: { subnetIds },
});

const oidcProvider = new aws.iam.OpenIdConnectProvider("cluster", {
    url: cluster.identities.apply((identities) => identities[0]?.oidcs[0]?.issuer ?? ""),
    clientIdLists: ["sts.amazonaws.com"],
});

/** EKS has installed aws-node, which has no pods yet. Every pod that starts from now on carries the role. */
const cni = new CniServiceAccountRole(
    "cni",
    // There are no nodes yet, so live checks would verify no pod. The node role has no CNI policy to detach.
    { oidcProviderArn: oidcProvider.arn, liveChecks: false },
    { providers: { kubernetes: new kubernetes.Provider("cluster", { kubeconfig: kubeconfigOf(cluster) }) } },
);

/** The node role never has the CNI policy, so the nodes become Ready only after aws-node has its own role. */
new aws.eks.NodeGroup(
    "nodes",
    {
        clusterName: cluster.name,
        nodeRoleArn: serviceRole("nodes", "ec2.amazonaws.com", [
            aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy,
            aws.iam.ManagedPolicy.AmazonEC2ContainerRegistryReadOnly,
        ]),
        subnetIds,
        scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
    },
    { dependsOn: cni },
);

export const clusterName = cluster.name;
export const roleArn = cni.roleArn;
