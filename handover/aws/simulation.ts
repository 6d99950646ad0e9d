import type { ContextEntry, EvaluationResult } from "@aws-sdk/client-iam";
import { parseRoleArn } from "../../documents/arn";
import type { CniAction } from "../../documents/cniActions";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import type { NodeArguments } from "./dryRuns";
import { undefinedIfMissing } from "./policyReader";

/**
 * `deniedByOrganization`: by a service control policy. IAM does not simulate one that has a global condition key
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html), so that it allows what such a policy denies.
 * `unclear`: the decision depends on a condition whose value the simulation lacks, for example the tags of a real interface.
 * `unevaluated`: IAM does not simulate the action on this resource.
 */
export type Decision = "allowed" | "denied" | "deniedByOrganization" | "unclear" | "unevaluated";

export type Simulation = { readonly decisions: ReadonlyMap<string, Decision> } | { readonly notAllowed: string };

/**
 * Asks IAM's policy simulator about actions of a role, with the caller's credentials, which may lack the permission.
 *
 * Actions on interfaces are simulated on an interface, since CreateTags is granted on nothing else. Read actions have no resource.
 * Permissions boundaries and service control policies count: IAM includes them in its decision. An action that a service control policy denies is
 * simulated once more as a call from inside a data perimeter, since IAM names no missing context value of such a policy.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html and
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html (MissingContextValues)
 */
export async function simulate(
    clients: Clients,
    roleArn: string,
    actions: readonly CniAction[],
    node?: Pick<NodeArguments, "networkInterfaceId" | "vpcId">,
): Promise<Simulation> {
    const { networkInterfaceId = "eni-0123456789abcdef0", vpcId } = node ?? {};
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
            const evaluate = (some: string[], context: ContextEntry[] = []) =>
                evaluation(clients, roleArn, some, resources, [requestedRegion(region), ...context]);
            // A role that IAM does not show yet counts as a role without permissions.
            const results = (await undefinedIfMissing(() => inBatches(names, evaluate))) ?? [];
            const excluded = results.filter(isExcluded).flatMap(({ EvalActionName }) => EvalActionName ?? []);
            const inside =
                excluded.length === 0 ? [] : await inBatches(excluded, (some) => evaluate(some, fromInside(vpcId)));
            for (const name of names) {
                const byName = ({ EvalActionName }: EvaluationResult | Unevaluated) => isSame(EvalActionName, name);
                decisions.set(name, decisionFrom(results.find(byName), inside.find(byName)));
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

/**
 * Asks about all actions in one call. If IAM refuses the batch since its actions "require different authorization information", it asks about
 * each action alone.
 */
async function inBatches(
    names: string[],
    evaluate: (some: string[]) => Promise<EvaluationResult[]>,
): Promise<(EvaluationResult | Unevaluated)[]> {
    try {
        return await evaluate(names);
    } catch (error) {
        if (errorCodeOf(error) !== "InvalidInput") {
            throw error;
        }
        if (names.length === 1) {
            return names.map((EvalActionName) => ({ EvalActionName, isUnevaluated: true }));
        }
        const alone: (EvaluationResult | Unevaluated)[] = [];
        for (const name of names) {
            alone.push(...(await inBatches([name], evaluate)));
        }
        return alone;
    }
}

/** An action that IAM does not simulate. */
interface Unevaluated {
    readonly EvalActionName: string;
    readonly isUnevaluated: true;
}

async function evaluation(
    clients: Clients,
    PolicySourceArn: string,
    ActionNames: string[],
    ResourceArns: string[],
    ContextEntries: ContextEntry[],
): Promise<EvaluationResult[]> {
    const { paginateSimulatePrincipalPolicy } = await import("./awsSdk");
    const client = await clients.iam();
    const asked = { PolicySourceArn, ActionNames, ContextEntries, ...(ResourceArns.length > 0 && { ResourceArns }) };
    const results: EvaluationResult[] = [];
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client }, asked)) {
        results.push(...EvaluationResults);
    }
    return results;
}

function requestedRegion(region: string): ContextEntry {
    return { ContextKeyName: "aws:RequestedRegion", ContextKeyType: "string", ContextKeyValues: [region] };
}

/**
 * The context of a call that AWS's examples of a network perimeter admit: from the node's VPC, or made by an AWS service.
 * https://github.com/aws-samples/data-perimeter-policy-examples/tree/main/service_control_policies
 */
function fromInside(vpcId: string | undefined): ContextEntry[] {
    const vpc: ContextEntry = {
        ContextKeyName: "aws:SourceVpc",
        ContextKeyType: "string",
        ContextKeyValues: [vpcId ?? ""],
    };
    return [
        { ContextKeyName: "aws:ViaAWSService", ContextKeyType: "boolean", ContextKeyValues: ["true"] },
        ...(vpcId === undefined ? [] : [vpc]),
    ];
}

/** Whether a service control policy denies it. Then the simulation looks at no other policy. */
function isExcluded(result: EvaluationResult | Unevaluated): boolean {
    return (
        "OrganizationsDecisionDetail" in result && result.OrganizationsDecisionDetail?.AllowedByOrganizations === false
    );
}

/** @param inside The result for a call from inside a data perimeter, if a service control policy denies another one. */
function decisionFrom(
    result: EvaluationResult | Unevaluated | undefined,
    inside: EvaluationResult | Unevaluated | undefined,
): Decision {
    const decision = decisionOf(inside ?? result);
    return inside !== undefined && decision === "allowed" ? "unclear" : decision;
}

/**
 * With resources, the missing values are in the results for each resource (EvaluationResult, MissingContextValues), and recorded answers have
 * them in both places.
 */
function decisionOf(result: EvaluationResult | Unevaluated | undefined): Decision {
    if (result === undefined) {
        return "denied";
    }
    if ("isUnevaluated" in result) {
        return "unevaluated";
    }
    const onResources = result.ResourceSpecificResults ?? [];
    const decisions = [result.EvalDecision, ...onResources.map(({ EvalResourceDecision }) => EvalResourceDecision)];
    if (decisions.every((decision) => decision === "allowed")) {
        return "allowed";
    }
    if (isExcluded(result)) {
        return "deniedByOrganization";
    }
    const all = [result, ...onResources];
    return all.some(({ MissingContextValues = [] }) => MissingContextValues.length > 0) ? "unclear" : "denied";
}

function isSame(a: string | undefined, b: string): boolean {
    return a?.toLowerCase() === b.toLowerCase();
}
