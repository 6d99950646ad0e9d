import * as assert from "assert";
import { type DeliveryScenario, playDeliveries } from "./addOnRun";
import type { Resources } from "./engine";

/** The lines of the log that are shown around the first problem. */
const LINES_BEFORE = 60;
const LINES_AFTER = 5;

/** Plays a history of deliveries, and fails with the log if a pod lost its path or a goal was not reached. */
export async function assertDelivers(of: DeliveryScenario, resources?: Resources, seen?: Set<string>): Promise<void> {
    const { problems, log, seen: kinds } = await playDeliveries(of, resources);
    kinds.forEach((kind) => seen?.add(kind));
    const first = log.findIndex((line) => line.includes("!!!"));
    const shown = log.slice(Math.max(0, first - LINES_BEFORE), first + LINES_AFTER);
    assert.ok(problems.length === 0, [...problems, "", ...shown].join("\n"));
}
