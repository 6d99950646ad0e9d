import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { edited } from "../../continuity/plantedBugs";
import { PLANTED_BUGS } from "../../mutation/plantedBugs";

const ROOT = resolve(__dirname, "../../..");

describe("the bugs that are planted for tables and model", () => {
    for (const { name, ...edit } of PLANTED_BUGS) {
        it(`find the place for ${name} in the sources of today`, () => {
            const text = readFileSync(join(ROOT, edit.file), "utf8");
            notStrictEqual(edited(name, text, edit), text);
        });
    }

    it("have a name each, and stand in the README with when they hurt", () => {
        const names = PLANTED_BUGS.map(({ name }) => name);
        strictEqual(new Set(names).size, names.length);
        const readme = readFileSync(join(ROOT, "tests/mutation/README.md"), "utf8");
        deepStrictEqual(
            [...readme.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|/gm)].map(([, name, when]) => [name, when]),
            PLANTED_BUGS.map(({ name, when }) => [name, when]),
        );
    });
});
