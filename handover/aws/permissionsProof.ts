import { CNI_ACTIONS, type CniAction } from "../../documents/cniActions";
import { untestedByStart } from "../../documents/startActions";
import type { Proof, ProofRequest } from "../model/proof";
import { allowedByPolicies } from "./allowedByPolicies";
import type { Clients } from "./awsClients";
import type { DryRunResult, NodeArguments } from "./dryRuns";
import { withPolicies } from "./grantedByPolicies";
import { leftToPolicies, unprovenOf, verdictOf } from "./proofVerdict";
import { simulate } from "./simulation";

/** The actions that the proof asks about. */
export function askedActions({ ipFamily, start }: Pick<ProofRequest, "ipFamily" | "start">): readonly CniAction[] {
    return start === undefined ? CNI_ACTIONS[ipFamily] : untestedByStart(ipFamily, start.settings);
}

/** Whether the role has the permissions: by the DryRuns, else by IAM's simulator, else by the role's policies. */
export async function provePermissions(
    clients: Clients,
    request: Pick<ProofRequest, "roleArn">,
    tried: readonly DryRunResult[],
    node?: NodeArguments,
): Promise<Proof> {
    const { roleArn } = request;
    const rest = tried.filter(({ outcome }) => outcome !== "allowed").map(({ action }) => action);
    const simulation = await withPolicies(clients, roleArn, await simulate(clients, roleArn, rest, node));
    const findings = { roleArn, tried, simulation };
    const verdict = verdictOf(findings);
    const left = leftToPolicies(tried, unprovenOf(findings)).map(({ action }) => action);
    if (verdict.verdict !== "undecided" || left.length === 0) {
        return verdict;
    }
    const { allowed } = await allowedByPolicies(clients, request, left);
    return verdictOf({ ...findings, allowedByPolicies: allowed });
}
