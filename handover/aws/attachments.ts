import { setTimeout as pause } from "node:timers/promises";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { codeOf, wordsOf } from "./awsErrors";
import { unlessGone } from "./policyReader";

/** Attaches a managed policy to a role. */
export async function attach(clients: Clients, RoleName: string, PolicyArn: string): Promise<"attached" | "gone"> {
    const { AttachRolePolicyCommand } = await import("@aws-sdk/client-iam");
    const iam = await clients.iam();
    try {
        await unlessChanging(() => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })));
        return "attached";
    } catch (error) {
        switch (codeOf(error)) {
            case "NoSuchEntity":
                if (!(await exists(clients, RoleName))) {
                    return "gone";
                }
                throw policyGone(RoleName, PolicyArn, wordsOf(error));
            case "LimitExceeded":
                throw new Refusal(
                    "aws-policy-quota",
                    `IAM answered iam:AttachRolePolicy of ${PolicyArn} to ${RoleName} with: ${wordsOf(error)}`,
                    "The role has reached its quota of managed policies.",
                    `Detach another policy, then run the same command again, or attach this one yourself: ${command(RoleName, PolicyArn)}`,
                );
            default:
                throw error;
        }
    }
}

/** Detaches a managed policy from a role. */
export async function detach(clients: Clients, RoleName: string, PolicyArn: string): Promise<"detached" | "gone"> {
    const { DetachRolePolicyCommand } = await import("@aws-sdk/client-iam");
    const iam = await clients.iam();
    const send = () => unlessChanging(() => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    const answer = await unlessGone(send);
    return answer !== undefined || (await exists(clients, RoleName)) ? "detached" : "gone";
}

/** IAM says NoSuchEntity of a role, of a policy and of an attachment alike. */
async function exists(clients: Clients, RoleName: string): Promise<boolean> {
    const { GetRoleCommand } = await import("@aws-sdk/client-iam");
    const iam = await clients.iam();
    return (await unlessGone(() => iam.send(new GetRoleCommand({ RoleName })))) !== undefined;
}

/** The pauses after which a change that met another one is tried again, in milliseconds. */
const PAUSES = [250, 500, 1_000, 2_000];

/** "You can retry": what IAM says of two changes at a time, and the SDK does not try again. */
async function unlessChanging<T>(change: () => Promise<T>): Promise<T> {
    for (const milliseconds of PAUSES) {
        try {
            return await change();
        } catch (error) {
            if (!/^(ConcurrentModification|EntityTemporarilyUnmodifiable)$/.test(codeOf(error))) {
                throw error;
            }
            await pause(milliseconds);
        }
    }
    return change();
}

function policyGone(roleName: string, policyArn: string, words: string): Refusal {
    return new Refusal(
        "aws-policy-gone",
        `IAM answered iam:AttachRolePolicy of ${policyArn} to ${roleName} with: ${words}`,
        "The role had this policy before the hand-over, and the policy no longer exists.",
        `Create it again, or attach another one with the same permissions: ${command(roleName, "<its ARN>")}`,
    );
}

function command(roleName: string, policyArn: string): string {
    return `aws iam attach-role-policy --role-name ${roleName} --policy-arn ${policyArn}`;
}
