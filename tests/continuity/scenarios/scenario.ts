import type { ComponentArguments } from "../engine/program";
import type { Sizes } from "../sizes";
import type { Stage } from "../stage";

/** A sequence of operations and faults, and what it may cost. */
export interface Scenario {
    /** For `--only`. */
    readonly name: string;
    /** In words, for the table. */
    readonly title: string;
    /** Whether `--quick` runs it. */
    readonly quick: boolean;
    /** A kill campaign of its own, which may last for an hour: it runs only if `--only` names it. */
    readonly campaign?: true;
    /** Whether it can also run on an IPv6 cluster: see `--ip-family`. */
    readonly onIpv6?: true;
    /** Whether it tries the monitor alone: it runs nothing of the package, so it is no limit of docs/limits.md. */
    readonly isControl?: true;
    readonly bound: ScenarioBound;
    /** Throws if the result is wrong. */
    play(stage: Stage): Promise<void>;
}

export interface Bound {
    /** Pod-seconds without a path: zero, or more than zero for a limit, which proves that the monitor detects gaps. */
    readonly podSeconds: "none" | "some";
    /** The maximum number of pods without a path. Unset: any number, if `podSeconds` is "some". */
    readonly podsWithoutPath?: number;
    /** The maximum of seconds in which canaries have no path; 0 if the role works. */
    readonly canaryPodSeconds: number;
    /** The number of rolling restarts of all pods. Each may cost as much as a bare one. */
    readonly rollouts: number;
    /** The number of other pods that are created: canaries, restarts of single pods, nodes that join. */
    readonly restarts: number;
    /** Node-seconds without a Ready pod that the scenario's own faults cause. */
    readonly outageNodeSeconds?: number;
}

/** A bound for canaries may depend on the size of the cluster, since each subnet has a canary. */
export type ScenarioBound = Omit<Bound, "canaryPodSeconds"> & {
    readonly canaryPodSeconds: number | ((sizes: Sizes) => number);
};

/** Completes a hand-over, restarts the measurement, and returns the pods. */
export async function handedOver(stage: Stage, args = stage.arguments()): Promise<Map<string, string>> {
    await stage.succeeds("up", args);
    await stage.assertHandedOver();
    stage.since = Date.now();
    return stage.pods();
}

/** Longer than the webhook needs until its cache has a new annotation. */
export const CACHE_MILLISECONDS = 2000;

export const noGaps = { podSeconds: "none", canaryPodSeconds: 0 } as const;

/** The arguments of an update whose canary does not finish in time, since no pod is stable for so long. */
export const hasty = (stage: Stage, more: ComponentArguments): ComponentArguments =>
    stage.arguments({ ...more, stableSeconds: 600, timeouts: { ...stage.timeouts, canarySeconds: 6 } });
