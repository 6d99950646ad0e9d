import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { lexer, type Token, type Tokens } from "marked";
import * as ts from "typescript";

export interface Row {
    readonly behaviour: string;
    readonly source: Tokens.TableCell;
    readonly test: Tokens.TableCell;
}

/** The rows of a README's tables of behaviours, with the source and the tests of each. */
export function contractRows(readme: string): Row[] {
    const tables = lexer(readme).filter((token): token is Tokens.Table => token.type === "table");
    return tables
        .filter(({ header }) => header.map((cell) => cell.text).join() === "behaviour,source,test")
        .flatMap(({ rows }) =>
            rows.flatMap(([behaviour, source, test]) =>
                behaviour && source && test ? [{ behaviour: behaviour.text, source, test }] : [],
            ),
        );
}

/** The problems of a table: rows without a source, without a test, or with a test that does not exist. */
export function problemsOf(rows: readonly Row[], titles: ReadonlySet<string>): string[] {
    return rows.flatMap(({ behaviour, source, test }) => [
        ...(hasSource(source) ? [] : [`${behaviour}: no source`]),
        ...testProblems(test, titles).map((problem) => `${behaviour}: ${problem}`),
    ]);
}

/** A link, a file of the original's repository, or the words for "no source known". */
function hasSource(cell: Tokens.TableCell): boolean {
    const isSource = (token: Token): boolean =>
        token.type === "link" ||
        (token.type === "codespan" && /\.(?:go|md|proto|py|ts|yaml)$/.test(String(token.text)));
    return cell.tokens.some(isSource) || cell.text.includes("not known from a source");
}

function testProblems(cell: Tokens.TableCell, titles: ReadonlySet<string>): string[] {
    if (cell.text.startsWith("not offered")) {
        return [];
    }
    const named = cell.tokens.flatMap((token) => (token.type === "codespan" ? [String(token.text)] : []));
    return named.length === 0
        ? ["no test"]
        : named.filter((title) => !titles.has(title)).map((title) => `there is no test "${title}"`);
}

/** All test files in the folders and below. */
export function testFiles(...folders: string[]): string[] {
    return folders.flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: "utf8" })
            .filter((name) => name.endsWith(".ts"))
            .map((name) => join(folder, name)),
    );
}

/**
 * The titles of a file's tests, alone and with the titles of the groups around them, as mocha prints them and its `-g`
 * takes them. Parts that are computed when the tests run are "…".
 */
export function titlesOf(file: string, text = readFileSync(file, "utf8")): string[] {
    const titles: string[] = [];
    const visit = (node: ts.Node, groups: readonly string[]): void => {
        const call = titledCall(node);
        const within = call ? [...groups, call.title] : groups;
        if (call?.kind === "it") {
            titles.push(...within.map((_, index) => within.slice(index).join(" ")));
        }
        ts.forEachChild(node, (child) => visit(child, within));
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest), []);
    return titles.filter((title) => title !== "…");
}

function titledCall(node: ts.Node): { kind: string; title: string } | undefined {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) {
        return undefined;
    }
    const kind = node.expression.text;
    const [title] = node.arguments;
    return title && (kind === "it" || kind === "describe") ? { kind, title: written(title) } : undefined;
}

function written(title: ts.Expression): string {
    if (ts.isStringLiteralLike(title)) {
        return title.text;
    }
    return ts.isTemplateExpression(title)
        ? title.head.text + title.templateSpans.map(({ literal }) => `…${literal.text}`).join("")
        : "…";
}
