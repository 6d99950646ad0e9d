import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A copy of an upstream repository on this machine. */
export interface Copy {
    /** The text of a file, or the names in a folder. Undefined if there is neither. */
    read(path: string): string | undefined;
    /** The commit from which the copy has the file, or "unknown". */
    commitOf(path: string): string;
    /** What else the copy says about the file. */
    noteOf(path: string): string | undefined;
}

/** As long as Git's own abbreviations are unique in the largest of these repositories, and more. */
const commitLength = 12;

/** The copy of a repository in `<folder>/<owner>+<name>`: a Git directory, a work tree, or a plain folder. */
export function copyOf(folder: string, repository: string): Copy | undefined {
    const copy = join(folder, repository.replace("/", "+"));
    const gitDirectory = [join(copy, ".git"), copy].find((path) =>
        path.endsWith(".git") ? existsSync(path) : isBare(path),
    );
    if (gitDirectory !== undefined) {
        return gitCopy(gitDirectory);
    }
    return existsSync(copy) ? plainCopy(copy) : undefined;
}

function isBare(path: string): boolean {
    return existsSync(join(path, "HEAD")) && existsSync(join(path, "objects"));
}

function gitCopy(directory: string): Copy {
    const git = (...args: string[]): string =>
        execFileSync("git", ["--git-dir", directory, ...args], {
            encoding: "utf8",
            maxBuffer: 2 ** 28,
            stdio: ["ignore", "pipe", "ignore"],
        });
    const commit = git("rev-parse", "HEAD").slice(0, commitLength);
    return {
        read: (path) => {
            try {
                return git("show", `HEAD:${path}`);
            } catch {
                return undefined;
            }
        },
        commitOf: () => commit,
        noteOf: () => undefined,
    };
}

/**
 * A folder with some of the repository's files, and a file COMMIT. Each line of it has a commit or "unknown", the path of a file
 * ("." for all others), and, if there is something to say about them, a note.
 */
function plainCopy(copy: string): Copy {
    const file = join(copy, "COMMIT");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    const origins = new Map<string, { commit: string; note: string }>();
    for (const line of lines) {
        const [, commit, path = ".", note = ""] = /^(\S+)(?: +(\S+)(?: +(.*))?)?$/.exec(line.trim()) ?? [];
        if (commit !== undefined) {
            const isHash = /^[0-9a-f]{12,}$/.test(commit);
            origins.set(path, { commit: isHash ? commit.slice(0, commitLength) : "unknown", note });
        }
    }
    const originOf = (path: string) => origins.get(path) ?? origins.get(".");
    return {
        read: (path) => {
            const whole = join(copy, path);
            if (!existsSync(whole)) {
                return undefined;
            }
            return statSync(whole).isDirectory() ? readdirSync(whole).join("\n") : readFileSync(whole, "utf8");
        },
        commitOf: (path) => originOf(path)?.commit ?? "unknown",
        noteOf: (path) => originOf(path)?.note || undefined,
    };
}
