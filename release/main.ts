import { execFileSync } from "child_process";
import { Command } from "commander";
import { resolve } from "path";
import { checks, tagOf } from "./checks";
import { factsOf } from "./facts";

const ROOT = resolve(__dirname, "..");

/**
 * Checks a release and creates its tag. `.github/workflows/release.yml` publishes it when the tag is pushed, because npm issues
 * provenance only to a workflow.
 *
 * Source: https://docs.npmjs.com/generating-provenance-statements
 */
async function release({ dryRun }: { dryRun: boolean }): Promise<void> {
    const facts = await factsOf(ROOT);
    const results = checks(facts);
    for (const { name, problems } of results) {
        say(`${problems.length === 0 ? "ok    " : "FAILED"} ${name}`);
        problems.forEach((problem) => say(`       ${problem.replace(/\n/g, "\n       ")}`));
    }
    const tag = tagOf(facts.version);
    if (results.some(({ problems }) => problems.length > 0)) {
        say(`${tag} is not ready. Nothing was changed.`);
        process.exitCode = 1;
    } else if (dryRun) {
        say(`${tag} is ready. Nothing was changed. Run without --dry-run to create the tag.`);
    } else {
        execFileSync("git", ["tag", "--annotate", tag, "--message", tag], { cwd: ROOT });
        say(`Created the tag ${tag}. To publish it: git push origin ${tag}`);
    }
}

function say(line: string): void {
    process.stdout.write(`${line}\n`);
}

void new Command("npm run release --")
    .description("Check version, tag, schema, changelog and tarball of a release, and create its tag.")
    .option("--dry-run", "check only", false)
    .action(release)
    .parseAsync();
