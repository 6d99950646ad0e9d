/**
 * `npm run test:mutation [-- PART…]`: checks whether the table tests notice a wrong line. Stryker makes one small change after
 * another in the pure parts of the package, and counts the changes that no test notices.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");
const STRYKER = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");
const PARTS = ["documents", "arguments", "decisions", "runs", "preview", "component", "adapters"];

/** Whether the part's mutation score reaches the threshold. */
function reachesThreshold(part: string): boolean {
    process.stdout.write(`\n━━ ${part}\n`);
    const { status } = spawnSync(process.execPath, [STRYKER, "run", join(__dirname, "stryker.config.cjs")], {
        cwd: ROOT,
        stdio: "inherit",
        env: { ...process.env, MUTATION_PART: part },
    });
    return status === 0;
}

function mutate(requested: readonly string[]): boolean {
    const unknown = requested.filter((part) => !PARTS.includes(part));
    if (unknown.length > 0) {
        process.stderr.write(`Unknown part ${unknown.join(", ")}. The parts are: ${PARTS.join(", ")}\n`);
        return false;
    }
    const below = (requested.length > 0 ? requested : PARTS).filter((part) => !reachesThreshold(part));
    process.stdout.write(
        below.length === 0 ? "\nAll parts reach the threshold.\n" : `\nBelow the threshold: ${below.join(", ")}\n`,
    );
    return below.length === 0;
}

process.exitCode = mutate(process.argv.slice(2)) ? 0 : 1;
