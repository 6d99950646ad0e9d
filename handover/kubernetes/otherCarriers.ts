import type { V1DaemonSet, V1Pod } from "@kubernetes/client-node";
import { carriedRoles } from "../model/carriedRole";
import { credentialSource } from "../model/credentialSource";
import { dependsOnAssociation, isSameAccount, type ServiceAccountName, type Subject } from "../model/subject";
import type { OtherCarrier } from "../model/world";
import type { Cluster } from "./clusterClient";
import type { ClusterClock } from "./clusterClock";
import { isOwnedBy } from "./daemonSet";
import { hasEnded, listPodsOf } from "./pods";
import { type PlacedPod, podOnNodeRole } from "./podsOnNodeRole";

/** The pods of the service accounts that do not belong to the DaemonSet. */
export interface OtherPods {
    readonly carriers: OtherCarrier[];
    readonly onNodeRole: PlacedPod[];
}

/**
 * The pods that carry a role and do not belong to the DaemonSet: another DaemonSet may use the same service account, and the plugin may
 * have used another one before. The role must not be deleted while they carry it. Those without a role use the node role.
 *
 * The trust policy admits these service accounts alone, so pods of others cannot carry the role.
 */
export async function otherPods(
    cluster: Cluster,
    subject: Subject,
    daemonSet: V1DaemonSet | undefined,
): Promise<OtherPods> {
    const { serviceAccount, formerServiceAccounts = [] } = subject;
    const accounts = [serviceAccount, ...formerServiceAccounts];
    const found = (await Promise.all(accounts.map((account) => podsOf(cluster, subject, account, daemonSet)))).flat();
    return {
        carriers: found.flatMap(({ carries }) => carries ?? []),
        onNodeRole: found.flatMap(({ onNodeRole }) => onNodeRole ?? []),
    };
}

/** The labels leave out the DaemonSet's own pods, which the look lists anyway: a large cluster has thousands. */
async function podsOf(
    cluster: Cluster,
    subject: Subject,
    account: ServiceAccountName,
    daemonSet: V1DaemonSet | undefined,
) {
    const { namespace, name } = account;
    const { kept } = await listPodsOf(
        cluster,
        namespace,
        { fieldSelector: `spec.serviceAccountName=${name}`, labelSelector: otherThan(daemonSet) },
        (pod) =>
            isOwnedBy(pod.metadata?.ownerReferences, daemonSet?.metadata?.uid)
                ? undefined
                : { carries: carrier(pod, account, subject, cluster.clock), onNodeRole: podOnNodeRole(pod, subject) },
    );
    return kept;
}

/** Only the selector of a single label has an opposite. Another DaemonSet cannot share it: their controllers would fight over the pods. */
function otherThan(daemonSet: V1DaemonSet | undefined): string | undefined {
    const { matchLabels = {}, matchExpressions = [] } = daemonSet?.spec?.selector ?? {};
    const [label, ...others] = Object.entries(matchLabels);
    return label === undefined || others.length > 0 || matchExpressions.length > 0 ? undefined : label.join("!=");
}

function carrier(
    pod: V1Pod,
    serviceAccount: ServiceAccountName,
    subject: Subject,
    clock: ClusterClock,
): OtherCarrier | undefined {
    const { metadata, spec } = pod;
    const credentials = credentialSource(spec ?? { containers: [] });
    // Of another service account, it has the association of that one.
    const isAssociated =
        credentials.kind === "containerCredentials" &&
        dependsOnAssociation(subject) &&
        isSameAccount(serviceAccount, subject.serviceAccount);
    const roleArns = carriedRoles({ credentials });
    const owner = metadata?.ownerReferences?.find((one) => one.controller === true && one.kind === "DaemonSet");
    return (roleArns.length === 0 && !isAssociated) || hasEnded(pod)
        ? undefined
        : {
              name: metadata?.name ?? "",
              serviceAccount,
              daemonSet: owner?.name,
              roleArns,
              ...(isAssociated ? { associated: associatedOf(pod, clock) } : {}),
          };
}

/** A pod does not show the role of its association. */
function associatedOf({ metadata, spec }: V1Pod, clock: ClusterClock): NonNullable<OtherCarrier["associated"]> {
    const { creationTimestamp } = metadata ?? {};
    return {
        createdAt: creationTimestamp ? clock.here(creationTimestamp) : 0,
        containers: [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name).sort(),
    };
}
