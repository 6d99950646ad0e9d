/** What must be so whenever a run has ended, whether it failed or not. */
import type { Engine } from "./engine";
import { type Flags, isLeftOutOf } from "./engineFlags";
import type { Run } from "./run";
import { FOREIGN_OWNER, type ModelWorld, OWN_GUARD, OWN_MANAGER, ROLE_ARN } from "./world";

/** `done`: the run does not fail. `moved`: the pods on the Ready nodes have what the run gives them, whether it fails or not. */
export type Expected = "done" | "moved";

interface Ended {
    readonly operation: { readonly do: string; readonly flags?: Flags };
    /** The message of its error, or an empty string. */
    readonly failed: string;
    readonly expected?: Expected;
}

export function checkEnd(world: ModelWorld, engine: Engine, run: Run, { operation, failed, expected }: Ended): void {
    world.isPatchLeftOut ||= isLeftOutOf(operation.flags ?? {}, "patch");
    checkAdmitted(world);
    if (run.wasKilled) {
        return;
    }
    if (failed.includes("[rollout-taken-back]")) {
        world.noteTakenBack(engine.manager);
    }
    checkLeft(world, engine, failed);
    if (expected === "done" && failed !== "") {
        world.problem(`the ${operation.do} fails on a healthy cluster: ${failed}`);
    }
    if (expected === "moved") {
        checkMoved(world, operation.do === "destroy" ? undefined : engine.roleArn, failed);
    }
}

/**
 * Whether a rollout that fails may be taken back: the service account had another role before, or none, and the pods may go back to the node
 * roles. The injection guard must admit them.
 */
export function mayGoBack(world: ModelWorld, engine: Engine): boolean {
    const { roleArn, formerRole } = engine;
    const areAttached = world.nodeRoles.every((role) => world.isAttached(role));
    return admitsOther(world, engine) && formerRole !== roleArn && areAttached;
}

/** Whether a pod could be created without the role: there is no injection guard, or it admits another role. */
export function admitsOther({ guard = [], isGuarded }: ModelWorld, { roleArn }: Engine): boolean {
    return !isGuarded || guard.some((arn) => arn !== roleArn);
}

/**
 * The injection guard admits the next pod, as far as the component wrote the annotation, and no command left its patch out. A second stack that is
 * killed right after its own patch cannot know of the first one's guard.
 */
function checkAdmitted(world: ModelWorld): void {
    const { [ROLE_ARN]: annotated } = world.annotations;
    const { guard = [], guardName, isGuarded, serviceAccountName, association } = world;
    const { isOwnWrite, owner } = world.accountOf(serviceAccountName);
    const isOwn = isOwnWrite && (guardName === OWN_GUARD) === (owner === undefined || owner === OWN_MANAGER);
    const { roleWithoutLiveChecks, isPatchLeftOut } = world;
    const isExpected = isPatchLeftOut || (annotated !== undefined && annotated === roleWithoutLiveChecks);
    if (isGuarded && isOwn && !isExpected && !association && !guard.includes(annotated ?? "")) {
        world.problem(
            `the injection guard refuses every new pod: the service account has ${annotated ?? "no role"}, and the guard admits ${guard.join(", ")}`,
        );
    }
}

/** A rollout that ended has taken back what cannot use the role, if the pods may go back. A new pod works with the credentials of an association. */
function checkLeft(world: ModelWorld, engine: Engine, failed: string): void {
    const { roleArn = "" } = engine;
    const left = world.hasActed("rollout", engine.manager) ? world.leftCutOff(roleArn) : [];
    if (left.length > 0 && !world.association && !refusesAnotherOwners(world) && mayGoBack(world, engine)) {
        const names = left.map(({ name }) => name).join(", ");
        world.problem(`the run leaves pods without a path to ${roleArn}: ${names}, after ${failed}`);
    }
}

/** The injection guard refuses the role that another owner has annotated, so that a pod which restarts would leave its node without one. */
function refusesAnotherOwners({ owner, annotations, guard = [], isGuarded }: ModelWorld): boolean {
    return owner === FOREIGN_OWNER && isGuarded && !guard.includes(annotations[ROLE_ARN] ?? "");
}

function checkMoved(world: ModelWorld, roleArn: string | undefined, failed: string): void {
    const left = world.nodes.filter(
        ({ name, ready }) =>
            ready && !world.pods.some((pod) => pod.node === name && pod.roleArn === roleArn && world.isReady(pod)),
    );
    if (left.length > 0) {
        const names = left.map(({ name }) => name).join(", ");
        world.problem(`beside NotReady nodes, the run does not move the pods of ${names}: ${failed}`);
    }
}
