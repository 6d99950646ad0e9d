import GithubSlugger from "github-slugger";
import { readdirSync, readFileSync } from "fs";
import { marked, Token } from "marked";
import { join, relative } from "path";

export const ROOT = join(__dirname, "../../..");

/** A Markdown file of the repository. */
export interface Page {
    /** From the repository's root. */
    path: string;
    tokens: Token[];
}

export interface CodeBlock {
    page: string;
    language: string;
    text: string;
    /** The declarations that a TypeScript fragment needs, from an HTML comment before it that starts with `ts`. */
    preamble: string;
}

const IGNORED_FOLDERS = ["node_modules", "dist", "reports"];

/** Every page of the repository, generated ones included. */
export function pages(folder = ROOT): Page[] {
    return readdirSync(folder, { withFileTypes: true })
        .filter(({ name }) => !name.startsWith(".") && !IGNORED_FOLDERS.includes(name))
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            if (entry.isDirectory()) {
                return pages(path);
            }
            return entry.name.endsWith(".md") ? [page(relative(ROOT, path))] : [];
        });
}

export function page(path: string): Page {
    return { path, tokens: marked.lexer(readFileSync(join(ROOT, path), "utf8")) };
}

/** Every token of a page, nested ones included, in the order of the text. */
export function allTokens({ tokens }: Page): Token[] {
    const all: Token[] = [];
    void marked.walkTokens(tokens, (token) => {
        all.push(token);
    });
    return all;
}

export function codeBlocks(of: Page): CodeBlock[] {
    const blocks: CodeBlock[] = [];
    let preamble = "";
    for (const token of allTokens(of)) {
        if (token.type === "code") {
            blocks.push({
                page: of.path,
                language: String(token["lang"] ?? ""),
                text: String(token["text"]),
                preamble,
            });
        }
        if (token.type !== "space") {
            preamble = /^<!-- ts\n(.*)-->\s*$/s.exec(token.raw)?.[1] ?? "";
        }
    }
    return blocks;
}

/** The inline code of a page. */
export function codeSpans(of: Page): string[] {
    return allTokens(of).flatMap((token) => (token.type === "codespan" ? [String(token["text"])] : []));
}

/** The anchors that links can point to, as GitHub generates them from the headings. */
export function anchors(of: Page): string[] {
    const slugger = new GithubSlugger();
    return allTokens(of).flatMap((token) => {
        if (token.type === "heading") {
            return [slugger.slug(plainText(token))];
        }
        return [...token.raw.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id);
    });
}

function plainText(token: Token): string {
    const children = "tokens" in token ? (token.tokens ?? []) : [];
    return children.length > 0 ? children.map(plainText).join("") : "text" in token ? String(token["text"]) : "";
}
