import { carriesAnyOf, othersThatCarry } from "../model/carriedRole";
import type { Subject } from "../model/subject";
import type { ClusterSeen, ServiceAccountSeen } from "../model/world";

/** The field manager of another component of this package that annotates the service account. Undefined if there is none. */
export function anotherComponent(
    { fieldManager }: Pick<Subject, "fieldManager">,
    serviceAccount: Pick<ServiceAccountSeen, "roleArnOwners"> | undefined,
): string | undefined {
    const owners = serviceAccount?.roleArnOwners ?? [];
    return owners.find((owner) => owner !== fieldManager && owner.startsWith("eks-cni/"));
}

/**
 * Whether another component has handed over these pods, and nothing is left of this one: two stacks have run at once, and this one has lost. Each
 * pod has a role of the other component, which has detached the policies and gives them back with its own hand-back.
 */
export function isAnotherComponents(subject: Subject, roleArns: readonly string[], cluster: ClusterSeen): boolean {
    const { serviceAccount, pods, injectionGuard } = cluster;
    return (
        anotherComponent(subject, serviceAccount) !== undefined &&
        !injectionGuard.present &&
        pods.length > 0 &&
        pods.every((pod) => pod.credentials.kind === "webIdentity" && !carriesAnyOf(pod, roleArns)) &&
        othersThatCarry(cluster, roleArns).length === 0
    );
}
