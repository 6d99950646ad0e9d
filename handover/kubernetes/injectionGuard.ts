import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from "@kubernetes/client-node";
import type { ClusterSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { undefinedIfMissing } from "./clusterErrors";

const POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/** A cluster that is too old for the API also answers 404. */
export async function lookAtGuard(cluster: Cluster, name: string): Promise<ClusterSeen["injectionGuard"]> {
    const [policy, binding] = await Promise.all([
        undefinedIfMissing(
            cluster.call(
                { verb: "get", resource: POLICIES, name },
                cluster.admission.readValidatingAdmissionPolicy({ name }),
            ),
        ),
        undefinedIfMissing(
            cluster.call(
                { verb: "get", resource: BINDINGS, name },
                cluster.admission.readValidatingAdmissionPolicyBinding({ name }),
            ),
        ),
    ]);
    return guardSeen(policy, binding);
}

export function guardSeen(
    policy: V1ValidatingAdmissionPolicy | undefined,
    binding: V1ValidatingAdmissionPolicyBinding | undefined,
): ClusterSeen["injectionGuard"] {
    return {
        present: policy !== undefined || binding !== undefined,
        inForce: policy !== undefined && isSound(policy) && binding !== undefined && binds(binding, policy),
    };
}

/** The controller has observed the newest generation, and has no warning about its expressions. */
function isSound({ metadata, status }: V1ValidatingAdmissionPolicy): boolean {
    const { generation = 0, deletionTimestamp } = metadata ?? {};
    const observed = status?.observedGeneration ?? generation;
    const warnings = status?.typeChecking?.expressionWarnings ?? [];
    return deletionTimestamp === undefined && observed >= generation && warnings.length === 0;
}

function binds({ metadata, spec }: V1ValidatingAdmissionPolicyBinding, policy: V1ValidatingAdmissionPolicy): boolean {
    return (
        metadata?.deletionTimestamp === undefined &&
        spec?.policyName === policy.metadata?.name &&
        (spec?.validationActions ?? []).includes("Deny")
    );
}

/** Deletes the binding first: a policy without a binding does nothing, a binding without its policy refuses what it matches. */
export async function removeGuard(cluster: Cluster, name: string): Promise<void> {
    await undefinedIfMissing(
        cluster.call(
            { verb: "delete", resource: BINDINGS, name },
            cluster.admission.deleteValidatingAdmissionPolicyBinding({ name }),
        ),
    );
    await undefinedIfMissing(
        cluster.call(
            { verb: "delete", resource: POLICIES, name },
            cluster.admission.deleteValidatingAdmissionPolicy({ name }),
        ),
    );
}
