import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    // Creates only the role, the annotation and the restart, without verifying each step.
    liveChecks: false,
});

/** The role of aws-node. */
export const roleArn = cni.roleArn;
/** The same ARN, once every aws-node pod has restarted. */
export const ready = cni.ready;
