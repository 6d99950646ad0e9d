import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import * as fs from "fs";
import * as path from "path";
import { installedPluginsOnly, type Sandbox, startSandbox } from "local-eks";
import type { CniServiceAccountRoleArgs } from "../../../index";

const PROGRAMS = path.resolve(__dirname, "../programs");
const POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

/** Arguments as a program's configuration takes them: plain values. */
export type PlainArgs = Partial<CniServiceAccountRoleArgs>;

/** Short enough for a test, on a sandbox where IAM enforces after a second. */
export const QUICK: PlainArgs = {
    stableSeconds: 1,
    iamPropagationSeconds: 3,
    timeouts: {
        proofSeconds: 30,
        canarySeconds: 60,
        verificationSeconds: 120,
        handBackSeconds: 120,
    },
};

/** Two nodes of their own, with delays that are short and not nothing. */
export function handOverSandbox(test: string): Promise<Sandbox> {
    return startSandbox({
        name: `e2e-${test}-${String(process.pid)}`,
        ownerPid: process.pid,
        nodes: 2,
        podReadySeconds: 0.5,
        enforcementDelaySeconds: 1,
    });
}

let stacks = 0;

/**
 * A stack of the program `programs/hand-over`, or another, run by the language host in its own folder as users do: dynamic providers need
 * the program's node_modules.
 */
export async function handOverStack(sandbox: Sandbox, program = "hand-over"): Promise<Stack> {
    stacks += 1;
    const stackName = `e2e-${String(process.pid)}-${String(stacks)}`;
    const workDir = path.resolve(PROGRAMS, program);
    return LocalWorkspace.createOrSelectStack({ stackName, workDir }, { envVars: environmentOf(sandbox) });
}

function environmentOf(sandbox: Sandbox): Record<string, string> {
    process.env["PATH"] = sandbox.environment["PATH"];
    const all: NodeJS.ProcessEnv = {
        ...sandbox.environment,
        ...installedPluginsOnly,
        // The types are checked with those of the rest, by `npm run typecheck`.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        // Of previews plan.test.ts tells; those before each update would only take time.
        EKS_CNI_PREVIEW_SECONDS: "0",
    };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A stack of `programs/yaml`, whose live checks the plugin does, with its whole configuration. */
export async function yamlStack(sandbox: Sandbox, nodeRole: string): Promise<Stack> {
    stacks += 1;
    const stackName = `e2e-yaml-${String(process.pid)}-${String(stacks)}`;
    const workDir = path.join(PROGRAMS, "yaml");
    const stack = await LocalWorkspace.createStack({ stackName, workDir }, { envVars: environmentOf(sandbox) });
    await stack.setConfig("clusterName", { value: sandbox.clusterName });
    await stack.setConfig("nodeRole", { value: nodeRole });
    await stack.setConfig("roleName", { value: "cni-yaml" });
    // As YAML: the engine makes an object of configuration that is JSON.
    const kubeconfig = `# YAML\n${fs.readFileSync(sandbox.kubeconfigPath, "utf8")}`;
    await stack.setConfig("kubeconfig", { value: kubeconfig, secret: true });
    return stack;
}

/** What the next operation of the stack runs with. */
export async function give(stack: Stack, sandbox: Sandbox, args: PlainArgs): Promise<void> {
    const value = JSON.stringify({ clusterName: sandbox.clusterName, ...QUICK, ...args });
    await stack.setConfig("args", { value });
}

export { POLICY as MANAGED_CNI_POLICY };
