import { countOf } from "../model/countOf";
import type { Memory } from "../model/steps";
import type { NodeSeen, PodSeen, World } from "../model/world";
import { Fleet, fleetOf, untilStable } from "./fleet";
import { leavingState } from "./leaving";
import { describePlace, Place, placesWithout } from "./places";
import { hasWorked, isOfFirstLook, isOfFirstPlaces, withoutJoining, wasReadyIn } from "./seen";

/** The nodes and pods that a verification waits for. */
export interface HeldUp {
    /** The NotReady nodes that it may skip. */
    readonly ignored: readonly NodeSeen[];
    /** The pods on the nodes that count. A pod without the role holds the verification up wherever it is. */
    readonly fleet: Fleet;
    /** The nodes whose pods hold it up until they have worked with the role. */
    readonly holding: readonly NodeSeen[];
    /** The pods on these nodes, without those that have worked. */
    readonly awaited: Fleet;
    /** Places of the first look in which no pod has worked with the role yet. */
    readonly untestedPlaces: readonly Place[];
}

/** The rules of a verification that are arguments of the program. */
export interface HoldingRules {
    readonly maxNotReadyNodes: number;
    readonly injectionGuard: boolean;
    /** Undefined: nothing is detached. */
    readonly detachFromNodeRoles: readonly string[] | undefined;
}

/**
 * Sorts out what a verification has to wait for.
 *
 * Once the injection guard is in force, only the pods that exist can be without the role, and a look shows which ones are. So a pod without the
 * role always counts. Beyond that, the verification wants evidence that the role works: on each node that it has seen at first, and in each place
 * where such a node was. A pod counts once it has worked for a while, in a window of its own: on a fleet that never stands still, there may be no
 * moment at which every pod works. A node that joins later gets a pod with the role by admission, and a node that leaves needs no pod.
 */
export function heldUp(rules: HoldingRules, world: World, memory: Memory, isRight: (pod: PodSeen) => boolean): HeldUp {
    const { cluster } = world;
    const staying = cluster.nodes.filter((node) => leavingState(node, world) === undefined);
    const works = new Set(cluster.pods.filter((pod) => isRight(pod) && hasWorked(pod, memory)).map(({ node }) => node));
    const isWrong = (pod: PodSeen) => !isRight(pod);
    const wrong = new Set(cluster.pods.filter(isWrong).map(({ node }) => node));
    const untested = untestedPlaces(
        cluster.pods.filter((pod) => isRight(pod) && pod.ready),
        world,
        memory,
    );
    const inUntested = new Set(untested.flatMap(({ nodes }) => nodes.map(({ name }) => name)));
    const needsEvidence = (node: NodeSeen) =>
        (isOfFirstLook(node, memory) && !works.has(node.name)) || inUntested.has(node.name);
    const silent = staying.filter((node) => !node.ready && (wrong.has(node.name) || needsEvidence(node)));
    const ignored = silent.length <= rules.maxNotReadyNodes ? silent : [];
    const counts = (node: NodeSeen) => !ignored.includes(node);
    const nodes = cluster.nodes.filter(counts);
    const { budget } = fleetOf(cluster, withoutJoining(nodes, cluster, memory, isRight), isRight);
    const fleet = { ...fleetOf(cluster, nodes, isRight), budget };
    const holding = staying.filter((node) => counts(node) && isOfFirstLook(node, memory));
    const responding = new Set(holding.filter(({ ready }) => ready).map(({ name }) => name));
    const first = fleetOf(cluster, holding, isRight);
    return {
        ignored,
        fleet,
        holding,
        awaited: {
            ...first,
            right: first.right.filter((pod) => !hasWorked(pod, memory)),
            wrong: fleet.wrong,
            starting: first.starting.filter((pod) => !hasWorked(pod, memory)),
            // A pod that is ending and uses the node role uses it until it has ended.
            terminating: fleet.terminating.filter((pod) => isWrong(pod) || responding.has(pod.node)),
            // Without the guard, the next pod of any node may be one that the webhook misses.
            nodesWithoutPod:
                rules.detachFromNodeRoles !== undefined && !rules.injectionGuard
                    ? fleet.nodesWithoutPod
                    : first.nodesWithoutPod.filter(({ name }) => !works.has(name)),
        },
        untestedPlaces: untested.filter((place) => place.nodes.some(counts)),
    };
}

/** Places of the first look that still have nodes, and in which no pod has been Ready with the role. */
function untestedPlaces(ready: readonly PodSeen[], world: World, memory: Memory): Place[] {
    return placesWithout(ready, world).filter(
        (place) => isOfFirstPlaces(place.key, memory) && !wasReadyIn(place, memory),
    );
}

/** The places that no pod has tested, for a message. Undefined if there is none. */
export function untestedLine({ untestedPlaces: [first, ...others] }: HeldUp): string | undefined {
    return (
        first &&
        `no pod has worked with the role yet on nodes${describePlace(first)}${others.length === 0 ? "" : `, and in ${countOf(others.length, "more place", "more places")}`}`
    );
}

/** Milliseconds until each pod that holds the verification up has been Ready for this time. */
export function untilEachWorked({ awaited: { right } }: HeldUp, stableSeconds: number, world: World): number {
    return untilStable(right, stableSeconds, world);
}
