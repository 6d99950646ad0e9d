import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    // The role, the annotation and the restart alone: no step is proved before the next one.
    liveChecks: false,
});

/** The role that aws-node uses from now on. */
export const roleArn = cni.roleArn;
/** The same, once every aws-node pod has restarted with it. */
export const ready = cni.ready;
