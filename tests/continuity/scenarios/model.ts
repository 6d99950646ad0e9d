/** The model of cluster and account (tests/model) says what comes of it, and the sandbox agrees. */
import type { Course } from "../agreement/courses";
import { faults, onDelete, operators, silence } from "../agreement/courses";
import { agree } from "../agreement/replay";
import type { Scenario } from "./scenario";

const agreement = (name: string, title: string, course: Course): Scenario => ({
    name: `model-${name}`,
    title: `the model agrees: ${title}`,
    quick: false,
    // One role does not work on the nodes, and the webhook is down for a while: canaries and outages are part of it.
    bound: { podSeconds: "none", canaryPodSeconds: 60, rollouts: 8, restarts: 30, outageNodeSeconds: 300 },
    play: (stage) => agree(stage, course),
});

export const model = [
    agreement("operators", "what operators do, and what befalls a cluster that was handed over", operators),
    agreement("faults", "faults and kills on the way", faults),
    agreement("silence", "a node that falls silent with a canary on it", silence),
    agreement("on-delete", "a DaemonSet with OnDelete", onDelete),
];
