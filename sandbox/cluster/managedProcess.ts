import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "../tools/run";

export interface Program {
    name: string;
    executable: string;
    arguments: string[];
    /** Folder of `<name>.log`. */
    logs: string;
    environment?: NodeJS.ProcessEnv;
}

/** The last lines of a process that ended or did not become ready, and the path of its log. */
export class ProcessFailure extends Error {
    public constructor(
        reason: string,
        public readonly log: string,
    ) {
        super(`${reason}\nThe end of its log:\n${lastLines(log).replace(/^/gm, "    ")}\nLog: ${log}`);
    }

    /** Another process took the port between its choice and the program's bind. */
    public get portTaken(): boolean {
        return /address already in use/i.test(lastLines(this.log, 200));
    }
}

/** A child process with its own log. */
export class ManagedProcess {
    private readonly exit: Promise<void>;
    private startFailure: Error | undefined;

    private constructor(
        public readonly name: string,
        public readonly log: string,
        private readonly child: ChildProcess,
    ) {
        this.exit = new Promise((resolve) => {
            child.once("exit", () => resolve());
            child.once("error", (error) => {
                this.startFailure = error;
                resolve();
            });
        });
    }

    public static start(program: Program): ManagedProcess {
        mkdirSync(program.logs, { recursive: true });
        const log = join(program.logs, `${program.name}.log`);
        const output = openSync(log, "a");
        const child = spawn(program.executable, program.arguments, {
            env: program.environment ?? process.env,
            stdio: ["ignore", output, output],
        });
        closeSync(output);
        return new ManagedProcess(program.name, log, child);
    }

    public get pid(): number | undefined {
        return this.child.pid;
    }

    public get running(): boolean {
        return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
    }

    /** Polls until the check succeeds. Fails as soon as the process has ended, or at the time limit, when it is ended. */
    public async until(ready: () => Promise<boolean>, seconds: number): Promise<void> {
        const deadline = Date.now() + seconds * 1000;
        while (!(await ready().catch(() => false))) {
            this.assertRunning("before it was ready");
            if (Date.now() > deadline) {
                await this.stop();
                throw new ProcessFailure(`${this.name} was not ready after ${seconds} s.`, this.log);
            }
            await sleep(30);
        }
    }

    public assertRunning(when: string): void {
        if (!this.running) {
            const code = this.child.signalCode ?? this.child.exitCode ?? "";
            const what =
                this.pid === undefined
                    ? `could not be started: ${String(this.startFailure)}.`
                    : `ended (${code}) ${when}.`;
            throw new ProcessFailure(`${this.name} ${what}`, this.log);
        }
    }

    /** SIGTERM, and SIGKILL if the process needs longer than `graceSeconds`. */
    public async stop(graceSeconds = 5): Promise<void> {
        if (!this.running) {
            return;
        }
        this.child.kill("SIGTERM");
        const killer = setTimeout(() => this.child.kill("SIGKILL"), graceSeconds * 1000);
        await this.exit;
        clearTimeout(killer);
    }

    public kill(): void {
        this.child.kill("SIGKILL");
    }

    /** SIGKILL, as when a machine fails; resolves when the process has ended. */
    public async end(): Promise<void> {
        if (this.running) {
            this.kill();
            await this.exit;
        }
    }
}

/** The processes of one cluster. Each is registered from its start; after `stop` there are none. */
export class Processes {
    private readonly started: ManagedProcess[] = [];
    private closed = false;

    public start(program: Program): ManagedProcess {
        if (this.closed) {
            throw new Error(`${program.name} is not started: the sandbox is being stopped`);
        }
        const started = ManagedProcess.start(program);
        this.started.push(started);
        return started;
    }

    /** Fails with the last lines of a process that has ended by itself. A process that lost its port does not count. */
    public assertRunning(when: string): void {
        const latest = new Map(this.started.map((process) => [process.name, process]));
        latest.forEach((process) => process.assertRunning(when));
    }

    /** The processes named in `killed` come last and are killed without SIGTERM: their data is discarded. */
    public async stop(killed: string[]): Promise<void> {
        this.closed = true;
        const [last, first] = [true, false].map((wanted) =>
            this.started.filter(({ name }) => killed.includes(name) === wanted),
        );
        await Promise.all((first ?? []).map((process) => process.stop(2)));
        (last ?? []).forEach((process) => process.kill());
        await Promise.all((last ?? []).map((process) => process.stop()));
    }
}
