import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launcher } from "../../../tools/pythonInstall";

describe("The launcher of Python packages", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "launcher-it's-"))));
    after(() => rmSync(folder, { recursive: true }));

    /** Runs instead of Python: prints the module search path and the arguments. */
    function run(module: string | undefined, PYTHONPATH?: string): string[] {
        const python = join(folder, "py'thon");
        writeFileSync(python, '#!/bin/sh\necho "$PYTHONPATH"; for each in "$@"; do echo "$each"; done\n', {
            mode: 0o755,
        });
        const file = join(folder, "started");
        writeFileSync(file, launcher(python, module), { mode: 0o755 });
        const link = join(folder, `link-${String(Math.random())}`);
        symlinkSync(file, link);
        const { PATH } = process.env;
        return execFileSync(link, ["a b", "c"], { encoding: "utf8", env: { PATH, PYTHONPATH } }).trim().split("\n");
    }

    it("runs a module with the packages beside it and no others, wherever it is called from", () => {
        assert.deepEqual(run("moto.server", "/mine"), [join(folder, "packages"), "-m", "moto.server", "a b", "c"]);
    });

    it("is an interpreter that finds the packages beside it first, then its user's", () => {
        const packages = join(folder, "packages");
        assert.deepEqual(run(undefined), [packages, "a b", "c"]);
        assert.deepEqual(run(undefined, "/mine"), [`${packages}:/mine`, "a b", "c"]);
    });
});
