import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "eks-cni";

// The test sets the arguments in the configuration, as JSON.
const args = new pulumi.Config().requireObject<CniServiceAccountRoleArgs>("args");
const cni = new CniServiceAccountRole("cni", args);

// The add-on takes over the self-managed plugin. When the stack is destroyed, EKS leaves the plugin in the cluster.
new aws.eks.Addon("vpc-cni", {
    clusterName: args.clusterName ?? "",
    addonName: "vpc-cni",
    serviceAccountRoleArn: cni.provedRoleArn,
    resolveConflictsOnUpdate: "PRESERVE",
    preserve: true,
});

export const roleArn = cni.roleArn;
export const ready = cni.ready;
export const remainingSteps = cni.remainingSteps;
