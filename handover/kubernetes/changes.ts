import type { KubeConfig, Watch } from "@kubernetes/client-node";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./clusterClient";
import type { WatchStart } from "./lookAtCluster";

/**
 * Waits for the first change after a look, by a WATCH from where each LIST ended, and at most so long. A stream that ends or
 * fails is opened again; while none works this is nothing but waiting, after which the caller looks anyway.
 */
export async function firstChange(
    cluster: Cluster,
    starts: readonly WatchStart[],
    atMostMilliseconds: number,
    closing: AbortSignal,
): Promise<void> {
    const { Watch } = await import("@kubernetes/client-node");
    const seen = new AbortController();
    const over = AbortSignal.any([seen.signal, closing]);
    let burst: NodeJS.Timeout | undefined;
    const changed = () => {
        // What belongs together comes together: one look after it, instead of one in its middle and another.
        burst ??= setTimeout(() => seen.abort(), cluster.settings.burstMilliseconds);
    };
    starts.forEach((start) => void follow(new Watch(ending(cluster.config, over)), start, changed, over));
    await pause(atMostMilliseconds, over);
    clearTimeout(burst);
    seen.abort();
}

/** The client gives what ends a stream when it is answered; one that never is ends by its connections alone. */
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

async function follow(watch: Watch, start: WatchStart, changed: () => void, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
        await stream(watch, start, changed, over);
        await pause(REOPEN_MILLISECONDS, over);
    }
}

/** Resolves when the stream has ended, whatever the reason. */
function stream(watch: Watch, { path, query }: WatchStart, changed: () => void, over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const told = (type: string) => CHANGES.has(type) && changed();
        watch
            .watch(path, { ...query }, told, () => resolve())
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

/** Not BOOKMARK, which is none, and not ERROR, after which the stream ends. */
const CHANGES: ReadonlySet<string> = new Set(["ADDED", "MODIFIED", "DELETED"]);

async function pause(milliseconds: number, over: AbortSignal): Promise<void> {
    try {
        await sleep(milliseconds, undefined, { signal: over });
    } catch {
        // It is over before the time.
    }
}
