import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "eks-cni";

// The test sets the arguments in the configuration, as JSON.
const cni = new CniServiceAccountRole("cni", new pulumi.Config().requireObject<CniServiceAccountRoleArgs>("args"));

// A field manager with a name of its own, as each writer that the component waits for.
new kubernetes.core.v1.ServiceAccountPatch("aws-node", {
    metadata: {
        namespace: "kube-system",
        name: "aws-node",
        annotations: {
            "pulumi.com/patchFieldManager": "platform",
            "eks.amazonaws.com/role-arn": cni.provedRoleArn,
        },
    },
});

export const roleArn = cni.roleArn;
export const ready = cni.ready;
export const remainingSteps = cni.remainingSteps;
