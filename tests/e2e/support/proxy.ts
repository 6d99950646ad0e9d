import * as fs from "fs";
import type { Sandbox } from "local-eks";
import * as net from "net";
import * as path from "path";

export interface ApiServerProxy {
    /** The sandbox's kubeconfig, with the address of the proxy instead of the API server. */
    kubeconfig: string;
    /** Closes every connection, and refuses new ones. */
    cut(): void;
    reconnect(): void;
    close(): Promise<void>;
}

/** A TCP proxy between the engine and the API server, which a test can cut. It does not terminate TLS. */
export async function apiServerProxy({ kubeconfigPath }: Sandbox): Promise<ApiServerProxy> {
    const kubeconfig = fs.readFileSync(path.resolve(kubeconfigPath), "utf8");
    const server = new URL(/server"?: "?(https:[^"\s]+)/.exec(kubeconfig)?.[1] ?? "");
    const open = new Set<net.Socket>();
    let isCut = false;
    const proxy = net.createServer((client) => {
        if (isCut) {
            client.destroy();
            return;
        }
        const upstream = net.connect(Number(server.port), server.hostname);
        for (const [from, to] of [
            [client, upstream],
            [upstream, client],
        ] as const) {
            open.add(from);
            from.on("error", () => to.destroy());
            from.on("close", () => {
                open.delete(from);
                to.destroy();
            });
            from.pipe(to);
        }
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as net.AddressInfo;
    const cut = () => {
        isCut = true;
        open.forEach((socket) => socket.destroy());
    };
    return {
        kubeconfig: kubeconfig.replaceAll(server.host, `${server.hostname}:${String(port)}`),
        cut,
        reconnect: () => (isCut = false),
        close: async () => {
            cut();
            await new Promise((resolve) => proxy.close(resolve));
        },
    };
}
