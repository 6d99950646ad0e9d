/** A local EKS: `startSandbox()` brings one up, `stop()` takes it away. */
import { randomBytes } from "node:crypto";
import { delimiter, resolve } from "node:path";
import type { WebIdentityRefusal } from "./aws/sts/refusals";
import type { Throttling } from "./aws/throttling";
import type { IpFamily } from "./cluster/programs";
import { type AwsDelays, type TrustedIssuer, type UserKeys, callControl } from "./supervisorControl";
import { claim, endSandbox, startSupervisor } from "./supervisorLaunch";
import { endProcesses } from "./supervisorProcesses";
import {
    type SandboxFacts,
    type SupervisorOptions,
    defaultDirectory,
    forgetState,
    keepLogs,
    marker,
    readState,
    withoutAws,
} from "./supervisorState";
import { type ToolPaths, ensureAllTools } from "./tools";

export interface SandboxOptions {
    /** Defaults to a name that no other has. */
    name?: string;
    /** Defaults to `eks-cni-sandbox-<name>` in the folder for temporary files. */
    directory?: string;
    /** Defaults to 3. */
    nodes?: number;
    /** Defaults to "ipv4". */
    ipFamily?: IpFamily;
    /** How long a pod takes to become Ready. Defaults to 1.5. */
    podReadySeconds?: number;
    /** How long a change in IAM takes until it is enforced. Defaults to 3. */
    enforcementDelaySeconds?: number;
    /** How long a change in IAM takes until it is shown. Defaults to 0. */
    visibilityDelaySeconds?: number;
    /** Defaults to "sandbox". */
    clusterName?: string;
    /**
     * The control plane is there, and the EKS cluster, its OIDC provider and its nodes are not: whoever creates a cluster of
     * this name gets it, and whoever creates its node groups gets nodes, each Ready once its aws-node has a working path to the
     * CNI's permissions. Defaults to false.
     */
    newCluster?: boolean;
    /** How long the nodes of a new cluster's node group may take to become Ready. Defaults to 60. */
    nodeGroupLimitSeconds?: number;
    /**
     * Each pod of aws-node has an agent that tries twice a second what the CNI does with its credentials, makes the pod Ready
     * when it goes through, and writes a line to `<directory>/logs/agents.jsonl`. Without them pods get Ready by themselves.
     * Defaults to false; a new cluster always has them.
     */
    agents?: boolean;
    /** The sandbox ends when this process does. */
    ownerPid?: number;
    /** Where the tools are. By default they are looked for, and built if need be. */
    tools?: ToolPaths;
    /** What is being done; defaults to standard error for the tools' builds, and to silence for the rest. */
    onProgress?: (line: string) => void;
}

export interface Sandbox extends Omit<SandboxFacts, "environment" | "control"> {
    name: string;
    directory: string;
    /** For running pulumi, kubectl and AWS clients against this sandbox. */
    environment: NodeJS.ProcessEnv;
    webhook: {
        stop(): Promise<void>;
        start(): Promise<void>;
        /** Every answer of the webhook comes later by this much. */
        delay(milliseconds: number): Promise<void>;
        /** It sees each change of a service account that much later, or never; 0: at once, and all that it missed. */
        setCacheDelay(milliseconds: number | "never"): Promise<void>;
        /** It shows a certificate that the API server does not trust. */
        showWrongCertificate(isWrong: boolean): Promise<void>;
    };
    /** For changes in IAM that are made from now on. */
    setAwsDelays(delays: AwsDelays): Promise<void>;
    /** Calls of the AWS API that are turned away, of each service by itself; `{}` ends it. The agents' calls are not. */
    setThrottling(throttling: Throttling): Promise<void>;
    /** STS gets to the keys of another sandbox's issuer; on AWS it asks any issuer itself. */
    trustIssuer(issuer: TrustedIssuer): Promise<void>;
    /** STS refuses every AssumeRoleWithWebIdentity, whoever asks, until this is called without a code. */
    refuseWebIdentity(code?: WebIdentityRefusal): Promise<void>;
    /** The time of credentials that STS has handed out, by AssumeRole for instance, is over. */
    expireSession(accessKeyId: string): Promise<void>;
    /** Whether the agents on the nodes reach STS; whoever calls from elsewhere does. */
    setStsReachableFromNodes(isReachable: boolean): Promise<void>;
    /** Ends the hour of every session that the agents hold: each takes a new one at its next try. */
    renewAgentSessions(): Promise<void>;
    /**
     * Makes a user of the account whose key may do what these policies (texts of policy documents) say, in IAM, STS, EC2 and
     * EKS; the sandbox's own key `test` may do everything.
     */
    createUser(name: string, policyDocuments: string[]): Promise<UserKeys>;
    /** Kills the API server and starts it again at the same address; resolves when it is ready. */
    restartApiServer(): Promise<void>;
    nodes: {
        /** Launches an instance that joins; gives its node's name once it is registered, before it is Ready. */
        add(): Promise<string>;
        /** As when its instance is terminated. */
        remove(name: string): Promise<void>;
        /** The node is NotReady; nothing happens on it: its pods stay, one that is deleted hangs, its agent stands still. */
        stopKubelet(name: string): Promise<void>;
        /** It is back: its pods and its agent go on, pods that were deleted meanwhile end, new ones start. */
        startKubelet(name: string): Promise<void>;
        /** For pods that start from now on. */
        setPodReadySeconds(seconds: number): Promise<void>;
    };
    /**
     * Back to the start without a new one: IAM, EKS add-ons and associations, users and instances, the service account, the
     * DaemonSet and its pods (made again), admission policies, events, nodes, every fault and every delay. Stacks and logs stay.
     */
    reset(): Promise<void>;
    /** Ends all processes and removes all files. */
    stop(): Promise<void>;
}

function complete(options: SandboxOptions): SupervisorOptions {
    const name = options.name ?? `s-${randomBytes(3).toString("hex")}`;
    if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
        throw new Error(`"${name}" cannot be a sandbox's name: lower-case letters, digits and "-", at most 41`);
    }
    const { nodes = 3, ipFamily = "ipv4", podReadySeconds = 1.5, clusterName = "sandbox", ownerPid } = options;
    const { enforcementDelaySeconds = 3, visibilityDelaySeconds = 0 } = options;
    const { newCluster = false, nodeGroupLimitSeconds = 60, agents = false } = options;
    return {
        ...{ newCluster, nodeGroupLimitSeconds, agents },
        ...{ name, nodes, ipFamily, podReadySeconds, clusterName, enforcementDelaySeconds, visibilityDelaySeconds },
        ...(ownerPid !== undefined && { ownerPid }),
        id: randomBytes(6).toString("hex"),
        directory: resolve(options.directory ?? defaultDirectory(name)),
    };
}

/** The environment of this process with the sandbox's settings over it. */
function environmentWith(settings: Record<string, string>): NodeJS.ProcessEnv {
    const path = [settings.PATH, process.env.PATH].filter(Boolean).join(delimiter);
    return { ...withoutAws(process.env), ...settings, PATH: path };
}

/** What a shell evaluates to use a sandbox. */
export function exportLines(settings: Record<string, string>): string[] {
    const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    return [
        "unset $(env | sed -n 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/\\1/p')",
        ...Object.entries(settings).map(([name, value]) =>
            name === "PATH"
                ? `export PATH=${quoted(`${value}${delimiter}`)}"$PATH"`
                : `export ${name}=${quoted(value)}`,
        ),
    ];
}

/** A sandbox that runs already. */
export function attach(name: string): Sandbox {
    const state = readState(name);
    if (!state?.facts) {
        throw new Error(`No sandbox named "${name}" is ready`);
    }
    const { environment, control, ...facts } = state.facts;
    return {
        ...facts,
        name,
        directory: state.options.directory,
        environment: environmentWith(environment),
        webhook: {
            stop: () => callControl(control, "stopWebhook"),
            start: () => callControl(control, "startWebhook"),
            delay: (milliseconds) => callControl(control, "delayWebhook", milliseconds),
            setCacheDelay: (delay) => callControl(control, "setWebhookCacheDelay", delay),
            showWrongCertificate: (isWrong) => callControl(control, "showWrongCertificate", isWrong),
        },
        setAwsDelays: (delays) => callControl(control, "setAwsDelays", delays),
        setThrottling: (throttling) => callControl(control, "setThrottling", throttling),
        trustIssuer: (issuer) => callControl(control, "trustIssuer", issuer),
        refuseWebIdentity: (code) => callControl(control, "refuseWebIdentity", code ?? null),
        expireSession: (accessKeyId) => callControl(control, "expireSession", accessKeyId),
        setStsReachableFromNodes: (isReachable) => callControl(control, "setStsReachableFromNodes", isReachable),
        renewAgentSessions: () => callControl(control, "renewAgentSessions"),
        createUser: (name, documents) => callControl(control, "createUser", name, documents),
        restartApiServer: () => callControl(control, "restartApiServer"),
        nodes: {
            add: () => callControl(control, "addNode"),
            remove: (name) => callControl(control, "removeNode", name),
            stopKubelet: (name) => callControl(control, "stopKubelet", name),
            startKubelet: (name) => callControl(control, "startKubelet", name),
            setPodReadySeconds: (seconds) => callControl(control, "setPodReadySeconds", seconds),
        },
        reset: () => callControl(control, "reset"),
        stop: async () => {
            await endSandbox(state);
        },
    };
}

/** Gives the display of the tools' builds to a listener, line by line. */
function output(onProgress?: (line: string) => void): { write(text: string): unknown; isTTY?: boolean } {
    return onProgress ? { write: (text) => onProgress(text.trimEnd()) } : process.stderr;
}

/** Brings up a sandbox; resolves when all its pods are Ready. Tools that are missing are built first. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
    const completed = complete(options);
    const say = options.onProgress ?? (() => undefined);
    const tools = options.tools ?? (await ensureAllTools(output(options.onProgress)));
    await claim(completed);
    try {
        await startSupervisor(completed, tools, say);
    } catch (error) {
        await endProcesses(marker(completed));
        keepLogs(completed);
        forgetState(completed);
        throw error;
    }
    return attach(completed.name);
}
