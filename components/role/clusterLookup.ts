import type * as eks from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import {
    ClusterReference,
    issuerOfUrl,
    parseClusterArn,
    parseOidcProviderArn,
    parseRoleArn,
} from "../../documents/arn";
import { resourcesOfOtherAccounts } from "../arguments/combinationRules";
import { KnownArgs } from "../arguments/knownArgs";
import { Problem } from "../arguments/problem";
import { sdks } from "../providerSdks";

/** The properties of an EKS cluster that the component uses. */
export interface ClusterFacts {
    /** Empty if EKS reports none. */
    arn: string;
    /** With `https://`, as EKS reports it. */
    issuerUrl: string;
    ipFamily: string;
    /** From the cluster's ARN. Empty if EKS reports none. */
    region: string;
}

/**
 * Looks up a cluster whose name may be an Output of a resource. In the preview of a program that creates the cluster, nothing is
 * looked up and the result is unknown. Errors are the provider's own.
 */
export function lookUpCluster(name: pulumi.Output<string>, opts: pulumi.InvokeOptions): pulumi.Output<ClusterFacts> {
    return sdks.eks().getClusterOutput({ name }, opts).apply(factsOf);
}

/** Looks up a cluster by a plain name. An error becomes a problem that says how to fix it. */
export async function lookUpNamedCluster(name: string, opts: pulumi.InvokeOptions): Promise<ClusterFacts | Problem> {
    try {
        return factsOf(await sdks.eks().getCluster({ name }, opts));
    } catch (error) {
        return missingCluster(name, causeOf(error));
    }
}

/** The AWS provider's errors are texts: EKS's error code, or that of the provider's own reader. */
const NOT_FOUND = /ResourceNotFound|No cluster found|couldn't find resource|: not found\b/i;

function missingCluster(name: string, details: string): Problem {
    const missing = NOT_FOUND.test(details);
    return {
        path: "clusterName",
        expected: "an EKS cluster in the AWS provider's account and region",
        got: `${JSON.stringify(name)}, which ${missing ? "is not there" : "the AWS provider could not look up"}`,
        fix: missing
            ? "to see the clusters: aws eks list-clusters (with --region for the region of aws:region); if this program creates the " +
              "cluster, pass its name as an output (cluster.name), or its OIDC provider as oidcProviderArn"
            : "check the provider's credentials (aws sts get-caller-identity), its region (aws:region), and that they allow " +
              "eks:DescribeCluster",
        details,
    };
}

function factsOf({ arn, identities, kubernetesNetworkConfigs }: eks.GetClusterResult): ClusterFacts {
    const known = orEmpty(arn);
    return {
        arn: known,
        region: known.split(":")[3] ?? "",
        issuerUrl: identities[0]?.oidcs[0]?.issuer ?? "",
        // A cluster that is older than the IPv6 support of EKS reports no family.
        ipFamily: kubernetesNetworkConfigs[0]?.ipFamily ?? "ipv4",
    };
}

/** Unit-test mocks may return none. */
function orEmpty(arn: string | undefined): string {
    return arn ?? "";
}

function causeOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** Looks up the OIDC provider of a cluster's issuer in IAM. An error becomes a problem that says how to fix it. */
export async function lookUpOidcProvider(
    issuerUrl: string,
    clusterName: string,
    opts: pulumi.InvokeOptions,
): Promise<string | Problem> {
    try {
        return (await sdks.iam().getOpenIdConnectProvider({ url: issuerUrl }, opts)).arn;
    } catch (error) {
        return missingProvider(issuerUrl, clusterName, causeOf(error));
    }
}

function missingProvider(issuerUrl: string, clusterName: string, details: string): Problem {
    return {
        path: "oidcProviderArn",
        expected: `an IAM OIDC provider for the cluster's issuer ${issuerUrl}`,
        got: NOT_FOUND.test(details) ? "none" : "an error from its lookup",
        details,
        fix:
            `create one with "aws iam create-open-id-connect-provider --url ${issuerUrl} --client-id-list ` +
            `sts.amazonaws.com" or "eksctl utils associate-iam-oidc-provider --cluster ${clusterName} --approve"; if this program ` +
            "creates it, pass its ARN as oidcProviderArn, since the lookup can run before it exists",
    };
}

/** The arguments that contradict the cluster. */
export function clusterProblems(cluster: ClusterFacts, args: KnownArgs): Problem[] {
    return [...familyProblems(cluster, args), ...issuerProblems(cluster, args), ...accountProblems(cluster, args)];
}

/** An association can only have a role of the cluster's own account. Without an OIDC provider, only the cluster shows which account that is. */
function accountProblems({ arn }: ClusterFacts, args: KnownArgs): Problem[] {
    const cluster = parseClusterArn(arn);
    return args["delivery"] !== "podIdentity" || cluster === undefined
        ? []
        : [
              ...existingRoleOfOtherAccount(cluster, args),
              ...resourcesOfOtherAccounts(args, { ...cluster, of: "the cluster", argument: "clusterName" }),
          ];
}

function existingRoleOfOtherAccount(cluster: ClusterReference, args: KnownArgs): Problem[] {
    const given = args["existingRoleArn"];
    const role = typeof given === "string" ? parseRoleArn(given) : undefined;
    return role === undefined || (role.accountId === cluster.accountId && role.partition === cluster.partition)
        ? []
        : [
              {
                  path: "existingRoleArn",
                  expected: `a role in the account of the cluster (account ${cluster.accountId}, partition ${cluster.partition}) with delivery: "podIdentity"`,
                  got: JSON.stringify(given),
                  fix: "use a role of this account",
              },
          ];
}

function familyProblems({ ipFamily }: ClusterFacts, args: KnownArgs): Problem[] {
    const given = args["ipFamily"] ?? "ipv4";
    const isDefault = args["ipFamily"] === undefined ? ", the default" : "";
    return given === ipFamily
        ? []
        : [
              {
                  path: "ipFamily",
                  expected: `${JSON.stringify(ipFamily)}, the IP family of the cluster`,
                  got: `${JSON.stringify(given)}${isDefault}`,
                  fix: `set ipFamily to ${JSON.stringify(ipFamily)}`,
              },
          ];
}

function issuerProblems({ issuerUrl }: ClusterFacts, args: KnownArgs): Problem[] {
    const arn = args["oidcProviderArn"];
    const provider = typeof arn === "string" ? parseOidcProviderArn(arn) : undefined;
    return provider === undefined || provider.issuer === issuerOfUrl(issuerUrl)
        ? []
        : [
              {
                  path: "oidcProviderArn",
                  expected: `the provider of the cluster's issuer ${issuerUrl}`,
                  got: JSON.stringify(arn),
                  fix: "use the provider of the cluster in clusterName, or omit one of clusterName and oidcProviderArn",
              },
          ];
}
