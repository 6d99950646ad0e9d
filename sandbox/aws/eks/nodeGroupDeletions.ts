import type { AwsResponse } from "../protocol";
import { nodegroupKey } from "./nodegroupUpdates";

/**
 * The node groups that are DELETING. moto deletes them immediately; EKS keeps them until their nodes and their instance
 * profile are deleted (https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html). A caller that
 * waits for the deletion can then delete the node role, with no instance profile that holds it.
 */
export class NodeGroupDeletions {
    private readonly deleted = new Map<string, AwsResponse>();

    /** `answer` is the answer to DeleteNodegroup, which describes the node group. */
    public begin(cluster: string, nodeGroup: string, answer: AwsResponse): void {
        const { nodegroup } = JSON.parse(answer.body.toString()) as { nodegroup: object };
        const body = JSON.stringify({ nodegroup: { ...nodegroup, status: "DELETING" } });
        this.deleted.set(nodegroupKey(cluster, nodeGroup), { ...answer, body });
    }

    /** The answer to DescribeNodegroup, as long as part of the node group exists. */
    public describe(cluster: string, nodeGroup: string, remains: () => boolean): AwsResponse | undefined {
        return remains() ? this.deleted.get(nodegroupKey(cluster, nodeGroup)) : undefined;
    }
}
