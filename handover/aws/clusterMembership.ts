import { parseClusterArn } from "../../documents/arn";
import type { InstanceSeen } from "./instances";

/**
 * Tags with the name of an instance's EKS cluster: EKS's own on managed node groups and Auto Mode, Karpenter's and eksctl's.
 *
 * Sources: https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html,
 * https://karpenter.sh/docs/concepts/nodeclasses/#spectags, https://eksctl.io (alpha.eksctl.io/cluster-name)
 */
const NAME_TAGS = ["aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name", "alpha.eksctl.io/cluster-name"];

/** Self-managed nodes must have this tag to join a cluster. Its value is `owned` or `shared`. */
const OWNERSHIP_TAG = "kubernetes.io/cluster/";

/** The clusters that an instance's tags name. Name tags take precedence over ownership tags, which may be shared. */
export function clustersOf({ tags }: Pick<InstanceSeen, "tags">): string[] {
    const named = NAME_TAGS.flatMap((tag) => tags[tag] ?? []);
    const owned = Object.keys(tags).flatMap((tag) =>
        tag.startsWith(OWNERSHIP_TAG) ? tag.slice(OWNERSHIP_TAG.length) : [],
    );
    return [...new Set(named.length > 0 ? named : owned)];
}

/** The clusters that the tags of all these instances name: one, unless the nodes are tagged for several. */
export function clustersInCommon(nodes: readonly Pick<InstanceSeen, "tags">[]): string[] {
    const [first = [], ...others] = nodes.map(clustersOf);
    return first.filter((name) => others.every((names) => names.includes(name)));
}

/**
 * The ARNs of the EKS clusters that an instance's tags name. The ARN of its instance profile has the partition and the account.
 *
 * None if a name is not one of EKS: such an instance belongs to a cluster of another kind.
 */
export function clusterArnsOf({ tags, region, profileArn = "" }: Omit<InstanceSeen, "id" | "network">): string[] {
    const [, partition = "", , , accountId = ""] = profileArn.split(":");
    const arns = clustersOf({ tags }).map((name) => `arn:${partition}:eks:${region}:${accountId}:cluster/${name}`);
    return arns.every((arn) => parseClusterArn(arn) !== undefined) ? arns : [];
}

export interface Cluster {
    readonly region: string;
    readonly instanceIds: readonly string[];
    /** As set in the program. */
    readonly name: string | undefined;
}

/**
 * Decides which instances belong to the cluster.
 *
 * The instances of its nodes do, and so do instances of the same region, joined or not, whose tags name the cluster. If the
 * program does not set the name, it is the one that the tags of all the nodes' instances have in common.
 */
export function membership(cluster: Cluster, nodes: readonly InstanceSeen[]): (instance: InstanceSeen) => boolean {
    const ids = new Set(cluster.instanceIds);
    const names = cluster.name === undefined ? clustersInCommon(nodes) : [cluster.name];
    return (instance) =>
        instance.region === cluster.region &&
        (ids.has(instance.id) || clustersOf(instance).some((name) => names.includes(name)));
}
