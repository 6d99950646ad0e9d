import type { Counted } from "../../e2e/support/calls";

export interface Measured extends Counted {
    readonly seconds: number;
    readonly megabytes: number;
}

/** The figures of one cluster. */
export interface Figures<Operation> {
    readonly operations: ReadonlyMap<Operation, Measured>;
    /** The same work without the component, in seconds, by its title. */
    readonly byHand: ReadonlyMap<string, number>;
}

type All<Operation> = ReadonlyMap<number, Figures<Operation>>;

/** Markdown: a table of times, and one for each operation with a row for each kind of call. A column for each cluster size. */
export function report<Operation extends string>(operations: readonly Operation[], measured: All<Operation>): string {
    const ofOperations = operations.map((operation) => table(operation, columns(operation, measured)));
    return [times(operations, measured), ...ofOperations].join("\n\n");
}

const line = (title: string, values: readonly string[]) => `| ${[title, ...values].join(" | ")} |`;

const rows = (title: string, nodes: readonly number[], values: ReadonlyMap<string, readonly string[]>) =>
    [
        line(title, nodes.map(String)),
        line(
            "---",
            nodes.map(() => "--:"),
        ),
        ...[...values].map(([name, row]) => line(name, row)),
    ].join("\n");

/** The operations beside the same work by hand. */
function times<Operation extends string>(operations: readonly Operation[], measured: All<Operation>): string {
    const all = [...measured.values()];
    const inSeconds = (seconds: number | undefined) => seconds?.toFixed(0) ?? "";
    const byHand = [...new Set(all.flatMap((figures) => [...figures.byHand.keys()]))];
    return rows(
        "seconds, nodes:",
        [...measured.keys()],
        new Map([
            ...byHand.map((title) => [title, all.map((of) => inSeconds(of.byHand.get(title)))] as const),
            ...operations.map(
                (title) => [title, all.map((of) => inSeconds(of.operations.get(title)?.seconds))] as const,
            ),
        ]),
    );
}

type Column = readonly [nodes: number, measured: Measured];

function columns<Operation>(operation: Operation, measured: All<Operation>): Column[] {
    return [...measured].flatMap(([nodes, { operations }]) => {
        const of = operations.get(operation);
        return of === undefined ? [] : [[nodes, of]];
    });
}

function table(operation: string, sizes: readonly Column[]): string {
    const counts = sizes.map(([, { reads, writes }]) => ({ ...reads, ...writes }));
    const calls = [...new Set(counts.flatMap(Object.keys))].sort();
    return rows(
        `${operation}, nodes:`,
        sizes.map(([nodes]) => nodes),
        new Map([
            ["seconds", sizes.map(([, { seconds }]) => seconds.toFixed(0))],
            ["peak memory, MB", sizes.map(([, { megabytes }]) => megabytes.toFixed(0))],
            ...calls.map((call) => [call, counts.map((count) => String(count[call] ?? 0))] as const),
        ]),
    );
}
