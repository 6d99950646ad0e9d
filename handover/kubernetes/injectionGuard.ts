import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from "@kubernetes/client-node";
import {
    admittedRoles,
    injectionGuardSpec,
    isInjectionGuard,
    isSuspendedGuard,
    suspendedGuardSpec,
} from "../../documents/injectionGuard";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { undefinedIfMissing } from "./clusterErrors";
import { unlessReplaced } from "./serverSideApply";
import { appliedBy } from "./serviceAccount";

const POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/** A cluster that is too old for the API also answers 404. */
export async function lookAtGuard(
    cluster: Cluster,
    { injectionGuardName: name, serviceAccount }: Subject,
): Promise<ClusterSeen["injectionGuard"]> {
    const [policy, binding] = await Promise.all([
        readPolicy(cluster, name),
        undefinedIfMissing(
            cluster.call(
                { verb: "get", resource: BINDINGS, name },
                cluster.admission.readValidatingAdmissionPolicyBinding({ name }),
            ),
        ),
    ]);
    return guardSeen(policy, binding, serviceAccount);
}

export function guardSeen(
    policy: V1ValidatingAdmissionPolicy | undefined,
    binding: V1ValidatingAdmissionPolicyBinding | undefined,
    serviceAccount: Subject["serviceAccount"],
): ClusterSeen["injectionGuard"] {
    const suspended = policy !== undefined && isSuspendedGuard(policy.spec ?? {}, serviceAccount);
    return {
        present: policy !== undefined || binding !== undefined,
        ...(suspended ? { suspended } : {}),
        inForce:
            !suspended && policy !== undefined && isSound(policy) && binding !== undefined && binds(binding, policy),
        ...(policy === undefined ? {} : { roleArns: admittedRoles(policy.spec ?? {}, serviceAccount) }),
        ...(policy === undefined || isInjectionGuard(policy.spec ?? {}, serviceAccount)
            ? {}
            : { otherExpressions: true as const }),
    };
}

function readPolicy(cluster: Cluster, name: string) {
    return undefinedIfMissing(
        cluster.call(
            { verb: "get", resource: POLICIES, name },
            cluster.admission.readValidatingAdmissionPolicy({ name }),
        ),
    );
}

/**
 * Sets the roles that the policy admits, or lets each pod pass, by an apply of the program's fields under its field manager.
 *
 * The labels and annotations that this manager has applied stay in the apply, so that the program's resource sees no other
 * difference than the roles.
 */
export async function admitRoles(
    cluster: Cluster,
    subject: Subject,
    roleArns: readonly string[] | undefined,
): Promise<void> {
    const { injectionGuardName: name, fieldManager, serviceAccount } = subject;
    const { metadata } = (await readPolicy(cluster, name)) ?? {};
    if (metadata === undefined) {
        return;
    }
    const { uid, labels, annotations, managedFields = [] } = metadata;
    const body = {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: {
            name,
            uid,
            labels: pick(labels, appliedBy(managedFields, fieldManager, "f:labels")),
            annotations: pick(annotations, appliedBy(managedFields, fieldManager)),
        },
        spec:
            roleArns === undefined
                ? suspendedGuardSpec(serviceAccount)
                : injectionGuardSpec({ serviceAccount, roleArns }),
    };
    const patch = { name, body, fieldManager, force: true };
    await unlessReplaced(
        cluster.call(
            { verb: "patch", resource: POLICIES, name },
            cluster.admission.patchValidatingAdmissionPolicy(patch, cluster.asApply),
        ),
    );
}

function pick(of: Readonly<Record<string, string>> = {}, keys: readonly string[]): Record<string, string> | undefined {
    const picked = Object.entries(of).filter(([key]) => keys.includes(key));
    return picked.length === 0 ? undefined : Object.fromEntries(picked);
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
