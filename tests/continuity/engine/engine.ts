/** Runs the real engine on the program, through the proxies, and kills it where a test asks for it. */
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
    /** Every call to AWS and Kubernetes, in order. */
    readonly calls: readonly Call[];
}

/** Callbacks that observe or kill a run. */
export interface Hooks {
    /** Called for each call, before its response is forwarded. */
    seen?(call: Call): void;
    /** Whether to kill the run now: before a write is forwarded, or after it was carried out. Writes count from 1. */
    killBefore?(write: number, call: Call): boolean;
    killAfter?(write: number, call: Call): boolean;
    /** What happens between the run's decision to write and the write, which is forwarded once it has happened. */
    hold?(call: Call): Promise<unknown> | undefined;
    /** Whether nothing answers this call: its connection breaks, and it is not carried out. */
    cuts?(call: Call): boolean;
    /** Kills the run this long after its start. */
    readonly killAtMilliseconds?: number;
    /** More flags of the command. */
    readonly flags?: readonly string[];
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

    /** The engine's kubeconfig: its server is the proxy of the API server. */
    public get kubeconfigPath(): string {
        return join(this.directory, "kubeconfig");
    }

    /** Each scenario has its own backend, so that scenarios share neither locks nor history. */
    private get backend(): string {
        return join(this.directory, "state");
    }

    public async close(): Promise<void> {
        await Promise.all(this.proxies.map((proxy) => proxy.close()));
    }

    /** `args` become the component's arguments. A destroy ignores them: it uses the stack's state. */
    public async run(command: Command, args: ComponentArguments, hooks: Hooks = {}): Promise<RunResult> {
        this.program.use(args);
        const from = Date.now();
        const preview = command === "refresh" ? [] : ["--skip-preview"];
        const { code, output, calls, killed } = await this.pulumi(
            [command, "--yes", ...preview, ...(hooks.flags ?? [])],
            hooks,
        );
        const outcome = killed ? "killed" : code === 0 ? "succeeded" : "failed";
        return { command, from, to: Date.now(), outcome, output, calls };
    }

    /** Removes the lock of a killed run: https://www.pulumi.com/docs/iac/cli/commands/pulumi_cancel/ */
    public async unlock(): Promise<void> {
        await this.pulumi(["cancel", "--yes"], {});
    }

    /** Deletes a resource and its dependents from the state: `pulumi state delete`. */
    public async deleteFromState(urn: string): Promise<void> {
        const { code, output } = await this.pulumi(["state", "delete", urn, "--yes", "--target-dependents"], {});
        if (code !== 0) {
            throw new Error(`pulumi state delete failed:\n${output}`);
        }
    }

    /** Replaces the state: `pulumi stack import`. */
    public async importState(deployment: object): Promise<void> {
        const file = join(this.directory, "imported.json");
        writeFileSync(file, JSON.stringify({ version: 3, deployment }), { mode: 0o600 });
        const { code, output } = await this.pulumi(["stack", "import", "--file", file, "--stack", STACK], {});
        if (code !== 0) {
            throw new Error(`pulumi stack import failed:\n${output}`);
        }
    }

    /** The state on disk, also after a kill. */
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
            // A kill may leave the file of attributes empty, which is not the component's doing: see docs/troubleshooting.md.
            PULUMI_BACKEND_URL: `file://${this.backend}?metadata=skip`,
        };
    }

    /** Kills the engine and all its providers at once. The proxies drop their open calls. */
    private kill(): void {
        if (this.current) {
            this.current.killed = true;
            killNow(this.current.mark);
        }
    }

    private async before(call: Call): Promise<boolean> {
        const { current } = this;
        if (current === undefined || current.killed) {
            return false;
        }
        if (current.hooks.cuts?.(call)) {
            return false;
        }
        if (call.write && current.hooks.killBefore?.(writesOf(current.calls).length + 1, call)) {
            this.kill();
            return false;
        }
        current.calls.push(call);
        if (call.write) {
            await current.hooks.hold?.(call);
        }
        return !this.hasBeenKilled(current);
    }

    /** Also while a call was held. */
    private hasBeenKilled({ killed }: Current): boolean {
        return killed;
    }

    private after(call: Call): boolean {
        const { current } = this;
        if (current === undefined || current.killed) {
            return false;
        }
        if (call.write && current.hooks.killAfter?.(writesOf(current.calls).indexOf(call) + 1, call)) {
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
