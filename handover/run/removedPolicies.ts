import { writesNetworkPolicyLogs } from "../model/networkPolicyLogs";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { RunContext } from "../observe/runContext";

/** The inputs of the credential guard that describe the role's policies. */
interface Policies {
    readonly subject: Subject;
    readonly roleUniqueId: string;
    readonly policyArns: readonly string[];
}

/**
 * Refuses an update that takes a policy away from the role, unless those that stay grant everything that the pods need. The engine
 * detaches the policy at the end of the update, after the credential guard, so nothing is lost when this refuses.
 *
 * Another role is proved as it is, and the policies of the present one stay until no pod carries it.
 */
export async function refuseIfStillNeeded(
    { aws, cluster }: Pick<RunContext, "aws" | "cluster">,
    before: Policies,
    { policyArns, roleUniqueId, subject }: Policies,
): Promise<void> {
    const removed = before.policyArns.filter((arn) => !policyArns.includes(arn));
    const sameRole = before.subject.roleArn === subject.roleArn && before.roleUniqueId === roleUniqueId;
    if (removed.length === 0 || !sameRole) {
        return;
    }
    const { cni, logs } = await aws.missingGrants(policyArns, subject.ipFamily);
    const neededLogs = logs.length > 0 && writesNetworkPolicyLogs((await cluster.look()).daemonSet) ? logs : [];
    if (cni.length + neededLogs.length > 0) {
        throw refusals.policyStillNeeded(removed, subject.roleArn, [...cni, ...neededLogs], cni.length === 0);
    }
}
