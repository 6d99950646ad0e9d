/** The agents of the sandbox, which do in each pod what the CNI does, against the monitor's gaps. Pure. */
import type { Figures, Gap } from "./gaps";
import type { Recording } from "./recording";

/** What is read of a line of agents.jsonl. */
export interface AgentCall {
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly pod: string;
    readonly uid: string;
    readonly ok: boolean;
    readonly error?: string;
    readonly message?: string;
}

/** An agent calls twice a second, its call takes time, and a change is felt at the first call after it. */
export const TOLERANCE_MILLISECONDS = 1500;

/**
 * What cannot both be true: a call that fails in a pod that has a path, and one that goes through in a pod that has none. The
 * edges of a gap and the end of a pod are left out, and so are gaps that a session hides.
 */
export function disagreements(
    calls: readonly AgentCall[],
    { gaps }: Pick<Figures, "gaps">,
    recording: Pick<Recording, "from" | "to" | "events">,
    tolerance = TOLERANCE_MILLISECONDS,
): string[] {
    const heard = calls.filter(({ time }) => time >= recording.from && time <= recording.to);
    const ends = endsOf(recording);
    const felt = gaps.filter(({ hiddenBySession }) => !hiddenBySession);
    const outside = (call: AgentCall) => !gaps.some((gap) => near(call, gap, tolerance));
    const alive = ({ uid, time }: AgentCall) => time < (ends.get(uid) ?? Infinity) - tolerance;
    return [
        ...heard.filter((call) => !call.ok && alive(call) && outside(call)).map(failedOutside),
        ...heard.filter((call) => call.ok && felt.some((gap) => near(call, gap, -tolerance))).map(succeededInside),
        ...silentGaps(heard, felt, tolerance),
    ];
}

function near({ uid, time }: AgentCall, gap: Gap, tolerance: number): boolean {
    return uid === gap.uid && time >= gap.from - tolerance && time <= gap.to + tolerance;
}

/** When each pod was told to end: its token is bound to it, and ends too. */
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

/** A gap that is long enough for several calls, none of which failed. */
function silentGaps(calls: readonly AgentCall[], gaps: readonly Gap[], tolerance: number): string[] {
    return gaps
        .filter(({ from, to }) => to - from > 2 * tolerance)
        .filter((gap) => !calls.some((call) => !call.ok && near(call, gap, 0)))
        .map(({ pod, from, to }) => `no call of ${pod}'s agent failed in its gap of ${String((to - from) / 1000)} s`);
}

function failedOutside({ pod, time, error = "", message = "" }: AgentCall): string {
    return `${at(time)}: ${pod}'s agent failed, and by the monitor it had a path: ${error} ${message}`;
}

function succeededInside({ pod, time }: AgentCall): string {
    return `${at(time)}: ${pod}'s agent went through, and by the monitor it had no path`;
}

function at(time: number): string {
    return new Date(time).toISOString().slice(11, 23);
}
