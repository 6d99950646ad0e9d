import type { KubernetesListObject, KubernetesObject, Watch } from "@kubernetes/client-node";

export interface FollowOptions<T extends KubernetesObject> {
    readonly watch: Watch;
    readonly path: string;
    readonly query: Record<string, string>;
    list(): Promise<KubernetesListObject<T>>;
    /** Told of each object that is there, and of each change. */
    seen(object: T): void;
    gone(object: T): void;
    /** False when the watch has ended in an error, true when it is complete again. */
    sight(complete: boolean): void;
}

export interface Follower {
    /** Resolves when everything that is there has been told for the first time. */
    readonly complete: Promise<void>;
    stop(): void;
}

const PAUSE_MILLISECONDS = 100;

/**
 * LIST and WATCH, again and again: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * The client's own informer keeps a cache and tells an object only once; here each version counts, and when it was seen.
 */
export function follow<T extends KubernetesObject>(options: FollowOptions<T>): Follower {
    const known = new Map<string, T>();
    const stopped = new AbortController();
    let abort = new AbortController();
    let firstDone = (): void => undefined;
    const uidOf = (object: T) => object.metadata?.uid ?? "";
    const takeIn = (object: T) => {
        known.set(uidOf(object), object);
        options.seen(object);
    };
    const remove = (object: T) => {
        known.delete(uidOf(object));
        options.gone(object);
    };
    const round = async (): Promise<void> => {
        const list = await options.list();
        const there = new Set(list.items.map(uidOf));
        [...known.values()].filter((object) => !there.has(uidOf(object))).forEach(remove);
        list.items.forEach(takeIn);
        options.sight(true);
        firstDone();
        await watchFrom(list.metadata?.resourceVersion ?? "");
    };
    const watchFrom = (resourceVersion: string): Promise<void> =>
        new Promise((resolve, reject) => {
            const heard = (phase: string, object: T) => {
                if (phase === "DELETED") {
                    remove(object);
                } else if (phase === "ADDED" || phase === "MODIFIED") {
                    takeIn(object);
                } else if (phase === "ERROR") {
                    reject(new Error("the watch is too old"));
                }
            };
            options.watch
                .watch(options.path, { ...options.query, resourceVersion }, heard, (error: unknown) =>
                    error instanceof Error ? reject(error) : resolve(),
                )
                .then((controller) => (abort = controller), reject);
        });
    const complete = new Promise<void>((resolve) => (firstDone = resolve));
    void (async () => {
        while (!stopped.signal.aborted) {
            await round().catch(() => (stopped.signal.aborted ? undefined : options.sight(false)));
            await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
        }
    })();
    return {
        complete,
        stop: () => {
            stopped.abort();
            abort.abort();
        },
    };
}
