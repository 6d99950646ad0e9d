import type { ClusterSeen } from "../model/world";
import type { ForecastPart } from "./forecast";

/** For a cluster whose pods show nothing. */
const USUAL_START_SECONDS = 30;
/** A pod that became Ready later than that was not starting all the time. */
const LONGEST_START_SECONDS = 120;
/** The DaemonSet of the CNI gives its pods ten seconds to end: amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml, terminationGracePeriodSeconds */
const END_SECONDS = 10;

/** About how long the canaries and the waves take, in minutes, by the time that the present pods took to start. At least 1. */
export function minutesOf(
    canaries: ForecastPart,
    waves: ForecastPart,
    cluster: ClusterSeen,
    stableSeconds: number,
): number {
    const secondsAWave = startSeconds(cluster) + END_SECONDS;
    const watched = countWaves(canaries) > 0 ? stableSeconds : 0;
    const seconds = (countWaves(canaries) + countWaves(waves)) * secondsAWave + watched;
    return Math.max(1, Math.round(seconds / 60));
}

function countWaves({ steps }: ForecastPart): number {
    return steps.filter((step) => step.do === "restart").length;
}

/** The median of the pods that are Ready. */
function startSeconds({ pods }: ClusterSeen): number {
    const taken = pods
        .flatMap(({ readySince, createdAt }) => (readySince === undefined ? [] : [(readySince - createdAt) / 1000]))
        .sort((a, b) => a - b);
    const median = taken[Math.floor(taken.length / 2)] ?? USUAL_START_SECONDS;
    return Math.min(LONGEST_START_SECONDS, Math.max(0, median));
}
