import type { V1ControllerRevision, V1DaemonSet, V1ServiceAccount } from "@kubernetes/client-node";
import { LIVE_CHECKS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeSeen, PodSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { currentHash, daemonSetSeen, findDaemonSet, isOwnedBy, labelSelector } from "./daemonSet";
import { defaultPodsWithoutRole } from "./defaultPods";
import { missingPermissions, type PodsRefused, refusedPods } from "./events";
import { lookAtGuard } from "./injectionGuard";
import { listNodes, type NodesListed } from "./nodes";
import { listAll, type Listed } from "./paging";
import { otherPods } from "./otherCarriers";
import { listAgents, taintsThatKeepAgentsAway } from "./podIdentityAgents";
import { listPods, type PodsListed } from "./pods";
import { type PlacedPod, podOnNodeRole, withPods } from "./podsOnNodeRole";
import { appliedBy, serviceAccountSeen } from "./serviceAccount";

/** The observed state, and where each watch continues. */
export interface Look {
    readonly seen: ClusterSeen;
    readonly watches: readonly WatchStart[];
}

export interface WatchStart {
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
}

export async function look(cluster: Cluster, subject: Subject): Promise<Look> {
    const { namespace } = subject.serviceAccount;
    const seenAt = cluster.clock.now();
    const [uid, serviceAccounts, daemonSets, injectionGuard, podsWithoutRole, former, agents] = await Promise.all([
        clusterUid(cluster),
        findServiceAccount(cluster, subject.serviceAccount),
        findDaemonSet(cluster, { namespace, name: subject.daemonSetName }),
        lookAtGuard(cluster, subject),
        defaultPodsWithoutRole(cluster, subject),
        annotatedFormerAccounts(cluster, subject),
        listAgents(cluster, subject),
    ]);
    const [serviceAccount] = serviceAccounts.kept;
    const [daemonSet] = daemonSets.kept;
    const [{ carriers, onNodeRole }, rest] = await Promise.all([
        otherPods(cluster, subject, daemonSet),
        daemonSet && lookAtPods(cluster, subject, daemonSet),
    ]);
    const { selected: nodes = [], others: otherNodes = [] } = rest?.nodes ?? {};
    const taintsWithoutAgent =
        agents && daemonSet && rest ? taintsThatKeepAgentsAway(agents, daemonSet, rest.nodes) : [];
    const placed = withPods(otherNodes, [...podsWithoutRole, ...onNodeRole, ...(rest?.pods.others ?? [])]);
    return {
        seen: {
            uid,
            seenAt,
            ...(cluster.clock.aheadBy === 0 ? {} : { clockAhead: cluster.clock.aheadBy }),
            injectionGuard,
            serviceAccount:
                serviceAccount &&
                serviceAccountSeen(
                    serviceAccount,
                    [LIVE_CHECKS_ANNOTATION, ...Object.keys(subject.annotations)],
                    cluster.clock,
                    subject.fieldManager,
                ),
            daemonSet: daemonSet && daemonSetSeen(daemonSet, nodes.length),
            nodes,
            pods: rest?.pods.kept ?? [],
            refusedPods: (rest?.refused ?? []).map(({ message }) => message),
            ...refusedSince(rest?.refused ?? [], rest?.pods.kept ?? []),
            ...onTheseNodes(podsWithoutRole, nodes),
            ...(agents === undefined ? {} : { agentsReadyOn: agents.readyOn }),
            ...(taintsWithoutAgent.length === 0 ? {} : { taintsWithoutAgent }),
            ...(placed.length === 0 ? {} : { otherNodes: placed }),
            ...(carriers.length === 0 ? {} : { otherCarriers: carriers }),
            ...(former.length === 0 ? {} : { formerServiceAccounts: former }),
        },
        watches: [
            watchFrom(`/api/v1/namespaces/${namespace}/serviceaccounts`, serviceAccounts, {
                fieldSelector: named(subject.serviceAccount.name),
            }),
            watchFrom(`/apis/apps/v1/namespaces/${namespace}/daemonsets`, daemonSets, {
                fieldSelector: named(subject.daemonSetName),
            }),
            ...(daemonSet && rest
                ? [
                      watchFrom(`/api/v1/namespaces/${namespace}/pods`, rest.pods, {
                          labelSelector: labelSelector(daemonSet.spec?.selector ?? {}),
                      }),
                  ]
                : []),
        ],
    };
}

/** The pods on these nodes use their roles. Other nodes may have other roles: see OtherNodeSeen. */
function onTheseNodes(
    pods: readonly PlacedPod[],
    nodes: readonly NodeSeen[],
): Pick<ClusterSeen, "defaultPodsWithoutRole"> {
    const names = new Set(nodes.map(({ name }) => name));
    const here = pods.filter(({ node }) => names.has(node)).map(({ name }) => name);
    return here.length === 0 ? {} : { defaultPodsWithoutRole: here };
}

/** Events and creation times have whole seconds, so a pod may be as old as a refusal before it. */
function refusedSince(refused: readonly PodsRefused[], pods: readonly PodSeen[]): Pick<ClusterSeen, "refusedSince"> {
    const newest = Math.max(0, ...pods.map(({ createdAt }) => createdAt));
    const since = refused.flatMap(({ first, at }) => [first, at]).filter((time) => time > newest);
    return since.length === 0 ? {} : { refusedSince: Math.min(...since) };
}

/** Identifies the cluster: kube-system cannot be deleted, so its UID stays for the life of a cluster. */
export async function clusterUid(cluster: Cluster): Promise<string> {
    const name = "kube-system";
    const { metadata } = await cluster.call(
        { verb: "get", resource: "namespaces", name },
        cluster.core.readNamespace({ name }),
    );
    return metadata?.uid ?? "";
}

const named = (name: string) => `metadata.name=${name}`;

/** A LIST of one object. Unlike a GET, it returns where a watch continues even if the object does not exist yet. */
function findServiceAccount(
    cluster: Cluster,
    { namespace, name }: Subject["serviceAccount"],
): Promise<Listed<V1ServiceAccount>> {
    return listAll(
        () =>
            cluster.call(
                { verb: "list", resource: "serviceaccounts", namespace, name },
                cluster.core.listNamespacedServiceAccount({ namespace, fieldSelector: named(name) }),
            ),
        (item) => item,
    );
}

/** Pods of a former service account would still get its role, which is about to be deleted. */
async function annotatedFormerAccounts(
    cluster: Cluster,
    { formerServiceAccounts = [], fieldManager }: Subject,
): Promise<Subject["serviceAccount"][]> {
    const found = await Promise.all(formerServiceAccounts.map((account) => findServiceAccount(cluster, account)));
    return formerServiceAccounts.filter((_, i) =>
        found[i]?.kept.some(({ metadata }) => appliedBy(metadata?.managedFields ?? [], fieldManager).length > 0),
    );
}

interface PodsAndNodes {
    readonly pods: PodsListed<PlacedPod>;
    readonly nodes: NodesListed;
    readonly refused: PodsRefused[];
}

/**
 * Reads the revisions after the DaemonSet, and the nodes after the pods.
 *
 * In this order, a change in between shows as a pod that is not current, or as a node without a pod. In the reverse order, a pod
 * with an old template could pass for a current one, and a new node could be missed.
 */
async function lookAtPods(cluster: Cluster, subject: Subject, daemonSet: V1DaemonSet): Promise<PodsAndNodes> {
    const {
        serviceAccount: { namespace },
        ipFamily,
    } = subject;
    const { name = "", uid = "" } = daemonSet.metadata ?? {};
    const [revisions, missing, refused] = await Promise.all([
        listRevisions(cluster, namespace, daemonSet),
        missingPermissions(cluster, namespace, ipFamily),
        refusedPods(cluster, namespace, { name, uid }),
    ]);
    const context = {
        currentHash: currentHash(daemonSet, revisions),
        missingPermissions: missing,
        clock: cluster.clock,
    };
    const pods = await listPods(cluster, daemonSet, context, (pod) => podOnNodeRole(pod, subject));
    return { pods, refused, nodes: await listNodes(cluster, daemonSet.spec?.template.spec ?? { containers: [] }) };
}

async function listRevisions(
    cluster: Cluster,
    namespace: string,
    daemonSet: V1DaemonSet,
): Promise<V1ControllerRevision[]> {
    const selector = labelSelector(daemonSet.spec?.selector ?? {});
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "controllerrevisions.apps", namespace },
                cluster.apps.listNamespacedControllerRevision({ namespace, labelSelector: selector, limit, _continue }),
            ),
        // The data is dropped: it is a copy of the whole template.
        (item) =>
            isOwnedBy(item.metadata?.ownerReferences, daemonSet.metadata?.uid)
                ? Object.assign(item, { data: undefined })
                : undefined,
    );
    return kept;
}

function watchFrom(path: string, { resourceVersion }: Listed<unknown>, query: Record<string, string>): WatchStart {
    return { path, query: { ...query, ...(resourceVersion !== undefined && { resourceVersion }) } };
}
