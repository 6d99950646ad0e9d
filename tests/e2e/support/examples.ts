import { EngineEvent, LocalWorkspace, Stack, UpResult } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { installedPluginsOnly, type Sandbox } from "local-eks";

const ROOT = path.resolve(__dirname, "../../..");
/** Short enough for a test. The defaults are 20 s and 120 s, and the local EKS enforces changes in IAM within three seconds. */
const WAITS = "stableSeconds: 1, iamPropagationSeconds: 4, ";

/** An example. The CLI's language host runs a copy of its folder, as users do. */
export interface Example {
    /** The name of its folder. */
    name: string;
    /** Runs its program in YAML, in the folder `yaml`, instead of the one in TypeScript. Its project has the same name. */
    inYaml?: boolean;
    /** Changes the program before it runs. */
    edited?: (program: string) => string;
    /** Leaves its waits at their defaults. For a preview, which does not wait. */
    withDefaultWaits?: boolean;
    /** Keys are paths, as in `pulumi config set --path`. */
    config?: Record<string, string>;
    secrets?: Record<string, string>;
    environment?: NodeJS.ProcessEnv;
}

/** Creates the example's stack, calls `use`, and destroys the stack in any case. */
export async function withExample<T>(
    sandbox: Sandbox,
    example: Example,
    use: (stack: Stack) => Promise<T>,
): Promise<T> {
    const { name, config = {}, secrets = {}, environment = {} } = example;
    // The Automation API searches for the CLI in the PATH of this process, and ignores that of `envVars`.
    process.env["PATH"] = sandbox.environment["PATH"];
    const envVars = defined({
        ...sandbox.environment,
        ...installedPluginsOnly,
        // `npm run typecheck` checks the types.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        ...environment,
    });
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: `e2e-${String(process.pid)}`, workDir: copyOf(example, sandbox) },
        { envVars },
    );
    try {
        const settings = (values: Record<string, string>, secret: boolean) =>
            Object.entries(values).map(([key, value]) => [`${name}:${key}`, { value, secret }] as const);
        await stack.setAllConfig(Object.fromEntries([...settings(config, false), ...settings(secrets, true)]), true);
        return await use(stack);
    } finally {
        await stack.destroy();
        await stack.workspace.removeStack(stack.name);
    }
}

/** Copies an example into the sandbox's folder, with shorter waits unless it takes them from its configuration. */
function copyOf(
    { name, inYaml = false, edited = (program) => program, withDefaultWaits = false }: Example,
    { directory }: Sandbox,
): string {
    const folder = path.join(...(inYaml ? [name, "yaml"] : [name]));
    const [from, to] = [path.join(ROOT, "examples", folder), path.join(directory, "examples", folder)];
    fs.rmSync(to, { recursive: true, force: true });
    fs.mkdirSync(to, { recursive: true });
    for (const file of fs.readdirSync(from).filter((one) => /\.(?:ts|json|yaml)$/.test(one))) {
        const original = fs.readFileSync(path.join(from, file), "utf8");
        const text = file === (inYaml ? "Pulumi.yaml" : "index.ts") ? edited(original) : original;
        const quick =
            withDefaultWaits || text.includes("stableSeconds")
                ? text
                : inYaml
                  ? inYamlWithShortWaits(text)
                  : withShortWaits(text);
        fs.writeFileSync(path.join(to, file), quick);
    }
    fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(to, "node_modules"));
    return to;
}

/** Without live checks there is nothing to wait for, and the component refuses the waits. */
export function withShortWaits(program: string): string {
    const withArguments = /(new CniServiceAccountRole\(\s*(?:"[^"]*"|`[^`]*`),\s*\{)(?![^;]*liveChecks: false)/g;
    return program.replace(withArguments, `$1 ${WAITS}`);
}

/** The same in YAML. */
function inYamlWithShortWaits(program: string): string {
    const waits = WAITS.replace(/, $/, "").split(", ");
    return program.replace(/^( +)delivery: .*\n/m, (line, indent: string) =>
        [line, ...waits.map((wait) => `${indent}${wait}\n`)].join(""),
    );
}

/** Runs an update. `order` has the begin ("+name:Type") and the end ("name:Type") of each resource's operation. */
export async function upInOrder(stack: Stack): Promise<{ up: UpResult; order: string[] }> {
    const order: string[] = [];
    const record = (mark: string, metadata: { urn: string; type: string }) =>
        order.push(`${mark}${nameOf(metadata.urn)}:${metadata.type.split(":").at(-1) ?? ""}`);
    const onEvent = ({ resourcePreEvent, resOutputsEvent }: EngineEvent) => {
        if (resourcePreEvent !== undefined) {
            record("+", resourcePreEvent.metadata);
        }
        if (resOutputsEvent !== undefined) {
            record("", resOutputsEvent.metadata);
        }
    };
    return { up: await stack.up({ onEvent }), order };
}

/** Asserts that the operation of `later` began after that of `earlier` had ended. */
export function assertAfter(order: string[], later: string, earlier: string): void {
    const [began, ended] = [order.indexOf(`+${later}`), order.indexOf(earlier)];
    assert.ok(began > -1 && ended > -1, `${later} and ${earlier} are not both in: ${order.join(" ")}`);
    assert.ok(began > ended, `${later} did not wait for ${earlier}: ${order.join(" ")}`);
}

export function nameOf(urn: string): string {
    return urn.split("::").at(-1) ?? "";
}

/** The resources of a stack's state, without the providers and the stack itself. */
export async function resourcesOf(stack: Stack): Promise<{ name: string; type: string; parent: string }[]> {
    const { deployment } = (await stack.exportStack()) as {
        deployment: { resources?: { urn: string; type: string; parent?: string }[] };
    };
    return (deployment.resources ?? [])
        .filter(({ type }) => !type.startsWith("pulumi:"))
        .map(({ urn, type, parent = "" }) => ({ name: nameOf(urn), type, parent: nameOf(parent) }));
}

function defined(environment: NodeJS.ProcessEnv): Record<string, string> {
    return Object.fromEntries(
        Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
}
