/** Plays sequences on the model until one shows a problem, and ends with 1 if there is one: for copies with a bug in them. */
import * as fc from "fast-check";
import { play } from "./play";
import { scenario } from "./scenarios";

async function hunt(): Promise<void> {
    const property = fc.asyncProperty(scenario, async (of) => {
        const { problems } = await play(of);
        if (problems[0] !== undefined) {
            throw new Error(problems[0]);
        }
    });
    const { failed, errorInstance, numRuns } = await fc.check(property, { seed: 1, numRuns: 600, endOnFailure: true });
    process.stdout.write(failed ? `sequence ${String(numRuns)}: ${String(errorInstance)}\n` : "nothing\n");
    process.exitCode = failed ? 1 : 0;
}

void hunt();
