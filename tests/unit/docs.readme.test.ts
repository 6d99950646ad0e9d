import { loadYaml } from "@kubernetes/client-node";
import { deepStrictEqual, ok } from "assert";
import { readFileSync } from "fs";
import { join } from "path";
import { allTokens, codeBlocks, page, ROOT } from "./support/markdown";

const TEXT = readFileSync(join(ROOT, "README.md"), "utf8");
const LINES = TEXT.trimEnd().split("\n");

/** What a stranger reads in five minutes. Everything else belongs on a page of docs/. */
const LIMITS = { words: 1500, lines: 150, bytes: 12_000, longestLine: 160 };
const PARTS = [
    "eks-cni",
    "Status",
    "The plan",
    "Install",
    "Which cluster do I have?",
    "Use",
    "A new cluster",
    "What changes for your cluster",
    "Limits",
    "More",
];

/** The text of a part, without its heading. */
function part(heading: string): string {
    return TEXT.split(/^#+ /m).find((one) => one.startsWith(`${heading}\n`)) ?? "";
}

const bullets = (heading: string) => [...part(heading).matchAll(/^- /gm)].length;

function blocksOf(path: string, wanted: string): string[] {
    return codeBlocks(page(path)).flatMap(({ language, text }) => (language === wanted ? [text] : []));
}

describe("README.md", () => {
    it("is short", () => {
        const found = {
            words: TEXT.split(/\s+/).filter((word) => word !== "").length,
            lines: LINES.length,
            bytes: Buffer.byteLength(TEXT),
            longestLine: Math.max(...LINES.map(({ length }) => length)),
        };
        for (const [what, limit] of Object.entries(LIMITS)) {
            const value = found[what as keyof typeof LIMITS];
            ok(value <= limit, `README.md: ${what}: ${String(value)}, but at most ${String(limit)}`);
        }
    });

    it("has its parts, in their order", () => {
        const headings = allTokens(page("README.md")).filter(({ type }) => type === "heading");
        deepStrictEqual(
            headings.map((heading) => String("text" in heading ? heading["text"] : "")),
            PARTS,
        );
    });

    it("has no more rows, limits and links than a first reading needs", () => {
        const rows = [...part("Which cluster do I have?").matchAll(/^\| (?!-)/gm)].length - 1;
        deepStrictEqual([rows, bullets("Limits"), bullets("More")], [5, 5, 6]);
    });

    it("says what it does in one sentence, and its status first", () => {
        const [sentence = "", ...others] = part("eks-cni").trim().split(/\n\n/).slice(1);
        deepStrictEqual([sentence.match(/\.(?:\s|$)/g)?.length, others], [1, []]);
        const [status = ""] = /\*\*.*?\*\*/s.exec(part("Status")) ?? [];
        deepStrictEqual(status, "**It is not released, and has not run in a real AWS account yet.**");
        ok(readFileSync(join(ROOT, "docs/_index.md"), "utf8").includes(status.replace(/\.\*\*$/, "**")));
    });

    it("has the program of the registry's page, in TypeScript and in YAML", () => {
        const [program = ""] = blocksOf("README.md", "ts");
        deepStrictEqual([program.replace(/ \/\/.*$/gm, "")], blocksOf("docs/_index.md", "ts"));
        const [onPage = ""] = blocksOf("docs/_index.md", "yaml");
        const [packages = ""] = blocksOf("docs/installation-configuration.md", "yaml");
        deepStrictEqual(
            blocksOf("README.md", "yaml").map((text) => loadYaml<object>(text)),
            [{ ...loadYaml<object>(onPage), ...loadYaml<object>(packages) }],
        );
    });
});
