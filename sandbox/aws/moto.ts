import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { AwsRequest, AwsResponse } from "./protocol";

export interface Moto {
    readonly endpoint: string;
    /** A killed parent leaves moto running, and the clean-up needs its pid. */
    readonly pid: number;
    forward(request: AwsRequest): Promise<AwsResponse>;
    stop(): Promise<void>;
}

export interface MotoOptions {
    readonly motoServer: string;
    readonly directory: string;
    readonly accountId: string;
    readonly startSeconds?: number;
}

/** Another process can take a port between its choice and its use. */
const MOST_STARTS = 3;

/**
 * Starts moto (https://github.com/getmoto/moto), which keeps the state of IAM, EC2 and EKS behind the stand-in's front.
 */
export async function startMoto(options: MotoOptions): Promise<Moto> {
    mkdirSync(options.directory, { recursive: true });
    for (let start = 1; ; start += 1) {
        const port = await freePort();
        try {
            return await startOn(port, options);
        } catch (error) {
            if (start === MOST_STARTS || !(error instanceof Error && /Address already in use/.test(error.message))) {
                throw error;
            }
        }
    }
}

async function startOn(port: number, options: MotoOptions): Promise<Moto> {
    const logFile = join(options.directory, "moto.log");
    const log = openSync(logFile, "a");
    const child = spawn(options.motoServer, ["-H", "127.0.0.1", "-p", String(port)], {
        stdio: ["ignore", log, log],
        env: {
            ...process.env,
            MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
            MOTO_ACCOUNT_ID: options.accountId,
        },
    });
    closeSync(log);
    await untilReady(child, port, options.startSeconds ?? 60, logFile);
    const agent = new Agent({ keepAlive: true });
    return {
        endpoint: `http://127.0.0.1:${port}`,
        pid: child.pid ?? 0,
        forward: (request) => forward(request, port, agent),
        stop: async () => {
            agent.destroy();
            await stopChild(child);
        },
    };
}

function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
        });
    });
}

async function untilReady(child: ChildProcess, port: number, seconds: number, logFile: string): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    while (Date.now() < deadline) {
        if (failure) {
            throw new Error(`moto_server cannot be started: ${failure.message}`);
        }
        if (child.exitCode !== null) {
            throw new Error(`moto_server ended with code ${child.exitCode}:\n${tail(logFile)}`);
        }
        if (await answers(port)) {
            return;
        }
        await sleep(100);
    }
    child.kill("SIGKILL");
    throw new Error(`moto_server did not answer within ${seconds} s:\n${tail(logFile)}`);
}

function tail(file: string): string {
    return readFileSync(file, "utf8").split("\n").slice(-20).join("\n");
}

function answers(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const probe = httpRequest({ host: "127.0.0.1", port, path: "/moto-api/" }, (response) => {
            response.resume();
            resolve(true);
        });
        probe.once("error", () => resolve(false));
        probe.end();
    });
}

/** Forwards the request unchanged: moto reads service and region from the Authorization header. */
function forward(request: AwsRequest, port: number, agent: Agent): Promise<AwsResponse> {
    const headers = { ...request.headers, "content-length": String(request.body.length) };
    return new Promise((resolve, reject) => {
        const outgoing = httpRequest(
            { host: "127.0.0.1", port, agent, method: request.method, path: request.url, headers },
            (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk));
                response.once("error", reject);
                response.once("end", () => {
                    const errorType = response.headers["x-amzn-errortype"];
                    resolve({
                        status: response.statusCode ?? 500,
                        contentType: response.headers["content-type"] ?? "text/xml",
                        body: Buffer.concat(chunks),
                        ...(typeof errorType === "string" && { headers: { "x-amzn-errortype": errorType } }),
                    });
                });
            },
        );
        outgoing.once("error", reject);
        outgoing.end(request.body);
    });
}

async function stopChild(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) {
        return;
    }
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(killer);
}
