/**
 * Compares the gaps that the monitor computes with what each pod experienced: the probes of its path, and the CNI's own calls. Pure.
 *
 * A probe asks, with the pod's credentials and twice a second, for every permission of the CNI. It finds each gap, in every mode of the CNI. The CNI
 * itself calls when it starts, and when its warm pool needs it: it may call nothing in a gap, and what it calls may be granted there.
 */
import type { Figures, Gap } from "./gaps";
import type { Recording } from "./recording";

/** The fields of a line of probes.jsonl, or agents.jsonl, that are read. */
export interface Experience {
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly pod: string;
    readonly uid: string;
    readonly ok: boolean;
    readonly error?: string;
    readonly message?: string;
}

/** A probe asks twice a second, its answer takes time, and only the first one after a change shows the change. */
export const TOLERANCE_MILLISECONDS = 1500;

export type Span = Pick<Recording, "from" | "to" | "events">;

/** The experiences of a time span. */
export function within<T extends Experience>(all: readonly T[], { from, to }: Span): T[] {
    return all.filter(({ time }) => time >= from && time <= to);
}

/**
 * Contradictions between the probes and the computed gaps: a probe that fails in a pod with a path, or succeeds in a pod without one. The
 * edges of a gap, the end of a pod, and gaps that a session hides are left out.
 */
export function disagreements(
    probes: readonly Experience[],
    { gaps }: Pick<Figures, "gaps">,
    span: Span,
    tolerance = TOLERANCE_MILLISECONDS,
): string[] {
    const compared = within(probes, span);
    const visible = gaps.filter(({ hiddenBySession }) => !hiddenBySession);
    return [
        ...outsideGaps(compared, gaps, span, tolerance).map((probe) => failedOutside("probe", probe)),
        ...compared
            .filter((probe) => probe.ok && visible.some((gap) => near(probe, gap, -tolerance)))
            .map(succeededInside),
        ...gapsWithoutFailure(compared, visible, tolerance),
    ];
}

/** The CNI's own calls that failed in a pod with a path. */
export function failedCalls(
    calls: readonly Experience[],
    { gaps }: Pick<Figures, "gaps">,
    span: Span,
    tolerance = TOLERANCE_MILLISECONDS,
): string[] {
    return outsideGaps(within(calls, span), gaps, span, tolerance).map((call) => failedOutside("agent", call));
}

function outsideGaps(
    all: readonly Experience[],
    gaps: readonly Gap[],
    span: Span,
    tolerance: number,
): readonly Experience[] {
    const ends = endsOf(span);
    const alive = ({ uid, time }: Experience) => time < (ends.get(uid) ?? Infinity) - tolerance;
    return all.filter((one) => !one.ok && alive(one) && !gaps.some((gap) => near(one, gap, tolerance)));
}

function near({ uid, time }: Experience, gap: Gap, tolerance: number): boolean {
    return uid === gap.uid && time >= gap.from - tolerance && time <= gap.to + tolerance;
}

/** When each pod began to terminate: its token is bound to the pod, and becomes invalid with it. */
function endsOf({ events }: Span): Map<string, number> {
    const ends = new Map<string, number>();
    for (const event of events) {
        const uid =
            event.kind === "podGone" ? event.uid : event.kind === "pod" && event.pod.terminating && event.pod.uid;
        if (uid) {
            ends.set(uid, Math.min(event.at, ends.get(uid) ?? Infinity));
        }
    }
    return ends;
}

/** Gaps that are long enough for several probes, but have no failed one. */
function gapsWithoutFailure(probes: readonly Experience[], gaps: readonly Gap[], tolerance: number): string[] {
    return gaps
        .filter(({ from, to }) => to - from > 2 * tolerance)
        .filter((gap) => !probes.some((probe) => !probe.ok && near(probe, gap, 0)))
        .map(({ pod, from, to }) => `no probe of ${pod} failed in its gap of ${String((to - from) / 1000)} s`);
}

function failedOutside(which: "probe" | "agent", { pod, time, error = "", message = "" }: Experience): string {
    return `${at(time)}: ${pod}'s ${which} failed, but the monitor saw a path: ${error} ${message}`;
}

function succeededInside({ pod, time }: Experience): string {
    return `${at(time)}: ${pod}'s probe succeeded, but the monitor saw no path`;
}

function at(time: number): string {
    return new Date(time).toISOString().slice(11, 23);
}
