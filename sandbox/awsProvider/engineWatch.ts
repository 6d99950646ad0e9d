import { connect } from "node:net";

const INTERVAL_MILLISECONDS = 10_000;

/**
 * Ends this process when the engine that started it has exited, as the real providers do (pulumi
 * sdk/go/common/util/rpcutil/health.go, Healthcheck): a killed engine must not leave a plugin running.
 */
export function endWithEngine(address: string, end: () => void): void {
    const [host, port] = address.split(":");
    setInterval(() => {
        const socket = connect({ host: host ?? "", port: Number(port), timeout: INTERVAL_MILLISECONDS });
        socket.once("connect", () => socket.destroy());
        socket.once("timeout", () => socket.destroy());
        socket.once("error", end);
    }, INTERVAL_MILLISECONDS).unref();
}

/** The engine's address is the plugin's last argument; options may come before it. */
export function engineAddress(args: readonly string[]): string | undefined {
    const last = args.at(-1);
    return last !== undefined && /^[\w.-]+:\d+$/.test(last) ? last : undefined;
}
