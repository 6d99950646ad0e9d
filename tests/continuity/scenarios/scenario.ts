import type { Stage } from "../stage";

/** One thing that happens to a cluster and its operator, and what it may cost. */
export interface Scenario {
    /** For `--only`. */
    readonly name: string;
    /** In words, for the table. */
    readonly title: string;
    /** Whether `--quick` runs it. */
    readonly quick: boolean;
    readonly bound: Bound;
    /** Throws what is wrong. */
    play(stage: Stage): Promise<void>;
}

export interface Bound {
    /** Pod-seconds without a path: none at all, or more than none, to show that the monitor sees. */
    readonly podSeconds: "none" | "some";
    /** At most so many seconds of canaries without a path; 0 where nothing is wrong with the role. */
    readonly canaryPodSeconds: number;
    /** How many rolling restarts of all pods belong to it, each of which costs what a bare one does. */
    readonly rollouts: number;
    /** How many pods are born besides: canaries, restarts of single pods, nodes that join. */
    readonly restarts: number;
    /** Seconds in which nodes are without a Ready pod for what the scenario itself does to them. */
    readonly outageNodeSeconds?: number;
}

/** Where scenarios begin that are about a cluster that was handed over. Gives its pods. */
export async function handedOver(stage: Stage): Promise<Map<string, string>> {
    await stage.succeeds("up", stage.arguments());
    await stage.isHandedOver();
    stage.since = Date.now();
    return stage.pods();
}

export const nothingLost = { podSeconds: "none", canaryPodSeconds: 0 } as const;
