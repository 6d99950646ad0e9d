import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    roleName: config.require("roleName"),
    detachFromNodeRoles: [config.require("nodeRoleName")],
    delivery: Delivery.External,
});

/** The annotations for `serviceAccount.annotations` in values.yaml. */
export const serviceAccountAnnotations = cni.serviceAccountAnnotations;
/** The remaining steps of the EKS user guide's page. Empty if everything is done. */
export const remainingSteps = cni.remainingSteps;
