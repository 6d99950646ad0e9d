import * as pulumi from "@pulumi/pulumi";
import { findProblems } from "../arguments/allRules";
import { LATE, settle, withoutNothing } from "../arguments/settled";
import { Gate, LateValidation, refuseLate, validateKnownPart, warnOfTrustSize } from "../arguments/validateArguments";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { ClusterFacts, clusterProblems, lookUpCluster, lookUpNamedCluster, lookUpOidcProvider } from "./clusterLookup";

/** The cluster, as far as the arguments name it and its lookups tell. */
export interface Cluster {
    /** Passes when the arguments agree with the cluster. */
    gate: Gate;
    /** Empty with an existing role, whose trust is not ours, unless it was given. */
    oidcProviderArn: pulumi.Output<string>;
    /** Empty where the cluster is not looked up. */
    region: pulumi.Output<string>;
}

/** Finds out about the cluster by name, if a name is given, and compares it with the arguments. */
export function resolveCluster(
    component: pulumi.ComponentResource,
    name: string,
    allArgs: CniServiceAccountRoleArgs,
    { gate, passes }: LateValidation,
): Cluster {
    const args = withoutNothing(allArgs);
    const given = pulumi.output(args.oidcProviderArn ?? "");
    if (args.clusterName === undefined) {
        return { gate, oidcProviderArn: given, region: pulumi.output("") };
    }
    const opts = { parent: component };
    const facts = askForCluster(name, args.clusterName, passes, opts);
    const agreed = validateKnownPart({ facts, args }, async (known) =>
        refuseLate(
            name,
            known["facts"] === undefined || known["facts"] === LATE
                ? []
                : clusterProblems(known["facts"] as ClusterFacts, settle(known["args"] as object)),
            args,
        ),
    );
    const region = facts.apply(({ region: known }) => known);
    const both = pulumi.all([gate, agreed]).apply(() => true as const);
    if (args.existingRoleArn !== undefined || args.oidcProviderArn !== undefined) {
        return { gate: both, oidcProviderArn: given, region };
    }
    const oidcProviderArn = pulumi.all([facts, agreed]).apply(async ([{ issuerUrl }]) => {
        const found = await lookUpOidcProvider(issuerUrl, opts);
        if (typeof found !== "string") {
            await refuseLate(name, [found], {});
        }
        return found as string;
    });
    const all = pulumi.all([both, checkWithProvider(component, name, args, oidcProviderArn)]);
    return { gate: all.apply(() => true as const), oidcProviderArn, region };
}

/** Nothing is looked up for bad arguments, of which the gate alone tells: with an unknown name, the answer is unknown. */
function askForCluster(
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

/** What could not be checked before the provider was found: the other arguments beside it. */
function checkWithProvider(
    component: pulumi.ComponentResource,
    name: string,
    args: CniServiceAccountRoleArgs,
    oidcProviderArn: pulumi.Output<string>,
): Gate {
    return validateKnownPart({ ...args, oidcProviderArn }, async (known) => {
        if (known["oidcProviderArn"] === LATE) {
            return true;
        }
        warnOfTrustSize(component, known);
        return refuseLate(name, findProblems(known), args);
    });
}
