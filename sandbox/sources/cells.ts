import { lexer, type Token, type Tokens } from "marked";

import type { Piece } from "./comments";

/** The headers of the columns in which the READMEs name their sources. */
const headers: ReadonlySet<string> = new Set(["source", "checked by"]);

/** The source cells of a README's tables, as Markdown. */
export function sourceCellsOf(readme: string): Piece[] {
    const pieces: Piece[] = [];
    let line = 1;
    for (const token of lexer(readme)) {
        if (isTable(token)) {
            const column = token.header.findIndex(({ text }) => headers.has(text));
            token.rows.forEach((row, index) => {
                const text = row[column]?.text;
                if (text !== undefined) {
                    // The header and the line below it come first.
                    pieces.push({ line: line + 2 + index, text });
                }
            });
        }
        line += token.raw.split("\n").length - 1;
    }
    return pieces;
}

function isTable(token: Token): token is Tokens.Table {
    return token.type === "table";
}
