/** Compares the sandbox's agents, which make the CNI's calls in each pod, with the monitor's gaps. Pure. */
import type { Figures, Gap } from "./gaps";
import type { Recording } from "./recording";

/** The fields of a line of agents.jsonl that are read. */
export interface AgentCall {
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly pod: string;
    readonly uid: string;
    readonly ok: boolean;
    readonly error?: string;
    readonly message?: string;
}

/** An agent calls twice a second, its call takes time, and only the first call after a change shows the change. */
export const TOLERANCE_MILLISECONDS = 1500;

/**
 * Contradictions between agents and monitor: a call that fails in a pod with a path, or succeeds in a pod without one. The edges
 * of a gap, the end of a pod, and gaps that a session hides are left out.
 */
export function disagreements(
    calls: readonly AgentCall[],
    { gaps }: Pick<Figures, "gaps">,
    recording: Pick<Recording, "from" | "to" | "events">,
    tolerance = TOLERANCE_MILLISECONDS,
): string[] {
    const compared = calls.filter(({ time }) => time >= recording.from && time <= recording.to);
    const ends = endsOf(recording);
    const visible = gaps.filter(({ hiddenBySession }) => !hiddenBySession);
    const outside = (call: AgentCall) => !gaps.some((gap) => near(call, gap, tolerance));
    const alive = ({ uid, time }: AgentCall) => time < (ends.get(uid) ?? Infinity) - tolerance;
    return [
        ...compared.filter((call) => !call.ok && alive(call) && outside(call)).map(failedOutside),
        ...compared
            .filter((call) => call.ok && visible.some((gap) => near(call, gap, -tolerance)))
            .map(succeededInside),
        ...gapsWithoutFailure(compared, visible, tolerance),
    ];
}

function near({ uid, time }: AgentCall, gap: Gap, tolerance: number): boolean {
    return uid === gap.uid && time >= gap.from - tolerance && time <= gap.to + tolerance;
}

/** When each pod began to terminate: its token is bound to the pod, and becomes invalid with it. */
function endsOf({ events }: Pick<Recording, "events">): Map<string, number> {
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

/** Gaps that are long enough for several calls, but have no failed call. */
function gapsWithoutFailure(calls: readonly AgentCall[], gaps: readonly Gap[], tolerance: number): string[] {
    return gaps
        .filter(({ from, to }) => to - from > 2 * tolerance)
        .filter((gap) => !calls.some((call) => !call.ok && near(call, gap, 0)))
        .map(({ pod, from, to }) => `no call of ${pod}'s agent failed in its gap of ${String((to - from) / 1000)} s`);
}

function failedOutside({ pod, time, error = "", message = "" }: AgentCall): string {
    return `${at(time)}: ${pod}'s agent failed, but the monitor saw a path: ${error} ${message}`;
}

function succeededInside({ pod, time }: AgentCall): string {
    return `${at(time)}: ${pod}'s agent succeeded, but the monitor saw no path`;
}

function at(time: number): string {
    return new Date(time).toISOString().slice(11, 23);
}
