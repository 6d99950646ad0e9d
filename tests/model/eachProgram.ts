/** A history in which each update has another program. */
import type { Program } from "./engine";
import type { Scenario } from "./modelRun";

export function withEachProgram(of: Scenario, changed: (program: Program) => Program): Scenario {
    const turns = of.turns.map((turn) => {
        const { operation } = turn;
        return operation.do === "up"
            ? { ...turn, operation: { ...operation, program: changed(operation.program) } }
            : turn;
    });
    return { ...of, turns, last: changed(of.last) };
}
