/** `npm run sandbox -- up|status|env|down|tools`: local EKS clusters by hand. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { IpFamily } from "./cluster/programs";
import { attach, defaults, exportLines, ranges, startSandbox } from "./sandbox";
import { endSandbox } from "./supervisorLaunch";
import { markedProcesses } from "./supervisorProcesses";
import { type SandboxState, allStates, isAlive, marker, readState } from "./supervisorState";
import { ensureAllTools } from "./tools";

const defaultName = "default";

interface UpOptions {
    name: string;
    directory?: string;
    nodes: number;
    subnets: number;
    nodeRoles: number;
    ipFamily: IpFamily;
    podReadySeconds: number;
    enforcementDelaySeconds: number;
    visibilityDelaySeconds: number;
    clusterName: string;
    newCluster?: true;
    nodeGroupLimitSeconds: number;
    agents?: true;
    podIdentityAgent?: true;
    failedStartFactor: number;
    webhook?: string | false;
    json?: true;
}

function number(text: string): number {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
        throw new InvalidArgumentError("It must be a number, 0 or more.");
    }
    return value;
}

const within =
    ([from, to]: readonly [number, number]) =>
    (text: string): number => {
        const value = number(text);
        if (!Number.isInteger(value) || value < from || value > to) {
            throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
        }
        return value;
    };

async function up({ json, ...options }: UpOptions): Promise<void> {
    const started = Date.now();
    const tools = await ensureAllTools(process.stderr);
    const sandbox = await startSandbox({ ...options, tools, onProgress: (line) => console.error(line) });
    if (json) {
        // The settings only: the whole environment would print everything that this process has.
        const settings = readState(sandbox.name)?.facts?.environment;
        console.log(JSON.stringify({ ...sandbox, environment: settings }, undefined, 2));
        return;
    }
    const nodes = options.newCluster ? "yet to be created" : `${options.nodes} nodes`;
    const suffix = options.name === defaultName ? "" : ` --name ${options.name}`;
    console.log(`Sandbox "${sandbox.name}" is ready after ${((Date.now() - started) / 1000).toFixed(1)} s.

  cluster         ${sandbox.clusterName} (${options.ipFamily}, ${nodes}) in ${sandbox.region}, account ${sandbox.accountId}
  OIDC provider   ${sandbox.oidcProviderArn}
  AWS API         ${sandbox.awsEndpoint}
  kubeconfig      ${sandbox.kubeconfigPath}
  logs            ${sandbox.directory}/logs

To use it in this shell:   eval "$(npm run -s sandbox -- env${suffix})"
for instance:              kubectl get pods -A -o wide
To end it:                 npm run sandbox -- down${suffix}`);
}

interface Status {
    name: string;
    phase: string;
    directory: string;
    startedAt: string;
    identityWebhook: string;
    processes: { pid: number; name: string }[];
}

function statusOf(state: SandboxState): Status {
    const { name, directory, webhook = "stand-in" } = state.options;
    const phase = isAlive(state) ? state.phase : "killed";
    const { startedAt } = state;
    return {
        name,
        phase,
        directory,
        startedAt,
        identityWebhook: webhook,
        processes: markedProcesses(marker(state.options)),
    };
}

function status({ json }: { json?: true }): void {
    const all = allStates().map(statusOf);
    if (json) {
        console.log(JSON.stringify(all, undefined, 2));
        return;
    }
    if (all.length === 0) {
        console.log("No sandbox runs. To start one: npm run sandbox -- up");
    }
    for (const { name, phase, directory, startedAt, identityWebhook, processes } of all) {
        const left = phase === "killed" ? `; clean up with: npm run sandbox -- down --name ${name}` : "";
        console.log(`${name}: ${phase} (started ${startedAt}, ${directory})${left}`);
        console.log(`  identity webhook: ${identityWebhook}`);
        processes.forEach((process) => console.log(`  ${String(process.pid).padStart(8)}  ${process.name}`));
    }
}

async function down(options: { name?: string; all?: true; json?: true }): Promise<void> {
    const wanted = options.all
        ? allStates()
        : [readState(options.name ?? defaultName)].filter((state) => state !== undefined);
    const ended: { name: string; processes: number }[] = [];
    for (const state of wanted) {
        ended.push({ name: state.options.name, processes: (await endSandbox(state)).length });
    }
    if (options.json) {
        console.log(JSON.stringify(ended, undefined, 2));
        return;
    }
    ended.forEach(({ name, processes }) => console.log(`Ended sandbox "${name}" (${processes} processes)`));
    if (ended.length === 0) {
        console.log(options.all ? "No sandbox runs." : `No sandbox named "${options.name ?? defaultName}" runs.`);
    }
}

function env({ name }: { name: string }): void {
    attach(name);
    console.log(exportLines(readState(name)?.facts?.environment ?? {}).join("\n"));
}

/** The commands and their options, also for tests of documentation. */
export const commandLine = new Command("npm run sandbox --").description(
    "A local EKS: real Kubernetes and Pulumi, with stand-ins for AWS.",
);
commandLine
    .command("up")
    .description("start a sandbox; missing tools are built first")
    .option("--name <name>", "its name", defaultName)
    .option("--directory <folder>", "its folder (default: one for temporary files)")
    .option("--nodes <count>", "number of nodes", within([1, 200]), 3)
    .option(
        "--subnets <count>",
        "number of subnets over which the nodes are spread evenly; up to 4 are each in its own zone",
        within(ranges.subnets),
        defaults.subnets,
    )
    .option(
        "--node-roles <count>",
        "number of node roles over which the nodes are spread evenly, each with the CNI policy",
        within(ranges.nodeRoles),
        defaults.nodeRoles,
    )
    .addOption(
        new Option("--ip-family <family>", "address family of pods and services")
            .choices(["ipv4", "ipv6"])
            .default("ipv4"),
    )
    .option("--pod-ready-seconds <seconds>", "how long a pod takes to become Ready", number, 1.5)
    .option("--enforcement-delay-seconds <seconds>", "until a change in IAM is enforced", number, 3)
    .option("--visibility-delay-seconds <seconds>", "until reads return a change in IAM", number, 0)
    .option("--cluster-name <name>", "the EKS cluster's name", "sandbox")
    .option("--new-cluster", "leave the EKS cluster, its OIDC provider and its nodes for a program to create")
    .option(
        "--node-group-limit-seconds <seconds>",
        "until a node group without Ready nodes fails",
        number,
        defaults.nodeGroupLimitSeconds,
    )
    .option("--agents", "make the CNI's calls in each pod of aws-node; a successful start makes it Ready")
    .option("--pod-identity-agent", "install the EKS Pod Identity agent on each node")
    .option(
        "--failed-start-factor <factor>",
        "scale the 90 s after a failed start of aws-node, and the back-off",
        number,
        defaults.failedStartFactor,
    )
    .option("--webhook <file>", "AWS's own identity webhook (default: pod-identity-webhook on PATH, or the stand-in)")
    .option("--no-webhook", "the stand-in for it, also where AWS's own is on PATH")
    .option("--json", "print the sandbox's data as JSON")
    .action(up);
commandLine
    .command("status")
    .description("list the sandboxes and their processes")
    .option("--json", "as JSON")
    .action(status);
commandLine
    .command("env")
    .description("print the commands that make a shell use a sandbox")
    .option("--name <name>", "its name", defaultName)
    .action(env);
commandLine
    .command("down")
    .description("end a sandbox, including a killed one")
    .option("--name <name>", "its name")
    .option("--all", "end all")
    .option("--json", "as JSON")
    .action(down);
commandLine
    .command("tools")
    .description("find or build the tools, and print their paths")
    .action(async () => console.log(JSON.stringify(await ensureAllTools(process.stderr), undefined, 2)));

if (require.main === module) {
    commandLine.parseAsync().catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    });
}
