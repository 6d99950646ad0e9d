/**
 * References to upstream's files and to pages, in a comment or in the source cell of a README:
 *
 *     <repository> <path>, <identifier>, <identifier> and <identifier>
 *     <repository> <path> (<identifier>, <identifier>)
 *     <address of the file on GitHub>, <identifier>
 *
 * - The repository is the last one that the comment names before the path. Its version may follow. Without one, the path is
 *   that of a comment above, or one of the folder's own repository (repositories.ts).
 * - A file name without a folder, right after the repository, is a file at its top. Anywhere else it is the file of this name
 *   that the same comment, or one above it, names with its folder.
 * - The names of this package's own files end in `.ts`, `.json` or `.md`: such a path is upstream's only right after the name of
 *   its repository.
 * - Any other address is a page. One with "…" in it is an example.
 */
import { repositoryNames, repositoryOf } from "./repositories";

/** A file upstream, and what a text says is in it. */
export interface FileReference {
    readonly repository: string;
    readonly path: string;
    readonly identifiers: readonly string[];
}

/** Documentation, an issue or a package: it has no file that could be looked up. */
export interface PageReference {
    readonly page: string;
}

export type Reference = FileReference | PageReference;

/** What a text names, and the paths that it leaves incomplete. */
export interface Found {
    readonly references: readonly Reference[];
    readonly problems: readonly string[];
}

/** What is known before a text is read. */
export interface Context {
    readonly repository: string | undefined;
    /** The files that the texts above name. */
    readonly above: readonly FileReference[];
}

export function isFile(reference: Reference): reference is FileReference {
    return "path" in reference;
}

const alternatives = repositoryNames.map((name) => name.replaceAll(".", "\\.")).join("|");
const token = new RegExp(
    [
        "(?<address>https?://[^\\s)>\\]\"'|]+)",
        `(?<![\\w./@-])(?<repository>${alternatives})(?![\\w/-]|\\.\\w)`,
        "(?<![\\w./@-])(?<path>(?:[\\w.-]+/)*[\\w-]+(?:\\.[\\w-]+)*\\.(?<extension>cc|go|json|md|proto|py|ts|yaml))(?![\\w/-])",
    ].join("|"),
    "g",
);
/** Upstream's files have these endings, and this package's own do not. */
const upstreamOnly: ReadonlySet<string> = new Set(["cc", "go", "proto", "py", "yaml"]);
/** Between a repository and a path that follows it at once: nothing, or a version. */
const atOnce = /^,?(?: v?\d[\w.]*,?)? $/;
const fileOnGitHub = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/(?:blob|tree)\/[^/]+\/([^#]+)/;

/** The references in a comment or a cell, in their order. */
export function referencesIn(text: string, { repository: ofFolder, above }: Context): Found {
    const plain = plainText(text);
    const references: Reference[] = [];
    const problems: string[] = [];
    let repository: string | undefined;
    let afterRepository: number | undefined;
    for (const match of plain.matchAll(token)) {
        const { address, repository: name, path, extension = "" } = match.groups ?? {};
        const end = match.index + match[0].length;
        if (name !== undefined) {
            repository = repositoryOf(name);
            afterRepository = end;
        } else if (address !== undefined) {
            const found = ofAddress(address, plain.slice(end));
            references.push(...found);
            repository = found.find(isFile)?.repository ?? repository;
        } else if (path !== undefined) {
            const follows = afterRepository !== undefined && atOnce.test(plain.slice(afterRepository, match.index));
            if (!follows && !upstreamOnly.has(extension)) {
                continue;
            }
            const isWhole = follows || (path.includes("/") && repository !== undefined);
            const file = isWhole ? undefined : lastNamed(path, [...above, ...references.filter(isFile)]);
            const owner = file?.repository ?? repository ?? ofFolder;
            if (owner === undefined) {
                problems.push(`${path}: names no repository`);
            } else if (!follows && !path.includes("/") && file === undefined) {
                problems.push(`${path}: names no folder`);
            } else {
                const identifiers = identifiersAt(plain.slice(end));
                references.push({ repository: owner, path: file?.path ?? path, identifiers });
            }
        }
    }
    return { references, problems };
}

/** The last of the files that a path or a mere file name can mean. */
function lastNamed(name: string, files: readonly FileReference[]): FileReference | undefined {
    return files.filter(({ path }) => path === name || path.endsWith(`/${name}`)).at(-1);
}

/** Without the marks of code, and with addresses in place of links. A link without a host leads to a file of this package. */
function plainText(text: string): string {
    return text
        .replace(/\[[^\]]*\]\(([^)]*)\)/g, (_, address: string) => (address.startsWith("http") ? address : ""))
        .replaceAll("`", "")
        .replace(/\s+/g, " ");
}

function ofAddress(address: string, after: string): Reference[] {
    const page = address.replace(/[.,;:]+$/, "");
    const [, repository, path] = fileOnGitHub.exec(page) ?? [];
    if (page.includes("…")) {
        return [];
    }
    return repository !== undefined && path !== undefined
        ? [{ repository, path, identifiers: identifiersAt(address.slice(page.length) + after) }]
        : [{ page }];
}

const separator = /^ ?(?:, ?(?:and )?|and )/;
const firstSeparator = /^ ?(?:, ?(?:and )?|and |\()/;
const identifier = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?= ?(?:[,;.:)]|and\b|$))/;

/** The identifiers after a path. A word without a capital letter or "_" is prose, and ends the list. */
function identifiersAt(text: string): string[] {
    const found: string[] = [];
    let rest = text;
    for (;;) {
        const between = (found.length === 0 ? firstSeparator : separator).exec(rest);
        const [word] = identifier.exec(rest.slice(between?.[0].length)) ?? [];
        if (between === null || word === undefined || !/[A-Z_]/.test(word)) {
            return found;
        }
        found.push(word);
        rest = rest.slice(between[0].length + word.length);
    }
}
