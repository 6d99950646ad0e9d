import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();
const clusterName = config.require("clusterName");
const region = config.require<aws.Region>("region");
const kubeconfig = config.requireSecret("kubeconfig");

const account = new aws.Provider("network-team", {
    region,
    defaultTags: { tags: { team: "network", cluster: clusterName } },
});

/** With the issuer, another endpoint in the kubeconfig replaces nothing, and a cluster that is made again under its name replaces everything on it. */
const { identities } = aws.eks.getClusterOutput({ name: clusterName }, { provider: account });
const clusterIdentifier = identities.apply(([identity]) => identity?.oidcs[0]?.issuer ?? "");

const providers = { aws: account, kubernetes: new kubernetes.Provider("cluster", { kubeconfig, clusterIdentifier }) };

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
