import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

import { sourceCellsOf } from "./cells";
import { commentsOf, type Piece } from "./comments";
import { type FileReference, isFile, type Reference, referencesIn } from "./references";
import { defaultRepository } from "./repositories";

/** A reference, and where it is written: file below sandbox/, and line. */
export interface Cited {
    readonly at: string;
    readonly reference: Reference;
}

/** All references of the sandbox, and the incomplete ones. */
export interface Collected {
    readonly cited: readonly Cited[];
    readonly problems: readonly string[];
}

/** Tests and Go modules cite no upstream behaviour, and this folder's comments are examples. */
const skipped: ReadonlySet<string> = new Set(["node_modules", "sources", "tests", "tools/go"]);

/** Reads the comments of the TypeScript files and the source cells of the READMEs below a folder. */
export function collect(root: string): Collected {
    const all = filesBelow(root, root).map((file) => collectFrom(file, readFileSync(join(root, file), "utf8")));
    return {
        cited: all.flatMap(({ cited }) => cited),
        problems: all.flatMap(({ problems }) => problems),
    };
}

/** The references of one file, by its path below sandbox/. */
export function collectFrom(file: string, text: string): Collected {
    const cited: Cited[] = [];
    const problems: string[] = [];
    const above: FileReference[] = [];
    for (const piece of piecesOf(file, text)) {
        const at = `${file}:${piece.line}`;
        const found = referencesIn(piece.text, { repository: defaultRepository(file), above });
        cited.push(...found.references.map((reference) => ({ at, reference })));
        problems.push(...found.problems.map((problem) => `${at}: ${problem}`));
        above.push(...found.references.filter(isFile));
    }
    return { cited, problems };
}

function piecesOf(file: string, text: string): Piece[] {
    return file.endsWith(".md") ? sourceCellsOf(text) : commentsOf(file, text);
}

function filesBelow(root: string, folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            const file = relative(root, path).split(sep).join("/");
            if (entry.isDirectory()) {
                return skipped.has(file) ? [] : filesBelow(root, path);
            }
            return entry.name.endsWith(".ts") || entry.name === "README.md" ? [file] : [];
        });
}
