import * as pulumi from "@pulumi/pulumi";
import { ClusterBaseline } from "./clusterBaseline";

const config = new pulumi.Config();

const baseline = new ClusterBaseline("baseline", {
    clusterName: config.require("clusterName"),
    teams: ["payments", "search"],
});

export const cniRoleArn = baseline.cniRoleArn;
