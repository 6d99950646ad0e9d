import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    // Only the role, the annotation and the restart: no step is proved before the next one.
    liveChecks: false,
});

/** The role of aws-node. */
export const roleArn = cni.roleArn;
/** The same ARN, once every aws-node pod has restarted. */
export const ready = cni.ready;
