import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, IpFamily } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    ipFamily: IpFamily.Ipv6,
    // The role, the annotation and the restart alone: no step is proved before the next one.
    liveChecks: false,
});

/** The policy that the component makes, since AWS has no managed one for IPv6. */
export const policyArns = cni.policyArns;
/** The role of aws-node, once every pod has restarted with it. */
export const roleArn = cni.ready;
