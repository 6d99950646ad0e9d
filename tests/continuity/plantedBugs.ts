/** Bugs that are put into a copy of the package, to show that they are seen: a check that catches nothing is worth nothing. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Edit {
    readonly file: string;
    /** Must be there exactly once. */
    readonly find: string;
    readonly replace: string;
}

export interface PlantedBug {
    readonly name: string;
    readonly edits: readonly Edit[];
    /** What is to be seen: pods without a path, or that the next line of defence stops the run for good. */
    readonly shows: "gaps" | "refusals";
    /** Scenarios that must fail. */
    readonly scenarios: readonly string[];
    /** Kill points of which at least one must fail. */
    readonly points: readonly string[];
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
    {
        name: "detach-early",
        edits: [
            {
                file: "components/liveChecks.ts",
                find: "options([...before, ...guards])",
                replace: "options(before.slice(0, -1))",
            },
            {
                file: "handover/detachment.ts",
                find: "    const broken = brokenGround(plan, cluster);\n    if (broken !== undefined) {\n        return broken;\n    }\n",
                replace:
                    "    const early = account.nodeRoles.flatMap((role) => policiesToDetach(plan, role));\n" +
                    '    return early.length > 0 ? { do: "detach", policies: early, why: "now" } : { do: "done", why: "" };\n',
            },
        ],
        shows: "gaps",
        scenarios: ["first-up"],
        points: ["kill:up:before-2:up", "kill:up:after-4:up"],
    },
    {
        name: "forget-a-record",
        edits: [
            {
                file: "handover/record.ts",
                find: "[role.name]: union(policies[role.name] ?? [], ",
                replace: "[role.name]: union([], ",
            },
        ],
        shows: "refusals",
        scenarios: ["changed-policy"],
        points: ["kill:update:before-8:destroy", "kill:update:after-8:destroy"],
    },
    {
        name: "guard-off-first",
        edits: [
            {
                file: "handover/resources/detachment.ts",
                find: "(site) => letGo(site, state)),",
                replace:
                    "async (site) => {\n            await site.cluster.removeInjectionGuard();\n" +
                    "            await letGo(site, state);\n        }),",
            },
        ],
        shows: "gaps",
        scenarios: ["webhook-down-as-destroy-starts"],
        points: ["kill:destroy:after-2:destroy", "kill:destroy:before-3:up"],
    },
];

const repository = resolve(__dirname, "../..");
const PARTS = [
    ...["components", "documents", "handover", "plugin", "index.ts", "package.json", "PulumiPlugin.yaml"],
    ...["tsconfig.json", "tsconfig.build.json"],
];

export function edited(name: string, text: string, { file, find, replace }: Edit): string {
    if (text.split(find).length !== 2) {
        throw new Error(`${name} cannot be planted: ${file} does not have this exactly once:\n${find}`);
    }
    return text.replace(find, () => replace);
}

/** A copy of these parts of the project, with the edits in it. */
export function plantInCopy(
    { name, edits }: Pick<PlantedBug, "name" | "edits">,
    parts: readonly string[],
    folder: string,
): void {
    mkdirSync(folder, { recursive: true });
    parts.forEach((part) => cpSync(join(repository, part), join(folder, part), { recursive: true }));
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    for (const edit of edits) {
        const path = join(folder, edit.file);
        writeFileSync(path, edited(name, readFileSync(path, "utf8"), edit));
    }
}

/** The package with the bug in it, built. Its types need not hold: a bug may be one that they would have caught. */
export function plant(bug: PlantedBug, folder: string): void {
    plantInCopy(bug, PARTS, folder);
    const typescript = join(repository, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [typescript, "-p", "tsconfig.build.json", "--noCheck"], {
        cwd: folder,
        stdio: "inherit",
    });
}
