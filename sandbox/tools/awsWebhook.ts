import { resolve } from "node:path";
import { cacheRoot } from "./cache";
import { foldersOnPath, isExecutable, programs } from "./find";

/**
 * AWS's own identity webhook. Undefined if there is none: the stand-in takes its place.
 *
 * `false` chooses the stand-in. Any version is taken: its program prints none that tells them apart
 * (amazon-eks-pod-identity-webhook main.go, webhookVersion).
 */
export function awsWebhookOf(
    wanted: string | false | undefined,
    environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
    if (wanted === false) {
        return undefined;
    }
    if (wanted === undefined) {
        return programs("pod-identity-webhook", foldersOnPath(environment, cacheRoot()))[0];
    }
    if (!isExecutable(wanted)) {
        throw new Error(`${wanted} is not a program. Give the path of AWS's pod-identity-webhook.`);
    }
    return resolve(wanted);
}
