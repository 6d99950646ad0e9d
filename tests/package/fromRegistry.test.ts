import * as assert from "assert";
import { createHash } from "crypto";
import * as fs from "fs";
import * as path from "path";
import { ensureAllTools, type Sandbox } from "local-eks";
import { withShortWaits } from "../e2e/support/examples";
import { handOverSandbox } from "../e2e/support/handOver";
import { languageOf } from "../languages/support/languages";
import { handOverProgram } from "../languages/support/programs";
import { codeBlocks, page } from "../unit/support/markdown";
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
        sandbox = await handOverSandbox("registry");
        pulumi = pulumiIn(sandbox.environment);
    });
    after(() => sandbox.stop());

    /** Runs the commands of README's first screen, with the names of this cluster, then an empty update and destroy. */
    async function upAndDestroy(folder: string): Promise<void> {
        const shown: string[] = [];
        for (const command of README.commands) {
            const args = command
                .replace("my-cluster", sandbox.clusterName)
                .replace("my-node-role", NODE_ROLE)
                .split(" ");
            assert.strictEqual(args.shift(), "pulumi");
            shown.push(await pulumi(folder, ...args, ...(args[0] === "up" ? ["--yes", "--skip-preview"] : [])));
        }
        const text = shown.join("\n");
        assert.match(text, /Plan for the cluster:/);
        assert.doesNotMatch(text, /warning: .*(?:package\.json|index\.js)/);
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

    it("does the job of README's first screen, and undoes it", async function () {
        this.timeout(10 * 60_000);
        const { folder } = consumer;
        fs.writeFileSync(path.join(folder, "Pulumi.yaml"), README.project);
        const program = withShortWaits(README.program);
        assert.notStrictEqual(program, README.program);
        fs.writeFileSync(path.join(folder, "index.ts"), program);
        await upAndDestroy(folder);
    });

    it("does it for a program in YAML, as the page on the installation says", async function () {
        this.timeout(10 * 60_000);
        const folder = path.join(consumer.folder, "in-yaml");
        fs.mkdirSync(folder);
        fs.symlinkSync(path.join(consumer.folder, "node_modules"), path.join(folder, "node_modules"));
        const packages = blocksOf("docs/installation-configuration.md", "yaml").find((text) =>
            text.startsWith("packages:"),
        );
        assert.ok(packages !== undefined);
        const program = handOverProgram(languageOf("yaml"), "from-registry");
        fs.writeFileSync(path.join(folder, "Pulumi.yaml"), `${program}${packages}\n`);
        await upAndDestroy(folder);
    });
});

const blocksOf = (of: string, wanted: string) =>
    codeBlocks(page(of)).flatMap(({ language, text }) => (language === wanted ? [text] : []));

/** The blocks of README's first screen: the installation, the project, the program, and the commands. */
const README = {
    install: blocksOf("README.md", "sh")[0] ?? "",
    project: blocksOf("README.md", "yaml")[0] ?? "",
    program: blocksOf("README.md", "ts")[0] ?? "",
    commands: (blocksOf("README.md", "sh")[1] ?? "").split("\n"),
};
