/**
 * `npm run test:mutation -- --planted-bugs`: each bug in a copy of the package must be caught twice, by table tests of the
 * decisions and by the model of cluster and account. Two nets that share no code miss different things.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { plantInCopy } from "../continuity/plantedBugs";
import { PLANTED_BUGS } from "./plantedBugs";

const ROOT = join(__dirname, "../..");
const PARTS = [
    "components",
    "documents",
    "handover",
    "index.ts",
    "package.json",
    "tests/fixtures",
    "tests/model",
    "tests/unit",
];
const TYPESCRIPT = ["-r", "ts-node/register/transpile-only"];
const TABLES = "tests/unit/handover/*.test.ts";
const NOT_TABLES = "tests/unit/handover/{model,dynamicProvider,loop,liveResource}*.test.ts";

function run(folder: string, ...args: string[]): string {
    return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).stdout;
}

/** How many table tests fail. */
function failingTables(folder: string): number {
    const mocha = join(ROOT, "node_modules/mocha/bin/mocha.js");
    const options = ["--no-config", ...TYPESCRIPT, "--reporter", "dot", "--ignore", NOT_TABLES];
    return Number(/(\d+) failing/.exec(run(folder, mocha, ...options, TABLES))?.[1] ?? 0);
}

/** Whether each of them is caught by both. */
export function huntPlantedBugs(names: readonly string[]): boolean {
    const chosen = PLANTED_BUGS.filter(({ name }) => names.length === 0 || names.includes(name));
    const caught = chosen.map((bug) => {
        const folder = join(ROOT, "reports/mutation/planted", bug.name);
        rmSync(folder, { recursive: true, force: true });
        plantInCopy({ name: bug.name, edits: [bug] }, PARTS, folder);
        const failing = failingTables(folder);
        const model = run(folder, ...TYPESCRIPT, "tests/model/hunt.ts").trim();
        const both = failing > 0 && model.startsWith("sequence");
        process.stdout.write(
            `${both ? "caught" : "MISSED"}  ${bug.name}\n    tables: ${String(failing)} fail\n    model: ${model}\n`,
        );
        rmSync(folder, { recursive: true, force: true });
        return both;
    });
    return chosen.length > 0 && caught.every(Boolean);
}
