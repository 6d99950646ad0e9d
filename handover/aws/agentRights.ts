import { isRefusal } from "../model/refusal";
import type { AgentRights } from "./awsAccess";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import { undefinedIfMissing } from "./policyReader";

/** The call with which the agent gets the credentials of a pod: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
const ACTION = "eks-auth:AssumeRoleForPodIdentity";

/**
 * Whether the node roles let the EKS Pod Identity Agent get credentials. Asks IAM's simulator, so that nothing is changed.
 *
 * AmazonEKSWorkerNodePolicy allows it: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSWorkerNodePolicy.html
 */
export async function agentRights(
    clients: Clients,
    roleNames: readonly string[],
    clusterArn: string,
): Promise<AgentRights> {
    const rights = await Promise.all(
        roleNames.map(async (name) => [name, await rightOf(clients, name, clusterArn)] as const),
    );
    return Object.fromEntries(rights);
}

async function rightOf(clients: Clients, RoleName: string, clusterArn: string): Promise<AgentRights[string]> {
    const { GetRoleCommand } = await import("./awsSdk");
    try {
        const iam = await clients.iam();
        const role = await undefinedIfMissing(() => iam.send(new GetRoleCommand({ RoleName })));
        const arn = role?.Role?.Arn;
        return arn === undefined ? "unknown" : await simulated(clients, arn, clusterArn);
    } catch (error) {
        if (isRefusal(error, "aws-access-denied") || /^(NoSuchEntity|InvalidInput)$/.test(errorCodeOf(error))) {
            return "unknown";
        }
        throw error;
    }
}

async function simulated(clients: Clients, roleArn: string, clusterArn: string): Promise<AgentRights[string]> {
    const { paginateSimulatePrincipalPolicy } = await import("./awsSdk");
    const asked = { PolicySourceArn: roleArn, ActionNames: [ACTION], ResourceArns: [clusterArn] };
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy(
        { client: await clients.iam() },
        asked,
    )) {
        for (const { EvalDecision, MissingContextValues = [], ResourceSpecificResults = [] } of EvaluationResults) {
            const missing = [
                ...MissingContextValues,
                ...ResourceSpecificResults.flatMap((one) => one.MissingContextValues ?? []),
            ];
            // A condition on a value that the simulation lacks may hold in the real call.
            return EvalDecision === "allowed" ? "allowed" : missing.length > 0 ? "unknown" : "denied";
        }
    }
    return "unknown";
}
