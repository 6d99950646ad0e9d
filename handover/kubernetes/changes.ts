import type { KubeConfig, V1Pod, Watch } from "@kubernetes/client-node";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./clusterClient";
import type { ClusterSettings } from "./clusterSettings";
import type { WatchStart } from "./lookAtCluster";

/** How long a wait takes. */
export interface Pace {
    /** The most, if nothing changes. */
    readonly atMostMilliseconds: number;
    /** From the first change to its end. Related changes come in a burst: one look after it is enough, instead of one in the middle and another. */
    readonly burstMilliseconds: number;
}

/** A look may take long because the API server does not answer. That says nothing about the size of the cluster. */
const LONGEST_PACE_MILLISECONDS = 10_000;

/**
 * On a large cluster, a look takes seconds of the API server's time, and something changes all the time. So a wait takes at least as long as the look
 * before it: half of the time is left to the pods.
 */
export function pace(atMostMilliseconds: number, lookMilliseconds: number, settings: ClusterSettings): Pace {
    const slow = Math.min(lookMilliseconds, LONGEST_PACE_MILLISECONDS);
    return {
        atMostMilliseconds: Math.max(atMostMilliseconds, slow),
        burstMilliseconds: Math.max(settings.burstMilliseconds, slow),
    };
}

/**
 * Waits for the first change after a look, with a time limit.
 *
 * Each WATCH starts at the resource version of its LIST. A stream that ends or fails is opened again. If no stream works, the
 * caller looks again after the limit.
 *
 * @param readyOn Instead of the first change, it waits until each of these nodes has got a Ready pod. A wave of a large cluster makes hundreds of
 * changes, and a look after each would take the API server's time that the pods need to start.
 */
export async function firstChange(
    cluster: Cluster,
    starts: readonly WatchStart[],
    { atMostMilliseconds, burstMilliseconds }: Pace,
    closing: AbortSignal,
    readyOn?: readonly string[],
): Promise<void> {
    const { Watch } = await import("./clientNode");
    const seen = new AbortController();
    const over = AbortSignal.any([seen.signal, closing]);
    let burst: NodeJS.Timeout | undefined;
    const awaited = readyOn && new Set(readyOn);
    const changed = (object: V1Pod) => {
        awaited?.delete(nodeOfReadyPod(object) ?? "");
        if (awaited !== undefined && awaited.size > 0) {
            return;
        }
        burst ??= setTimeout(() => seen.abort(), burstMilliseconds);
    };
    starts.forEach((start) => void follow(new Watch(ending(cluster.config, over)), start, changed, over));
    await pause(atMostMilliseconds, over);
    clearTimeout(burst);
    seen.abort();
}

/** The client returns a stream's abort controller with the response. Before that, only closing its connections ends a stream. */
function ending(config: KubeConfig, over: AbortSignal): KubeConfig {
    const applyToFetchOptions: KubeConfig["applyToFetchOptions"] = async (options) => {
        const applied = await config.applyToFetchOptions(options);
        const { agent } = applied;
        if (agent instanceof Agent) {
            over.addEventListener("abort", () => agent.destroy(), { once: true });
        }
        return applied;
    };
    return Object.assign(Object.create(config) as KubeConfig, { applyToFetchOptions });
}

const REOPEN_MILLISECONDS = 1000;

async function follow(
    watch: Watch,
    start: WatchStart,
    changed: (object: V1Pod) => void,
    over: AbortSignal,
): Promise<void> {
    while (!over.aborted) {
        await stream(watch, start, changed, over);
        await pause(REOPEN_MILLISECONDS, over);
    }
}

/** Resolves when the stream has ended, for any reason. */
function stream(
    watch: Watch,
    { path, query }: WatchStart,
    changed: (object: V1Pod) => void,
    over: AbortSignal,
): Promise<void> {
    return new Promise((resolve) => {
        const onEvent = (type: string, object: V1Pod) => CHANGES.has(type) && changed(object);
        watch
            .watch(path, { ...query }, onEvent, () => resolve())
            .then(
                (controller) => {
                    over.addEventListener("abort", () => controller.abort(), { once: true });
                    if (over.aborted) {
                        controller.abort();
                    }
                },
                () => resolve(),
            );
    });
}

/** BOOKMARK is no change, and the stream ends after ERROR. */
const CHANGES: ReadonlySet<string> = new Set(["ADDED", "MODIFIED", "DELETED"]);

/** Undefined for anything else, such as the DaemonSet, and for a pod that is being deleted. */
function nodeOfReadyPod({ metadata, spec, status }: V1Pod): string | undefined {
    const isReady = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
    return isReady && metadata?.deletionTimestamp === undefined ? spec?.nodeName : undefined;
}

async function pause(milliseconds: number, over: AbortSignal): Promise<void> {
    try {
        await sleep(milliseconds, undefined, { signal: over });
    } catch {
        // Aborted before the time was up.
    }
}
