import { type Sandbox, type SandboxOptions, startSandbox } from "local-eks";

/** One sandbox for each IP family. The first test that needs it starts it. It stops after the last test. */
const started = new Map<string, Promise<Sandbox>>();

export function sandboxOf(ipFamily: "ipv4" | "ipv6"): Promise<Sandbox> {
    const existing = started.get(ipFamily);
    if (existing !== undefined) {
        return existing;
    }
    const options: SandboxOptions = {
        name: `e2e-${ipFamily}-${String(process.pid)}`,
        ipFamily,
        ownerPid: process.pid,
        podReadySeconds: 0.5,
        onProgress: (line) => process.stderr.write(`    ${line}\n`),
    };
    const sandbox = startSandbox(options);
    started.set(ipFamily, sandbox);
    return sandbox;
}

/** Mocha's root hooks: https://mochajs.org/#root-hook-plugins */
export const mochaHooks = {
    async afterAll(): Promise<void> {
        for (const sandbox of started.values()) {
            await (await sandbox).stop();
        }
    },
};
