import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { execFile } from "child_process";
import { installedPluginsOnly, type Sandbox } from "local-eks";
import { promisify } from "util";

const run = promisify(execFile);

/** An inline program of a test. It returns the stack's outputs. */
export type Program = () => Record<string, unknown>;

let stacks = 0;

/** The environment of the CLI. */
function environmentOf(sandbox: Sandbox): Record<string, string> {
    // The Automation API searches for the CLI in the PATH of this process, and ignores that of `envVars`.
    process.env["PATH"] = sandbox.environment["PATH"];
    return Object.fromEntries(
        Object.entries({ ...sandbox.environment, ...installedPluginsOnly }).filter(
            (entry): entry is [string, string] => entry[1] !== undefined,
        ),
    );
}

/** A stack of an inline program. It has a project of its own, so that tests do not share state. */
export async function createStack(sandbox: Sandbox, program: Program): Promise<Stack> {
    stacks += 1;
    const envVars = environmentOf(sandbox);
    return LocalWorkspace.createStack(
        {
            projectName: `e2e-${String(stacks)}`,
            stackName: "test",
            program: () => new Promise<Record<string, unknown>>((resolve) => resolve(program())),
        },
        { envVars },
    );
}

/** Creates a stack, calls `use`, and destroys the stack in any case. */
export async function withStack<T>(sandbox: Sandbox, program: Program, use: (stack: Stack) => Promise<T>): Promise<T> {
    const stack = await createStack(sandbox, program);
    try {
        return await use(stack);
    } finally {
        await stack.destroy();
        await stack.workspace.removeStack(stack.name);
    }
}

/** The same for a program in a folder, which the language host runs. */
export async function withLocalStack(
    sandbox: Sandbox,
    workDir: string,
    use: (stack: Stack) => Promise<void>,
): Promise<void> {
    const stack = await LocalWorkspace.createStack({ stackName: "test", workDir }, { envVars: environmentOf(sandbox) });
    try {
        await use(stack);
    } finally {
        await stack.destroy();
        await stack.workspace.removeStack(stack.name);
    }
}

/**
 * The stack without two of the three commands that the Automation API runs after each update: each costs half a second of a
 * processor, since it derives a key from the passphrase. Its results have no `summary`, and no output is marked as secret.
 */
export function withoutSummaries(stack: Stack): Stack {
    const { workDir: cwd, envVars } = stack.workspace;
    stack.info = () => Promise.resolve(undefined);
    stack.outputs = async () => {
        const args = ["stack", "output", "--json", "--show-secrets", "--stack", stack.name];
        const { stdout } = await run("pulumi", args, { cwd, env: { ...process.env, ...envVars } });
        const values = JSON.parse(stdout) as Record<string, unknown>;
        return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, secret: false }]));
    };
    return stack;
}

/** The output of a failed operation. Undefined if it succeeded. */
export async function failureOf(operation: Promise<unknown>): Promise<string | undefined> {
    return operation.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
}
