import { setTimeout as pause } from "node:timers/promises";
import { attachCommand } from "../model/attachCommand";
import { AnsweredRefusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { errorCodeOf, messageOf } from "./awsErrors";
import { judgedManaged, type PolicyReader, policyReader, undefinedIfMissing } from "./policyReader";

/**
 * Attaches a recorded policy to a role. Returns `gone` if the role does not exist, `policyGone` if the policy does not, and `notOfCni` if the detachment
 * would not have taken this policy: then it does not come from the record of a hand-over, or its owner has changed it since.
 */
export async function attach(clients: Clients, RoleName: string, PolicyArn: string): Promise<Attached> {
    if (!(await mayBeDetached(policyReader(clients), PolicyArn))) {
        return "notOfCni";
    }
    const { AttachRolePolicyCommand } = await import("./awsSdk");
    const iam = await clients.iam();
    try {
        await retryConflicts(() => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })));
        return "attached";
    } catch (error) {
        switch (errorCodeOf(error)) {
            case "NoSuchEntity":
                return (await exists(clients, RoleName)) ? "policyGone" : "gone";
            case "LimitExceeded":
                throw new AnsweredRefusal(
                    "aws-policy-quota",
                    `IAM rejected iam:AttachRolePolicy of ${PolicyArn} to ${RoleName}`,
                    messageOf(error),
                    "The role has reached its quota of managed policies.",
                    "Raise the quota (Service Quotas, IAM, L-0DA4ABF3), or detach a policy that the nodes do not need. Then run " +
                        `the same command again. To attach this policy at once: ${attachCommand(RoleName, PolicyArn)}`,
                );
            default:
                throw error;
        }
    }
}

export type Attached = "attached" | "gone" | "policyGone" | "notOfCni";

/** True for a policy that is gone: IAM does not attach it. */
async function mayBeDetached(policies: PolicyReader, arn: string): Promise<boolean> {
    const policy = await policies.read(arn);
    return policy.document === undefined || judgedManaged(policy, "ipv4")?.kind === "cni";
}

/** Detaches a managed policy from a role. Returns `gone` if the role does not exist. */
export async function detach(clients: Clients, RoleName: string, PolicyArn: string): Promise<"detached" | "gone"> {
    const { DetachRolePolicyCommand } = await import("./awsSdk");
    const iam = await clients.iam();
    const send = () => retryConflicts(() => iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    const answer = await undefinedIfMissing(send);
    return answer !== undefined || (await exists(clients, RoleName)) ? "detached" : "gone";
}

/** Whether the role exists: IAM answers NoSuchEntity for a missing role, policy or attachment alike. */
async function exists(clients: Clients, RoleName: string): Promise<boolean> {
    const { GetRoleCommand } = await import("./awsSdk");
    const iam = await clients.iam();
    return (await undefinedIfMissing(() => iam.send(new GetRoleCommand({ RoleName })))) !== undefined;
}

/** The pauses before retries of a change that conflicts with another one, in milliseconds. */
const PAUSES = [250, 500, 1_000, 2_000];

/** IAM answers one of two concurrent changes with "You can retry", but the SDK does not retry it. */
async function retryConflicts<T>(change: () => Promise<T>): Promise<T> {
    for (const milliseconds of PAUSES) {
        try {
            return await change();
        } catch (error) {
            if (!/^(ConcurrentModification|EntityTemporarilyUnmodifiable)$/.test(errorCodeOf(error))) {
                throw error;
            }
            await pause(milliseconds);
        }
    }
    return change();
}
