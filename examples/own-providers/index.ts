import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();
const clusterName = config.require("clusterName");
const region = config.require<aws.Region>("region");
const kubeconfig = config.requireSecret("kubeconfig");

const providers = {
    aws: new aws.Provider("network-team", {
        region,
        defaultTags: { tags: { team: "network", cluster: clusterName } },
    }),
    kubernetes: new kubernetes.Provider("cluster", { kubeconfig }),
};

/** The component uses both providers for its resources and lookups. The live checks cannot read them: they get the same settings as arguments. */
const cni = new CniServiceAccountRole("cni", { clusterName, kubeconfig, aws: { region } }, { providers });

/** A resource that needs pod networking depends on `cni.ready`. */
const namespace = new kubernetes.core.v1.Namespace(
    "applications",
    { metadata: { annotations: { "example.com/cni-role": cni.ready } } },
    { provider: providers.kubernetes },
);

export const roleArn = cni.ready;
export const applications = namespace.metadata.name;
