import { createServer } from "node:net";
import { ProcessFailure } from "./managedProcess";

export type PortChooser = () => Promise<number>;

/** A port that is free now: the kernel chooses it, and it is released again. */
export const freePort: PortChooser = () =>
    new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            const port = typeof address === "object" && address ? address.port : 0;
            server.close(() => resolve(port));
        });
    });

/** Another process can take a port between its choice and its use: then the start is repeated with other ports. */
export async function withFreePorts<T>(
    count: number,
    choose: PortChooser,
    start: (ports: number[]) => Promise<T>,
    attempts = 3,
): Promise<T> {
    for (let attempt = 1; ; attempt++) {
        const ports = await Promise.all(Array.from({ length: count }, choose));
        try {
            return await start(ports);
        } catch (error) {
            if (attempt >= attempts || !(error instanceof ProcessFailure && error.portTaken)) {
                throw error;
            }
        }
    }
}
