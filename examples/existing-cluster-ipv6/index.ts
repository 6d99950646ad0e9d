import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, IpFamily } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    ipFamily: IpFamily.Ipv6,
    // Creates only the role, the annotation and the restart, without verifying each step.
    liveChecks: false,
});

/** The policy that the component creates, since AWS has no managed one for IPv6. */
export const policyArns = cni.policyArns;
/** The role of aws-node, once every pod has restarted. */
export const roleArn = cni.ready;
