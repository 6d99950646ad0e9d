/** The registry of sandboxes: later processes find them here, also those with a killed supervisor. */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "./tools/cache";
import { processStart } from "./tools/lock";
import type { AssociationDelays } from "./aws/eks/associations/views";
import type { IpFamily } from "./cluster/programs";

export interface SupervisorOptions {
    name: string;
    /** Distinguishes this sandbox from others of the same name. */
    id: string;
    directory: string;
    nodes: number;
    subnets: number;
    nodeRoles: number;
    ipFamily: IpFamily;
    podReadySeconds: number;
    enforcementDelaySeconds: number;
    visibilityDelaySeconds: number;
    clusterName: string;
    newCluster: boolean;
    nodeGroupLimitSeconds: number;
    agents: boolean;
    failedStartFactor: number;
    podIdentityAgent: boolean;
    associationDelays: AssociationDelays;
    /** The path of AWS's own webhook; without it, the stand-in runs. */
    webhook?: string;
    /** The sandbox ends when this process exits. */
    ownerPid?: number;
}

export interface SandboxFacts {
    clusterName: string;
    region: string;
    accountId: string;
    /** In the zones in turn: up to four are each in a zone of its own. */
    subnetIds: string[];
    /** The names of the node roles, and of their instance profiles. None on a new cluster, whose program creates them. */
    nodeRoleNames: string[];
    issuer: string;
    oidcProviderArn: string;
    kubeconfigPath: string;
    awsEndpoint: string;
    /** The settings for programs that use the sandbox. PATH contains only the folders that precede the user's own. */
    environment: Record<string, string>;
    control: { url: string; token: string };
}

export interface SandboxState {
    options: SupervisorOptions;
    phase: "starting" | "ready" | "failed";
    /** The supervisor's process; before it runs, the process that starts it. */
    supervisorPid: number;
    supervisorStart: string;
    startedAt: string;
    facts?: SandboxFacts;
}

/** In the environment of every process of a sandbox, which child processes inherit. */
export const markerVariable = "EKS_CNI_SANDBOX";

/** The user's own profile, region or endpoint would lead moto and the operator's programs to another account. */
export function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("AWS_")));
}

export function marker({ name, id }: Pick<SupervisorOptions, "name" | "id">): string {
    return `${name}:${id}`;
}

/** The process that writes a state. */
export function self(): Pick<SandboxState, "supervisorPid" | "supervisorStart"> {
    return { supervisorPid: process.pid, supervisorStart: processStart(process.pid) ?? "" };
}

export function isAlive(state: SandboxState): boolean {
    return processStart(state.supervisorPid) === state.supervisorStart;
}

export function defaultDirectory(name: string): string {
    return join(tmpdir(), `eks-cni-sandbox-${name}`);
}

export function registryFolder(): string {
    return join(cacheRoot(), "sandboxes");
}

/** In a sandbox's folder. */
const stateFile = "state.json";

const statePath = (name: string) => join(registryFolder(), `${name}.json`);

/**
 * Writes the state to the registry and to the sandbox's folder, which it identifies as one. By a rename, so that no
 * reader sees half of it.
 */
export function writeState(state: SandboxState): void {
    mkdirSync(registryFolder(), { recursive: true });
    const { name, directory } = state.options;
    for (const path of [join(directory, stateFile), statePath(name)]) {
        const temporary = `${path}.${process.pid}`;
        writeFileSync(temporary, JSON.stringify(state, undefined, 2), { mode: 0o600 });
        renameSync(temporary, path);
    }
}

function stateIn(directory: string): SandboxState | undefined {
    return parsed(join(directory, stateFile));
}

/** Empties a folder for a sandbox; refuses a folder with any other content than the remains of a sandbox. */
export function prepareDirectory(directory: string): void {
    mkdirSync(directory, { recursive: true });
    const content = readdirSync(directory);
    const former = stateIn(directory);
    if (former && isAlive(former)) {
        throw new Error(`${directory} is in use by the sandbox "${former.options.name}". Choose another folder.`);
    }
    if (content.length > 0 && !former) {
        throw new Error(`${directory} is not empty, and its content is not a sandbox's. Choose another folder.`);
    }
    removeContent(directory);
}

/**
 * Deletes the file that identifies the folder last: if the deletion is interrupted, the folder is still known as a
 * sandbox's.
 */
function removeContent(directory: string, keep: string[] = []): void {
    const others = readdirSync(directory).filter((entry) => entry !== stateFile);
    for (const entry of [...others, stateFile].filter((entry) => !keep.includes(entry))) {
        rmSync(join(directory, entry), { recursive: true, force: true });
    }
}

/** Keeps only the logs of a start that failed, in a folder that the next sandbox may reuse. */
export function keepLogs(options: SupervisorOptions): void {
    const { directory, id } = options;
    const state = stateIn(directory);
    if (state?.options.id === id) {
        removeContent(directory, ["logs", stateFile]);
        writeFileSync(join(directory, stateFile), JSON.stringify({ ...state, phase: "failed", supervisorPid: 0 }));
    }
}

/** Removes a sandbox's folder, if it still belongs to this sandbox. */
export function removeDirectory({ directory, id }: SupervisorOptions): void {
    if (stateIn(directory)?.options.id === id) {
        removeContent(directory);
        rmSync(directory, { recursive: true, force: true });
    }
}

function parsed(path: string): SandboxState | undefined {
    try {
        return JSON.parse(readFileSync(path, "utf8")) as SandboxState;
    } catch {
        return undefined;
    }
}

export function readState(name: string): SandboxState | undefined {
    return parsed(statePath(name));
}

/** Removes a sandbox from the registry, if its name does not belong to a newer one. */
export function forgetState({ name, id }: Pick<SupervisorOptions, "name" | "id">): void {
    if (readState(name)?.options.id === id) {
        rmSync(statePath(name), { force: true });
    }
}

export function allStates(): SandboxState[] {
    try {
        return readdirSync(registryFolder())
            .filter((file) => file.endsWith(".json"))
            .flatMap((file) => readState(file.slice(0, -".json".length)) ?? []);
    } catch {
        return [];
    }
}
