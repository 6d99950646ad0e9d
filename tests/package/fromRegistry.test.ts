import * as assert from "assert";
import { createHash } from "crypto";
import * as fs from "fs";
import * as path from "path";
import { ensureAllTools, type Sandbox } from "local-eks";
import { withShortWaits } from "../e2e/support/examples";
import { handOverSandbox } from "../e2e/support/handOver";
import { planIn } from "../e2e/support/plan";
import { languageOf } from "../languages/support/languages";
import { codeBlocks, codeSpans, page } from "../unit/support/markdown";
import { README_INSTALL, ROOT, useConsumer } from "./support/consumer";
import { pulumiIn } from "./support/pulumiIn";

const NODE_ROLE = "sandbox-nodes";

/** The package as users have it: installed from a registry into a folder of their own, and used by the CLI's commands alone. */
describe("The package from a registry", () => {
    const consumer = useConsumer();
    let sandbox: Sandbox;
    let pulumi: ReturnType<typeof pulumiIn>;

    before(async function () {
        this.timeout(30 * 60_000);
        await ensureAllTools(process.stderr);
        // Two pods that are canaries, and two for the waves.
        sandbox = await handOverSandbox("registry", { nodes: 4, subnets: 2 });
        pulumi = pulumiIn(sandbox.environment);
    });
    after(() => sandbox.stop());

    /** Runs commands of README with the names of this cluster. Returns their output. */
    async function run(folder: string, commands: readonly string[]): Promise<string> {
        const shown: string[] = [];
        for (const command of commands) {
            const args = command
                .replace("my-cluster", sandbox.clusterName)
                .replace("my-node-role", NODE_ROLE)
                .split(" ");
            assert.strictEqual(args.shift(), "pulumi");
            shown.push(await pulumi(folder, ...args, ...(args[0] === "up" ? ["--yes", "--skip-preview"] : [])));
        }
        return shown.join("\n");
    }

    /** The plan of README's program, and then `up`, an empty update and destroy, with short waits. */
    async function doesItsJob(folder: string, file: string, program: string, withShorterWaits: string): Promise<void> {
        assert.strictEqual(README.commands.at(-1), "pulumi up");
        fs.writeFileSync(path.join(folder, file), program);
        const preview = await run(folder, README.commands.slice(0, -1));
        assert.match(preview, /Plan for the cluster:/);
        assert.notDeepStrictEqual(planIn(README.plan), []);
        assert.deepStrictEqual(planIn(preview), planIn(README.plan));
        assert.notStrictEqual(withShorterWaits, program);
        fs.writeFileSync(path.join(folder, file), withShorterWaits);
        const shown = preview + (await run(folder, README.commands.slice(-1)));
        assert.doesNotMatch(shown, /warning: .*(?:package\.json|index\.js)/);
        const outputs = JSON.parse(await pulumi(folder, "stack", "output", "--json")) as object;
        assert.deepStrictEqual(outputs, { remainingSteps: [] });
        await pulumi(folder, "up", "--yes", "--skip-preview", "--expect-no-changes");
        assert.match(await pulumi(folder, "destroy", "--yes", "--skip-preview"), /- \d+ deleted/);
        await pulumi(folder, "stack", "rm", "--yes");
    }

    it("is installed by README's command, without a script or a deprecation of its own", () => {
        assert.strictEqual(README.install, `npm ${README_INSTALL.join(" ")}`);
        assert.doesNotMatch(consumer.installation, /deprecated.*eks-cni|eks-cni.*(?:script|deprecated)/i);
        const lock = JSON.parse(
            fs.readFileSync(path.join(consumer.folder, "node_modules/.package-lock.json"), "utf8"),
        ) as { packages: Record<string, { integrity?: string; hasInstallScript?: boolean }> };
        const own = lock.packages["node_modules/eks-cni"];
        const hash = createHash("sha512").update(fs.readFileSync(consumer.tarball)).digest("base64");
        assert.strictEqual(own?.integrity, `sha512-${hash}`);
        assert.strictEqual(own.hasInstallScript, undefined);
    });

    it("serves its schema by the executable", async () => {
        const file = "./node_modules/eks-cni/bin/pulumi-resource-eks-cni";
        const schema = await pulumi(consumer.folder, "package", "get-schema", file);
        const committed = fs.readFileSync(path.join(ROOT, "plugin/schema.json"), "utf8");
        assert.deepStrictEqual(
            Object.keys((JSON.parse(schema) as { resources: object }).resources),
            Object.keys((JSON.parse(committed) as { resources: object }).resources),
        );
    });

    it("shows README's plan, does the job of its program, and undoes it", async function () {
        this.timeout(10 * 60_000);
        const { folder } = consumer;
        fs.writeFileSync(path.join(folder, "Pulumi.yaml"), README.project);
        await doesItsJob(folder, "index.ts", README.program, withShortWaits(README.program));
    });

    it("does it for README's program in YAML", async function () {
        this.timeout(10 * 60_000);
        const folder = path.join(consumer.folder, "in-yaml");
        fs.mkdirSync(folder);
        fs.symlinkSync(path.join(consumer.folder, "node_modules"), path.join(folder, "node_modules"));
        const lastArgument = /^ +detachFromNodeRoles: .*\n/m;
        const more = languageOf("yaml").moreArguments("from-registry");
        await doesItsJob(folder, "Pulumi.yaml", README.yaml, README.yaml.replace(lastArgument, `$&${more}`));
    });
});

const blocksOf = (of: string, wanted: string) =>
    codeBlocks(page(of)).flatMap(({ language, text }) => (language === wanted ? [text] : []));

const textOf = (language: string, start: string) =>
    blocksOf("README.md", language).find((text) => text.startsWith(start)) ?? "";

/** The blocks of README: the installation, the plan, the programs, and the commands. Its text has the two lines of the project. */
const README = {
    install: textOf("sh", "npm install"),
    plan: textOf("text", "Plan for the cluster:"),
    project: codeSpans(page("README.md"))
        .filter((text) => /^(?:name|runtime): /.test(text))
        .join("\n"),
    program: textOf("ts", "import"),
    yaml: textOf("yaml", "name: cni"),
    commands: textOf("sh", "pulumi").split("\n"),
};
