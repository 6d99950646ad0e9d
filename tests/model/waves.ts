/** The rules about the restarts of working pods: a canary in each place, and waves. They rest on what the live check saw when it looked last. */

/** Which part of the product acts. It decides what a restart may be. */
export type Acting = "rollout" | "verification" | "handBack" | undefined;

/** A node that responds, when the live check looked. */
export interface NodeAtLook {
    readonly name: string;
    /** Node role and subnet, or the node role alone on the way back, which is the same from each subnet. */
    readonly place: string;
    /** Whether the run has not seen it in its first look: its pod is born with the role, and is no canary while other nodes of its place have none. */
    readonly hasJoined: boolean;
    /** Its pod, if that is Ready and stays. */
    readonly pod: PodAtLook | undefined;
}

interface PodAtLook {
    readonly uid: string;
    /** Whether it has what it is to get: the role, or its former credentials on the way back. */
    readonly isRight: boolean;
    /** From when on it has worked with the role for as long as a canary is watched. Undefined if it does not work with it. */
    readonly provenFrom: number | undefined;
}

/** A Ready pod with the role, when the live check looked. */
export interface Worker {
    readonly node: string;
    readonly place: string;
    readonly provenFrom: number;
}

/** A look at the cluster. */
interface Look {
    readonly nodes: readonly NodeAtLook[];
    readonly workers: readonly Worker[];
    readonly maxUnavailable: number;
    readonly at: number;
}

/** As what a restart counts. */
interface Counted {
    /** It is part of a wave. Otherwise it is a canary. */
    readonly isOfWave: boolean;
    /** The rule that it breaks. */
    readonly problem: string | undefined;
}

export class Waves {
    private acting: Acting;
    private at = 0;
    private nodes: readonly NodeAtLook[] = [];
    private workers: readonly Worker[] = [];
    private maxUnavailable = 1;
    private wave = 0;
    private readonly canariesIn = new Set<string>();
    /** Where the present run has seen a pod to work with the role. */
    private readonly provenIn = new Set<string>();
    /** Whether a wave was taken back, and nothing has restarted since. */
    private beginsAgain = false;
    private readonly beganIn = new Set<string>();

    /** The live check looks. What it restarts from now on, until it looks again, is one step. */
    public look(acting: Acting, { nodes, workers, maxUnavailable, at }: Look): void {
        this.acting = acting;
        this.nodes = nodes;
        this.workers = workers;
        this.at = at;
        this.maxUnavailable = maxUnavailable;
        this.wave = 0;
        this.canariesIn.clear();
        this.beginsAgain &&= this.beganIn.size === 0;
        this.beganIn.clear();
        this.noteProven();
    }

    /** A run does not remember what an earlier one has seen. */
    public beginRun(): void {
        this.provenIn.clear();
    }

    /** The next rollout begins with one pod in each place. */
    public noteTakenBack(): void {
        this.beginsAgain = true;
        this.beganIn.clear();
    }

    /**
     * It looks at the account, which no longer shows the instances of nodes that were lost since it looked at the cluster.
     *
     * @param places Of the nodes that exist.
     */
    public lookAtAccount(places: ReadonlyMap<string, string>): void {
        this.nodes = this.nodes.flatMap((node) => {
            const place = places.get(node.name);
            return place === undefined ? [] : [{ ...node, place }];
        });
        this.workers = this.workers.map((worker) => ({ ...worker, place: places.get(worker.node) ?? worker.place }));
        this.noteProven();
    }

    /** The live check judges how long each pod has worked by the time of its look at the cluster. */
    private noteProven(): void {
        if (this.acting === "rollout") {
            this.workers
                .filter(({ provenFrom }) => provenFrom <= this.at)
                .forEach(({ place }) => this.provenIn.add(place));
        }
    }

    /** The live check restarts a pod. */
    public restart(uid: string): Counted {
        const node = this.nodes.find(({ pod }) => pod?.uid === uid);
        // Restarting a pod that is not Ready costs nothing.
        if (this.acting === undefined || node?.pod === undefined) {
            return { isOfWave: false, problem: undefined };
        }
        const isOfWave = this.acting === "verification" || node.pod.isRight || this.isTested(node.place);
        const proven =
            this.acting === "rollout" && isProven(node.pod, this.at)
                ? `a pod on ${node.name} restarts, which works with the role`
                : undefined;
        const problem = isOfWave ? this.beginWavePod(node, node.pod) : this.beginCanary(node);
        return { isOfWave, problem: proven ?? problem ?? this.beginAgain(node) };
    }

    private beginAgain({ place, name }: NodeAtLook): string | undefined {
        if (!this.beginsAgain || this.acting !== "rollout") {
            return undefined;
        }
        const isSecond = this.beganIn.has(place);
        this.beganIn.add(place);
        return isSecond
            ? `after a wave was taken back, the first step restarts two pods in ${place}: the second on ${name}`
            : undefined;
    }

    private beginCanary({ place, name }: NodeAtLook): string | undefined {
        if (this.canariesIn.has(place)) {
            return `two canaries at once in ${place}: the second on ${name}`;
        }
        this.canariesIn.add(place);
        return undefined;
    }

    private beginWavePod({ name }: NodeAtLook, { isRight }: PodAtLook): string | undefined {
        const unavailable = this.nodes.filter(({ pod }) => pod === undefined).length;
        this.wave += 1;
        if (this.wave + unavailable > this.maxUnavailable) {
            return `a wave on ${name} makes more than ${String(this.maxUnavailable)} pods unavailable`;
        }
        const untested = this.nodes.find(({ place }) => !this.worksIn(place) && !this.provenIn.has(place));
        return this.acting === "rollout" && !isRight && untested !== undefined
            ? `a wave begins on ${name} before a canary works in ${untested.place}`
            : undefined;
    }

    /**
     * Whether another pod that restarts there is of a wave. The run may have begun after the look in which a pod worked there, or the pods that work may
     * all be on nodes that have joined since. Then its first one is a canary.
     */
    private isTested(place: string): boolean {
        const isSteady = this.nodes.some((node) => node.place === place && !node.hasJoined && node.pod?.isRight);
        return isSteady || ((this.worksIn(place) || this.provenIn.has(place)) && this.canariesIn.has(place));
    }

    private worksIn(place: string): boolean {
        return this.nodes.some((node) => node.place === place && node.pod?.isRight);
    }
}

function isProven(pod: PodAtLook | undefined, at: number): boolean {
    return pod?.provenFrom !== undefined && pod.provenFrom <= at;
}
