import * as assert from "assert";
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import * as semver from "semver";
import { ensureAllTools, makePulumiHome, type Sandbox } from "local-eks";
import { handOverSandbox } from "../e2e/support/handOver";
import { languageOf } from "../languages/support/languages";
import { handOverProgram } from "../languages/support/programs";
import { README_INSTALL, ROOT, runIn, useConsumer } from "./support/consumer";
import { pulumiIn } from "./support/pulumiIn";

const NODE_ROLE = "sandbox-nodes";
/** The first CLI whose language hosts were tried with `package add` of a folder. */
const NEEDED = "3.260.0";

interface Language {
    readonly name: "python" | "go";
    /** Its title on the page, below which are Pulumi.yaml, the file with the requirements, and the commands. */
    readonly title: string;
    readonly requirementsFile: string;
    readonly programFile: string;
}

const LANGUAGES: readonly Language[] = [
    {
        name: "python",
        title: "### Python",
        requirementsFile: "requirements.txt",
        programFile: "__main__.py",
    },
    {
        name: "go",
        title: "### Go",
        requirementsFile: "go.mod",
        programFile: "main.go",
    },
];

/** The file with the component in each SDK of `pulumi package gen-sdk`. */
const SDK_FILES = {
    nodejs: "nodejs/cniServiceAccountRole.ts",
    python: "python/pulumi_eks_cni/cni_service_account_role.py",
    go: "go/ekscni/cniServiceAccountRole.go",
};

/** The blocks of the page on the installation below a title, in their order. */
function blocksBelow(title: string): string[] {
    const text = fs.readFileSync(path.join(ROOT, "docs/installation-configuration.md"), "utf8");
    const [, section = ""] = text.split(`\n${title}\n`);
    const [below = ""] = section.split("\n### ");
    return [...below.matchAll(/```\w+\n([^]*?)```/g)].map(([, block = ""]) => block);
}

/** The folder of a CLI with current language hosts on PATH. They are in no package registry: docs/compatibility.md. */
function currentCli(): string | undefined {
    return (process.env["PATH"] ?? "").split(path.delimiter).find((folder) => {
        const hosts = LANGUAGES.map(({ name }) => path.join(folder, `pulumi-language-${name}`));
        if (![path.join(folder, "pulumi"), ...hosts].every((file) => fs.existsSync(file))) {
            return false;
        }
        const { stdout } = spawnSync(path.join(folder, "pulumi"), ["version"], { encoding: "utf8" });
        return semver.gte(semver.coerce(stdout) ?? "0.0.0", NEEDED);
    });
}

describe("The package from a registry, with a CLI and language hosts of today", () => {
    const cli = currentCli();
    if (cli === undefined) {
        const hosts = LANGUAGES.map(({ name }) => `pulumi-language-${name}`).join(" and ");
        process.stderr.write(`not run: programs in Python and Go, which need pulumi ${NEEDED} with ${hosts} on PATH\n`);
        return;
    }
    const consumer = useConsumer();
    let sandbox: Sandbox;
    let pulumi: ReturnType<typeof pulumiIn>;

    before(async function () {
        this.timeout(30 * 60_000);
        const tools = await ensureAllTools(process.stderr);
        sandbox = await handOverSandbox("current");
        const home = path.join(sandbox.directory, "current-home");
        makePulumiHome(home, tools);
        fs.rmSync(path.join(home, "bin"), { recursive: true });
        havePlugins(path.join(home, "plugins"), consumer.folder);
        pulumi = pulumiIn({
            ...sandbox.environment,
            PULUMI_HOME: home,
            PATH: [cli, sandbox.environment["PATH"]].join(path.delimiter),
        });
    });
    after(() => sandbox.stop());

    it("serves its schema by the folder of the package", async () => {
        const schema = await pulumi(consumer.folder, "package", "get-schema", "./node_modules/eks-cni");
        assert.ok("eks-cni:index:CniServiceAccountRole" in (JSON.parse(schema) as { resources: object }).resources);
    });

    for (const [language, file] of Object.entries(SDK_FILES)) {
        it(`makes an SDK in ${language} by the executable`, async () => {
            const executable = "./node_modules/eks-cni/bin/pulumi-resource-eks-cni";
            await pulumi(consumer.folder, "package", "gen-sdk", executable, "--language", language, "--out", "sdk");
            assert.match(fs.readFileSync(path.join(consumer.folder, "sdk", file), "utf8"), /CniServiceAccountRole\b/);
        });
    }

    for (const { name, title, requirementsFile, programFile } of LANGUAGES) {
        it(`does the job of the docs' program in ${name} as the page on the installation says, and undoes it`, async function () {
            this.timeout(15 * 60_000);
            const folder = path.join(consumer.folder, `in-${name}`);
            fs.mkdirSync(folder);
            fs.symlinkSync(path.join(consumer.folder, "node_modules"), path.join(folder, "node_modules"));
            const [project = "", requirements = "", commands = ""] = blocksBelow(title);
            const files = {
                "Pulumi.yaml": project,
                [requirementsFile]: requirements,
                [programFile]: handOverProgram(languageOf(name), `current-${name}`),
            };
            Object.entries(files).forEach(([file, text]) => fs.writeFileSync(path.join(folder, file), text));
            const [install, ...others] = commands.trim().split("\n");
            assert.strictEqual(install, `npm ${README_INSTALL.join(" ")}`);
            for (const command of others) {
                const [tool = "", ...args] = command.split(" ");
                await (tool === "pulumi" ? pulumi(folder, ...args) : runIn(folder, tool, ...args));
            }
            await pulumi(folder, "stack", "init", name);
            await pulumi(folder, "config", "set", "clusterName", sandbox.clusterName);
            await pulumi(folder, "config", "set", "nodeRoleName", NODE_ROLE);
            await pulumi(folder, "up", "--yes", "--skip-preview");
            const outputs = JSON.parse(await pulumi(folder, "stack", "output", "--json")) as Record<string, unknown>;
            assert.deepStrictEqual(outputs["remainingSteps"], []);
            assert.match(await pulumi(folder, "destroy", "--yes", "--skip-preview"), /- \d+ deleted/);
        });
    }
});

/** The CLI downloads the providers of the SDKs that npm has chosen. Here those of the sandbox stand in for them. */
function havePlugins(plugins: string, folder: string): void {
    for (const installed of fs.readdirSync(plugins)) {
        const [, name = ""] = /^resource-(.+)-v/.exec(installed) ?? [];
        const manifest = path.join(folder, "node_modules/@pulumi", name, "package.json");
        const { version } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string };
        const wanted = path.join(plugins, `resource-${name}-v${version}`);
        if (!fs.existsSync(wanted)) {
            fs.symlinkSync(path.join(plugins, installed), wanted);
        }
    }
}
