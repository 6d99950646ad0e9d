import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMoto as startOn } from "../../../aws/moto";
import { ensureTool } from "../../../tools";

/** An AWS API on this machine. */
export interface Api {
    readonly url: string;
    stop(): Promise<void>;
}

/** A separate moto server, so that a test sees only its own resources. */
export async function startMoto(): Promise<Api> {
    const directory = mkdtempSync(join(tmpdir(), "eks-cni-moto-"));
    const moto = await startOn({ motoServer: await ensureTool("moto"), directory, accountId: "111122223333" });
    return {
        url: moto.endpoint,
        stop: async () => {
            await moto.stop();
            rmSync(directory, { recursive: true });
        },
    };
}
