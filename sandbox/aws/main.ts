import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command } from "commander";

import { iamChangesLog } from "../logs";
import { ensureTool } from "../tools";
import { startAwsApi } from "./index";

interface Options {
    readonly port: string;
    readonly directory?: string;
    readonly account: string;
    readonly region: string;
    readonly enforcementDelay: string;
    readonly visibilityDelay: string;
}

/** Runs the stand-in until Ctrl-C: npx ts-node sandbox/aws/main.ts --port 4566 */
async function main(): Promise<void> {
    const options = new Command("aws")
        .description("Stand-in for IAM, STS, EC2 and EKS on one port")
        .option("--port <port>", "port on 127.0.0.1", "4566")
        .option("--directory <path>", "folder for logs; a new temporary one by default")
        .option("--account <id>", "account id", "111122223333")
        .option("--region <region>", "region", "us-west-2")
        .option("--enforcement-delay <seconds>", "until a change is in force", "3")
        .option("--visibility-delay <seconds>", "until a change is seen by reads", "0")
        .parse()
        .opts<Options>();
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), "eks-cni-aws-"));
    const api = await startAwsApi({
        motoServer: await ensureTool("moto"),
        directory,
        port: Number(options.port),
        accountId: options.account,
        region: options.region,
        enforcementDelaySeconds: Number(options.enforcementDelay),
        visibilityDelaySeconds: Number(options.visibilityDelay),
    });
    console.log(`AWS_ENDPOINT_URL=${api.endpoint} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`);
    console.log(`changes of IAM: ${iamChangesLog(directory)}`);
    const stop = (): void => void api.stop().then(() => process.exit(0));
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
}

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
