import * as aws from "@pulumi/aws";
import { CniServiceAccountRole } from "eks-cni";

const cluster = new aws.eks.Cluster("cluster", {
    roleArn: "arn:aws:iam::111122223333:role/sandbox-cluster",
    vpcConfig: { subnetIds: ["subnet-1", "subnet-2"] },
});

new CniServiceAccountRole("cni", { clusterName: cluster.name, detachFromNodeRoles: ["sandbox-nodes"] });
