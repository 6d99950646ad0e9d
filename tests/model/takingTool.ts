/** A tool that takes the role annotation by a forced server-side apply, as Argo CD does with `ServerSideApply=true`, and leaves it again. */
import { FOREIGN_ROLE, type ModelWorld, ROLE_ARN } from "./world";

export const TOOL = "argocd-controller";

/** What it writes: the value that is there, or a role that the component never approved. */
export type Taking = "sameRole" | "foreignRole";

export function takeAnnotation(world: ModelWorld, taking: Taking): void {
    const { [ROLE_ARN]: present } = world.annotations;
    const roleArn = taking === "sameRole" ? present : FOREIGN_ROLE;
    if (roleArn !== undefined) {
        world.note(`** another tool takes the annotation: ${taking}`);
        world.apply(TOOL, { [ROLE_ARN]: roleArn }, { force: true });
        world.wasAnnotationTaken ||= roleArn === FOREIGN_ROLE;
    }
}

/** Its owner lets it write the role that another writer delivers. */
export function writeSameRole(world: ModelWorld, roleArn: string | undefined): void {
    if (roleArn !== undefined) {
        world.note("** another tool writes the role of the add-on");
        world.apply(TOOL, { [ROLE_ARN]: roleArn }, { force: true });
    }
}

/** Its owner takes the annotation out of its manifest. The value stays if another writer owns it, too. */
export function leaveAnnotation(world: ModelWorld): void {
    if (world.accountOf(world.serviceAccountName).owns(TOOL)) {
        world.note("** another tool leaves the annotation");
        world.apply(TOOL, {});
    }
}
