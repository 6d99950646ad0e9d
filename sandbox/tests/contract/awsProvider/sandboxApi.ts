import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsApi, startAwsApi } from "../../../aws";
import { ensureTool } from "../../../tools";
import { Api } from "./moto";

/** The API that programs on a sandbox call: stricter than moto alone, with IAM changes that are enforced later. */
export interface SandboxApi extends Api {
    /** What a test sets in it. */
    readonly settings: AwsApi;
}

export async function startSandboxApi(): Promise<SandboxApi> {
    const directory = mkdtempSync(join(tmpdir(), "eks-cni-aws-"));
    const api = await startAwsApi({
        motoServer: await ensureTool("moto"),
        directory,
        accountId: "111122223333",
        region: "us-west-2",
        enforcementDelaySeconds: 3,
        visibilityDelaySeconds: 0,
    });
    return {
        url: api.endpoint,
        settings: api,
        stop: async () => {
            await api.stop();
            rmSync(directory, { recursive: true, force: true });
        },
    };
}
