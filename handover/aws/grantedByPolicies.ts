import { parseRoleArn } from "../../documents/arn";
import { ungrantedActions } from "../../documents/cniGrants";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { policyReader, readPolicies, undefinedIfMissing } from "./policyReader";
import { rolePolicies } from "./rolePolicies";
import type { Decision, Simulation } from "./simulation";

/**
 * The simulation, in which an action that no policy of the role allows under any condition is denied.
 *
 * IAM names the missing context values of every statement of the role, also of those about other actions, so one condition on S3 would
 * otherwise make each denial unclear. Read only if something is unclear; if the caller may not read the policies, it stays unclear.
 */
export async function withPolicies(clients: Clients, roleArn: string, simulation: Simulation): Promise<Simulation> {
    if (!("decisions" in simulation)) {
        return simulation;
    }
    const open = [...simulation.decisions].flatMap(([action, decision]) => (isOpen(decision) ? [action] : []));
    const documents = open.length === 0 ? undefined : await policiesOf(clients, roleArn);
    if (documents === undefined) {
        return simulation;
    }
    const denied = ungrantedActions(documents, open).map((action) => [action, "denied"] as const);
    return { decisions: new Map<string, Decision>([...simulation.decisions, ...denied]) };
}

function isOpen(decision: Decision): boolean {
    return decision === "unclear" || decision === "unevaluated";
}

/** The documents of all attached and inline policies of a role. Undefined if IAM does not show the role. */
export async function documentsOf(clients: Clients, roleName: string): Promise<unknown[] | undefined> {
    const reader = policyReader(clients);
    const client = await clients.iam();
    const found = await undefinedIfMissing(() => rolePolicies(client, roleName));
    if (found === undefined) {
        return undefined;
    }
    const { attached, inline } = await readPolicies(reader, roleName, found);
    return [...attached, ...inline].map(({ document }) => document);
}

/** The documents of all policies of the role. Undefined if IAM does not show the role yet, or the caller may not read them. */
async function policiesOf(clients: Clients, roleArn: string): Promise<unknown[] | undefined> {
    try {
        return await documentsOf(clients, parseRoleArn(roleArn)?.name ?? "");
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return undefined;
        }
        throw error;
    }
}
