import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "eks-cni";

// The test sets the arguments in the configuration, as JSON.
const config = new pulumi.Config();
const cni = new CniServiceAccountRole(
    config.get("name") ?? "cni",
    config.requireObject<CniServiceAccountRoleArgs>("args"),
    { aliases: config.getObject<pulumi.Alias[]>("aliases") },
);

export const roleArn = cni.roleArn;
export const ready = cni.ready;
export const verifiedPods = cni.verifiedPods;
export const detachedFrom = cni.detachedFrom;
export const remainingSteps = cni.remainingSteps;
export const emergencyCommand = cni.emergencyCommand;
