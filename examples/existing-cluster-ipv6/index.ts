import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, IpFamily } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    ipFamily: IpFamily.Ipv6,
});

/** The policy that the component creates, since AWS has no managed one for IPv6. */
export const policyArns = cni.policyArns;
/** The role of aws-node, once every pod is verified to carry it. */
export const roleArn = cni.ready;
/** The steps of AWS's page that remain: the node role still holds the policies of the CNI. */
export const remainingSteps = cni.remainingSteps;
