import { Agent, request as httpRequest } from "node:http";

import { ManagedProcess } from "../cluster/managedProcess";
import { withFreePorts } from "../cluster/ports";
import type { AwsRequest, AwsResponse } from "./protocol";

export interface Moto {
    readonly endpoint: string;
    readonly pid: number;
    forward(request: AwsRequest): Promise<AwsResponse>;
    stop(): Promise<void>;
}

export interface MotoOptions {
    readonly motoServer: string;
    readonly directory: string;
    readonly accountId: string;
}

/**
 * Starts moto (https://github.com/getmoto/moto), which keeps the state of IAM, EC2 and EKS behind the stand-in's front.
 */
export async function startMoto({ motoServer, directory, accountId }: MotoOptions): Promise<Moto> {
    return withFreePorts(1, async ([port = 0]) => {
        const started = ManagedProcess.start({
            name: "moto",
            executable: motoServer,
            arguments: ["-H", "127.0.0.1", "-p", String(port)],
            logs: directory,
            environment: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true", MOTO_ACCOUNT_ID: accountId },
        });
        await started.until(() => answers(port), 60);
        const agent = new Agent({ keepAlive: true });
        return {
            endpoint: `http://127.0.0.1:${port}`,
            pid: started.pid ?? 0,
            forward: (request) => forward(request, port, agent),
            stop: async () => {
                agent.destroy();
                await started.stop();
            },
        };
    });
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
