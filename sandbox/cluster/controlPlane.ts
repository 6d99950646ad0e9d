import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { type CredentialFiles, caOf, kubeconfig, writeCredentials } from "./credentials";
import type { Processes } from "./managedProcess";
import { withFreePorts } from "./ports";
import { type IpFamily, apiServerArguments, etcdArguments } from "./programs";

export interface ControlPlaneOptions {
    tools: { etcd: string; "kube-apiserver": string };
    directory: string;
    logs: string;
    name: string;
    issuer: string;
    ipFamily: IpFamily;
    processes: Processes;
}

/** The API server: its address and its credentials. */
export interface ControlPlane {
    server: string;
    ca: string;
    caPath: string;
    kubeconfigPath: string;
    credentials: CredentialFiles;
    /** Kills the API server and starts it again at the same address. */
    restart(): Promise<void>;
}

/** Starts etcd and returns the port for its clients. */
export async function startEtcd(options: Omit<ControlPlaneOptions, "issuer">): Promise<number> {
    return withFreePorts(2, async ([clientPort = 0, peerPort = 0]) => {
        const process = options.processes.start({
            name: "etcd",
            executable: options.tools.etcd,
            arguments: etcdArguments({ data: join(options.directory, "etcd"), clientPort, peerPort }),
            logs: options.logs,
        });
        await process.until(async () => (await fetch(`http://127.0.0.1:${clientPort}/readyz`)).ok, 30);
        return clientPort;
    });
}

function answersOk(url: string, ca: string, token: string): Promise<boolean> {
    return new Promise((resolve) => {
        const call = request(url, { ca, headers: { authorization: `Bearer ${token}` }, timeout: 2000 }, (response) => {
            response.resume();
            resolve(response.statusCode === 200);
        });
        call.once("timeout", () => call.destroy());
        call.once("error", () => resolve(false));
        call.end();
    });
}

async function startApiServer(options: ControlPlaneOptions, etcdPort: number, credentials: CredentialFiles) {
    const certificates = join(options.directory, "certificates");
    const certificateFile = join(certificates, "apiserver.crt");
    return withFreePorts(1, async ([port = 0]) => {
        const program = {
            name: "kube-apiserver",
            executable: options.tools["kube-apiserver"],
            arguments: apiServerArguments({ ...options, ...credentials, etcdPort, port, certificates }),
            logs: options.logs,
        };
        const server = `https://127.0.0.1:${port}`;
        let ca = "";
        const startUntilReady = async () => {
            const started = options.processes.start(program);
            await started.until(async () => {
                ca = existsSync(certificateFile) ? (caOf(readFileSync(certificateFile, "utf8")) ?? "") : "";
                return ca !== "" && (await answersOk(`${server}/readyz`, ca, credentials.tokens.admin));
            }, 60);
            return started;
        };
        let process = await startUntilReady();
        // The restarted server reads its certificate from the same file, so that clients still trust it.
        const restart = async () => {
            await process.end();
            process = await startUntilReady();
        };
        return { server, ca, restart };
    });
}

export async function startControlPlane(options: ControlPlaneOptions, etcdPort: number): Promise<ControlPlane> {
    mkdirSync(options.directory, { recursive: true });
    const credentials = writeCredentials(options.directory);
    const { server, ca, restart } = await startApiServer(options, etcdPort, credentials);
    const caPath = join(options.directory, "ca.crt");
    writeFileSync(caPath, ca);
    const kubeconfigPath = join(options.directory, "kubeconfig");
    const token = credentials.tokens.admin;
    writeFileSync(kubeconfigPath, kubeconfig({ name: options.name, server, ca, token }), { mode: 0o600 });
    return { server, ca, caPath, kubeconfigPath, credentials, restart };
}
