import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Prints uncaught exceptions as the SDK does, and keeps the process busy. */
const BUSY = `
process.on("uncaughtException", (error) => console.error(error.stack));
setInterval(() => undefined, 1000);
`;
/** The two ways in which the engine starts a live check. */
const PROVIDERS = {
    "a dynamic provider": 'require("./handover/engine/dynamicBinding").dynamicProvider("canary");',
    "the plugin": 'process.argv.push("127.0.0.1:1"); require("./plugin")();',
};
const RUN = [process.execPath, "-r", "ts-node/register/transpile-only", "-e"] as const;
const limits = { timeout: 25_000, killSignal: "SIGKILL" } as const;

describe("The process of a live check", function () {
    this.timeout(30_000);

    for (const [what, code] of Object.entries(PROVIDERS)) {
        for (const stream of ["stdout", "stderr"] as const) {
            it(`ends when its ${stream} is closed, since the engine is gone: ${what}`, async () => {
                const writing = `setInterval(() => process.${stream}.write("progress\\n"), 10);`;
                const [command, ...args] = RUN;
                const child = spawn(command, [...args, `${BUSY}${code}process.send("ready");${writing}`], {
                    stdio: ["ignore", "pipe", "pipe", "ipc"],
                    ...limits,
                });
                await once(child, "message");
                child.stdout?.destroy();
                child.stderr?.destroy();
                strictEqual(await exitOf(child), 1);
            });
        }

        it(`ends when the other end of its stdin is closed: ${what}`, async () => {
            const child = behindPipe("cat", `${BUSY}${code}console.log("ready");`);
            await shows(child, /ready/);
            // cat ends with its own stdin, as the engine's end of the pipe does with the engine.
            child.stdin?.end();
            await shows(child, /ended with 1/);
        });
    }

    const dynamicProvider = PROVIDERS["a dynamic provider"];

    it("goes on where its stdin is no pipe", async () => {
        const [command, ...args] = RUN;
        const program = `${BUSY}${dynamicProvider}console.log("ready");`;
        const child = spawn(command, [...args, program], { stdio: ["ignore", "pipe", "inherit"], ...limits });
        await shows(child, /ready/);
        const gone = exitOf(child).then(() => "gone");
        strictEqual(await Promise.race([gone, after(1500).then(() => "there")]), "there");
        child.kill("SIGKILL");
    });

    it("is not kept from its own end by the pipe", async () => {
        const child = behindPipe("sleep 20", `${dynamicProvider}setTimeout(() => undefined, 500);`);
        await shows(child, /ended with 0/);
        child.kill("SIGKILL");
    });

    it("listens once, however many live checks there are", async () => {
        const counts = `for (let i = 0; i < 5; i++) { ${dynamicProvider} }
            console.log("listeners " + ["stdin", "stdout", "stderr"].map((name) =>
                process[name].listenerCount(name === "stdin" ? "end" : "error")).join());`;
        const child = behindPipe("sleep 20", counts);
        const [, stdin, stdout, stderr] = /listeners (\d+),(\d+),(\d+)/.exec(await shows(child, /listeners/)) ?? [];
        child.kill("SIGKILL");
        const alone = behindPipe("sleep 20", counts.replace("i < 5", "i < 1"));
        const [, ...once] = /listeners (\d+),(\d+),(\d+)/.exec(await shows(alone, /listeners/)) ?? [];
        alone.kill("SIGKILL");
        deepStrictEqual([stdin, stdout, stderr], once);
    });
});

/** Starts the program with a pipe as its stdin, as the engine does. Node.js itself would create a socket. */
function behindPipe(holder: string, program: string): ChildProcess {
    const [command, ...args] = RUN;
    const quoted = [command, ...args, program].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    return spawn("sh", ["-c", `${holder} | { ${quoted}; echo "ended with $?"; }`], {
        stdio: ["pipe", "pipe", "inherit"],
        ...limits,
    });
}

function exitOf(child: ChildProcess): Promise<number | null> {
    return new Promise((resolve) => child.once("exit", resolve));
}

function shows({ stdout }: ChildProcess, pattern: RegExp): Promise<string> {
    let text = "";
    return new Promise((resolve) =>
        stdout?.on("data", (chunk: Buffer) => {
            text += chunk.toString();
            if (pattern.test(text)) {
                resolve(text);
            }
        }),
    );
}

function after(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
