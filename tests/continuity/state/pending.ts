/** Operations that a killed engine left incomplete, according to its own state. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { StackState } from "../engine/engine";

/**
 * The inputs of resources of a type whose creation was in progress when the engine was killed. The engine lists them until a
 * refresh, even if the next update has created them. Those are left out: the engine's state has them.
 */
export function pendingCreations(
    { pending_operations: pending = [], resources = [] }: StackState,
    wanted: string,
): Readonly<Record<string, unknown>>[] {
    const known = resources.filter(({ type }) => type === wanted).map(({ inputs = {} }) => inputs);
    return pending
        .filter(({ type, resource }) => type === "creating" && resource.type === wanted)
        .map(({ resource }) => resource.inputs ?? {})
        .filter((inputs) => !known.some((one) => isDeepStrictEqual(one, inputs)));
}
