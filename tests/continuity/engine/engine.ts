/** Runs the real engine on the program, through the proxies, and ends it where a test wants it to end. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installedPluginsOnly, type Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import type { Call } from "./calls";
import { killAll, killNow, RUN_MARK } from "./processes";
import { type ComponentArguments, Program } from "./program";
import { type Proxy, startProxy } from "./proxy";

export type Command = "up" | "destroy" | "refresh";

export interface RunResult {
    readonly command: Command;
    readonly from: number;
    readonly to: number;
    readonly outcome: "succeeded" | "failed" | "killed";
    readonly output: string;
    /** Every call to AWS and Kubernetes, in the order in which they came. */
    readonly calls: readonly Call[];
}

/** What happens to a run from outside, while it runs. */
export interface Hooks {
    /** Is told of each call whose answer is on its way. */
    seen?(call: Call): void;
    /** Whether this is the moment to kill: before a write is passed on, or after it was carried out. Writes count from 1. */
    killBefore?(write: number, call: Call): boolean;
    killAfter?(write: number): boolean;
    /** How long after the start, whatever is going on then. */
    readonly killAtMilliseconds?: number;
}

interface Current {
    readonly mark: string;
    readonly calls: Call[];
    readonly hooks: Hooks;
    killed: boolean;
}

const STACK = "continuity";

export class Engine {
    private readonly proxies: Proxy[] = [];
    private readonly program: Program;
    private current: Current | undefined;
    private runs = 0;

    public constructor(
        private readonly sandbox: Sandbox,
        private readonly directory: string,
        packageFolder: string,
    ) {
        this.program = new Program(join(directory, "program"), packageFolder);
    }

    /** Must be called once before the first run. */
    public async start(): Promise<void> {
        mkdirSync(join(this.directory, "runs"), { recursive: true });
        mkdirSync(this.backend);
        const cluster = loadKubeconfig(this.sandbox.kubeconfigPath).getCurrentCluster();
        const ca = Buffer.from(cluster?.caData ?? "", "base64").toString();
        const gate = { before: (call: Call) => this.before(call), after: (call: Call) => this.after(call) };
        const [aws, kubernetes] = await Promise.all([
            startProxy({ to: "aws", target: this.sandbox.awsEndpoint, gate }),
            startProxy({ to: "kubernetes", target: cluster?.server ?? "", ca, gate }),
        ]);
        this.proxies.push(aws, kubernetes);
        const config = JSON.parse(readFileSync(this.sandbox.kubeconfigPath, "utf8")) as {
            clusters: { cluster: Record<string, string> }[];
        };
        config.clusters.forEach(({ cluster }) =>
            Object.assign(cluster, {
                server: kubernetes.url,
                "certificate-authority-data": Buffer.from(kubernetes.ca ?? "").toString("base64"),
            }),
        );
        writeFileSync(this.kubeconfigPath, JSON.stringify(config));
        await this.pulumi(["stack", "init", STACK], {});
    }

    /** What the engine is given: the API server by way of the proxy. */
    public get kubeconfigPath(): string {
        return join(this.directory, "kubeconfig");
    }

    /** Of its own, so that no scenario meets another's lock or history. */
    private get backend(): string {
        return join(this.directory, "state");
    }

    public async close(): Promise<void> {
        await Promise.all(this.proxies.map((proxy) => proxy.close()));
    }

    /** `args` are the component's, from now on; a destroy goes by what the last of them left in the state. */
    public async run(command: Command, args: ComponentArguments, hooks: Hooks = {}): Promise<RunResult> {
        this.program.use(args);
        const from = Date.now();
        const preview = command === "refresh" ? [] : ["--skip-preview"];
        const { code, output, calls, killed } = await this.pulumi([command, "--yes", ...preview], hooks);
        const outcome = killed ? "killed" : code === 0 ? "succeeded" : "failed";
        return { command, from, to: Date.now(), outcome, output, calls };
    }

    /** Takes the lock of a killed run away: https://www.pulumi.com/docs/iac/cli/commands/pulumi_cancel/ */
    public async unlock(): Promise<void> {
        await this.pulumi(["cancel", "--yes"], {});
    }

    /** As `pulumi state delete` does, with what depends on it. */
    public async forget(urn: string): Promise<void> {
        const { code, output } = await this.pulumi(["state", "delete", urn, "--yes", "--target-dependents"], {});
        if (code !== 0) {
            throw new Error(`pulumi state delete fails:\n${output}`);
        }
    }

    /** The state as it is on the disk, also after a kill. */
    public state(): StackState {
        const file = join(this.backend, ".pulumi", "stacks", "continuity", `${STACK}.json`);
        const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest?: StackState } };
        return checkpoint.latest ?? {};
    }

    public outputs(): Readonly<Record<string, unknown>> {
        const stack = this.state().resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
        return stack?.outputs ?? {};
    }

    private async pulumi(args: string[], hooks: Hooks) {
        this.runs += 1;
        const mark = randomBytes(8).toString("hex");
        const current: Current = { mark, calls: [], hooks, killed: false };
        this.current = current;
        const log = createWriteStream(join(this.directory, "runs", `${String(this.runs)}-${args[0] ?? ""}.log`));
        const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never", ...stackOf(args)], {
            cwd: this.program.directory,
            env: { ...this.environment(), [RUN_MARK]: mark },
            stdio: ["ignore", "pipe", "pipe"],
            detached: true,
        });
        let output = "";
        const started = Date.now();
        for (const stream of [child.stdout, child.stderr]) {
            stream.on("data", (chunk: Buffer) => {
                output += chunk.toString();
                const elapsed = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
                log.write(chunk.toString().replace(/^(?=.)/gm, `${elapsed} `));
            });
        }
        const { killAtMilliseconds } = hooks;
        const timer = killAtMilliseconds === undefined ? undefined : setTimeout(() => this.kill(), killAtMilliseconds);
        const code = await new Promise<number | null>((resolve, reject) => {
            child.once("error", reject);
            child.once("close", resolve);
        });
        clearTimeout(timer);
        this.current = undefined;
        await killAll(mark);
        log.end();
        return { code, output, calls: current.calls, killed: current.killed };
    }

    private environment(): NodeJS.ProcessEnv {
        return {
            ...this.sandbox.environment,
            ...installedPluginsOnly,
            KUBECONFIG: this.kubeconfigPath,
            AWS_ENDPOINT_URL: this.proxies[0]?.url,
            PULUMI_BACKEND_URL: `file://${this.backend}`,
        };
    }

    /** The engine and all its providers, at once; what they still have under way goes no further. */
    private kill(): void {
        if (this.current) {
            this.current.killed = true;
            killNow(this.current.mark);
        }
    }

    private before(call: Call): boolean {
        const { current } = this;
        if (current === undefined || current.killed) {
            return false;
        }
        if (call.write && current.hooks.killBefore?.(writesOf(current.calls).length + 1, call)) {
            this.kill();
            return false;
        }
        current.calls.push(call);
        return true;
    }

    private after(call: Call): boolean {
        const { current } = this;
        if (current === undefined || current.killed) {
            return false;
        }
        if (call.write && current.hooks.killAfter?.(writesOf(current.calls).indexOf(call) + 1)) {
            this.kill();
            return false;
        }
        current.hooks.seen?.(call);
        return true;
    }
}

export function writesOf(calls: readonly Call[]): Call[] {
    return calls.filter(({ write }) => write);
}

export interface StackState {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly PendingOperation[];
}

export interface StateResource {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface PendingOperation {
    readonly type: string;
    readonly resource: { readonly urn: string; readonly type: string; readonly inputs?: Record<string, unknown> };
}

function stackOf([command]: string[]): string[] {
    return command === "stack" ? [] : ["--stack", STACK];
}
