import type { V1Pod } from "@kubernetes/client-node";
import { credentialSource } from "../model/credentialSource";
import { isSameAccount, type Subject } from "../model/subject";
import type { OtherNodeSeen, PodOnNodeRole } from "../model/world";
import { hasEnded, nodeOf } from "./pods";

export interface PlacedPod extends PodOnNodeRole {
    readonly node: string;
}

/**
 * A pod that a DaemonSet owns, and that has no role of its own, so that it uses the permissions of its node's role. Undefined for any other pod.
 */
export function podOnNodeRole(pod: V1Pod, { serviceAccount }: Pick<Subject, "serviceAccount">): PlacedPod | undefined {
    const { name = "", namespace = "", ownerReferences = [], deletionTimestamp } = pod.metadata ?? {};
    const { kind } = credentialSource(pod.spec ?? { containers: [] });
    const owner = ownerReferences.find((one) => one.controller === true && one.kind === "DaemonSet");
    return owner === undefined || deletionTimestamp || hasEnded(pod) || (kind !== "nodeRole" && kind !== "incomplete")
        ? undefined
        : {
              name,
              node: nodeOf(pod),
              daemonSet: { namespace, name: owner.name },
              sharesServiceAccount: isSameAccount(serviceAccount, {
                  namespace,
                  name: pod.spec?.serviceAccountName ?? "default",
              }),
          };
}

/** The nodes with those of the pods that run on them. Two lists may have the same pod. */
export function withPods(nodes: readonly OtherNodeSeen[], pods: readonly PlacedPod[]): OtherNodeSeen[] {
    const onNode = new Map<string, Map<string, PodOnNodeRole>>();
    for (const { node, ...pod } of pods) {
        const here = onNode.get(node) ?? new Map<string, PodOnNodeRole>();
        onNode.set(node, here.set(`${pod.daemonSet.namespace}/${pod.name}`, pod));
    }
    return nodes.map((node) => {
        const here = onNode.get(node.name);
        return here === undefined ? node : { ...node, podsOnNodeRole: [...here.values()] };
    });
}
