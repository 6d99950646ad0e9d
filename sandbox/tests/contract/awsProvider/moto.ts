import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureTool } from "../../../tools";

/** An AWS API on this machine. */
export interface Api {
    readonly url: string;
    stop(): Promise<void>;
}

/** A separate moto server, so that a test sees only its own resources. */
export async function startMoto(): Promise<Api> {
    const executable = await ensureTool("moto");
    const port = await freePort();
    const child = spawn(executable, ["-H", "127.0.0.1", "-p", String(port)], {
        stdio: "ignore",
        env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true", MOTO_ACCOUNT_ID: "111122223333" },
    });
    const url = `http://127.0.0.1:${port}`;
    const exited = once(child, "exit");
    for (let attempt = 0; !(await answers(url)); attempt++) {
        if (attempt > 300 || child.exitCode !== null) {
            throw new Error("moto did not start");
        }
        await sleep(100);
    }
    return {
        url,
        stop: async () => {
            child.kill();
            await exited;
        },
    };
}

async function answers(url: string): Promise<boolean> {
    try {
        return (await fetch(`${url}/moto-api/`)).ok;
    } catch {
        return false;
    }
}

async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    server.close();
    if (address === null || typeof address === "string") {
        throw new Error("no port");
    }
    return address.port;
}
