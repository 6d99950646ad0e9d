import { ASSOCIATION_MARGIN_MILLISECONDS } from "../model/association";
import { carriesRole, describeCredentials } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import type { HandOverRecord } from "../model/record";
import { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, PodSeen, World } from "../model/world";
import { admitRoleStep } from "./admittedRoles";
import { lateAgentStep } from "./agents";
import { begunAmong, begunFirst, isLeftBroken, steadyPart } from "./begunPlaces";
import { associateAgainStep } from "./association";
import { hasDelivery } from "./delivered";
import { deliverAgainStep, settingsToRemove } from "./delivery";
import { Fleet, fleetOf, isLate, restartWrong, untilStable, wakeStep } from "./fleet";
import { complains, complaintStep, withoutLoneComplaints } from "./complaints";
import { attachStep, isOwnAndIdle, toAttach } from "./giveBack";
import { withoutLeaving } from "./leaving";
import { policiesLost } from "./nodeRolePolicies";
import { associationStep } from "./otherDelivery";
import { canaryPlaces, describeNodes, describePlace, Place, placesOf } from "./places";
import { hasWorkedIn, Watched } from "./seen";
import { sideBySide } from "./sideBySide";
import { isUrgent, usesNodeRole } from "./withoutPath";

/** The goal of the rollout: every pod carries the CNI role, and the first ones are seen to work with it. */
export interface RolloutTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** The UID of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string | undefined;
    readonly stableSeconds: number;
    /** How long a pod may take until it works. */
    readonly canarySeconds: number;
    /** How long IAM may take to enforce a change of the role. */
    readonly iamPropagationSeconds: number;
    /** Whether the run may take the annotation over from another owner. Missing if a patch of the program does that. */
    readonly overrideExistingServiceAccount?: boolean | undefined;
    /** When the role was proved after a pod had complained. Earlier complaints are outdated. */
    readonly provedAt?: number;
}

/**
 * Annotates the service account if needed, then restarts one pod in each place, side by side. The first place of each node role gets its
 * canary first, so a role that lacks a permission reaches only one pod of each node role. The others follow as soon as these pods are Ready.
 *
 * A pod that already carries the role counts, whatever restarted it. So nothing restarts after a killed canary, or if eksctl has
 * delivered the role. A place counts once a pod has worked in it, also if that pod has left with its node.
 */
export function nextCanaryStep(target: RolloutTarget, look: World, memory: Memory): Step {
    const world = judgedWorld(target, look, memory);
    const refusal = failedPrecondition(target, world.cluster);
    if (refusal !== undefined) {
        return { do: "refuse", refusal };
    }
    const repair =
        associateAgainStep(target.subject, target.record, world) ??
        associationStep(target.subject, world) ??
        firstRepair(target, world, memory) ??
        lateAgentStep(target, world, memory);
    if (repair !== undefined) {
        return repair;
    }
    const places = placesOf(world);
    const complaint = complaintStep(
        carriersIn(target, world, { nodes: places.flatMap(({ nodes }) => nodes) }),
        target,
        world,
    );
    if (complaint !== undefined) {
        return complaint;
    }
    const { first, others } = canaryPlaces(begunFirst(places, target, world, memory));
    const works = (place: Place) => hasWorkedIn(place, memory) || carriersIn(target, world, place).right.length > 0;
    const firstWork = first.every(works);
    const begun = begunAmong(others, target, world, memory);
    const tested = firstWork ? [...first, ...others] : [...first, ...begun];
    const steps = tested.flatMap((place) => {
        const step = placeStep(target, world, memory, place);
        const isSecond = !firstWork && begun.includes(place) && step?.do === "restart";
        return step === undefined || isSecond ? [] : [step];
    });
    // Canaries that do not start end the rollout when the others have shown whether the role works.
    const deciding = sideBySide(steps.filter((step) => !isStartFailure(step)));
    if (deciding !== undefined || steps.length > 0) {
        const nodes = tested.flatMap((place) => place.nodes);
        return deciding ?? { do: "refuse", refusal: notStarting(target, world, nodes) };
    }
    return {
        do: "done",
        why: tested.length === 0 ? "nothing to test: the cluster has no nodes" : whatWorks(tested, places),
    };
}

/** A look as the rollout judges it: without nodes that leave, and without complaints that may be due to IAM's delay. */
export function judgedWorld(target: RolloutTarget, look: World, memory: Memory): World {
    return withoutLoneComplaints(withoutLeaving(look), target, memory);
}

/** The evidence that the run's memory keeps. */
export function watchedRollout(target: RolloutTarget): Watched {
    const isRight = (pod: PodSeen) => hasDelivery(pod, target) && !complains(pod, target);
    return { isRight, stableSeconds: target.stableSeconds };
}

function carriersIn(target: RolloutTarget, { cluster }: World, { nodes }: Pick<Place, "nodes">): Fleet {
    return fleetOf(cluster, nodes, (pod) => hasDelivery(pod, target), false);
}

function whatWorks(tested: readonly Place[], places: readonly Place[]): string {
    const roles = new Set(places.map(({ roleName }) => roleName)).size;
    const where = roles === 1 ? "the node role" : `each of ${String(roles)} node roles`;
    return tested.length === roles
        ? `a pod with the role works on a node of ${where}`
        : `a pod with the role works in ${String(tested.length)} of ${String(places.length)} combinations of node role, subnet and security groups`;
}

function failedPrecondition(
    { subject, record, serviceAccountUid }: RolloutTarget,
    cluster: ClusterSeen,
): Refusal | undefined {
    if (cluster.uid !== record.clusterUid) {
        return refusals.clusterChanged(record.clusterUid, cluster.uid);
    }
    if (cluster.serviceAccount === undefined) {
        return refusals.serviceAccountMissing(subject);
    }
    if (serviceAccountUid !== undefined && cluster.serviceAccount.uid !== serviceAccountUid) {
        return refusals.anotherCluster(subject);
    }
    return cluster.daemonSet === undefined ? refusals.daemonSetMissing(subject) : undefined;
}

/**
 * The steps before any restart. Pods that use a node role without its policies get these back first. A pod that restarts must get the
 * role, and the injection guard must admit it.
 */
function firstRepair(target: RolloutTarget, world: World, memory: Memory): Step | undefined {
    const { subject } = target;
    const { cluster } = world;
    const restore = restoreLostStep(target, world, memory);
    if (restore !== undefined) {
        return restore;
    }
    // With the managed add-on, no resource of the program annotates.
    const isForAddOn = subject.delivery === "eksAddon";
    if (!isAnnotated(subject, cluster)) {
        const why = `annotating the service account ${isForAddOn ? `with ${subject.roleArn}` : "again"}`;
        return deliverAgainStep(target, world, why);
    }
    const unwanted = isForAddOn ? settingsToRemove(subject, cluster) : [];
    return unwanted.length > 0
        ? {
              do: "annotate",
              annotations: subject.annotations,
              why: `removing ${unwanted.join(", ")}, which the program no longer sets`,
          }
        : (admitRoleStep({ ...target, injectionGuard: true }, cluster) ?? unskipStep(target, world, memory));
}

/** A move from Pod Identity has left it, or a hand-back that was killed. The webhook may still know the association, and not yet the annotation. */
function unskipStep({ subject }: RolloutTarget, { cluster, at }: World, { startedAt }: Memory): Step | undefined {
    if (!cluster.daemonSet?.skipsContainers) {
        return undefined;
    }
    const until = startedAt + ASSOCIATION_MARGIN_MILLISECONDS;
    return subject.delivery !== "podIdentity" && at < until
        ? {
              do: "wait",
              until,
              why: "waiting until the webhook forgets the Pod Identity association, and knows the annotation",
          }
        : {
              do: "unskipContainers",
              why: "the pod template no longer excludes its containers from the webhook: the DaemonSet's rolling update restarts the pods",
          };
}

/** Gives the node roles their policies back if a pod uses one without them. Undefined if none does, or if IAM does not show the policies yet. */
export function restoreLostStep(
    target: Pick<RolloutTarget, "subject" | "record">,
    world: World,
    memory: Memory,
): Step | undefined {
    const { subject, record } = target;
    const { cluster, account, at } = world;
    const onNodeRole = cluster.pods.find(({ credentials }) => usesNodeRole(credentials));
    const lost = toAttach(
        policiesLost(
            { subject, record, detachFromNodeRoles: record.namedNodeRoles },
            // No pod uses these, and their own delete would end in a conflict.
            account.nodeRoles.filter((role) => !isOwnAndIdle(record, role)),
        ),
        memory,
    );
    if (onNodeRole !== undefined && lost.length > 0) {
        const step = attachStep(
            lost,
            memory,
            at,
            `${describeCredentials(onNodeRole)}: attaching the policies to the node roles again`,
        );
        // The restarts that follow give these pods the role, so they need not wait until IAM shows the policies.
        return step.do === "attach" ? step : undefined;
    }
    return undefined;
}

/** Undefined when the place has a pod that works with the role. */
function placeStep(target: RolloutTarget, world: World, memory: Memory, whole: Place): Step | undefined {
    const { cluster, at } = world;
    const { stableSeconds, canarySeconds } = target;
    const watchedSeconds = isUrgent(world, whole.roleName) ? 0 : stableSeconds;
    const isStable = (pod: PodSeen) => untilStable([pod], watchedSeconds, world) === 0;
    if (hasWorkedIn(whole, memory) || carriersIn(target, world, whole).right.some(isStable)) {
        return undefined;
    }
    const place = steadyPart(whole, memory);
    const fleet = carriersIn(target, world, place);
    const starting = awaited(target, fleet, place, world, memory);
    // A pod that does not start for a reason of its own shows nothing of the role, and must not hide one that cannot use it.
    const telling = starting.filter(({ startProblem }) => startProblem === undefined);
    const [canary] = [...fleet.right, ...telling, ...starting];
    if (canary !== undefined) {
        const why = `canary ${canary.name} on ${canary.node}${describePlace(place)}: ${canary.ready ? `Ready, watching it for ${String(watchedSeconds)} s` : notReady(canary)}`;
        return isLate(canary, canarySeconds, memory, at)
            ? { do: "refuse", refusal: lateCanary(target, world, canary, why) }
            : { do: "wait", why };
    }
    // The next pod of a node without one is the canary, even if it was an earlier, killed run that deleted its predecessor.
    const empty = fleet.nodesWithoutPod.filter(({ name, ready }) => ready || memory.restarts[name] !== undefined);
    if (empty.length > 0) {
        return (
            wakeStep(fleet.nodesWithoutPod, cluster, memory, at) ?? {
                do: "wait",
                why: `canary on ${listNames(empty)}: no new pod yet`,
            }
        );
    }
    return (
        chooseCanary(target, fleet, place, memory, at) ?? {
            do: "wait",
            why: `no canary${describePlace(place)} yet, because these nodes are NotReady and have no pod: ${listNames(place.nodes)}`,
        }
    );
}

/**
 * The starting pods of a place that are waited for. A pod on a NotReady node may never become Ready. If the role works in another pod, a canary on
 * a Ready node takes its place: at once, or at the limit of a pod that this run has restarted.
 */
function awaited(
    { subject, canarySeconds }: RolloutTarget,
    { starting }: Fleet,
    { nodes }: Place,
    { cluster, at }: World,
    memory: Memory,
): readonly PodSeen[] {
    const responding = new Set(nodes.filter(({ ready }) => ready).map(({ name }) => name));
    const silent = starting.some(({ node }) => !responding.has(node));
    if (!silent || !cluster.pods.some((other) => other.ready && carriesRole(other, subject))) {
        return starting;
    }
    const isOfThisRun = (pod: PodSeen) =>
        memory.restarts[pod.node] !== undefined && !isLate(pod, canarySeconds, memory, at);
    return starting.filter((pod) => responding.has(pod.node) || isOfThisRun(pod));
}

const isStartFailure = (step: Step) => step.do === "refuse" && step.refusal.code === "pods-do-not-start";

/** All pods on these nodes that do not start for a reason of their own. */
function notStarting(target: RolloutTarget, world: World, nodes: Place["nodes"]): Refusal {
    const pods = carriersIn(target, world, { nodes }).starting.filter(({ startProblem }) => startProblem !== undefined);
    return refusals.podsDoNotStart(pods, describeNodes(pods, world), target.subject.serviceAccount);
}

/** A canary that does not start for a reason of its own says nothing about a role that works in another place. */
function lateCanary(target: RolloutTarget, world: World, canary: PodSeen, why: string): Refusal {
    const worksElsewhere = carriersIn(target, world, world.cluster).right.length > 0;
    return canary.startProblem !== undefined && worksElsewhere
        ? notStarting(target, world, world.cluster.nodes)
        : refusals.timeout("The canary", target.canarySeconds, "timeouts.canarySeconds", why);
}

/** A start of the plugin that fails ends in a restart about 90 seconds later, by the liveness probe. */
function notReady({ restarts, startProblem }: PodSeen): string {
    if (startProblem !== undefined) {
        return `does not start: ${startProblem}`;
    }
    const times = restarts === 1 ? "once" : `${String(restarts)} times`;
    return restarts === 0 ? "not Ready yet" : `not Ready yet, its containers were restarted ${times}`;
}

/** Undefined when no pod can be the canary. */
function chooseCanary(target: RolloutTarget, fleet: Fleet, place: Place, memory: Memory, at: number): Step | undefined {
    const onReadyNode = fleet.wrong.filter(({ node }) => place.nodes.some(({ name, ready }) => ready && name === node));
    const candidates = onReadyNode.length > 0 ? onReadyNode : fleet.wrong;
    // Prefer a pod that this run has restarted: usually the webhook was late.
    const tried = candidates.filter((pod) => memory.restarts[pod.node] !== undefined || isLeftBroken(pod, target));
    // A tried pod that is not Ready is the canary already. The tried pods that are Ready wait for it.
    const broken = tried.filter(({ ready }) => !ready);
    const [first = candidates[0]] = candidates.filter(({ ready }) => ready);
    const wrong = [broken, tried].find(({ length }) => length > 0) ?? candidates.filter((pod) => pod === first);
    const why = (pod: PodSeen) =>
        tried.length > 0
            ? `canary on ${pod.node}${describePlace(place)}: ${describeCredentials(pod)}`
            : `canary ${pod.name} on ${pod.node}${describePlace(place)}: restarts first, with the role`;
    // There may be several tried pods: an earlier run left them broken, and some work again because the webhook was down when they
    // restarted.
    return restartWrong({ ...fleet, wrong, budget: Math.max(fleet.budget, 1) }, memory, at, why, 1);
}
