/** The deletions at the end of an update: replaced resources, and those that left the program. */
import { type Child, isLeftOutOf, positionOf, Steps } from "./engineFlags";

/** Something that the engine would delete. */
export interface Deletion {
    readonly child: Child;
    /** Whether it was in use as the run began: this run has replaced it, or it has left the program. Otherwise an earlier run has. */
    readonly wasInUse: boolean;
}

/**
 * Whether the run deletes it. Throws if the engine deletes nothing.
 *
 * Source: pulumi pkg/resource/deploy/step_generator.go, GenerateDeletes. With `--target`, a target's dependants are deleted with it, so
 * that the run ends if the command does not name them. With `--exclude`, the dependencies of an excluded child stay as well. Replaced
 * resources have the URN of their successors.
 */
export function mayDelete({ flags }: Steps, all: readonly Deletion[]): (deletion: Deletion) => boolean {
    const { target, exclude = [] } = flags;
    if (target !== undefined) {
        const first = Math.min(...target.map(positionOf));
        const deleted = all.filter(({ child }) => positionOf(child) >= first);
        const unnamed = deleted.find(({ child }) => isLeftOutOf(flags, child));
        if (unnamed !== undefined) {
            throw new Error(`${unnamed.child} will be destroyed but was not specified in --target list`);
        }
        return ({ child }) => positionOf(child) >= first;
    }
    const last = Math.max(...exclude.map(positionOf));
    return ({ child }) => positionOf(child) > last;
}

/**
 * Whether a failed child keeps it. Source: deployment_executor.go, performPostSteps, `erroredDeps`: the dependencies that a failed child
 * had before the run stay. One that an earlier run replaced is none of them, since its successor has its place. A child that the run
 * tried to create had none.
 */
export function isKept(steps: Steps, { child, wasInUse }: Deletion): boolean {
    return wasInUse && steps.failed.some((one) => steps.wasPresent(one) && positionOf(one) > positionOf(child));
}
