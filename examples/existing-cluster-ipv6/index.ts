import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, IpFamily } from "eks-cni";

const config = new pulumi.Config();

const cni = new CniServiceAccountRole("cni", {
    clusterName: config.require("clusterName"),
    ipFamily: IpFamily.Ipv6,
    // Only the role, the annotation and the restart: no step is proved before the next one.
    liveChecks: false,
});

/** The policy that the component creates, since AWS has no managed one for IPv6. */
export const policyArns = cni.policyArns;
/** The role of aws-node, once every pod has restarted. */
export const roleArn = cni.ready;
