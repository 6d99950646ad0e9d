import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    detachFromNodeRoles: [config.require("nodeRoleName")],
    iamPropagationSeconds: config.requireNumber("iamPropagationSeconds"),
    stableSeconds: config.requireNumber("stableSeconds"),
});

/** The role that every aws-node pod was seen to carry. */
export const ready = cni.ready;
/** How many pods were looked at. */
export const verifiedPods = cni.verifiedPods;
/** The node roles that the CNI policy has left. */
export const detachedFrom = cni.detachedFrom;
/** What of AWS's page is left to do: nothing, if all went well. */
export const remainingSteps = cni.remainingSteps;
