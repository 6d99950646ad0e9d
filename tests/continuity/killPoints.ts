/** Where the engine is killed, and what is done then. Pure. */

export const FEW_OPERATIONS = ["up", "update", "destroy"] as const;
/** `policy` is another member of additionalPolicyArns; `repair` the up that fixes what others have broken. */
export const OPERATIONS = [...FEW_OPERATIONS, "policy", "repair"] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface KillPoint {
    readonly operation: Operation;
    readonly moment:
        /** A write's request has been sent and does not arrive; or it was carried out, and its answer does not arrive. */
        | { readonly at: "before" | "after"; readonly write: number }
        | { readonly at: "time"; readonly milliseconds: number };
    readonly then: "up" | "destroy";
}

/** What an undisturbed run is like. */
export interface Undisturbed {
    readonly writes: readonly string[];
    readonly milliseconds: number;
}

/** Those of the operations that a campaign is about. */
export type Course = Readonly<Partial<Record<Operation, Undisturbed>>>;

/** A point's name says everything about it, so that `--only` needs nothing else to run it again. */
export function nameOf({ operation, moment, then }: KillPoint): string {
    const where = moment.at === "time" ? `${String(moment.milliseconds)}ms` : `${moment.at}-${String(moment.write)}`;
    return `kill:${operation}:${where}:${then}`;
}

export function pointOf(name: string): KillPoint | undefined {
    const [, operation, at, write, milliseconds, then] =
        /^kill:(up|update|destroy|policy|repair):(?:(before|after)-(\d+)|(\d+)ms):(up|destroy)$/.exec(name) ?? [];
    if (operation === undefined) {
        return undefined;
    }
    return {
        operation: operation as Operation,
        moment:
            milliseconds === undefined
                ? { at: at as "before" | "after", write: Number(write) }
                : { at: "time", milliseconds: Number(milliseconds) },
        then: then as "up" | "destroy",
    };
}

/** Of at least so many points, each boundary is one; fewer are a sample. */
const CAMPAIGN = 60;
/** The share of points that are at random times, whatever is going on then. */
const RANDOM_SHARE = 0.25;

/** What a campaign of so many points is about. */
export function operationsOf(count: number): readonly Operation[] {
    return count >= CAMPAIGN ? OPERATIONS : FEW_OPERATIONS;
}

/**
 * The points of a campaign, the same for a seed and a course: taken in turn from its operations, and recovered from in turn
 * by `up` and `destroy`.
 */
export function killPoints(count: number, seed: number, course: Course): KillPoint[] {
    const random = randomNumbers(seed);
    const played = OPERATIONS.flatMap((operation) => {
        const undisturbed = course[operation];
        return undisturbed ? [{ operation, ...undisturbed }] : [];
    });
    const boundaries = played.map(({ operation, writes }) => shuffled(boundariesOf(operation, writes), random));
    const all = boundaries.reduce((sum, of) => sum + of.length, 0);
    const fromBoundaries = count >= CAMPAIGN ? all : Math.min(all, Math.round(count * (1 - RANDOM_SHARE)));
    const points: Omit<KillPoint, "then">[] = [];
    for (let turn = 0; points.length < fromBoundaries; turn++) {
        const next = boundaries[turn % boundaries.length]?.pop();
        points.push(...(next ? [next] : []));
    }
    const atRandom = Math.max(count - points.length, count >= CAMPAIGN ? Math.round(all * RANDOM_SHARE) : 0);
    for (let turn = 0; turn < atRandom; turn++) {
        const countOf = (wanted: Operation) => points.filter(({ operation }) => operation === wanted).length;
        const [rarest] = [...played].sort((a, b) => countOf(a.operation) - countOf(b.operation));
        if (rarest !== undefined) {
            // Not the very end: a run that is over before its point has not been killed.
            const milliseconds = Math.round(random() * 0.9 * rarest.milliseconds);
            points.push({ operation: rarest.operation, moment: { at: "time", milliseconds } });
        }
    }
    return points.map((point, index) => {
        const before = points.slice(0, index).filter(({ operation }) => operation === point.operation);
        return { ...point, then: before.length % 2 === 0 ? "up" : "destroy" };
    });
}

function boundariesOf(operation: Operation, writes: readonly string[]): Omit<KillPoint, "then">[] {
    return writes.flatMap((_, index) => [
        { operation, moment: { at: "before", write: index + 1 } },
        { operation, moment: { at: "after", write: index + 1 } },
    ]);
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
    const left = [...values];
    return values.map(() => left.splice(Math.floor(random() * left.length), 1)).flat();
}

/** mulberry32: small, and the same everywhere (https://github.com/cprosche/mulberry32). */
function randomNumbers(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}
