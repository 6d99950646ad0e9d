import type { Counted } from "../../e2e/support/calls";

export interface Measured extends Counted {
    readonly seconds: number;
    readonly megabytes: number;
}

/** A Markdown table for each operation: a row for each kind of call, a column for each cluster size. */
export function report<Operation extends string>(
    operations: readonly Operation[],
    measured: ReadonlyMap<number, ReadonlyMap<Operation, Measured>>,
): string {
    return operations.map((operation) => table(operation, columns(operation, measured))).join("\n\n");
}

type Column = readonly [nodes: number, measured: Measured];

function columns<Operation>(
    operation: Operation,
    measured: ReadonlyMap<number, ReadonlyMap<Operation, Measured>>,
): Column[] {
    return [...measured].flatMap(([nodes, operations]) => {
        const of = operations.get(operation);
        return of === undefined ? [] : [[nodes, of]];
    });
}

function table(operation: string, sizes: readonly Column[]): string {
    const counts = sizes.map(([, { reads, writes }]) => ({ ...reads, ...writes }));
    const calls = [...new Set(counts.flatMap(Object.keys))].sort();
    const line = (title: string, values: readonly string[]) => `| ${[title, ...values].join(" | ")} |`;
    return [
        line(
            `${operation}, nodes:`,
            sizes.map(([nodes]) => String(nodes)),
        ),
        line(
            "---",
            sizes.map(() => "--:"),
        ),
        line(
            "seconds",
            sizes.map(([, { seconds }]) => seconds.toFixed(0)),
        ),
        line(
            "peak memory, MB",
            sizes.map(([, { megabytes }]) => megabytes.toFixed(0)),
        ),
        ...calls.map((call) =>
            line(
                call,
                counts.map((count) => String(count[call] ?? 0)),
            ),
        ),
    ].join("\n");
}
