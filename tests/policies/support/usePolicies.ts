import { ensureAllTools, startSandbox } from "local-eks";
import { policyEnvironment } from "./engine";

/** One sandbox for all files of the suite, started when a test first asks for it; it ends with this process. */
let started: ReturnType<typeof start> | undefined;

async function start() {
    const tools = await ensureAllTools(process.stderr);
    const sandbox = await startSandbox({ name: `policies-${String(process.pid)}`, ownerPid: process.pid, tools });
    return { sandbox, tools, environment: policyEnvironment(sandbox, tools) };
}

/** The properties are set from the group's first hook on. */
export function usePolicies() {
    const parts = {} as Awaited<ReturnType<typeof start>>;
    before(async () => Object.assign(parts, await (started ??= start())));
    return parts;
}

/** Mocha's root hooks: https://mochajs.org/#root-hook-plugins */
export const mochaHooks = {
    async afterAll(): Promise<void> {
        await (await started)?.sandbox.stop();
    },
};
