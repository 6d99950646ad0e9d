import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    detachFromNodeRoles: [config.require("nodeRoleName")],
    iamPropagationSeconds: config.requireNumber("iamPropagationSeconds"),
    stableSeconds: config.requireNumber("stableSeconds"),
});

/** The ARN of the role. Known once every aws-node pod is verified to carry it. */
export const ready = cni.ready;
/** The number of verified pods. */
export const verifiedPods = cni.verifiedPods;
/** The node roles from which the CNI policy is detached. */
export const detachedFrom = cni.detachedFrom;
/** The remaining steps of the EKS user guide's page. Empty if everything is done. */
export const remainingSteps = cni.remainingSteps;
