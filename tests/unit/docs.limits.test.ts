import { deepStrictEqual, ok } from "assert";
import { existsSync } from "fs";
import { Token, Tokens } from "marked";
import { join } from "path";
import { SCENARIOS } from "../continuity/scenarios";
import { allTokens, codeSpans, page, ROOT } from "./support/markdown";

interface Limit {
    /** Its first cell. */
    readonly what: string;
    readonly marked: boolean;
    /** The names in its last cell: scenarios, and files of tests. */
    readonly playedBy: readonly string[];
}

const PAGE = page("docs/limits.md");
const TABLES = allTokens(PAGE).filter((token): token is Tokens.Table => token.type === "table");
const LIMITS = TABLES.flatMap(({ rows }) => rows.map(limitOf));

function limitOf(cells: readonly Tokens.TableCell[]): Limit {
    const tokens: Token[] = cells.at(-1)?.tokens ?? [];
    return {
        what: cells[0]?.text ?? "",
        marked: cells[1]?.text.startsWith("**Gap.**") ?? false,
        playedBy: codeSpans({ path: PAGE.path, tokens }),
    };
}

function exists(name: string): boolean {
    return name.endsWith(".test.ts")
        ? existsSync(join(ROOT, name))
        : SCENARIOS.some((scenario) => scenario.name === name);
}

const showsGaps = (name: string) =>
    SCENARIOS.some(({ name: one, bound, isControl }) => one === name && bound.podSeconds === "some" && !isControl);

describe("docs/limits.md", () => {
    it("says for each limit what happens, how to notice it, what to do, and what plays it", () => {
        ok(LIMITS.length > 20, `${String(LIMITS.length)} limits`);
        for (const { header, rows } of TABLES) {
            deepStrictEqual(
                header.slice(1).map(({ text }) => text),
                ["what happens", "how to notice it", "what to do", "played by"],
            );
            ok(rows.every((cells) => cells.every(({ text }) => text !== "")));
        }
    });

    it("names for each limit a scenario or a test file", () => {
        const unplayed = LIMITS.filter(({ playedBy }) => playedBy.length === 0);
        deepStrictEqual(
            unplayed.map(({ what }) => what),
            [],
        );
    });

    it("names only scenarios and test files that exist", () => {
        const missing = LIMITS.flatMap(({ what, playedBy }) =>
            playedBy.filter((name) => !exists(name)).map((name) => `${what}: ${name}`),
        );
        deepStrictEqual(missing, []);
    });

    it("marks the limits whose scenario must show a gap, and no others", () => {
        const wrong = LIMITS.filter(({ marked, playedBy }) => marked !== playedBy.some(showsGaps));
        deepStrictEqual(
            wrong.map(({ what }) => what),
            [],
        );
    });

    it("has every scenario that must show a gap", () => {
        const named = LIMITS.flatMap(({ playedBy }) => playedBy);
        const left = SCENARIOS.map(({ name }) => name).filter((name) => showsGaps(name) && !named.includes(name));
        deepStrictEqual(left, []);
    });
});
