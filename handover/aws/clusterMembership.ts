import { parseClusterArn } from "../../documents/arn";
import { type InstanceSeen, leavingState } from "./instances";

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
    const named = namedBy(tags);
    return named.length > 0 ? named : taggedFor(tags);
}

const namedBy = (tags: InstanceSeen["tags"]) => [...new Set(NAME_TAGS.flatMap((tag) => tags[tag] ?? []))];

/** The clusters of the ownership tags, of which `value` alone counts. Undefined: each does. */
function taggedFor(tags: InstanceSeen["tags"], value?: string): string[] {
    return Object.entries(tags).flatMap(([tag, found]) =>
        tag.startsWith(OWNERSHIP_TAG) && (value === undefined || found === value)
            ? tag.slice(OWNERSHIP_TAG.length)
            : [],
    );
}

/**
 * The clusters that the tags of all these instances name: one, unless the nodes are tagged for several.
 *
 * An instance that was terminated loses its tags gradually, while its node is still there:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
 */
export function clustersInCommon(nodes: readonly Pick<InstanceSeen, "tags" | "state">[]): string[] {
    const [first = [], ...others] = nodes.filter((node) => leavingState(node) === undefined).map(clustersOf);
    return first.filter((name) => others.every((names) => names.includes(name)));
}

/**
 * The clusters that an instance may join, by its tags. If an ownership tag is `owned`, it joins none for which it is only `shared`.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/worker.html (each self-managed node has the tag with `owned`)
 */
function clustersToJoin({ tags }: Pick<InstanceSeen, "tags">): string[] {
    const owned = taggedFor(tags, "owned");
    return namedBy(tags).length === 0 && owned.length > 0 ? owned : clustersOf({ tags });
}

/**
 * The ARNs of the other EKS clusters that an instance may join, by its tags. The ARN of its instance profile has the partition and the account.
 *
 * None if a name is not one of EKS: such an instance belongs to a cluster of another kind.
 */
export function clusterArnsOf(
    instance: Pick<InstanceSeen, "tags" | "region" | "profileArn">,
    isOwn: (name: string) => boolean = () => false,
): string[] {
    const { region, profileArn = "" } = instance;
    const [, partition = "", , , accountId = ""] = profileArn.split(":");
    const names = clustersToJoin(instance).filter((name) => !isOwn(name));
    const arns = names.map((name) => `arn:${partition}:eks:${region}:${accountId}:cluster/${name}`);
    return arns.every((arn) => parseClusterArn(arn) !== undefined) ? arns : [];
}

export interface Cluster {
    readonly region: string;
    /** Of all its nodes. */
    readonly instanceIds: readonly string[];
    /** As set in the program. */
    readonly name: string | undefined;
}

/**
 * Decides which instances belong to the cluster.
 *
 * The instances of its nodes do, and so do instances of the same region whose tags name this cluster alone: they may join later. If the
 * program does not set the name, it is the one that the tags of all the nodes' instances have in common. An instance that may as well be a
 * node of another cluster does not belong to this one, since its pods cannot be seen from here.
 */
export function membership(cluster: Cluster, nodes: readonly InstanceSeen[]): (instance: InstanceSeen) => boolean {
    const ids = new Set(cluster.instanceIds);
    const names = namesOf(cluster, nodes);
    const mayJoin = (instance: InstanceSeen) => {
        const toJoin = clustersToJoin(instance);
        return names.length === 1 && toJoin.length === 1 && toJoin[0] === names[0];
    };
    return (instance) => instance.region === cluster.region && (ids.has(instance.id) || mayJoin(instance));
}

function namesOf({ name }: Pick<Cluster, "name">, nodes: readonly InstanceSeen[]): string[] {
    return name === undefined ? clustersInCommon(nodes) : [name];
}

/**
 * Names the other clusters that an instance may join. One that has the tags of this cluster and of another one is safe once the other one is handed
 * over: if it joins this one, the injection guard holds for its pod.
 */
export function otherClusters(
    cluster: Pick<Cluster, "region" | "name">,
    nodes: readonly InstanceSeen[],
): (instance: InstanceSeen) => string[] {
    const names = namesOf(cluster, nodes);
    return (instance) =>
        clusterArnsOf(
            instance,
            (name) => instance.region === cluster.region && names.length === 1 && names[0] === name,
        );
}
