import type { Cited } from "./collect";
import { isFile } from "./references";

/** The identifiers that the sandbox cites from an upstream file. The unit test rejects an entry that is neither found nor inferred. */
export interface FileEntry {
    readonly repository: string;
    readonly path: string;
    readonly identifiers: readonly string[];
    /** The commit at which they were found, or "unknown" for a copy that does not tell. */
    readonly commit?: string;
    /** The day of the check. */
    readonly date?: string;
    /** What the copy says about the file. */
    readonly sourceNote?: string;
    /** The maintainer's reason why they cannot be found. */
    readonly inferred?: string;
}

export interface PageEntry {
    readonly page: string;
}

export type Entry = FileEntry | PageEntry;

export function isFileEntry(entry: Entry): entry is FileEntry {
    return "path" in entry;
}

/** What the sandbox cites of one file. */
export interface Needed {
    readonly repository: string;
    readonly path: string;
    /** Each identifier, and where it is cited. */
    readonly identifiers: ReadonlyMap<string, readonly string[]>;
    readonly at: readonly string[];
}

/** The files that are cited, each once, sorted. */
export function neededFiles(cited: readonly Cited[]): Needed[] {
    const needed = new Map<string, Needed & { at: string[]; identifiers: Map<string, string[]> }>();
    for (const { at, reference } of cited) {
        if (isFile(reference)) {
            const { repository, path, identifiers } = reference;
            const key = `${repository} ${path}`;
            const file = needed.get(key) ?? { repository, path, at: [], identifiers: new Map<string, string[]>() };
            needed.set(key, file);
            file.at.push(at);
            for (const name of identifiers) {
                file.identifiers.set(name, [...(file.identifiers.get(name) ?? []), at]);
            }
        }
    }
    return [...needed.values()].sort((a, b) => order(keyOf(a), keyOf(b)));
}

/** The pages that are cited, each once, sorted. */
export function neededPages(cited: readonly Cited[]): string[] {
    const pages = cited.flatMap(({ reference }) => (isFile(reference) ? [] : [reference.page]));
    return [...new Set(pages)].sort(order);
}

/** Files before pages; the entries of one file by whether they were found. */
export function sorted(entries: readonly Entry[]): Entry[] {
    return [...entries].sort((a, b) => order(keyOf(a), keyOf(b)));
}

function keyOf(entry: Entry | Needed): string {
    if ("page" in entry) {
        return `2 ${entry.page}`;
    }
    return `1 ${entry.repository} ${entry.path} ${"inferred" in entry ? "2" : "1"}`;
}

function order(a: string, b: string): number {
    return a < b ? -1 : Number(a > b);
}

/** Whether the list fits the sandbox: nothing missing, nothing stale, and each file found or inferred. */
export function listProblems(cited: readonly Cited[], list: readonly Entry[]): string[] {
    const files = list.filter(isFileEntry);
    const pages = new Set(list.flatMap((entry) => (isFileEntry(entry) ? [] : [entry.page])));
    const needed = neededFiles(cited);
    const missing = needed.flatMap(({ repository, path, identifiers, at }) => {
        const entries = files.filter((entry) => entry.repository === repository && entry.path === path);
        const listed = new Set(entries.flatMap((entry) => entry.identifiers));
        return entries.length === 0
            ? [`${at.join(", ")}: no entry for ${repository} ${path}`]
            : [...identifiers]
                  .filter(([name]) => !listed.has(name))
                  .map(([name, places]) => `${places.join(", ")}: no entry for ${repository} ${path}, ${name}`);
    });
    const stale = files.flatMap(({ repository, path, identifiers }) => {
        const file = needed.find((one) => one.repository === repository && one.path === path);
        return file === undefined
            ? [`stale: ${repository} ${path}`]
            : identifiers
                  .filter((name) => !file.identifiers.has(name))
                  .map((name) => `stale: ${repository} ${path}, ${name}`);
    });
    const open = files
        .filter(({ commit, inferred }) => commit === undefined && inferred === undefined)
        .map(({ repository, path, identifiers }) =>
            [`neither found nor inferred: ${repository} ${path}`, ...identifiers].join(", "),
        );
    const citedPages = neededPages(cited);
    return [
        ...missing,
        ...citedPages.filter((page) => !pages.has(page)).map((page) => `no entry for ${page}`),
        ...stale,
        ...[...pages].filter((page) => !citedPages.includes(page)).map((page) => `stale: ${page}`),
        ...open,
    ];
}
