/** A batch of random histories, and the shortest one of those that fail. */
import * as fc from "fast-check";
import { REAL_RESOURCES, type Resources } from "../model/engine";
import { type AnySimulation, play } from "./play";
import type { Played } from "./played";
import { simulation as anySimulation } from "./scenarios";
import { Trace } from "./trace";

export interface Violation {
    readonly seed: number;
    /** The path of the shortest history from the seed: https://fast-check.dev/docs/tutorials/quick-start/read-test-reports/ */
    readonly path: string;
    readonly problems: readonly string[];
    readonly log: readonly string[];
    readonly history: unknown;
}

export interface BatchResult {
    readonly runs: number;
    readonly trace: Trace;
    readonly violation: Violation | undefined;
}

export interface Hunt {
    readonly seed: number;
    readonly runs: number;
    /** Only this history. */
    readonly path?: string;
    readonly resources?: Resources;
    readonly of?: fc.Arbitrary<AnySimulation>;
    /** Only these problems count. */
    readonly problem?: RegExp;
    /** Whether the first history that fails is enough, which may be a long one. */
    readonly first?: boolean;
}

export async function playBatch(hunt: Hunt): Promise<BatchResult> {
    const { seed, runs, path, resources = REAL_RESOURCES, of = anySimulation, first = false, problem = /^/ } = hunt;
    const trace = new Trace();
    let played = 0;
    let kind: string | undefined;
    let last: Played | undefined;
    const holds = async (history: AnySimulation): Promise<boolean> => {
        const ofThis = new Trace();
        const result = await play(history, resources, ofThis);
        const kinds = result.problems.filter((one) => problem.test(one)).map(kindOf);
        if (kind === undefined) {
            played += 1;
            trace.join(ofThis);
            [kind] = kinds;
        }
        // A shorter history with another problem is no shorter history of this one.
        const isSame = kind !== undefined && kinds.includes(kind);
        last = isSame ? result : last;
        return !isSame;
    };
    const { failed, counterexample, counterexamplePath } = await fc.check(fc.asyncProperty(of, holds), {
        seed,
        numRuns: runs,
        endOnFailure: first,
        ...(path === undefined ? {} : { path, endOnFailure: true }),
    });
    if (!failed || counterexample === null || last === undefined) {
        return { runs: played, trace, violation: undefined };
    }
    const { problems, log } = last;
    const violation = { seed, path: counterexamplePath, problems, log, history: counterexample[0] };
    return { runs: played, trace, violation };
}

/** Without names and numbers. Where there are several clusters, a problem begins with the name of one: tests/model/severalClusters.ts. */
export function kindOf(problem: string): string {
    return problem
        .replace(/^c\d: /, "")
        .replace(/\b(pod|n|other|r|subnet-|i-n|i-other)\d+\b/g, "$1")
        .replace(/\d+/g, "#")
        .replace(/: .*/s, (rest) =>
            rest.startsWith(": [") ? (/^: \[[a-z0-9-]+\]/.exec(rest)?.[0] ?? "") : rest.slice(0, 60),
        );
}
