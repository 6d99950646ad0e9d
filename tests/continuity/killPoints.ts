/** The points at which the engine is killed, and the commands that follow. Pure. */

export const FEW_OPERATIONS = ["up", "update", "destroy"] as const;
/**
 * `policy` changes additionalPolicyArns, and `boundary` permissionsBoundary. `repair` is the up that repairs changes by others. `upgrade` is
 * the first update, to a new role, of a stack that the code of before the live rollout has handed over.
 */
export const OPERATIONS = [...FEW_OPERATIONS, "policy", "boundary", "repair", "upgrade"] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface KillPoint {
    readonly operation: Operation;
    readonly moment:
        /** `before`: the write does not arrive. `after`: the write was carried out, but its response does not arrive. */
        | { readonly at: "before" | "after"; readonly write: number }
        | { readonly at: "time"; readonly milliseconds: number };
    readonly then: "up" | "destroy";
    /** Whether nodes join and leave during both commands. */
    readonly amid?: "churn";
}

/** The writes and the duration of a run without a kill. */
export interface UninterruptedRun {
    readonly writes: readonly string[];
    readonly milliseconds: number;
}

/** The uninterrupted runs of a campaign's operations. */
export type Course = Readonly<Partial<Record<Operation, UninterruptedRun>>>;

/** The name defines the point completely, so that `--only` can run it again. */
export function nameOf({ operation, moment, then, amid }: KillPoint): string {
    const where = moment.at === "time" ? `${String(moment.milliseconds)}ms` : `${moment.at}-${String(moment.write)}`;
    return [`kill:${operation}:${where}:${then}`, ...(amid === undefined ? [] : [amid])].join(":");
}

const NAME = new RegExp(
    `^kill:(${OPERATIONS.join("|")}):(?:(before|after)-(\\d+)|(\\d+)ms):(up|destroy)(?::(churn))?$`,
);

export function pointOf(name: string): KillPoint | undefined {
    const [, operation, at, write, milliseconds, then, amid] = NAME.exec(name) ?? [];
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
        ...(amid === undefined ? {} : { amid: "churn" }),
    };
}

/** From this many points on, every boundary is a kill point. Fewer points are a sample. */
const FULL_CAMPAIGN = 60;
/** The share of points at random times. */
const RANDOM_SHARE = 0.25;

/** Of a full campaign, each third point is on a cluster whose nodes come and go. */
const CHURNS_EACH = 3;

/** The operations of a campaign with this many points. */
export function operationsOf(count: number): readonly Operation[] {
    return count >= FULL_CAMPAIGN ? OPERATIONS : FEW_OPERATIONS;
}

/**
 * The kill points of a campaign. The same seed and course give the same points. The operations take turns, and so do `up` and
 * `destroy` as the command that follows.
 */
export function killPoints(count: number, seed: number, course: Course): KillPoint[] {
    const random = randomNumbers(seed);
    const played = OPERATIONS.flatMap((operation) => {
        const run = course[operation];
        return run ? [{ operation, ...run }] : [];
    });
    const boundaries = played.map(({ operation, writes }) => shuffled(boundariesOf(operation, writes), random));
    const all = boundaries.reduce((sum, of) => sum + of.length, 0);
    const fromBoundaries = count >= FULL_CAMPAIGN ? all : Math.min(all, Math.round(count * (1 - RANDOM_SHARE)));
    const points: Omit<KillPoint, "then">[] = [];
    for (let turn = 0; points.length < fromBoundaries; turn++) {
        const next = boundaries[turn % boundaries.length]?.pop();
        points.push(...(next ? [next] : []));
    }
    const atRandom = Math.max(count - points.length, count >= FULL_CAMPAIGN ? Math.round(all * RANDOM_SHARE) : 0);
    for (let turn = 0; turn < atRandom; turn++) {
        const countOf = (wanted: Operation) => points.filter(({ operation }) => operation === wanted).length;
        const [rarest] = [...played].sort((a, b) => countOf(a.operation) - countOf(b.operation));
        if (rarest !== undefined) {
            // Not up to the very end: the run could end before its kill.
            const milliseconds = Math.round(random() * 0.9 * rarest.milliseconds);
            points.push({ operation: rarest.operation, moment: { at: "time", milliseconds } });
        }
    }
    return points.map((point, index) => {
        const before = points.slice(0, index).filter(({ operation }) => operation === point.operation);
        const churns = count >= FULL_CAMPAIGN && index % CHURNS_EACH === 0;
        return {
            ...point,
            then: before.length % 2 === 0 ? "up" : "destroy",
            ...(churns ? { amid: "churn" as const } : {}),
        };
    });
}

/** A part of the points, of equal size: each has points of all operations. */
export function partOf<T>(points: readonly T[], { nth, of }: Part): T[] {
    return points.filter((_, index) => index % of === nth - 1);
}

/** The nth of several parts, counted from 1. */
export interface Part {
    readonly nth: number;
    readonly of: number;
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
