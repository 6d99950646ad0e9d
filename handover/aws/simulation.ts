import type { EvaluationResult } from "@aws-sdk/client-iam";
import { parseRoleArn } from "../../documents/arn";
import type { CniAction } from "../../documents/cniActions";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { undefinedIfMissing } from "./policyReader";

/** `unclear`: it depends on a condition whose value a simulation lacks, for example the tags of a real interface. */
export type Decision = "allowed" | "denied" | "unclear";

export type Simulation = { readonly decisions: ReadonlyMap<string, Decision> } | { readonly notAllowed: string };

/**
 * Asks IAM's policy simulator about actions of a role, with the caller's credentials, which may lack the permission.
 *
 * Actions on interfaces are simulated on an interface, since CreateTags is granted on nothing else. Read actions have no resource.
 * Permissions boundaries and service control policies count: IAM includes them in its decision.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export async function simulate(
    clients: Clients,
    roleArn: string,
    actions: readonly CniAction[],
    networkInterfaceId = "eni-0123456789abcdef0",
): Promise<Simulation> {
    const { partition = "aws", accountId = "" } = parseRoleArn(roleArn) ?? {};
    const region = await clients.region();
    const onInterface = `arn:${partition}:ec2:${region}:${accountId}:network-interface/${networkInterfaceId}`;
    const groups = [
        { asked: actions.filter(({ on }) => on.length === 0), resources: [] },
        { asked: actions.filter(({ on }) => on.length > 0), resources: [onInterface] },
    ];
    try {
        const decisions = new Map<string, Decision>();
        for (const { asked, resources } of groups.filter((group) => group.asked.length > 0)) {
            const names = asked.map(({ action }) => action);
            const results = await undefinedIfMissing(() => evaluate(clients, roleArn, names, resources, region));
            for (const name of names) {
                // A role that IAM does not show yet counts as a role without permissions.
                decisions.set(name, decisionOf(results?.find(({ EvalActionName }) => isSame(EvalActionName, name))));
            }
        }
        return { decisions };
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return { notAllowed: error.seen };
        }
        throw error;
    }
}

async function evaluate(
    clients: Clients,
    PolicySourceArn: string,
    ActionNames: string[],
    ResourceArns: string[],
    region: string,
): Promise<EvaluationResult[]> {
    const { paginateSimulatePrincipalPolicy } = await import("./awsSdk");
    const client = await clients.iam();
    const ContextEntries = [
        { ContextKeyName: "aws:RequestedRegion", ContextKeyType: "string" as const, ContextKeyValues: [region] },
    ];
    const asked = { PolicySourceArn, ActionNames, ContextEntries, ...(ResourceArns.length > 0 && { ResourceArns }) };
    const results: EvaluationResult[] = [];
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client }, asked)) {
        results.push(...EvaluationResults);
    }
    return results;
}

function decisionOf(result: EvaluationResult | undefined): Decision {
    if (result?.EvalDecision === "allowed") {
        return "allowed";
    }
    return (result?.MissingContextValues ?? []).length > 0 ? "unclear" : "denied";
}

function isSame(a: string | undefined, b: string): boolean {
    return a?.toLowerCase() === b.toLowerCase();
}
