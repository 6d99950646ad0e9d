import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", { clusterName: config.require("clusterName") });

/** The role of aws-node. */
export const roleArn = cni.roleArn;
/** The same ARN, once every aws-node pod is verified to carry the role. */
export const ready = cni.ready;
/** The steps of AWS's page that remain: the node role still holds the CNI policy. */
export const remainingSteps = cni.remainingSteps;
