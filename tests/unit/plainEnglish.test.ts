import { deepStrictEqual } from "assert";
import { execFileSync } from "child_process";
import { readFileSync } from "fs";
import { resolve } from "path";
import * as ts from "typescript";

const ROOT = resolve(__dirname, "../..");

/** Words that name no actor, or that sound translated. CONTRIBUTING.md has the project's own terms. */
const BANNED: readonly RegExp[] = [
    /\b(?:no|some)body\b/i,
    /\bwhoever\b/i,
    /\banew\b/i,
    /\b(?:is|are|was|were|be|been|being|it|them|whom) told\b|\btold of\b/i,
    /\bliv(?:e|es|ed|ing) off\b/i,
    /\bin vain\b/i,
    /\bto be had\b/i,
    /\bmend(?:s|ed|ing)?\b/i,
    /\bis no argument\b/i,
    /\bis \S+ meant\?/i,
    /\bsees? to (?:it|what)\b/i,
    /\bgive it longer\b/i,
];
/** A clause as the subject: "What is left follows" for "The remaining steps follow". A question is fine. */
const WHAT_CLAUSE = /(?:^|[.:;] )What [a-z][^?]*$/m;

interface Piece {
    readonly at: string;
    readonly text: string;
}

function tracked(...paths: string[]): string[] {
    const listed = execFileSync("git", ["ls-files", "--", ...paths], { cwd: ROOT, encoding: "utf8" });
    return listed.split("\n").filter((file) => file !== "");
}

/** The string literals and the comments of a source file. */
function piecesOf(file: string): Piece[] {
    const text = readFileSync(resolve(ROOT, file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const pieces: Piece[] = [];
    const add = (position: number, found: string) => {
        pieces.push({ at: `${file}:${String(source.getLineAndCharacterOfPosition(position).line + 1)}`, text: found });
    };
    const seen = new Set<number>();
    const visit = (node: ts.Node): void => {
        for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) {
            if (!seen.has(pos)) {
                seen.add(pos);
                add(pos, prose(text.slice(pos, end)));
            }
        }
        if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
            add(node.getStart(), node.text);
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    visit(source.endOfFileToken);
    return pieces;
}

/** A comment as one paragraph per line, without its stars. */
function prose(comment: string): string {
    return comment
        .replace(/^\/\*\*?|\*\/$|^\/\/ ?/g, "")
        .replace(/\n\s*(?:\*|\/\/) ?/g, "\n")
        .replace(/([^\n])\n(?!\n)/g, "$1 ")
        .trim();
}

/** The paragraphs of a page, without its code blocks, headings and quotations of code. */
function paragraphsOf(file: string): Piece[] {
    const text = readFileSync(resolve(ROOT, file), "utf8").replace(/^```[\s\S]*?^```/gm, (code) =>
        code.replace(/[^\n]/g, ""),
    );
    let line = 1;
    return text.split(/(\n\s*\n)/).flatMap((paragraph) => {
        const at = `${file}:${String(line)}`;
        line += (paragraph.match(/\n/g) ?? []).length;
        const body = paragraph
            .replace(/^#.*$/gm, "")
            .replace(/`[^`]*`/g, "code")
            .replace(/([^\n|])\n(?![\n|])/g, "$1 ");
        return body.trim() === "" ? [] : [{ at, text: body }];
    });
}

function faultsIn(pieces: readonly Piece[], patterns: readonly RegExp[]): string[] {
    return pieces.flatMap(({ at, text }) =>
        patterns.flatMap((pattern) => {
            const found = pattern.exec(text);
            return found === null ? [] : [`${at}: ${found[0].slice(0, 80)}`];
        }),
    );
}

describe("Plain English: no banned words", () => {
    const isProduct = (file: string) =>
        /^(?:index|(?:components|documents|handover|plugin|policies|release)\/.*)\.ts$/.test(file);

    it("in messages, comments and docstrings", () => {
        const pieces = tracked("*.ts").filter(isProduct).flatMap(piecesOf);
        deepStrictEqual(faultsIn(pieces, [...BANNED, WHAT_CLAUSE]), []);
    });

    it("in the tests, the sandbox and the examples", () => {
        const others = tracked("*.ts").filter((file) => !isProduct(file) && resolve(ROOT, file) !== __filename);
        deepStrictEqual(faultsIn(others.flatMap(piecesOf), BANNED), []);
    });

    it("in the descriptions of the schema", () => {
        const text = readFileSync(resolve(ROOT, "plugin/schema.json"), "utf8");
        deepStrictEqual(faultsIn([{ at: "plugin/schema.json", text }], BANNED), []);
    });

    it("in the pages", () => {
        deepStrictEqual(faultsIn(tracked("*.md").flatMap(paragraphsOf), [...BANNED, WHAT_CLAUSE]), []);
    });
});
