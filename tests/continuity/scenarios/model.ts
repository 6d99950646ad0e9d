/** Courses whose result must be the same on the model of cluster and account (tests/model) and on the sandbox. */
import type { Course } from "../agreement/courses";
import { faults, onDelete, operators, silence } from "../agreement/courses";
import { replayAndCompare } from "../agreement/replay";
import type { Scenario } from "./scenario";

const agreement = (name: string, title: string, course: Course): Scenario => ({
    name: `model-${name}`,
    title: `the model agrees: ${title}`,
    quick: false,
    // One role does not work on the nodes, and the webhook is down for a while: canaries without a path and outages are expected.
    bound: { podSeconds: "none", canaryPodSeconds: 60, rollouts: 8, restarts: 30, outageNodeSeconds: 300 },
    play: (stage) => replayAndCompare(stage, course),
});

export const model = [
    agreement("operators", "operations of an operator, and faults on a cluster that was handed over", operators),
    agreement("faults", "faults and kills during hand-over and hand-back", faults),
    agreement("silence", "a node becomes NotReady with a canary on it", silence),
    agreement("on-delete", "a DaemonSet with OnDelete", onDelete),
];
