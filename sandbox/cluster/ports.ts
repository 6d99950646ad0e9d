import { createServer } from "node:net";
import { ProcessFailure } from "./managedProcess";

/** A port that is free now: the kernel chooses it, and it is released again. */
export const freePort = (): Promise<number> =>
    new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            const port = typeof address === "object" && address ? address.port : 0;
            server.close(() => resolve(port));
        });
    });

const mostAttempts = 3;

/** Another process can take a port between its choice and its use: then the start is repeated with other ports. */
export async function withFreePorts<T>(count: number, start: (ports: number[]) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
        const ports = await Promise.all(Array.from({ length: count }, freePort));
        try {
            return await start(ports);
        } catch (error) {
            if (attempt === mostAttempts || !(error instanceof ProcessFailure && error.portTaken)) {
                throw error;
            }
        }
    }
}
