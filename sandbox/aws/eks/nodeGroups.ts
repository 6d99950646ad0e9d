import type { AwsResponse } from "../protocol";

/** How far a node group has come, whose nodes somebody makes. moto calls each one ACTIVE at once, without any node. */
export interface NodeGroupState {
    readonly status: "CREATING" | "ACTIVE" | "CREATE_FAILED";
    /** https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html */
    readonly issues: readonly { readonly code: string; readonly message: string; readonly resourceIds: string[] }[];
}

interface NodeGroup {
    readonly clusterName: string;
    readonly nodegroupName: string;
}

/** Puts into an answer about a node group the state of its nodes, if somebody makes them, and the effect of updates. */
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
