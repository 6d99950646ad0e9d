/** Computes the figures of a recording by a sweep over its events: nothing changes between two events. Pure. */
import { Moment } from "./moment";
import type { Outsider, PodRecord, Recording } from "./recording";

/** A time span in which one pod ran without a working path. */
export interface Gap {
    readonly pod: string;
    readonly uid: string;
    readonly node: string;
    readonly from: number;
    readonly to: number;
    /** Why the pod had no path when the gap began. */
    readonly reason: string;
    readonly hiddenBySession: boolean;
    readonly canary: boolean;
    /** Its node joins, and the first agent of Pod Identity does not answer there yet: see Moment.joins. */
    readonly joining: boolean;
}

export interface Figures {
    /** How long pods, except canaries and pods of joining nodes, ran without a working path that no outsider had taken. */
    readonly podSeconds: number;
    /** How long pods ran without a path that an outsider had taken, until the repairing run gave it back, or had to have done so. */
    readonly outsiderPodSeconds: number;
    /** The longest time from the start of a repairing run until every pod had its path again. */
    readonly longestRepairSeconds: number;
    readonly longestGapSeconds: number;
    readonly podsWithoutPath: number;
    readonly canaryPodSeconds: number;
    /** How long Ready nodes had no Ready pod of aws-node. */
    readonly nodeSeconds: number;
    readonly blindSeconds: number;
    /** All gaps: also those of canaries and of joining nodes, and those that an outsider began. */
    readonly gaps: readonly Gap[];
    /** The gaps that podSeconds counts, without the parts that an outsider answers for. */
    readonly counted: readonly Gap[];
}

export function figuresOf(recording: Recording): Figures {
    const sweep = new Sweep(recording);
    const events = [...recording.events].sort((a, b) => a.at - b.at);
    const inside = events.map(({ at }) => at).filter((at) => at > recording.from && at < recording.to);
    const times = [recording.from, ...new Set(inside), recording.to];
    let next = 0;
    for (const [index, from] of times.slice(0, -1).entries()) {
        for (let event = events[next]; event && event.at <= from; event = events[++next]) {
            sweep.moment.apply(event);
        }
        sweep.pass(from, times[index + 1] ?? from);
    }
    return sweep.end();
}

class Sweep {
    public readonly moment: Moment;
    private readonly canaries = new Canaries();
    private readonly open = new Map<string, Gap>();
    private readonly gaps: Gap[] = [];
    private nodeMilliseconds = 0;
    private blindMilliseconds = 0;

    private readonly outsiders: readonly Outsider[];

    public constructor(recording: Recording) {
        this.moment = new Moment(recording);
        this.outsiders = recording.outsiders ?? [];
    }

    /** Adds a time span in which nothing changes. */
    public pass(from: number, to: number): void {
        const { moment, canaries, open } = this;
        canaries.see(moment);
        const lacking = new Set<string>();
        for (const pod of moment.pods) {
            const lack = moment.lackOf(pod);
            if (lack !== undefined) {
                lacking.add(pod.uid);
                const { name, uid, node } = pod;
                const joining = moment.joins(pod);
                this.closeUnlessAs(uid, { ...lack, joining });
                const canary = !joining && canaries.has(pod, moment);
                const begun = { pod: name, uid, node, from, ...lack, canary, joining };
                open.set(uid, { ...(open.get(uid) ?? begun), to });
            } else if (pod.ready) {
                canaries.noteWorking(pod);
            }
        }
        this.close((uid) => !lacking.has(uid));
        this.nodeMilliseconds += moment.nodesWithoutReadyPod() * (to - from);
        this.blindMilliseconds += moment.blind ? to - from : 0;
    }

    /** The calls of a pod show one part of a gap, and not the other. */
    private closeUnlessAs(uid: string, now: Pick<Gap, "hiddenBySession" | "joining">): void {
        const gap = this.open.get(uid);
        if (gap?.hiddenBySession !== now.hiddenBySession || gap.joining !== now.joining) {
            this.close((one) => one === uid);
        }
    }

    private close(which: (uid: string) => boolean): void {
        for (const [uid, gap] of [...this.open].filter(([uid]) => which(uid))) {
            this.gaps.push(gap);
            this.open.delete(uid);
        }
    }

    public end(): Figures {
        this.close(() => true);
        const { gaps, outsiders } = this;
        const all = gaps.filter(({ canary, joining }) => !canary && !joining);
        const real = all.flatMap((gap) => partsOf(gap, outsiders).own);
        const taken = all.flatMap((gap) => partsOf(gap, outsiders).taken);
        return {
            podSeconds: secondsOf(real),
            outsiderPodSeconds: secondsOf(taken),
            longestRepairSeconds: Math.max(0, ...all.map((gap) => repairSecondsOf(gap, outsiders))),
            longestGapSeconds: real.reduce((longest, gap) => Math.max(longest, secondsOf([gap])), 0),
            podsWithoutPath: new Set(real.map(({ uid }) => uid)).size,
            canaryPodSeconds: secondsOf(gaps.filter(({ canary }) => canary)),
            nodeSeconds: this.nodeMilliseconds / 1000,
            blindSeconds: this.blindMilliseconds / 1000,
            gaps,
            counted: real,
        };
    }
}

/** The outsider that began a gap. A gap that begins while a run repairs is the run's own. */
function outsiderOf({ from }: Gap, outsiders: readonly Outsider[]): Outsider | undefined {
    return outsiders.find((outsider) => from >= outsider.from && from <= outsider.repairedFrom);
}

/** The part of a gap that an outsider answers for, and the rest. */
function partsOf(gap: Gap, outsiders: readonly Outsider[]): { taken: Gap[]; own: Gap[] } {
    const outsider = outsiderOf(gap, outsiders);
    if (outsider === undefined) {
        return { taken: [], own: [gap] };
    }
    const limit = outsider.repairedFrom + outsider.limitSeconds * 1000;
    const taken = { ...gap, to: Math.min(gap.to, limit) };
    return { taken: [taken], own: gap.to > limit ? [{ ...gap, from: limit }] : [] };
}

function repairSecondsOf(gap: Gap, outsiders: readonly Outsider[]): number {
    const outsider = outsiderOf(gap, outsiders);
    return outsider === undefined ? 0 : (gap.to - outsider.repairedFrom) / 1000;
}

function secondsOf(gaps: readonly Gap[]): number {
    return gaps.reduce((sum, { from, to }) => sum + (to - from), 0) / 1000;
}

/**
 * In each place, one pod may be the canary: the first pod without a path among those that were created with the role before any pod
 * worked with it there. Any other pod without a path is a gap, even while there is a canary.
 *
 * A pod that replaces a canary that never worked counts on as one if it got such credentials again: a webhook that is late gives them after the rollout
 * was taken back.
 */
class Canaries {
    private readonly seen = new Set<string>();
    /** The pods that may be a canary, with their nodes. */
    private readonly candidates = new Map<string, string>();
    private readonly ofPlace = new Map<string, string>();
    /** The nodes whose canary has ended, and had not worked. */
    private readonly failedOn = new Set<string>();

    public see(moment: Moment): void {
        const existing = new Set(moment.pods.map(({ uid }) => uid));
        for (const [uid, node] of [...this.candidates].filter(([uid]) => !existing.has(uid))) {
            this.candidates.delete(uid);
            this.failedOn.add(node);
        }
        [...this.ofPlace].filter(([, uid]) => !existing.has(uid)).forEach(([place]) => this.ofPlace.delete(place));
        // Until it is scheduled, a pod does not show its node.
        const created = moment.pods.filter(({ uid, node }) => node !== "" && !this.seen.has(uid));
        for (const pod of created) {
            this.seen.add(pod.uid);
            const replaces = this.failedOn.delete(pod.node) && (pod.tokenFile || pod.containerCredentials === true);
            if (replaces || moment.isFirst(pod)) {
                this.candidates.set(pod.uid, pod.node);
            }
        }
    }

    /** A pod that has worked is no canary any more, whatever happens to its path later. */
    public noteWorking({ uid }: PodRecord): void {
        this.candidates.delete(uid);
    }

    public has({ uid, node }: PodRecord, moment: Moment): boolean {
        if (!this.candidates.has(uid)) {
            return false;
        }
        const place = moment.placeOf(node);
        const canary = this.ofPlace.get(place) ?? uid;
        this.ofPlace.set(place, canary);
        return canary === uid;
    }
}
