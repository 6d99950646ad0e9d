import type { NodeRoleSeen } from "../../../../handover/model/world";
import { ACCOUNT, nodeRole, withoutPolicies } from "./worlds";

export const BLUE = `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/blue`;
export const GREEN = `arn:aws:eks:us-east-1:${ACCOUNT}:cluster/green`;

/** The node role, which nodes of these clusters use as well. `undefined`: an instance whose tags name no cluster. */
export function sharedWith(clusters: readonly (string | undefined)[], more: Partial<NodeRoleSeen> = {}): NodeRoleSeen {
    const instances = clusters.map(
        (arn, index) => [`${arn?.split(":")[3] ?? "eu-west-1"}/i-${String(index)}`, arn] as const,
    );
    const named = instances.flatMap(([instance, arn]) => (arn === undefined ? [] : [[instance, [arn]] as const]));
    return nodeRole({
        instancesElsewhere: instances.map(([instance]) => instance),
        ...(named.length === 0 ? {} : { clustersElsewhere: Object.fromEntries(named) }),
        ...more,
    });
}

export const sharedAndDetached = (...clusters: string[]) => sharedWith(clusters, withoutPolicies);

const MANAGED = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

/** The remaining step for a role that these clusters use, with the list that detaches it. */
export const usedBy = (clusters: readonly string[], all = clusters) =>
    `[node-role-shared] nodes keeps ${MANAGED}. Nodes of ${clusters.join(", ")} use this role too, and their pods cannot be seen from here. ` +
    `Once every pod there carries a role of its own, set handedOverClusterArns: [${all.map((arn) => `"${arn}"`).join(", ")}] here, or name ` +
    "this cluster in the program of the cluster that hands over last.";

export const attachedAgain = (...clusters: string[]) =>
    `[attached-again] nodes holds ${MANAGED} again, after it was detached. An update here attaches it if a pod needs it, and another cluster may ` +
    "need it since: its hand-back relies on the policy. So the update leaves it attached. Once every pod of " +
    `${clusters.join(", ")} carries a role of its own, remove these ARNs from handedOverClusterArns, run pulumi up, list them again, and run ` +
    "pulumi up";
