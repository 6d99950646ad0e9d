/** What a killed engine left half done, as it tells itself. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { StackState } from "../engine/engine";

/**
 * What the resources of a type that were being made when the engine was killed were made from. The engine tells of them until a
 * refresh, also when the next update has made them: those it knows.
 */
export function unknownToTheEngine(
    { pending_operations: pending = [], resources = [] }: StackState,
    wanted: string,
): Readonly<Record<string, unknown>>[] {
    const known = resources.filter(({ type }) => type === wanted).map(({ inputs = {} }) => inputs);
    return pending
        .filter(({ type, resource }) => type === "creating" && resource.type === wanted)
        .map(({ resource }) => resource.inputs ?? {})
        .filter((inputs) => !known.some((one) => isDeepStrictEqual(one, inputs)));
}
