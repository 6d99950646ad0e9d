import type { Cited } from "./collect";
import type { Copy } from "./copies";
import { type Entry, type FileEntry, isFileEntry, type Needed, neededFiles, neededPages, sorted } from "./entries";

/** Files or identifiers that a copy does not have, and where the sandbox cites them. */
export interface NotFound {
    readonly repository: string;
    readonly path: string;
    /** Undefined when the file itself is missing. */
    readonly identifier?: string;
    readonly at: readonly string[];
}

/** The result of a check: the new list, and what it counts. */
export interface Checked {
    readonly list: readonly Entry[];
    readonly found: readonly FileEntry[];
    readonly notFound: readonly NotFound[];
    /** Cited files of repositories without a copy: their entries are as they were. */
    readonly noCopy: readonly Needed[];
    readonly inferred: readonly FileEntry[];
    readonly pages: readonly string[];
}

/**
 * Looks up each cited file in the copy of its repository. Entries that say "inferred", and those of a repository without a copy,
 * are kept as far as they are cited.
 */
export function check(
    cited: readonly Cited[],
    former: readonly Entry[],
    copyOf: (repository: string) => Copy | undefined,
    date: string,
): Checked {
    const found: FileEntry[] = [];
    const notFound: NotFound[] = [];
    const noCopy: Needed[] = [];
    const inferred: FileEntry[] = [];
    const open: FileEntry[] = [];
    const kept: FileEntry[] = [];
    for (const file of neededFiles(cited)) {
        const { repository, path, at } = file;
        const entries = former.filter(isFileEntry).filter((one) => one.repository === repository && one.path === path);
        const guesses = entries.filter((entry) => entry.inferred !== undefined).map((entry) => citedPart(entry, file));
        const guessed = new Set(guesses.flatMap(({ identifiers }) => identifiers));
        inferred.push(...guesses);
        const wanted = [...file.identifiers.keys()].filter((name) => !guessed.has(name)).sort();
        if (guesses.length > 0 && wanted.length === 0) {
            continue;
        }
        const copy = copyOf(repository);
        if (copy === undefined) {
            noCopy.push(file);
            kept.push(
                ...entries.filter((entry) => entry.inferred === undefined).map((entry) => citedPart(entry, file)),
            );
            continue;
        }
        const text = copy.read(path);
        if (text === undefined) {
            notFound.push({ repository, path, at });
            open.push({ repository, path, identifiers: wanted });
            continue;
        }
        const there = wanted.filter((name) => hasWord(text, name));
        const missing = wanted.filter((name) => !there.includes(name));
        const note = copy.noteOf(path);
        found.push({
            repository,
            path,
            identifiers: there,
            commit: copy.commitOf(path),
            date,
            ...(note !== undefined && { sourceNote: note }),
        });
        if (missing.length > 0) {
            open.push({ repository, path, identifiers: missing });
            notFound.push(
                ...missing.map((identifier) => ({
                    repository,
                    path,
                    identifier,
                    at: file.identifiers.get(identifier) ?? [],
                })),
            );
        }
    }
    const pages = neededPages(cited);
    const list = sorted([...found, ...inferred, ...open, ...kept, ...pages.map((page) => ({ page }))]);
    return { list, found, notFound, noCopy, inferred, pages };
}

function citedPart(entry: FileEntry, { identifiers }: Needed): FileEntry {
    return { ...entry, identifiers: entry.identifiers.filter((name) => identifiers.has(name)) };
}

/** Whether the text has the identifier as a whole word. Of `A.B`, only `B` counts. */
function hasWord(text: string, identifier: string): boolean {
    const name = identifier.slice(identifier.lastIndexOf(".") + 1);
    return new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);
}
