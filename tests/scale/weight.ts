/**
 * `npm run weight`: how much there is to read and to trust. With `--cluster` also the resources and the calls of one hand-over and hand-back on a local
 * EKS with three nodes. Prints JSON, so that two versions can be compared line by line.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { startSandbox } from "local-eks";
import { countCalls, type Counted } from "../e2e/support/calls";
import { handOverStack, setArgs } from "../e2e/support/handOver";

const ROOT = resolve(__dirname, "../..");
const SHIPPED = ["components", "documents", "handover", "plugin", "policies"];

interface Schema {
    readonly resources: Readonly<
        Record<
            string,
            {
                readonly inputProperties: Readonly<Record<string, unknown>>;
                readonly properties: Readonly<Record<string, unknown>>;
            }
        >
    >;
    readonly types: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}

/** The TypeScript files that make up the package. */
function sources(): string[] {
    const inFolder = (folder: string) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
    return ["index.ts", ...SHIPPED.flatMap(inFolder)].filter((name) => name.endsWith(".ts"));
}

function linesOf(file: string): string[] {
    return readFileSync(join(ROOT, file), "utf8").trimEnd().split("\n");
}

function size(files: readonly string[]): object {
    const lines = files.flatMap(linesOf);
    const comments = lines.filter((line) => /^\s*(?:\/\*|\*|\/\/)/.test(line));
    return {
        files: files.length,
        lines: lines.length,
        commentLines: comments.length,
        commentPercent: Number(((100 * comments.length) / lines.length).toFixed(1)),
    };
}

function surface(): object {
    const { resources, types } = JSON.parse(readFileSync(join(ROOT, "plugin/schema.json"), "utf8")) as Schema;
    const [component] = Object.values(resources);
    const { inputProperties = {}, properties = {} } = component ?? {};
    const nested = Object.values(types).flatMap((type) => Object.keys(type.properties ?? {}));
    const exported = ["index.ts", "policies/rules.ts"].flatMap((file) =>
        [...readFileSync(join(ROOT, file), "utf8").matchAll(/^export (?:\{([^}]*)\}|const (\w+))/gm)].flatMap(
            ([, names = "", name = ""]) =>
                [...names.split(","), name].map((one) => one.trim()).filter((one) => one !== ""),
        ),
    );
    return {
        arguments: Object.keys(inputProperties).length,
        argumentsWithNested: Object.keys(inputProperties).length + nested.length,
        outputs: Object.keys(properties).length,
        publicNames: exported.length,
    };
}

/** The package's own modules that a module loads, at once or later, as the compiler emits it: type imports are gone. */
function closure(entry: string, seen = new Set<string>()): Set<string> {
    const file = join(ROOT, "dist", `${entry}.js`);
    seen.add(entry);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/require\("(\.{1,2}\/[^"]+)"\)/g)) {
        const next = relative(join(ROOT, "dist"), resolve(dirname(file), name));
        if (!seen.has(next) && !next.endsWith(".json") && sources().includes(`${next}.ts`)) {
            closure(next, seen);
        }
    }
    return seen;
}

function closures(): object {
    const resources = readdirSync(join(ROOT, "handover/run")).filter(
        (name) => name.endsWith("Resource.ts") && name !== "liveResource.ts",
    );
    return Object.fromEntries(
        resources.sort().map((name) => {
            const files = [...closure(`handover/run/${name.replace(/\.ts$/, "")}`)].map((one) => `${one}.ts`);
            return [name.replace(/Resource\.ts$/, ""), { files: files.length, lines: files.flatMap(linesOf).length }];
        }),
    );
}

function total({ reads, writes }: Counted): object {
    const toAws = (name: string) => /^(?:ec2|eks|iam|sts) /.test(name);
    const sum = (counts: Counted["reads"], wanted: (name: string) => boolean) =>
        Object.entries(counts).reduce((all, [name, count]) => all + (wanted(name) ? count : 0), 0);
    const each = (counts: Counted["reads"]) => ({
        aws: sum(counts, toAws),
        kubernetes: sum(counts, (name) => !toAws(name)),
    });
    return { reads: each(reads), writes: each(writes) };
}

/** The number of looks depends on how fast the pods start, so two runs differ by some reads. */
async function onCluster(): Promise<object> {
    const sandbox = await startSandbox({
        name: `weight-${String(process.pid)}`,
        ownerPid: process.pid,
        podReadySeconds: 0.5,
        enforcementDelaySeconds: 1,
        agents: true,
        failedStartFactor: 0.02,
    });
    try {
        const calls = await countCalls(sandbox);
        const stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { ...calls.args, detachFromNodeRoles: ["sandbox-nodes"] });
        await stack.up();
        const up = total(calls.take());
        const state = (await stack.exportStack()) as { deployment: { resources: readonly { type: string }[] } };
        const resources = state.deployment.resources.filter(
            ({ type }) => !/^pulumi:(?:pulumi:Stack|providers:)/.test(type),
        ).length;
        await stack.up();
        const secondUp = total(calls.take());
        await stack.refresh();
        const refresh = total(calls.take());
        await stack.destroy();
        const destroy = total(calls.take());
        await calls.close();
        return { resources, calls: { up, secondUp, refresh, destroy } };
    } finally {
        await sandbox.stop();
    }
}

async function main(): Promise<void> {
    const cluster = process.argv.includes("--cluster") ? { cluster: await onCluster() } : {};
    const figures = { shipped: size(sources()), ...surface(), closures: closures(), ...cluster };
    process.stdout.write(`${JSON.stringify(figures, undefined, 4)}\n`);
}

void main();
