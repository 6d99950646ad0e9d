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

const cni = new CniServiceAccountRole(
    "cni",
    // There are no nodes yet, so live checks would verify no pod. The node role has no CNI policy to detach.
    { oidcProviderArn: cluster.oidcProviderArn, liveChecks: false },
    { providers: { kubernetes: new kubernetes.Provider("cluster", { kubeconfig: cluster.kubeconfigJson }) } },
);

const nodeRole = new aws.iam.Role("nodes", {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
});
const { AmazonEKSWorkerNodePolicy, AmazonEC2ContainerRegistryReadOnly } = aws.iam.ManagedPolicy;
const policies = { worker: AmazonEKSWorkerNodePolicy, registry: AmazonEC2ContainerRegistryReadOnly };
const attached = Object.entries(policies).map(
    ([name, policyArn]) => new aws.iam.RolePolicyAttachment(`nodes-${name}`, { role: nodeRole.name, policyArn }),
);

new eks.ManagedNodeGroup(
    "nodes",
    { cluster, nodeRole, scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 } },
    { dependsOn: [cni, ...attached] },
);

export const kubeconfig = cluster.kubeconfigJson;
export const roleArn = cni.roleArn;
