import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Maker, builtFolder, ensureBuilt } from "../../../tools/build";
import { MissingPrerequisite } from "../../../tools/goBuild";
import { type Progress, silent } from "../../../tools/progress";
import { recipeOf } from "../../../tools/recipeOf";
import type { Recipe } from "../../../tools/recipes";
import { run } from "../../../tools/run";

const recipe: Recipe = { ...recipeOf("etcd"), name: "fake", version: "1.2.3" };

/** Builds a recipe with a line of shell; $1 is the folder for the result. */
const shell =
    (script: string): Maker =>
    async (_recipe, target, scratch, log) => {
        mkdirSync(target, { recursive: true });
        return run({ program: "sh", arguments: ["-c", script, "sh", target], directory: scratch, log });
    };
const good = shell('echo built > "$1/fake"');

describe("The builder", () => {
    let cache = "";
    beforeEach(() => {
        cache = mkdtempSync(join(tmpdir(), "eks-cni-build-"));
    });
    afterEach(() => rmSync(cache, { recursive: true, force: true }));

    const folders = () => readdirSync(join(cache, "tools"));

    it("builds once, and finds its build from then on", async () => {
        const heard: string[] = [];
        const progress: Progress = {
            note: (line) => heard.push(line),
            begin: (name, version) => heard.push(`begin ${name} ${version}`),
            end: (name) => heard.push(`end ${name}`),
        };
        const folder = await ensureBuilt(recipe, cache, progress, good);
        assert.equal(folder, await builtFolder(recipe, cache));
        assert.equal(readFileSync(join(folder, "fake"), "utf8"), "built\n");
        assert.equal(await ensureBuilt(recipe, cache, progress, shell("exit 1")), folder);
        assert.deepEqual(heard, ["begin fake 1.2.3", "end fake"]);
        assert.equal(folders().length, 1, "neither a lock nor a scratch folder is left");
    });

    it("builds once when two ask at the same time", async () => {
        let builds = 0;
        const counted: Maker = async (...args) => {
            builds++;
            await sleep(300);
            return good(...args);
        };
        const second = `
            const { ensureBuilt } = require(${JSON.stringify(join(__dirname, "../../../tools/build"))});
            const { silent } = require(${JSON.stringify(join(__dirname, "../../../tools/progress"))});
            const waits = { ...silent, note: (line) => console.log(line), begin: () => console.log("builds") };
            ensureBuilt(${JSON.stringify(recipe)}, ${JSON.stringify(cache)}, waits).then((folder) => console.log(folder));`;
        const other = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", "-e", second]);
        let output = "";
        other.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
        const held: Maker = async (...args) => {
            while (!output.includes("waiting for it")) {
                await sleep(50);
            }
            return counted(...args);
        };
        const folder = await ensureBuilt(recipe, cache, silent, held);
        await new Promise((resolve) => other.once("close", resolve));
        assert.equal(builds, 1);
        assert.equal(output, `Process ${process.pid} is building fake; waiting for it\n${folder}\n`);
    });

    it("says why a build failed: the last 20 lines and where the log is; and leaves nothing that looks finished", async () => {
        const failing = shell('for i in $(seq 1 30); do echo "line $i"; done; echo half > "$1/fake"; exit 3');
        const lines = Array.from({ length: 20 }, (_, index) => `    line ${index + 11}`).join("\n");
        const log = join(cache, "logs", `${(await builtFolder(recipe, cache)).split("/").pop() ?? ""}.log`);
        await assert.rejects(ensureBuilt(recipe, cache, silent, failing), {
            message: `Building fake 1.2.3 failed: exit code 3\nThe end of the log:\n${lines}\nLog: ${log}`,
        });
        assert.deepEqual(folders(), []);
        assert.match(readFileSync(log, "utf8"), /^line 1\n/);
        await ensureBuilt(recipe, cache, silent, good);
    });

    it("says what to install when something is missing, without a log that tells nothing", async () => {
        const missing: Maker = () => Promise.reject(new MissingPrerequisite("Go 9 or newer is needed."));
        await assert.rejects(ensureBuilt(recipe, cache, silent, missing), {
            message: "Building fake 1.2.3: Go 9 or newer is needed.",
        });
    });

    it("takes over from a build that was killed, and removes what it left", async () => {
        // A process that has ended for certain: a SIGKILL leaves its lock and its scratch folder like this.
        const dead = spawn("true");
        const pid = dead.pid ?? 0;
        await new Promise((resolve) => dead.once("exit", resolve));
        const folder = await builtFolder(recipe, cache);
        const key = folder.split("/").pop() ?? "";
        mkdirSync(join(cache, "tools", `.${key}.${pid}`, "result"), { recursive: true });
        writeFileSync(join(cache, "tools", `.${key}.${pid}`, "result", "fake"), "half");
        writeFileSync(`${folder}.lock`, `${pid} 12345`);
        await ensureBuilt(recipe, cache, silent, good);
        assert.equal(readFileSync(join(folder, "fake"), "utf8"), "built\n");
        assert.deepEqual(folders(), [key]);
    });
});
