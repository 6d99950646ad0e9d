import type { AwsResponse } from "../protocol";

/**
 * The progress of a node group whose nodes the sandbox creates. moto reports each node group as ACTIVE immediately,
 * without any node.
 */
export interface NodeGroupState {
    readonly status: "CREATING" | "ACTIVE" | "CREATE_FAILED";
    /** https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html */
    readonly issues: readonly { readonly code: string; readonly message: string; readonly resourceIds: string[] }[];
}

interface NodeGroup {
    readonly clusterName: string;
    readonly nodegroupName: string;
}

/**
 * Adds to an answer about a node group the state of its nodes, if the sandbox creates them, and the effect of updates.
 */
export function completeNodeGroup(
    answer: AwsResponse,
    stateOf: (clusterName: string, nodeGroup: string) => NodeGroupState | undefined,
    effectOn: (clusterName: string, nodeGroup: string) => object,
): AwsResponse {
    const { nodegroup } = JSON.parse(answer.body.toString()) as { nodegroup?: NodeGroup };
    if (nodegroup === undefined) {
        return answer;
    }
    const { clusterName, nodegroupName } = nodegroup;
    const state = stateOf(clusterName, nodegroupName);
    const completed = {
        ...nodegroup,
        ...(state && { status: state.status, health: { issues: state.issues } }),
        ...effectOn(clusterName, nodegroupName),
    };
    return { ...answer, body: JSON.stringify({ nodegroup: completed }) };
}
