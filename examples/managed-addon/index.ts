import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    detachFromNodeRoles: [config.require("nodeRoleName")],
    delivery: Delivery.EksAddon,
});

/** For the tool that manages the add-on: it must state this role. Known once the add-on has it, and every aws-node pod carries it. */
export const serviceAccountRoleArn = cni.ready;
/** The remaining steps of the EKS user guide's page. Empty if everything is done. */
export const remainingSteps = cni.remainingSteps;
