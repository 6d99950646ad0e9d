import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { installedPluginsOnly, type Sandbox } from "local-eks";

/** A program of a test: what it returns are the stack's outputs. */
export type Program = () => Record<string, unknown>;

let stacks = 0;

/** What the CLI runs in. */
function environmentOf(sandbox: Sandbox): Record<string, string> {
    // The Automation API finds the CLI on this process's PATH, whatever the environment it runs it in.
    process.env["PATH"] = sandbox.environment["PATH"];
    return Object.fromEntries(
        Object.entries({ ...sandbox.environment, ...installedPluginsOnly }).filter(
            (entry): entry is [string, string] => entry[1] !== undefined,
        ),
    );
}

/** A stack of an inline program on a sandbox, with a project of its own so that tests do not meet. */
export async function makeStack(sandbox: Sandbox, program: Program): Promise<Stack> {
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

/** Runs the tests of one stack, and takes it down whatever happened. */
export async function withStack<T>(sandbox: Sandbox, program: Program, use: (stack: Stack) => Promise<T>): Promise<T> {
    const stack = await makeStack(sandbox, program);
    try {
        return await use(stack);
    } finally {
        await stack.destroy();
        await stack.workspace.removeStack(stack.name);
    }
}

/** The same for the program of a folder, run by the language host. */
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

/** Everything that a failed operation printed, or undefined if it went through. */
export async function failureOf(operation: Promise<unknown>): Promise<string | undefined> {
    return operation.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
}
