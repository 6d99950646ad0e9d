/** `npm run sources -- --copies DIR`: looks up each upstream file that the sandbox cites, and writes list.json. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Command } from "commander";

import { check, type Checked } from "./check";
import { collect } from "./collect";
import { copyOf } from "./copies";
import type { Entry } from "./entries";
import { changedSince, restated } from "./restated";

const sandbox = join(__dirname, "..");
const listFile = join(__dirname, "list.json");

interface Options {
    copies: string;
    json?: true;
}

function main({ copies, json }: Options): void {
    if (!existsSync(copies)) {
        console.error(`There is no folder ${copies}. Give the one that has the copies of the repositories.`);
        process.exitCode = 1;
        return;
    }
    const { cited, problems } = collect(sandbox);
    const former = existsSync(listFile) ? (JSON.parse(readFileSync(listFile, "utf8")) as Entry[]) : [];
    const today = new Date().toISOString().slice(0, 10);
    const result = check(cited, former, (repository) => copyOf(copies, repository), today);
    const changed = changedSince(restated, (repository) => copyOf(copies, repository));
    writeFileSync(listFile, `${JSON.stringify(result.list, undefined, 4)}\n`);
    console.log(
        json
            ? JSON.stringify({ ...summary(result, problems), changed }, undefined, 2)
            : [...changed.map((file) => `changed since a test restated it: ${file}`), report(result, problems)].join(
                  "\n",
              ),
    );
    if (result.notFound.length > 0 || problems.length > 0 || changed.length > 0) {
        process.exitCode = 1;
    }
}

function summary({ found, notFound, noCopy, inferred, pages }: Checked, problems: readonly string[]): object {
    return {
        found: found.length,
        notFound,
        noCopy: noCopy.map(({ repository, path, at }) => ({ repository, path, at })),
        inferred,
        pages: pages.length,
        incomplete: problems,
    };
}

function report({ found, notFound, noCopy, inferred, pages }: Checked, problems: readonly string[]): string {
    const identifiers = found.flatMap((entry) => entry.identifiers).length;
    return [
        ...notFound.map(
            ({ repository, path, identifier, at }) =>
                [`not found: ${repository} ${path}`, ...(identifier === undefined ? [] : [identifier])].join(", ") +
                `   (${at.join(", ")})`,
        ),
        ...noCopy.map(({ repository, path }) => `no copy: ${repository} ${path}`),
        ...problems.map((problem) => `incomplete: ${problem}`),
        `${found.length} files with ${identifiers} identifiers found, ${notFound.length} not found, ` +
            `${noCopy.length} files without a copy, ${inferred.length} inferred, ${pages.length} pages.`,
    ].join("\n");
}

new Command("npm run sources --")
    .description("Look up each upstream file that the sandbox cites, and write sandbox/sources/list.json.")
    .requiredOption("--copies <folder>", "copies of the repositories, each in <owner>+<name>")
    .option("--json", "print the result as JSON")
    .action(main)
    .parse();
