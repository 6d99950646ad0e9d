import type { KubernetesListObject, KubernetesObject, Watch } from "@kubernetes/client-node";

export interface FollowOptions<T extends KubernetesObject> {
    readonly watch: Watch;
    readonly path: string;
    readonly query: Record<string, string>;
    list(): Promise<KubernetesListObject<T>>;
    /** Called for each existing object, and for each change. */
    seen(object: T): void;
    gone(object: T): void;
    /** Called with false when the watch fails, and with true when all objects are known again. */
    sight(complete: boolean): void;
}

export interface Follower {
    /** Resolves when all existing objects have been reported for the first time. */
    readonly complete: Promise<void>;
    stop(): void;
}

const PAUSE_MILLISECONDS = 100;

/**
 * Repeats LIST and WATCH: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * The client's own informer is not used: it keeps a cache, while the monitor needs each version of an object with its time.
 */
export function follow<T extends KubernetesObject>(options: FollowOptions<T>): Follower {
    const known = new Map<string, T>();
    const stopped = new AbortController();
    let abort = new AbortController();
    let firstDone = (): void => undefined;
    const uidOf = (object: T) => object.metadata?.uid ?? "";
    const add = (object: T) => {
        known.set(uidOf(object), object);
        options.seen(object);
    };
    const remove = (object: T) => {
        known.delete(uidOf(object));
        options.gone(object);
    };
    const round = async (): Promise<void> => {
        const list = await options.list();
        const listed = new Set(list.items.map(uidOf));
        [...known.values()].filter((object) => !listed.has(uidOf(object))).forEach(remove);
        list.items.forEach(add);
        options.sight(true);
        firstDone();
        await watchFrom(list.metadata?.resourceVersion ?? "");
    };
    const watchFrom = (resourceVersion: string): Promise<void> =>
        new Promise((resolve, reject) => {
            const onEvent = (phase: string, object: T) => {
                if (phase === "DELETED") {
                    remove(object);
                } else if (phase === "ADDED" || phase === "MODIFIED") {
                    add(object);
                } else if (phase === "ERROR") {
                    reject(new Error("the watch is too old"));
                }
            };
            options.watch
                .watch(options.path, { ...options.query, resourceVersion }, onEvent, (error: unknown) =>
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
