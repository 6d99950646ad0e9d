import { parseRoleArn } from "../../documents/arn";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { undefinedIfMissing } from "./policyReader";

/** The trust policy of a role. "not read" if the caller may not read it. */
export type FoundTrust = { readonly document: unknown } | "no role" | "not read";

export async function trustPolicyOf(clients: Clients, roleArn: string): Promise<FoundTrust> {
    const { GetRoleCommand } = await import("./awsSdk");
    const command = new GetRoleCommand({ RoleName: parseRoleArn(roleArn)?.name ?? "" });
    try {
        const answer = await undefinedIfMissing(async () => (await clients.iam()).send(command));
        if (answer === undefined) {
            return "no role";
        }
        const text = answer.Role?.AssumeRolePolicyDocument;
        // URL-encoded: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
        return text === undefined ? "not read" : { document: JSON.parse(decodeURIComponent(text)) };
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return "not read";
        }
        throw error;
    }
}
