import * as assert from "assert";
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { version } from "../../package.json";
import { newFolder, ROOT, runIn } from "./support/consumer";

const NEXT = "99.0.0";
/** Files with a line for the version. The lockfile has it twice. */
const VERSIONED = [
    "package.json",
    "package-lock.json",
    "plugin/schema.json",
    "policies/package.json",
    "policies/PulumiPolicy.yaml",
];

/** Not needed for a release: installed packages, reports, and the history, which a checkout may lack. */
const NOT_COPIED = ["node_modules", "reports", ".git"];

describe("npm run release -- --dry-run", () => {
    let clone: string;
    const edit = (file: string, change: (text: string) => string) => {
        const whole = path.join(clone, file);
        fs.writeFileSync(whole, change(fs.readFileSync(whole, "utf8")));
    };
    const git = (...args: string[]) =>
        runIn(clone, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", ...args);
    const dryRun = () => {
        const args = ["-r", "ts-node/register/transpile-only", "release/main.ts", "--dry-run"];
        const { stdout, status } = spawnSync(process.execPath, args, { cwd: clone, encoding: "utf8" });
        return { status, lines: stdout.split("\n").filter((line) => line !== "") };
    };

    before(() => {
        clone = path.join(newFolder(), "clone");
        fs.cpSync(ROOT, clone, { recursive: true, filter: (file) => !NOT_COPIED.includes(path.basename(file)) });
        git("init", "--quiet");
        fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(clone, "node_modules"));
        fs.appendFileSync(path.join(clone, ".git/info/exclude"), "node_modules\n");
        git("add", "--all");
        git("commit", "--quiet", "--message", "Development");
        for (const file of VERSIONED) {
            edit(file, (text) => text.replace(new RegExp(`^(\\s*"?version"?: "?)${version}`, "m"), `$1${NEXT}`));
        }
        edit("CHANGELOG.md", (text) =>
            text.replace("## [Unreleased]\n", `$&\n## [${NEXT}] - 2026-11-30\n\n- Tested.\n`),
        );
        git("commit", "--quiet", "--all", "--message", "A release");
    });
    after(() => fs.rmSync(path.dirname(clone), { recursive: true, force: true }));

    it("passes a version that is ready, and makes no tag", () => {
        const tags = git("tag");
        assert.deepStrictEqual(dryRun(), {
            status: 0,
            lines: [
                ...["version", "tag", "schema", "changelog", "tarball"].map((name) => `ok     ${name}`),
                `v${NEXT} is ready. Nothing was changed. Run without --dry-run to create the tag.`,
            ],
        });
        assert.strictEqual(git("tag"), tags);
    });

    it("stops one that is not, with everything that is wrong", () => {
        edit("policies/package.json", (text) => text.replace(NEXT, version));
        edit("plugin/schema.json", (text) => text.replace('"description"', '"summary"'));
        git("tag", `v${NEXT}`);
        const { status, lines } = dryRun();
        assert.strictEqual(status, 1);
        assert.deepStrictEqual(
            lines.filter((line) => !line.startsWith("        ")),
            [
                "FAILED version",
                `       policies/package.json has ${version}, package.json has ${NEXT}: set the same version`,
                "FAILED tag",
                `       the tag v${NEXT} already exists: raise the version`,
                "       uncommitted changes: commit them first",
                "FAILED schema",
                "       plugin/schema.json is out of date: npm run schema",
                "ok     changelog",
                "ok     tarball",
                `v${NEXT} is not ready. Nothing was changed.`,
            ],
        );
    });
});
