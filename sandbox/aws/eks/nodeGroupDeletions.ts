import type { AwsResponse } from "../protocol";
import { nodegroupKey } from "./nodegroupUpdates";

/**
 * The node groups that are DELETING: gone for moto at once, while for EKS they are there until their nodes and their
 * instance profile are gone (https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html). Whoever
 * waits for the end of a deletion may then delete the node role, without a profile in the way.
 */
export class NodeGroupDeletions {
    private readonly deleted = new Map<string, AwsResponse>();

    /** `answer`: to DeleteNodegroup, which describes what is deleted. */
    public begin(cluster: string, nodeGroup: string, answer: AwsResponse): void {
        const { nodegroup } = JSON.parse(answer.body.toString()) as { nodegroup: object };
        const body = JSON.stringify({ nodegroup: { ...nodegroup, status: "DELETING" } });
        this.deleted.set(nodegroupKey(cluster, nodeGroup), { ...answer, body });
    }

    /** The answer to DescribeNodegroup, as long as something remains. */
    public describe(cluster: string, nodeGroup: string, remains: () => boolean): AwsResponse | undefined {
        return remains() ? this.deleted.get(nodegroupKey(cluster, nodeGroup)) : undefined;
    }
}
