import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";

const ROOT = path.resolve(__dirname, "../..");
const INDEX = fs.readFileSync(path.join(ROOT, "docs/hand-over-messages.md"), "utf8");
const PAGES = fs.readdirSync(path.join(ROOT, "docs/messages")).sort();
const pageOf = (name: string) => fs.readFileSync(path.join(ROOT, "docs/messages", name), "utf8");
const STEPS_PAGE = "steps.md";

function sourcesOf(...folders: string[]): string {
    return folders
        .flatMap((folder) =>
            fs
                .readdirSync(path.join(ROOT, folder), { recursive: true })
                .map(String)
                .map((file) => path.join(folder, file)),
        )
        .filter((file) => file.endsWith(".ts"))
        .map((file) => fs.readFileSync(path.join(ROOT, file), "utf8"))
        .join("\n");
}

const SOURCES = sourcesOf("handover", "components");

function sorted(codes: Iterable<string | undefined>): string[] {
    return [...new Set([...codes].filter((code) => code !== undefined))].sort();
}

const STOPPING = PAGES.filter((name) => name !== STEPS_PAGE)
    .map(pageOf)
    .join("\n");
const STEPS = pageOf(STEPS_PAGE);
const rowsOf = (text: string) => sorted([...text.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code));

describe("docs/hand-over-messages.md and docs/messages", () => {
    it("leads to each page, by its title", () => {
        const links = [...INDEX.matchAll(/^- \[(.+)\]\(messages\/(.+)\)$/gm)].map(([, title, page]) => [page, title]);
        const titles = PAGES.map((name) => [name, /^# (.+)$/m.exec(pageOf(name))?.[1]]);
        assert.deepStrictEqual(links.sort(), titles);
    });
    it("has a row for each code that stops a run, and for nothing else", () => {
        const refused = [...SOURCES.matchAll(/new (?:Answered)?Refusal\(\s*"([a-z-]+)"/g)].map(([, code]) => code);
        const union = /export type ProofFailure =([^;]*);/.exec(SOURCES)?.[1] ?? "";
        const proof = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
        assert.ok(refused.length > 30 && proof.length === 6);
        assert.deepStrictEqual(rowsOf(STOPPING), sorted([...refused, ...proof]));
    });

    it("has a row for each code of a step, in the plan or in remainingSteps, and for nothing else", () => {
        const codes = [...SOURCES.matchAll(/["`]\[([a-z-]+)\] /g)].map(([, code]) => code);
        assert.deepStrictEqual(rowsOf(STEPS), sorted(codes));
    });

    it("says a code once", () => {
        const all = [...`${STOPPING}\n${STEPS}`.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code);
        assert.strictEqual(all.length, new Set(all).size);
    });
});
