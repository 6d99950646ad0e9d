/** A gap of the package that random runs have found. The operator works around it, so that they go on to look for others. */
import type { Engine } from "./engine";
import type { ModelWorld } from "./world";

/**
 * An update that replaces a shared role is refused after the engine has created the next role. The state then has the shared role as a
 * replaced one, and each later update replaces a role, so that no update gets past the refusal: the issuers cannot leave. Here the operator
 * edits the state: the shared role is the program's role again, and those that came after it go at the end of the next update.
 */
export function mendState(world: ModelWorld, engine: Engine, roleArn: string): void {
    world.note(`** the operator edits the state: ${roleArn} is the role of the program again`);
    engine.returnTo(roleArn);
}
