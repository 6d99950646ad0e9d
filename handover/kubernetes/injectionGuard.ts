import type {
    V1ObjectMeta,
    V1ValidatingAdmissionPolicy,
    V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";
import {
    admittedRoles,
    bindingSpec,
    type GuardedPods,
    injectionGuardSpec,
    isInjectionGuard,
} from "../../documents/injectionGuard";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { InjectionGuardSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { StatusError, undefinedIfMissing } from "./clusterErrors";
import { ownersOf, unlessReplaced } from "./serverSideApply";

const API_VERSION = "admissionregistration.k8s.io/v1";
const POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

type Named = Pick<Subject, "injectionGuardName">;

export async function lookAtGuard(cluster: Cluster, subject: Subject): Promise<InjectionGuardSeen> {
    const [policy, binding] = await readGuard(cluster, subject);
    return guardSeen(policy, binding, subject);
}

/** A cluster that is too old for the API also answers 404. */
function readGuard(cluster: Cluster, { injectionGuardName: name }: Named) {
    return Promise.all([
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
}

export function guardSeen(
    livePolicy: V1ValidatingAdmissionPolicy | undefined,
    liveBinding: V1ValidatingAdmissionPolicyBinding | undefined,
    { serviceAccount, fieldManager }: Pick<Subject, "serviceAccount" | "fieldManager">,
): InjectionGuardSeen {
    const policy = ifApplied(livePolicy, fieldManager);
    const binding = ifApplied(liveBinding, fieldManager);
    const othersManagers = managersOfOthers([livePolicy, liveBinding], fieldManager);
    const spec = policy?.spec ?? {};
    const isBound = policy !== undefined && binding !== undefined && binds(binding, policy);
    return {
        present: policy !== undefined || binding !== undefined,
        inForce: isBound && isSound(policy),
        ...(policy === undefined ? {} : { roleArns: admittedRoles(spec, serviceAccount) }),
        ...(policy === undefined || isInjectionGuard(spec, serviceAccount) ? {} : { otherExpressions: true as const }),
        ...(policy === undefined || isBound ? {} : { unbound: true as const }),
        ...(othersManagers === undefined ? {} : { othersManagers }),
    };
}

interface Applied {
    readonly metadata?: V1ObjectMeta;
}

/** Only the component applies with its field manager, so what this one has not applied is another party's, whatever its name. */
function ifApplied<T extends Applied>(live: T | undefined, fieldManager: string): T | undefined {
    return live?.metadata?.managedFields?.some(isApplyBy(fieldManager)) === true ? live : undefined;
}

const isApplyBy =
    (fieldManager: string) =>
    ({ manager, operation }: { readonly manager?: string; readonly operation?: string }) =>
        manager === fieldManager && operation === "Apply";

function managersOfOthers(
    objects: readonly (Applied | undefined)[],
    fieldManager: string,
): readonly string[] | undefined {
    const others = objects.filter((live) => live !== undefined && ifApplied(live, fieldManager) === undefined);
    // The control plane's controllers write the status.
    const managers = others
        .flatMap((live) => live?.metadata?.managedFields ?? [])
        .filter(({ subresource }) => subresource === undefined)
        .map(({ manager = "" }) => manager);
    return others.length === 0 ? undefined : [...new Set(managers)];
}

/** Sets the roles that the policy admits. Other managers' labels and annotations stay. */
export async function admitRoles(
    cluster: Cluster,
    subject: Subject,
    roleArns: readonly string[],
    advice = "",
): Promise<void> {
    const [live] = await readGuard(cluster, subject);
    const policy = ifApplied(live, subject.fieldManager);
    if (policy !== undefined) {
        await unlessReplaced(applyPolicy(cluster, subject, { roleArns, advice }, policy));
    }
}

/**
 * Creates the policy and its binding, or what is missing of them.
 *
 * A live check does it, and no resource of the program: Pulumi's Kubernetes provider creates by POST since its version 4.29.0, and so fails where a
 * guard exists that no state knows, as after a destroy that was killed (pulumi-kubernetes provider/pkg/await/await.go, Creation). An apply is the same
 * request for both.
 */
export async function createGuard(
    cluster: Cluster,
    subject: Subject,
    roleArns: readonly string[],
    advice = "",
): Promise<void> {
    const [policy, binding] = await readGuard(cluster, subject);
    const others = managersOfOthers([policy, binding], subject.fieldManager);
    if (others !== undefined) {
        throw refusals.injectionGuardOfOthers(subject, others);
    }
    try {
        await unlessReplaced(applyPolicy(cluster, subject, { roleArns, advice }, policy));
        await unlessReplaced(applyBinding(cluster, subject, binding));
    } catch (error) {
        // Another party has created one since.
        throw error instanceof StatusError ? refusals.injectionGuardOfOthers(subject, ownersOf(error)) : error;
    }
}

function applyPolicy(
    cluster: Cluster,
    subject: Subject,
    guarded: Pick<GuardedPods, "roleArns" | "advice">,
    live: Applied | undefined,
) {
    const { injectionGuardName: name, serviceAccount } = subject;
    return cluster.call(
        { verb: "patch", resource: POLICIES, name },
        cluster.admission.patchValidatingAdmissionPolicy(
            applyOf(subject, "ValidatingAdmissionPolicy", injectionGuardSpec({ serviceAccount, ...guarded }), live),
            cluster.asApply,
        ),
    );
}

function applyBinding(cluster: Cluster, subject: Subject, live: Applied | undefined) {
    const { injectionGuardName: name } = subject;
    return cluster.call(
        { verb: "patch", resource: BINDINGS, name },
        cluster.admission.patchValidatingAdmissionPolicyBinding(
            applyOf(subject, "ValidatingAdmissionPolicyBinding", bindingSpec(name), live),
            cluster.asApply,
        ),
    );
}

/** Takes back what another party has changed of the component's own object. One that did not exist a moment ago is not taken from anybody. */
function applyOf(
    { injectionGuardName: name, fieldManager }: Subject,
    kind: string,
    spec: object,
    live: Applied | undefined,
) {
    const { uid } = live?.metadata ?? {};
    const body = { apiVersion: API_VERSION, kind, metadata: { name, ...(uid === undefined ? {} : { uid }) }, spec };
    return { name, body, fieldManager, force: live !== undefined };
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

/** Deletes the binding first: from then on the policy refuses nothing. An object of another party stays. */
export async function removeGuard(cluster: Cluster, subject: Subject): Promise<void> {
    const { injectionGuardName: name, fieldManager } = subject;
    const [policy, binding] = (await readGuard(cluster, subject)).map((live) => ifApplied<Applied>(live, fieldManager));
    if (binding !== undefined) {
        await unlessReplaced(
            undefinedIfMissing(
                cluster.call(
                    { verb: "delete", resource: BINDINGS, name },
                    cluster.admission.deleteValidatingAdmissionPolicyBinding({ name, body: onlyThis(binding) }),
                ),
            ),
        );
    }
    if (policy !== undefined) {
        await unlessReplaced(
            undefinedIfMissing(
                cluster.call(
                    { verb: "delete", resource: POLICIES, name },
                    cluster.admission.deleteValidatingAdmissionPolicy({ name, body: onlyThis(policy) }),
                ),
            ),
        );
    }
}

const onlyThis = ({ metadata }: Applied) => ({ preconditions: { uid: metadata?.uid } });
