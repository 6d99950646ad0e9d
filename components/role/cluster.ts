import * as pulumi from "@pulumi/pulumi";
import { findProblems } from "../arguments/allRules";
import { givenProperties, knownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { Gate, LateValidation, refuseLate, validateKnownPart, warnOfTrustSize } from "../arguments/validateArguments";
import { issuerOfUrl } from "../../documents/arn";
import { CniServiceAccountRoleArgs, Delivery } from "../cniServiceAccountRoleArgs";
import { ClusterFacts, clusterProblems, lookUpCluster, lookUpNamedCluster, lookUpOidcProvider } from "./clusterLookup";

/** The cluster, from the arguments and the lookups. */
export interface Cluster {
    /** Passes if the arguments match the cluster. */
    gate: Gate;
    /** Empty with an existing role, unless the argument is given: the component does not manage that role's trust policy. */
    oidcProviderArn: pulumi.Output<string>;
    /** Empty if the cluster is not looked up. */
    region: pulumi.Output<string>;
    /** Only with the delivery `podIdentity`. */
    podIdentity?: PodIdentityCluster;
}

/** The cluster of an association. */
export interface PodIdentityCluster {
    arn: pulumi.Output<string>;
    /** The issuer of its tokens, without `https://`. Empty if EKS reports none. */
    issuer: pulumi.Output<string>;
}

/** Looks up the cluster if its name is given, and compares it with the arguments. */
export function resolveCluster(
    component: pulumi.ComponentResource,
    name: string,
    allArgs: CniServiceAccountRoleArgs,
    { gate, passes }: LateValidation,
): Cluster {
    const args = givenProperties(allArgs);
    const given = pulumi.output(args.oidcProviderArn ?? "");
    if (args.clusterName === undefined) {
        return { gate, oidcProviderArn: given, region: pulumi.output("") };
    }
    const opts = { parent: component };
    const facts = lookUpGivenCluster(name, args.clusterName, passes, opts);
    const agreed = validateKnownPart({ facts, args }, async (known) =>
        refuseLate(
            name,
            known["facts"] === undefined || known["facts"] === NOT_YET_KNOWN
                ? []
                : clusterProblems(known["facts"] as ClusterFacts, knownArgs(known["args"] as object)),
            args,
        ),
    );
    const region = facts.apply(({ region: known }) => known);
    const both = pulumi.all([gate, agreed]).apply(() => true as const);
    if (args.delivery === Delivery.PodIdentity) {
        const arn = facts.apply(({ arn: known }) => known);
        const issuer = facts.apply(({ issuerUrl }) => issuerOfUrl(issuerUrl));
        return { gate: both, oidcProviderArn: pulumi.output(""), region, podIdentity: { arn, issuer } };
    }
    if (args.existingRoleArn !== undefined || args.oidcProviderArn !== undefined) {
        return { gate: both, oidcProviderArn: given, region };
    }
    const oidcProviderArn = pulumi
        .all([facts, args.clusterName, agreed])
        .apply(async ([{ issuerUrl }, clusterName]) => {
            const found = await lookUpOidcProvider(issuerUrl, clusterName, opts);
            if (typeof found !== "string") {
                await refuseLate(name, [found], {});
            }
            return found as string;
        });
    const all = pulumi.all([both, checkWithProvider(component, name, args, oidcProviderArn)]);
    return { gate: all.apply(() => true as const), oidcProviderArn, region };
}

/** Invalid arguments are not looked up, because the gate alone must report them. Their cluster stays unknown instead. */
function lookUpGivenCluster(
    name: string,
    clusterName: pulumi.Input<string>,
    passes: pulumi.Output<boolean>,
    opts: pulumi.InvokeOptions,
): pulumi.Output<ClusterFacts> {
    if (typeof clusterName !== "string") {
        const known = pulumi.all([clusterName, passes]);
        return lookUpCluster(
            known.apply(([text, good]) => (good ? text : (pulumi.unknown as unknown as string))),
            opts,
        );
    }
    return passes.apply(async (good) => {
        if (!good) {
            return pulumi.unknown as unknown as ClusterFacts;
        }
        const found = await lookUpNamedCluster(clusterName, opts);
        if ("path" in found) {
            await refuseLate(name, [found], {});
        }
        return found as ClusterFacts;
    });
}

/** Checks the arguments together with the provider, once the lookup has found it. */
function checkWithProvider(
    component: pulumi.ComponentResource,
    name: string,
    args: CniServiceAccountRoleArgs,
    oidcProviderArn: pulumi.Output<string>,
): Gate {
    return validateKnownPart({ ...args, oidcProviderArn }, async (known) => {
        if (known["oidcProviderArn"] === NOT_YET_KNOWN) {
            return true;
        }
        warnOfTrustSize(component, known);
        return refuseLate(name, findProblems(known), args);
    });
}
