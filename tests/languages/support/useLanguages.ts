import * as assert from "assert";
import { mkdirSync } from "fs";
import { delimiter, join } from "path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import {
    ensureAllTools,
    ensureLanguageTools,
    installedPluginsOnly,
    type LanguageToolPaths,
    makePulumiHome,
    type Sandbox,
    startSandbox,
    type ToolPaths,
} from "local-eks";
import { clusterOf } from "../../e2e/support/cluster";
import { iamOf } from "../../e2e/support/iam";
import type { Language } from "./languages";
import { type Shape, writeProgram } from "./programs";
import { addSdk, compileGoSdk, pythonPackages } from "./sdks";

let found: { tools: ToolPaths; languageTools: LanguageToolPaths } | undefined;

/** Takes minutes the first time, so it must not count against the time limit of a test: https://mochajs.org/#global-fixtures */
export async function mochaGlobalSetup(): Promise<void> {
    const tools = await ensureAllTools(process.stderr);
    const languageTools = await ensureLanguageTools(process.stderr);
    await compileGoSdk(languageTools);
    found = { tools, languageTools };
}

/** One sandbox for all languages, started when a test first asks for it; it ends with this process. */
let started: ReturnType<typeof start> | undefined;

async function start() {
    assert.ok(found !== undefined, "mocha has not run the global fixture");
    const { tools, languageTools } = found;
    const sandbox = await startSandbox({
        name: `languages-${String(process.pid)}`,
        ownerPid: process.pid,
        tools,
        nodes: 2,
        podReadySeconds: 0.5,
        enforcementDelaySeconds: 1,
        agents: true,
        failedStartFactor: 0.02,
    });
    const environment = environmentOf(sandbox, tools, languageTools);
    // The Automation API finds the CLI on this process's PATH, whatever the environment it runs it in.
    process.env["PATH"] = environment["PATH"];
    return { sandbox, languageTools, environment, cluster: clusterOf(sandbox), iam: iamOf(sandbox) };
}

export type Languages = Awaited<ReturnType<typeof start>>;

/** The properties are set from the group's first hook on. */
export function useLanguages(): Languages {
    const parts = {} as Languages;
    before(async () => Object.assign(parts, await (started ??= start())));
    return parts;
}

/** Mocha's root hooks: https://mochajs.org/#root-hook-plugins */
export const mochaHooks = {
    async afterAll(): Promise<void> {
        await (await started)?.sandbox.stop();
    },
};

/** The sandbox's environment, with an engine that has hosts for more languages. */
function environmentOf(sandbox: Sandbox, tools: ToolPaths, languageTools: LanguageToolPaths): Record<string, string> {
    const home = join(sandbox.directory, "languages-home");
    const languageHosts = [languageTools["pulumi-language-go"], languageTools["pulumi-language-python"]];
    makePulumiHome(home, tools, { languageHosts });
    const environment: NodeJS.ProcessEnv = {
        ...sandbox.environment,
        ...installedPluginsOnly,
        PULUMI_HOME: home,
        PATH: [join(home, "bin"), sandbox.environment["PATH"]].join(delimiter),
        PULUMI_PYTHON_CMD: languageTools["pulumi-python"],
        // The plan of a preview is the same in all languages, so the preview before each update would only take time.
        EKS_CNI_PREVIEW_SECONDS: "0",
    };
    return Object.fromEntries(
        Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
}

/** Creates a folder with a program and its SDK, and a stack. */
export async function makeStack(
    { sandbox, environment, languageTools }: Languages,
    language: Language,
    shape: Shape,
    program: string,
): Promise<Stack> {
    const stackName = `${language.name}-${shape}`;
    const workDir = join(sandbox.directory, "programs", stackName);
    mkdirSync(workDir, { recursive: true });
    await addSdk(language, languageTools, workDir);
    writeProgram(workDir, language, program);
    const envVars = { ...environment, PYTHONPATH: pythonPackages(workDir) };
    return LocalWorkspace.createStack({ stackName, workDir }, { envVars });
}
