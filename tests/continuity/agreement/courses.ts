/** What is played on the model and on the sandbox, turn by turn. */
import type { Program } from "../../model/engine";
import type { Fault } from "../../model/faults";
import { MODEL_NODE_ROLE } from "./sight";

export interface AgreedTurn {
    /** What befalls the cluster before the operation. */
    readonly faults?: readonly Fault[];
    readonly operation:
        | { readonly do: "up"; readonly refresh?: true; readonly program: Program }
        | { readonly do: "destroy" }
        | { readonly do: "nothing" };
    /** What befalls the cluster in the run, as soon as a pod is born with the role that is tried out. */
    readonly whenTheCanaryIsBorn?: Fault;
    /** Ends the run right before this call, which is named as the model and as the engine's proxy name it. */
    readonly killedBefore?: { readonly model: string; readonly sandbox: RegExp };
}

export interface Course {
    readonly strategy: "RollingUpdate" | "OnDelete";
    readonly turns: readonly AgreedTurn[];
}

const program = (roleName: string, detaches = true): Program => ({
    roleName,
    detachFromNodeRoles: detaches ? [MODEL_NODE_ROLE] : undefined,
});
const up = (roleName: string, detaches = true) => ({ do: "up", program: program(roleName, detaches) }) as const;
const refreshed = (roleName: string) => ({ ...up(roleName), refresh: true }) as const;
const destroy = { do: "destroy" } as const;
const nothing = { do: "nothing" } as const;
const webhookDown: Fault = { kind: "webhookDown" };
const webhookUp: Fault = { kind: "webhookUp" };
const podDeleted: Fault = { kind: "podDeleted", which: 0 };

/** What operators do, and what befalls a cluster that was handed over. */
export const operators: Course = {
    strategy: "RollingUpdate",
    turns: [
        { operation: up("bad") },
        { operation: up("cni") },
        { operation: up("cni") },
        { faults: [podDeleted], operation: nothing },
        { faults: [{ kind: "nodeJoins", role: MODEL_NODE_ROLE }], operation: nothing },
        { faults: [{ kind: "nodeLost", which: 0 }], operation: nothing },
        { faults: [{ kind: "annotationWiped" }], operation: refreshed("cni") },
        { faults: [webhookDown, podDeleted], operation: nothing },
        { faults: [webhookUp], operation: nothing },
        { operation: up("next") },
        { operation: up("next", false) },
        { operation: up("next") },
        { operation: destroy },
    ],
};

/** Faults and kills on the way. */
export const faults: Course = {
    strategy: "RollingUpdate",
    turns: [
        { faults: [webhookDown], operation: up("cni") },
        { faults: [webhookUp, { kind: "webhookLate", milliseconds: 4000 }], operation: up("cni") },
        { faults: [{ kind: "nodeNotReady", which: 0 }], operation: up("cni", false) },
        { faults: [{ kind: "nodesReturn" }], operation: up("cni", false) },
        { operation: up("next"), killedBefore: { model: "patch the DaemonSet", sandbox: /^PATCH daemonsets/ } },
        { operation: up("next") },
        { operation: destroy, killedBefore: { model: "remove the injection guard", sandbox: /^DELETE validating/ } },
        { operation: destroy },
    ],
};

/** A node falls silent with a canary on it whose role does not work: the pod leaves the API without an answer of its kubelet. */
export const silence: Course = {
    strategy: "RollingUpdate",
    turns: [
        { operation: up("bad"), whenTheCanaryIsBorn: { kind: "nodeNotReady", which: 0 } },
        { faults: [{ kind: "nodesReturn" }], operation: nothing },
        { operation: up("cni") },
        { operation: destroy },
    ],
};

/** A DaemonSet whose pods nobody but the hand-over restarts. */
export const onDelete: Course = {
    strategy: "OnDelete",
    turns: [{ operation: up("cni") }, { operation: up("next") }, { operation: destroy }],
};
