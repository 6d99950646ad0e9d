import type { Credentials } from "@aws-sdk/client-sts";
import { assumeRole, mayDescribeNetworkInterfaces, type Sandbox } from "local-eks";

const ATTEMPTS = 20;
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));

/** Retries until the role can be assumed with the token, since IAM enforces a change with a delay. */
export async function untilAssumed(sandbox: Sandbox, roleArn: string, token: string): Promise<Credentials> {
    for (let attempt = 1; ; attempt += 1) {
        try {
            return await assumeRole(sandbox, roleArn, token);
        } catch (error) {
            if (attempt === ATTEMPTS) {
                throw error;
            }
            await pause();
        }
    }
}

/** Also retries until EC2 allows the first call of aws-node. Returns the last answer. */
export async function untilAllowed(sandbox: Sandbox, roleArn: string, token: string): Promise<string> {
    const session = await untilAssumed(sandbox, roleArn, token);
    for (let attempt = 1; ; attempt += 1) {
        const answer = await mayDescribeNetworkInterfaces(sandbox, session);
        if (answer === "DryRunOperation" || attempt === ATTEMPTS) {
            return answer;
        }
        await pause();
    }
}
