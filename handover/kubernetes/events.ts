import type { CoreV1Event } from "@kubernetes/client-node";
import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";

interface EventSeen {
    readonly uid: string;
    readonly message: string;
    /** Equal events are counted in one, as client-go tools/record/events_cache.go does. When it was emitted first, and last. */
    readonly first: number;
    readonly at: number;
    readonly count: number;
}

/** The message in which a pod complained, the time at which it did last, and how often it has, as far as its events tell. */
export type Complaint = Pick<EventSeen, "at" | "message" | "count">;

/** Why the API server refused pods, and the times at which it did first and last. */
export type PodsRefused = Pick<EventSeen, "first" | "at" | "message">;

/**
 * The newest complaint by pod UID. The CNI emits it when EC2 denies a call (amazon-vpc-cni-k8s pkg/awsutils/awsutils.go,
 * checkAPIErrorAndBroadcastEvent).
 *
 * A complaint about a call that the CNI can do without does not count.
 */
export async function missingPermissions(
    cluster: Cluster,
    namespace: string,
    ipFamily: "ipv4" | "ipv6",
): Promise<Map<string, Complaint>> {
    const events = await list(cluster, namespace, "reason=MissingIAMPermissions,involvedObject.kind=Pod");
    const counting = events.filter(({ message }) => !isAboutDispensableCall(message, ipFamily));
    const counts = new Map<string, number>();
    counting.forEach(({ uid, count }) => counts.set(uid, (counts.get(uid) ?? 0) + count));
    return new Map(
        counting.reverse().map(({ uid, at, message }) => [uid, { at, message, count: counts.get(uid) ?? 1 }]),
    );
}

/**
 * The calls that AWS's policies do not allow, and without which the CNI works. On IPv6, each start makes this one, and goes on when it is
 * denied: https://github.com/aws/amazon-vpc-cni-k8s/pull/3554
 *
 * Any other complaint counts, also one about an action that is not known here: older versions of the CNI spell some differently.
 */
const DISPENSABLE: Readonly<Record<"ipv4" | "ipv6", readonly string[]>> = {
    ipv4: [],
    ipv6: ["ec2:ModifyNetworkInterfaceAttribute"],
};

function isAboutDispensableCall(message: string, ipFamily: "ipv4" | "ipv6"): boolean {
    const [, denied = ""] = /failed to call (\S+) due to missing permissions/.exec(message) ?? [];
    return DISPENSABLE[ipFamily].includes(denied);
}

/** How long a refusal counts as recent. Kubernetes keeps events for an hour. */
const RECENT_MILLISECONDS = 10 * 60 * 1000;

/** Why the DaemonSet controller could not create pods recently, and when, newest first. */
export async function refusedPods(
    cluster: Cluster,
    namespace: string,
    daemonSet: { readonly name: string; readonly uid: string },
    now = Date.now(),
): Promise<PodsRefused[]> {
    const selector = `reason=FailedCreate,involvedObject.kind=DaemonSet,involvedObject.name=${daemonSet.name}`;
    const events = await list(cluster, namespace, selector);
    return events
        .filter(({ uid, at }) => uid === daemonSet.uid && at > now - RECENT_MILLISECONDS)
        .map(({ first, at, message }) => ({ first, at, message }));
}

/** Newest first. */
async function list(cluster: Cluster, namespace: string, fieldSelector: string): Promise<EventSeen[]> {
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "events", namespace },
                cluster.core.listNamespacedEvent({ namespace, fieldSelector, limit, _continue }),
            ),
        (event) => ({
            uid: event.involvedObject.uid ?? "",
            first: cluster.clock.here(firstTime(event)),
            at: cluster.clock.here(lastTime(event)),
            message: event.message ?? "",
            count: countOf(event),
        }),
    );
    return kept.sort((a, b) => b.at - a.at);
}

/** Recorders of the older and the newer API fill different fields: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export function lastTime({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): Date {
    // The client returns the newer API's times, which have microseconds, as text.
    return new Date(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0);
}

function firstTime(event: CoreV1Event): Date {
    return new Date(event.firstTimestamp ?? event.eventTime ?? lastTime(event));
}

/**
 * How often an event has occurred. Through the newer API, one that has occurred once has neither a series nor a count. A series stands for two at
 * least, though older recorders begin it with 1 (k8s.io/client-go tools/events/event_broadcaster.go, recordToSink).
 */
function countOf({ series, count = 1 }: CoreV1Event): number {
    return series === undefined ? count : Math.max(series.count ?? 0, 2);
}
