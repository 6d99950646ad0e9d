import type { AccountSeen, NodeSeen, PodSeen, World } from "../model/world";
import { withoutLeaving } from "./leaving";

/**
 * Nodes whose pods reach AWS in the same way: whether a pod can use the role depends on the rights of the role, and on the way from its
 * subnet through its security groups to STS and EC2.
 */
export interface Place {
    /** Distinguishes it from other places. */
    readonly key: string;
    /** The node role. Empty if it is not known. */
    readonly roleName: string;
    /** Empty if it is not known. */
    readonly subnetId: string;
    readonly nodes: readonly NodeSeen[];
}

/** By name, so that every run finds the same places in the same order. A node whose instance is terminated is in none. */
export function placesOf(world: World): Place[] {
    const { cluster, account } = withoutLeaving(world);
    const places = new Map<string, Place & { readonly nodes: NodeSeen[] }>();
    for (const node of [...cluster.nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const { roleName, subnetId } = placeOf(node, account);
        const key = placeKey(node, account);
        const place = places.get(key) ?? { key, roleName, subnetId, nodes: [] };
        place.nodes.push(node);
        places.set(key, place);
    }
    return [...places.values()];
}

function placeOf({ instanceId = "" }: NodeSeen, { roleOfInstance, networkOfInstance }: AccountSeen) {
    const { subnetId = "", securityGroupIds = [] } = networkOfInstance?.[instanceId] ?? {};
    return { roleName: roleOfInstance[instanceId] ?? "", subnetId, securityGroupIds };
}

/** The key of the place in which a node is. */
export function placeKey(node: NodeSeen, account: AccountSeen): string {
    const { roleName, subnetId, securityGroupIds } = placeOf(node, account);
    return [roleName, subnetId, ...securityGroupIds].join(" ");
}

/** Whether the account shows the node role. The nodes without one share a key, but not a place. */
export function isKnownPlace(node: NodeSeen, account: AccountSeen): boolean {
    return placeOf(node, account).roleName !== "";
}

/** The places in which none of these pods is. */
export function placesWithout(pods: readonly PodSeen[], world: World): Place[] {
    const occupied = new Set(pods.map(({ node }) => node));
    return placesOf(world).filter(({ nodes }) => !nodes.some(({ name }) => occupied.has(name)));
}

/** How many places get a canary, in all. The first waves test the other places. */
export const MOST_CANARIES = 10;

/** The places that get a canary. */
export interface CanaryPlaces {
    /** One of each node role. A role without the rights fails here, and reaches no other pod. */
    readonly first: readonly Place[];
    /** They test the way from other subnets and security groups. */
    readonly others: readonly Place[];
}

/**
 * A place without a Ready node gets no canary, since nothing can be tested there. Its nodes are left to the verification. The canaries wait
 * only if no node of the cluster is Ready.
 *
 * Nor do the nodes whose node role is not known, as long as others are: EC2 shows a new instance late, and a terminated one without its profile.
 * Their role may have its canary already. https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
export function canaryPlaces(places: readonly Place[]): CanaryPlaces {
    const ready = places.filter(({ nodes }) => nodes.some((node) => node.ready));
    const known = ready.filter(({ roleName }) => roleName !== "");
    const testable = [known, ready].find(({ length }) => length > 0) ?? places;
    const isFirst = (place: Place) => testable.find(({ roleName }) => roleName === place.roleName) === place;
    const first = testable.filter(isFirst).slice(0, MOST_CANARIES);
    return { first, others: testable.filter((place) => !isFirst(place)).slice(0, MOST_CANARIES - first.length) };
}

/** For a message, for example ` of nodes in subnet-0a`. */
export function describePlace({ roleName, subnetId }: Pick<Place, "roleName" | "subnetId">): string {
    return `${roleName === "" ? "" : ` of ${roleName}`}${subnetId === "" ? "" : ` in ${subnetId}`}`;
}

/** The nodes of pods with their subnets, for a message: `n1 (subnet-0a), n2 (subnet-0b)`. */
export function describeNodes(pods: readonly Pick<PodSeen, "node">[], { cluster, account }: World): string[] {
    return pods.map(({ node: name }) => {
        const id = cluster.nodes.find((node) => node.name === name)?.instanceId ?? "";
        const { subnetId = "" } = account.networkOfInstance?.[id] ?? {};
        return subnetId === "" ? name : `${name} (${subnetId})`;
    });
}
