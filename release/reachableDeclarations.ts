import * as fs from "fs";
import * as path from "path";

/** The declaration files that the entries import, directly or not, relative to the folder. The entries are among them. */
export function reachableDeclarations(folder: string, entries: readonly string[]): Set<string> {
    const reached = new Set<string>();
    const waiting = [...entries];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        if (!reached.has(name)) {
            reached.add(name);
            waiting.push(...importsOf(folder, name));
        }
    }
    return reached;
}

function importsOf(folder: string, name: string): string[] {
    const text = fs.readFileSync(path.join(folder, name), "utf8");
    // `from "./x"` and `import("./x")`.
    return [...text.matchAll(/(?:from |import\()"(\.[^"]*)"/g)].flatMap(([, target = ""]) => {
        const file = path.join(path.dirname(name), target);
        const found = [`${file}.d.ts`, path.join(file, "index.d.ts")].find((one) =>
            fs.existsSync(path.join(folder, one)),
        );
        // A JSON file has no declarations.
        return found ?? [];
    });
}
