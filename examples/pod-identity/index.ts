import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    detachFromNodeRoles: [config.require("nodeRoleName")],
    delivery: Delivery.PodIdentity,
});

/** The role of the association. Known once every aws-node pod has its credentials. */
export const associatedRoleArn = cni.ready;
/** The remaining steps of the EKS user guide's page. Empty if everything is done. */
export const remainingSteps = cni.remainingSteps;
