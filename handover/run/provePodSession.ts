import { ASSOCIATION_MARGIN_MILLISECONDS } from "../model/association";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { instanceForProof } from "../observe/undecidedActions";
import { PROVE_EVERY_MILLISECONDS, type ProofInputs } from "./proveRole";

/**
 * Proves another role of an association with a session that a pod would get, before any pod restarts. EKS Auth and IAM get as long as the rollout
 * waits for them anyway.
 *
 * Without the right to ask EKS Auth, the canary decides.
 */
export async function provePodSession(
    context: RunContext,
    { subject, proof: depth }: Pick<ProofInputs, "subject" | "proof">,
    { nodes, pods }: Pick<ClusterSeen, "nodes" | "pods">,
): Promise<void> {
    const [pod] = pods.filter(({ ready, terminating }) => ready && !terminating);
    const { clusterName } = subject;
    if (depth === "off" || pod === undefined || clusterName === undefined) {
        return;
    }
    const instanceId = instanceForProof({ nodes });
    const until = context.now() + ASSOCIATION_MARGIN_MILLISECONDS;
    for (;;) {
        const token = await context.cluster.requestPodToken(pod);
        const { roleArn, ipFamily } = subject;
        const asked = { roleArn, ipFamily, clusterName, token, depth, instanceId };
        const { proof, final } = await context.aws.provePodSession(asked);
        if (final || context.now() >= until) {
            if (proof.verdict === "no") {
                throw refusals.proofFailed(proof, subject);
            }
            context.progress(lineOf(proof.verdict === "yes" ? undefined : proof.why, subject));
            return;
        }
        await context.sleep(PROVE_EVERY_MILLISECONDS);
    }
}

function lineOf(open: string | undefined, { roleArn }: Subject): string {
    return open === undefined
        ? `proof: EKS Auth gives a pod a session of ${roleArn}, which has the permissions`
        : `proof: undecided, the canary decides (${open.replace(/\.$/, "")})`;
}
