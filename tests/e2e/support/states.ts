import * as fs from "fs";
import * as path from "path";
import { fileURLToPath } from "url";
import type { Stack } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";

/** A resource in a stack's state. */
export interface StateResource {
    urn: string;
    type: string;
    id?: string;
    provider?: string;
    parent?: string;
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
    dependencies?: string[];
}

/** The resources of a stack's state, with secrets in plain text. */
export async function resourcesOf(stack: Stack): Promise<StateResource[]> {
    const { deployment } = (await stack.exportStack()) as { deployment: { resources?: StateResource[] } };
    return deployment.resources ?? [];
}

/** The folder of the backend on disk. */
export function stateOf({ environment }: Sandbox): string {
    return path.join(fileURLToPath(environment["PULUMI_BACKEND_URL"] ?? ""), ".pulumi");
}

/** The files of a stack in the backend on disk. */
export async function filesOf(sandbox: Sandbox, stack: Stack): Promise<{ file: string; text: string }[]> {
    const backend = stateOf(sandbox);
    const project = (await stack.workspace.projectSettings()).name;
    return (fs.readdirSync(backend, { recursive: true }) as string[])
        .filter((file) => file.split(path.sep).includes(project) && fs.statSync(path.join(backend, file)).isFile())
        .map((file) => ({ file, text: fs.readFileSync(path.join(backend, file), "utf8") }));
}
