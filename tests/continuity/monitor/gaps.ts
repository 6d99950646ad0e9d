/** The figures of a recording: a sweep over its events, between two of which nothing changes. Pure. */
import { Moment } from "./moment";
import type { PodRecord, Recording } from "./recording";

/** A stretch of time in which one pod ran without a working path. */
export interface Gap {
    readonly pod: string;
    readonly uid: string;
    readonly node: string;
    readonly from: number;
    readonly to: number;
    /** Why, when it began. */
    readonly reason: string;
    readonly hiddenBySession: boolean;
    readonly canary: boolean;
}

export interface Figures {
    /** In which pods, canaries apart, ran without a working path. */
    readonly podSeconds: number;
    readonly longestGapSeconds: number;
    readonly podsWithoutPath: number;
    readonly canaryPodSeconds: number;
    /** Of Ready nodes without a Ready pod of aws-node. */
    readonly nodeSeconds: number;
    readonly blindSeconds: number;
    readonly gaps: readonly Gap[];
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

    public constructor(recording: Recording) {
        this.moment = new Moment(recording);
    }

    /** Takes in a stretch of time in which the moment holds. */
    public pass(from: number, to: number): void {
        const { moment, canaries, open } = this;
        canaries.see(moment);
        const lacking = new Set<string>();
        for (const pod of moment.pods) {
            const lack = moment.lackOf(pod);
            if (lack !== undefined) {
                lacking.add(pod.uid);
                const { name, uid, node } = pod;
                const begun = { pod: name, uid, node, from, ...lack, canary: canaries.has(pod, moment) };
                open.set(uid, { ...(open.get(uid) ?? begun), to });
            }
        }
        this.close((uid) => !lacking.has(uid));
        this.nodeMilliseconds += moment.nodesWithoutReadyPod() * (to - from);
        this.blindMilliseconds += moment.blind ? to - from : 0;
    }

    private close(which: (uid: string) => boolean): void {
        for (const [uid, gap] of [...this.open].filter(([uid]) => which(uid))) {
            this.gaps.push(gap);
            this.open.delete(uid);
        }
    }

    public end(): Figures {
        this.close(() => true);
        const { gaps } = this;
        const real = gaps.filter(({ canary }) => !canary);
        return {
            podSeconds: secondsOf(real),
            longestGapSeconds: real.reduce((longest, gap) => Math.max(longest, secondsOf([gap])), 0),
            podsWithoutPath: new Set(real.map(({ uid }) => uid)).size,
            canaryPodSeconds: secondsOf(gaps.filter(({ canary }) => canary)),
            nodeSeconds: this.nodeMilliseconds / 1000,
            blindSeconds: this.blindMilliseconds / 1000,
            gaps,
        };
    }
}

function secondsOf(gaps: readonly Gap[]): number {
    return gaps.reduce((sum, { from, to }) => sum + (to - from), 0) / 1000;
}

/**
 * Of the pods that were born with a role before the rollout of it began, one for each instance profile may be the canary: the
 * first that has no path. Any other is a gap, also while there is a canary.
 */
class Canaries {
    private readonly seen = new Set<string>();
    private readonly candidates = new Set<string>();
    private readonly ofProfile = new Map<string, string>();

    public see(moment: Moment): void {
        const fresh = moment.pods.filter(({ uid }) => !this.seen.has(uid));
        for (const { uid, tokenFile, roleArn } of fresh) {
            this.seen.add(uid);
            if (moment.beforeRollout && tokenFile && roleArn === moment.annotated) {
                this.candidates.add(uid);
            }
        }
        const there = new Set(moment.pods.map(({ uid }) => uid));
        [...this.ofProfile].filter(([, uid]) => !there.has(uid)).forEach(([profile]) => this.ofProfile.delete(profile));
    }

    public has({ uid, node }: PodRecord, moment: Moment): boolean {
        if (!this.candidates.has(uid)) {
            return false;
        }
        const profile = moment.profileOf(node) ?? "";
        const canary = this.ofProfile.get(profile) ?? uid;
        this.ofProfile.set(profile, canary);
        return canary === uid;
    }
}
