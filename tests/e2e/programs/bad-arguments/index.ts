import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

new CniServiceAccountRole("cni", {
    liveChecks: false,
    clusterName: pulumi.output("sandbox"),
    roleName: pulumi.output("no spaces"),
    maxSessionDuration: pulumi.output(60),
});
