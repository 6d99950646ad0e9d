import { roleDriftOf } from "../decide/roleDrift";
import { isRefusal } from "../model/refusal";
import type { ClusterSeen } from "../model/world";
import { type RunContext, warn } from "../observe/runContext";
import { ofRoleInUse, ProofInputs, proofRequest } from "./proveRole";

/**
 * Proves the role again, as a refresh does, since its owners may have changed its trust policy, its permissions, its boundary or the OIDC
 * provider. Returns why the pods lose its rights. Undefined if they keep them.
 *
 * It tries once: a role that was proved before needs no time to propagate, and the next update tries again in any case. It does not
 * fail, since a refresh that fails would hide the rest of what has changed.
 */
export async function provedAgain(
    context: RunContext,
    inputs: Pick<ProofInputs, "subject" | "proof">,
    cluster: ClusterSeen,
): Promise<string | undefined> {
    const { subject, proof } = inputs;
    if (proof === "off" || cluster.serviceAccount === undefined) {
        return undefined;
    }
    try {
        const answer = await context.aws.prove(
            ofRoleInUse(await proofRequest(context, subject, proof, cluster), subject),
        );
        return roleDriftOf(answer, subject);
    } catch (error) {
        if (!isRefusal(error)) {
            throw error;
        }
        warn(context, `whether the pods can still use ${subject.roleArn} is not known: ${error.message}`);
        return undefined;
    }
}
