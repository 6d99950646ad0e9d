import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const sources = join(__dirname, "../../../sources");

describe("the command that looks up the sources", function () {
    this.timeout(60_000);

    it("fails on a folder that does not exist, and leaves the list as it is", () => {
        const list = readFileSync(join(sources, "list.json"), "utf8");
        const args = ["-r", "ts-node/register/transpile-only", join(sources, "main.ts"), "--copies", "/nowhere/copies"];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
        assert.deepEqual(
            [status, stdout, stderr],
            [1, "", "There is no folder /nowhere/copies. Give the one that has the copies of the repositories.\n"],
        );
        assert.equal(readFileSync(join(sources, "list.json"), "utf8"), list);
    });
});
