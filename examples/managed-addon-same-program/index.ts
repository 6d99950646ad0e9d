import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "eks-cni";

const config = new pulumi.Config();
const clusterName = config.require("clusterName");

const cni = new CniServiceAccountRole("cni", {
    clusterName,
    detachFromNodeRoles: [config.require("nodeRoleName")],
    delivery: Delivery.External,
});

/** It takes the role once the role is proved. The component waits for it, so it must not take `ready`, which comes last. */
new aws.eks.Addon("vpc-cni", {
    clusterName,
    addonName: "vpc-cni",
    serviceAccountRoleArn: cni.provedRoleArn,
    resolveConflictsOnCreate: "OVERWRITE",
    resolveConflictsOnUpdate: "PRESERVE",
    // Without it, destroy would delete the DaemonSet aws-node, and with it the pod network of new pods.
    preserve: true,
});

export const roleArn = cni.ready;
/** The remaining steps of the EKS user guide's page. Empty if everything is done. */
export const remainingSteps = cni.remainingSteps;
