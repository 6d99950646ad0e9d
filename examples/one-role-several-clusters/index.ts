import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

const config = new pulumi.Config();
const issuers = [config.require("firstOidcProviderArn"), config.require("secondOidcProviderArn")].map((arn) =>
    arn.replace(/^.*:oidc-provider\//, "https://"),
);

/** With the issuers, another endpoint in the kubeconfig replaces nothing on the clusters. */
const first = new kubernetes.Provider("first", {
    context: config.require("firstContext"),
    clusterIdentifier: issuers[0],
});
const second = new kubernetes.Provider("second", {
    context: config.require("secondContext"),
    clusterIdentifier: issuers[1],
});

/** Creates the role, which trusts both clusters. */
const shared = new CniServiceAccountRole(
    "first-cni",
    {
        oidcProviderArn: config.require("firstOidcProviderArn"),
        additionalOidcProviderArns: [config.require("secondOidcProviderArn")],
        // Live checks see only one cluster, but pods of two clusters use this role.
        liveChecks: false,
    },
    { providers: { kubernetes: first } },
);

/** Delivers the role in the second cluster. This also works in another program, with the ARN from its configuration. */
const user = new CniServiceAccountRole(
    "second-cni",
    { existingRoleArn: shared.ready, liveChecks: false },
    { providers: { kubernetes: second } },
);

export const roleArn = user.ready;
