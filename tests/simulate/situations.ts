/** Situations that no transition shows: a report names those that no history has reached. */
import { type EndedRun, SHARED } from "../model/severalClusters";
import type { Trace } from "./trace";

export const SITUATIONS = [
    "a program names a cluster as handed over",
    "a run detaches a role that another cluster still uses",
    "a run finds a role detached that it has seen attached",
    "a run finds a role detached that it has never seen attached",
    "a hand-back attaches a role that the run before it found detached",
    "a hand-back attaches a role that it has never seen attached",
    "a hand-back of a cluster without nodes",
    "a hand-over of a cluster without nodes",
    "a role keeps its policy, since another cluster uses it",
    "a role keeps its policy, since another run has attached it again",
    "a role is shared with a cluster in another region",
    "a role that fails is taken back on a shared node role",
    "a role that fails meets a shared node role that is detached",
    "the live checks are turned off on a shared node role",
    "the live checks are turned off on a shared node role that is detached",
    "an instance is shutting down",
    "an instance of the role is shutting down during a detachment",
    "the other instances with a role are in a denied region",
    "a hand-over goes on after instances in a denied region have got another role",
] as const;
export type Situation = (typeof SITUATIONS)[number];

/** What a run on a shared node role has met. */
export function countSharing({ cluster, operation, failed, before }: EndedRun, trace: Trace): void {
    const { world, engine } = cluster;
    const { record, outputs, program } = { record: engine.record, outputs: engine.outputs, program: cluster.program() };
    const isAttached = world.isAttached(SHARED);
    const reached: [Situation, boolean][] =
        operation.do === "destroy"
            ? [
                  [
                      "a hand-back attaches a role that the run before it found detached",
                      !before.isAttached && isAttached && (before.record?.foundDetached ?? []).includes(SHARED),
                  ],
                  [
                      "a hand-back attaches a role that it has never seen attached",
                      !before.isAttached &&
                          isAttached &&
                          before.record?.detachedBefore?.[SHARED] !== undefined &&
                          (before.record.nodeRolePolicies[SHARED] ?? []).length === 0,
                  ],
                  ["a hand-back of a cluster without nodes", before.record !== undefined && !before.hasNodes],
              ]
            : operation.do === "turnOff"
              ? [
                    ["the live checks are turned off on a shared node role", engine.isPlain],
                    [
                        "the live checks are turned off on a shared node role that is detached",
                        engine.isPlain && before.record !== undefined && !before.isAttached,
                    ],
                ]
              : [
                    ["a program names a cluster as handed over", (program.handedOverClusterArns ?? []).length > 0],
                    [
                        "a run detaches a role that another cluster still uses",
                        before.isAttached &&
                            outputs !== undefined &&
                            outputs.detachedFrom.includes(SHARED) &&
                            before.isShared,
                    ],
                    [
                        "a run finds a role detached that it has seen attached",
                        (record?.foundDetached ?? []).includes(SHARED) &&
                            (record?.nodeRolePolicies[SHARED] ?? []).length > 0,
                    ],
                    [
                        "a run finds a role detached that it has never seen attached",
                        record?.detachedBefore?.[SHARED] !== undefined,
                    ],
                    ["a hand-over of a cluster without nodes", failed === "" && !before.hasNodes],
                    [
                        "a role keeps its policy, since another cluster uses it",
                        failed === "" && keeps(outputs?.remainingSteps, "[node-role-shared]"),
                    ],
                    [
                        "a role keeps its policy, since another run has attached it again",
                        failed === "" && keeps(outputs?.remainingSteps, "[attached-again]"),
                    ],
                    [
                        "a role that fails is taken back on a shared node role",
                        /\[(?:canary-failed|rollout-taken-back)\]/.test(failed) && before.isShared,
                    ],
                    [
                        "a role that fails meets a shared node role that is detached",
                        /\[(?:canary-failed|rollout-taken-back)\]/.test(failed) &&
                            before.isShared &&
                            !before.isAttached,
                    ],
                ];
    reached.filter(([, isReached]) => isReached).forEach(([what]) => trace.reach(what));
}

const keeps = (remaining: readonly string[] | undefined, code: string) =>
    remaining?.some((line) => line.startsWith(code)) ?? false;
