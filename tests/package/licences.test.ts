import * as assert from "assert";
import { execFileSync } from "child_process";
import * as path from "path";
import { ROOT } from "./support/consumer";

/** Licences that only require to include their own text: https://spdx.org/licenses/ */
const PERMISSIVE = [
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-3.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Python-2.0",
    "Unlicense",
];
/** Their package.json refers to a licence file. A person has read it, and identified the licence. */
const IDENTIFIED: Record<string, string> = { "@logdna/tail-file@2.2.0": "MIT" };

/** Each package that an installation of this one includes or its bundles contain, with the licence in its package.json. */
function shipped(): Map<string, string> {
    const checker = path.join(ROOT, "node_modules/.bin/license-checker-rseidelsohn");
    const options = { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 } as const;
    const found = JSON.parse(
        execFileSync(checker, ["--production", "--excludePrivatePackages", "--json"], options),
    ) as Record<string, { licenses: string | string[] }>;
    return new Map(Object.entries(found).map(([name, { licenses }]) => [name, IDENTIFIED[name] ?? String(licenses)]));
}

/** `MIT`, `(MIT OR GPL-3.0)`, `(BSD-3-Clause AND Apache-2.0)`. */
function isPermissive(expression: string): boolean {
    const [alternatives, all] = [expression.replace(/[()]/g, "").split(" OR "), " AND "];
    return alternatives.some((one) => one.split(all).every((licence) => PERMISSIVE.includes(licence)));
}

describe("the licences of what an installation brings", () => {
    it("are known and permissive, each", () => {
        const packages = shipped();
        assert.ok([...packages.keys()].some((name) => name.startsWith("@pulumi/pulumi@")));
        assert.deepStrictEqual(
            [...packages].filter(([, licence]) => !isPermissive(licence)),
            [],
        );
    });

    it("would not pass with the AGPL, which development dependencies have, or with none", () => {
        for (const licence of [
            "AGPL-3.0-or-later",
            "MIT AND AGPL-3.0-or-later",
            "UNKNOWN",
            "MIT*",
            "Custom: LICENSE",
        ]) {
            assert.ok(!isPermissive(licence), licence);
        }
        assert.ok(isPermissive("(MIT OR GPL-3.0-only)"));
    });
});
