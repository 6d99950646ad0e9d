import { carriesAnyOf, othersThatCarry } from "../model/carriedRole";
import { writesNetworkPolicyLogs } from "../model/networkPolicy";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";
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
 * Another role is proved as it is, and the policies of the present one stay until no pod carries it. Another IP family means other
 * policies, too: pods that work with the role need those of the former one.
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
    const { ipFamily } = before.subject;
    if (ipFamily !== subject.ipFamily) {
        const lost = await aws.missingGrants(policyArns, ipFamily);
        if (lost.cni.length > 0 && isUsed(await cluster.look(), subject.roleArn)) {
            throw refusals.ipFamilyNarrows(removed, subject.roleArn, ipFamily, lost.cni);
        }
    }
    const { cni, logs } = await aws.missingGrants(policyArns, subject.ipFamily);
    const neededLogs = logs.length > 0 && writesNetworkPolicyLogs((await cluster.look()).daemonSet) ? logs : [];
    if (cni.length + neededLogs.length > 0) {
        throw refusals.policyStillNeeded(removed, subject.roleArn, [...cni, ...neededLogs], cni.length === 0);
    }
}

/**
 * Refuses a role whose policies do not grant what the network policy logs need. A failed first update may have left another policy on the
 * role, which would hide that from the canary, and which the engine detaches at the end.
 */
export async function refuseWithoutLogs(
    { aws }: Pick<RunContext, "aws">,
    { policyArns, subject }: Pick<Policies, "policyArns" | "subject">,
    { daemonSet }: ClusterSeen,
): Promise<void> {
    if (policyArns.length > 0 && writesNetworkPolicyLogs(daemonSet)) {
        const { logs } = await aws.missingGrants(policyArns, subject.ipFamily);
        if (logs.length > 0) {
            throw refusals.nodeAgentLogs();
        }
    }
}

/** Whether a pod works with the role. One that never became Ready does not: the update may be what cures it. */
function isUsed(cluster: ClusterSeen, roleArn: string): boolean {
    const ready = new Set(cluster.nodes.filter((node) => node.ready).map(({ name }) => name));
    // A pod on a NotReady node is not Ready either, and may work all the same.
    const works = cluster.pods.some((pod) => (pod.ready || !ready.has(pod.node)) && carriesAnyOf(pod, [roleArn]));
    return works || othersThatCarry(cluster, [roleArn]).length > 0;
}
