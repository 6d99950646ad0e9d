import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "eks-cni";
import { kubeconfigOf } from "../../../../examples/new-cluster-aws/kubeconfig";
import { serviceRole } from "../../../../examples/new-cluster-aws/serviceRole";

const config = new pulumi.Config();
const subnetIds = config.requireObject<string[]>("subnetIds");
/**
 * Before the steps of AWS's page, after them, or after them in a program that still has the attachment of the CNI policy. Or before
 * them with managedPolicyArns or with exclusive attachments, and after these have left the program, which then attaches the other
 * policies. Exclusive attachments need an attachment of each policy, so the CNI policy keeps its own. Finally, without the component
 * and without the attachment.
 */
type Stage =
    "before" | "managed" | "exclusive" | "released" | "exclusive-released" | "handed-over" | "attachment-kept" | "left";
const stage = config.require<Stage>("stage");

const cluster = new aws.eks.Cluster("cluster", {
    name: config.require("clusterName"),
    roleArn: serviceRole("cluster", "eks.amazonaws.com", [aws.iam.ManagedPolicy.AmazonEKSClusterPolicy]).arn,
    vpcConfig: { subnetIds },
});
const oidcProvider = new aws.iam.OpenIdConnectProvider("cluster", {
    url: cluster.identities.apply((identities) => identities[0]?.oidcs[0]?.issuer ?? ""),
    clientIdLists: ["sts.amazonaws.com"],
});
const kubeconfig = kubeconfigOf(cluster);

const OTHERS = [
    aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy,
    aws.iam.ManagedPolicy.AmazonEC2ContainerRegistryReadOnly,
];
const nodeRole = new aws.iam.Role("nodes", {
    name: "own-nodes",
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
    ...(stage === "managed" ? { managedPolicyArns: [...OTHERS, aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy] } : {}),
});
const attachments = [
    ...(stage === "managed" ? [] : OTHERS),
    ...(["before", "exclusive", "exclusive-released", "attachment-kept"].includes(stage)
        ? [aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy]
        : []),
].map(
    (policyArn) =>
        new aws.iam.RolePolicyAttachment(`nodes-${policyArn.split("/").pop() ?? ""}`, {
            role: nodeRole.name,
            policyArn,
        }),
);

if (stage === "exclusive") {
    new aws.iam.RolePolicyAttachmentsExclusive("nodes-exclusive", {
        roleName: nodeRole.name,
        policyArns: [...OTHERS, aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy],
    });
}

/** A node role whose pool has no nodes. */
const spare = config.getBoolean("spare")
    ? new aws.iam.Role("spare", {
          name: "own-spare",
          assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
      })
    : undefined;

const cni = ["before", "managed", "exclusive", "released", "exclusive-released", "left"].includes(stage)
    ? undefined
    : new CniServiceAccountRole(
          "cni",
          {
              ...config.requireObject<Partial<CniServiceAccountRoleArgs>>("args"),
              clusterName: cluster.name,
              oidcProviderArn: oidcProvider.arn,
              kubeconfig,
              detachFromNodeRoles: [nodeRole.name, ...(spare === undefined ? [] : [spare.name])],
          },
          { providers: { kubernetes: new kubernetes.Provider("cluster", { kubeconfig }) } },
      );

/** Created after the component, so that destroy deletes the nodes first. The hand-back then attaches no policy to their role. */
for (const pool of config.getObject<string[]>("pools") ?? ["nodes"]) {
    new aws.eks.NodeGroup(
        pool,
        {
            clusterName: cluster.name,
            nodeRoleArn: nodeRole.arn,
            subnetIds,
            scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
        },
        { dependsOn: [...attachments, ...(cni === undefined ? [] : [cni])] },
    );
}

export const detachedFrom = cni?.detachedFrom;
export const remainingSteps = cni?.remainingSteps;
