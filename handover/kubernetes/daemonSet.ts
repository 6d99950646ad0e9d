import type {
    V1ControllerRevision,
    V1DaemonSet,
    V1LabelSelector,
    V1ObjectMeta,
    V1PodSpec,
} from "@kubernetes/client-node";
import { pluginSettings } from "../../documents/pluginSettings";
import {
    PATCH_FIELD_MANAGER_ANNOTATION,
    ROLLOUT_ANNOTATION,
    SKIP_CONTAINERS_ANNOTATION,
    WAKE_MARK_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { SKIPPING_MANAGER } from "../model/fieldManagers";
import type { DaemonSetSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import { variable } from "./environment";
import { listAll, type Listed } from "./paging";
import { ownersOf } from "./serviceAccount";

/** A LIST of one object. Unlike a GET, it returns where a watch continues even if the object does not exist yet. */
export function findDaemonSet(
    cluster: Cluster,
    { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Listed<V1DaemonSet>> {
    return listAll(
        () =>
            cluster.call(
                { verb: "list", resource: "daemonsets.apps", namespace, name },
                cluster.apps.listNamespacedDaemonSet({ namespace, fieldSelector: `metadata.name=${name}` }),
            ),
        (item) => item,
    );
}

export function daemonSetSeen(live: V1DaemonSet, selectedNodes: number): DaemonSetSeen {
    const { metadata, spec } = live;
    const template = spec?.template;
    const containers = [...(template?.spec?.initContainers ?? []), ...(template?.spec?.containers ?? [])];
    const plugin = containers.find(({ name }) => name === "aws-node");
    const settings = plugin && pluginSettings((name) => variable(plugin, name));
    return {
        serviceAccountName: template?.spec?.serviceAccountName ?? template?.spec?.serviceAccount ?? "default",
        updateStrategy: spec?.updateStrategy?.type === "OnDelete" ? "OnDelete" : "RollingUpdate",
        maxUnavailable: maxUnavailable(spec?.updateStrategy?.rollingUpdate?.maxUnavailable, selectedNodes),
        templateLabels: template?.metadata?.labels ?? {},
        templateAnnotations: template?.metadata?.annotations ?? {},
        images: imagesOf(template?.spec),
        nodeAgentArguments: containers.find(({ name }) => name === "aws-eks-nodeagent")?.args ?? [],
        observed: isObserved(live),
        woken: metadata?.annotations?.[WAKE_MARK_ANNOTATION] !== undefined,
        ...(skipsContainers(live) ? { skipsContainers: true as const } : {}),
        ...(settings === undefined || Object.keys(settings).length === 0 ? {} : { settings }),
        patchFieldManager: metadata?.annotations?.[PATCH_FIELD_MANAGER_ANNOTATION] ?? ownerOfDelivery(metadata),
    };
}

/** By the name of the container, init containers too. */
export function imagesOf({ initContainers = [], containers = [] }: Partial<V1PodSpec> = {}): Record<string, string> {
    return Object.fromEntries([...initContainers, ...containers].map(({ name, image = "" }) => [name, image]));
}

/** Whether the component has excluded the containers from the webhook. Another party may have done the same. */
function skipsContainers({ metadata }: V1DaemonSet): boolean {
    const own = (metadata?.managedFields ?? []).filter(({ manager }) => manager === SKIPPING_MANAGER);
    return own.some(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes(`"f:${SKIP_CONTAINERS_ANNOTATION}"`));
}

/**
 * If the DaemonSet was deleted and created again, a refresh takes that annotation out of the state, and the next patch leaves it out: it has
 * `ignoreChanges` (components/delivery/fieldManager.ts).
 */
function ownerOfDelivery({ managedFields = [] }: V1ObjectMeta = {}): string | undefined {
    return ownersOf(managedFields, ROLLOUT_ANNOTATION)[0];
}

/** The controller creates a template's revision before it reports it as observed (daemon_controller.go, syncDaemonSet). */
export function isObserved({ metadata, status }: V1DaemonSet): boolean {
    return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

/**
 * Calculated like the controller does (pkg/controller/daemon/update.go, updatedDesiredNodeCounts): a percentage is rounded up. A
 * missing value is 1, as the API server defaults it, and so is a result of 0.
 */
export function maxUnavailable(value: number | string | undefined, nodes: number): number {
    const share = typeof value === "string" ? /^(\d+)%$/.exec(value)?.[1] : undefined;
    return Math.max(1, share === undefined ? Number(value ?? 1) || 1 : Math.ceil((Number(share) * nodes) / 100));
}

/**
 * The revision label of the pods with the current template: that of the DaemonSet's newest revision, which the controller
 * renumbers when an earlier template is used again (pkg/controller/daemon/update.go, constructHistory).
 *
 * Undefined before the controller has observed the template.
 */
export function currentHash(daemonSet: V1DaemonSet, revisions: readonly V1ControllerRevision[]): string | undefined {
    const newest = revisions
        .filter(({ metadata }) => isOwnedBy(metadata?.ownerReferences, daemonSet.metadata?.uid))
        .sort((a, b) => b.revision - a.revision)[0];
    return isObserved(daemonSet) ? newest?.metadata?.labels?.[REVISION_LABEL] : undefined;
}

export const REVISION_LABEL = "controller-revision-hash";

/** Objects of another owner may have the same labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
export function isOwnedBy(
    owners: readonly { readonly uid: string; readonly controller?: boolean }[] = [],
    uid: string | undefined,
): boolean {
    return owners.some((owner) => owner.controller === true && owner.uid === uid);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#list-and-watch-filtering */
export function labelSelector({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
    const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
    const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
        switch (operator) {
            case "In":
                return `${key} in (${values.join(",")})`;
            case "NotIn":
                return `${key} notin (${values.join(",")})`;
            case "Exists":
                return key;
            default:
                return `!${key}`;
        }
    });
    return [...labels, ...expressions].join(",");
}
