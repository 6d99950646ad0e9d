import * as ts from "typescript";

/** A piece of text in a file, and the line at which it begins. */
export interface Piece {
    readonly line: number;
    readonly text: string;
}

/** The comments of a TypeScript file, each as one line. Line comments directly below each other are one comment. */
export function commentsOf(file: string, text: string): Piece[] {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const ranges = new Map<number, ts.CommentRange>();
    const visit = (node: ts.Node): void => {
        const here = [
            ...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
            ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
        ];
        here.forEach((range) => ranges.set(range.pos, range));
        node.getChildren(source).forEach(visit);
    };
    visit(source);
    const inOrder = [...ranges.values()].sort((a, b) => a.pos - b.pos);
    const joined: { pos: number; end: number; isLine: boolean }[] = [];
    for (const { pos, end, kind } of inOrder) {
        const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
        const last = joined.at(-1);
        if (isLine && last?.isLine === true && /^\n[^\S\n]*$/.test(text.slice(last.end, pos))) {
            last.end = end;
        } else {
            joined.push({ pos, end, isLine });
        }
    }
    return joined.map(({ pos, end }) => ({
        line: source.getLineAndCharacterOfPosition(pos).line + 1,
        text: prose(text.slice(pos, end)),
    }));
}

function prose(comment: string): string {
    return comment
        .replace(/^\/\*\*?|\*\/$|^\/\/ ?/g, "")
        .replace(/\n\s*(?:\*|\/\/) ?/g, " ")
        .replace(/\s+/g, " ")
        .trim();
}
