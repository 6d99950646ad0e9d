import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import * as fs from "fs";
import { installedPluginsOnly, type Sandbox, type SandboxOptions, startSandbox } from "local-eks";
import * as path from "path";
import type { CniServiceAccountRoleArgs } from "../../../index";
import { withoutSummaries } from "./stacks";

const PROGRAMS = path.resolve(__dirname, "../programs");
const POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

/** Arguments as plain values, as a stack's configuration needs them. */
export type PlainArgs = Partial<CniServiceAccountRoleArgs>;

/** Short enough for a test. The sandbox enforces changes in IAM after a second. */
export const QUICK: PlainArgs = {
    stableSeconds: 1,
    iamPropagationSeconds: 3,
    timeouts: {
        proofSeconds: 30,
        canarySeconds: 90,
        verificationSeconds: 120,
        handBackSeconds: 120,
    },
};

/** A sandbox of the test's own, with two nodes and short delays. */
export function handOverSandbox(test: string, more: SandboxOptions = {}): Promise<Sandbox> {
    return startSandbox({
        name: `e2e-${test}-${String(process.pid)}`,
        ownerPid: process.pid,
        nodes: 2,
        podReadySeconds: 0.5,
        enforcementDelaySeconds: 1,
        ...more,
    });
}

let stacks = 0;

/**
 * A stack of `programs/hand-over` or another program. The language host runs it in its own folder, as users do: dynamic providers
 * need the program's node_modules.
 */
export async function handOverStack(sandbox: Sandbox, program = "hand-over"): Promise<Stack> {
    stacks += 1;
    const stackName = `e2e-${String(process.pid)}-${String(stacks)}`;
    const workDir = path.resolve(PROGRAMS, program);
    return newStack(sandbox, stackName, workDir);
}

async function newStack(sandbox: Sandbox, stackName: string, workDir: string): Promise<Stack> {
    return withoutSummaries(
        await LocalWorkspace.createStack({ stackName, workDir }, { envVars: environmentOf(sandbox) }),
    );
}

function environmentOf(sandbox: Sandbox): Record<string, string> {
    process.env["PATH"] = sandbox.environment["PATH"];
    const all: NodeJS.ProcessEnv = {
        ...sandbox.environment,
        ...installedPluginsOnly,
        // `npm run typecheck` checks the types.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        // plan.test.ts tests the plans of previews. In the preview before each update they would only take time.
        EKS_CNI_PREVIEW_SECONDS: "0",
    };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A configured stack of `programs/yaml`, whose live checks run in the plugin. */
export async function yamlStack(sandbox: Sandbox, nodeRole: string): Promise<Stack> {
    stacks += 1;
    const stackName = `e2e-yaml-${String(process.pid)}-${String(stacks)}`;
    const workDir = path.join(PROGRAMS, "yaml");
    const stack = await newStack(sandbox, stackName, workDir);
    await stack.setConfig("clusterName", { value: sandbox.clusterName });
    await stack.setConfig("nodeRole", { value: nodeRole });
    await stack.setConfig("roleName", { value: "cni-yaml" });
    // Its text is JSON, of which the engine makes an object.
    const kubeconfig = fs.readFileSync(sandbox.kubeconfigPath, "utf8");
    await stack.setConfig("kubeconfig", { value: kubeconfig, secret: true });
    return stack;
}

/** What a program in YAML has besides the component. */
export interface InYaml {
    readonly resources?: Readonly<Record<string, object>>;
    readonly outputs?: Readonly<Record<string, string>>;
}

/** A stack of a program in YAML with these arguments. It is written for this stack, so that it has these arguments and no others. */
export async function yamlStackOf(sandbox: Sandbox, args: PlainArgs, more: InYaml = {}): Promise<Stack> {
    stacks += 1;
    const stackName = `e2e-yaml-${String(process.pid)}-${String(stacks)}`;
    const workDir = fs.mkdtempSync(path.join(sandbox.directory, "yaml-"));
    writeYaml(workDir, sandbox, args, more);
    const stack = await newStack(sandbox, stackName, workDir);
    await stack.setConfig("kubeconfig", { value: fs.readFileSync(sandbox.kubeconfigPath, "utf8"), secret: true });
    return stack;
}

/** Writes the program of `yamlStackOf` again, for the next operation of its stack. Without arguments, it has no component. */
export function writeYaml(
    workDir: string,
    sandbox: Sandbox,
    args: PlainArgs | undefined,
    { resources = {}, outputs = {} }: InYaml,
): void {
    const properties = { clusterName: sandbox.clusterName, kubeconfig: "${kubeconfig}", ...QUICK, ...args };
    const program = {
        name: "yaml",
        runtime: "yaml",
        plugins: { providers: [{ name: "eks-cni", path: path.resolve(PROGRAMS, "../../../bin") }] },
        config: { kubeconfig: { type: "string", secret: true } },
        resources: {
            ...(args && { cni: { type: "eks-cni:index:CniServiceAccountRole", properties } }),
            ...resources,
        },
        outputs,
    };
    // YAML includes JSON.
    fs.writeFileSync(path.join(workDir, "Pulumi.yaml"), JSON.stringify(program, undefined, 2));
}

/** The same stack, with the same configuration and another program of the same project. */
export async function withProgram(stack: Stack, program: string): Promise<Stack> {
    const { envVars, workDir: before } = stack.workspace;
    const workDir = path.join(PROGRAMS, program);
    const settings = `Pulumi.${stack.name}.yaml`;
    fs.copyFileSync(path.join(before, settings), path.join(workDir, settings));
    return withoutSummaries(await LocalWorkspace.selectStack({ stackName: stack.name, workDir }, { envVars }));
}

/** Sets the arguments for the next operation of the stack. */
export async function setArgs(stack: Stack, sandbox: Sandbox, args: PlainArgs): Promise<void> {
    const value = JSON.stringify({ clusterName: sandbox.clusterName, ...QUICK, ...args });
    await stack.setConfig("args", { value });
}

export { POLICY as MANAGED_CNI_POLICY };
