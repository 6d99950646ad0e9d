import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    delivery: Delivery.External,
    liveChecks: false,
});

/** The role for the add-on, which annotates the service account itself. */
export const serviceAccountRoleArn = cni.provedRoleArn;
