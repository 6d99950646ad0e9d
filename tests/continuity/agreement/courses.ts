/** Courses that run on the model and on the sandbox, turn by turn. */
import type { Program } from "../../model/engine";
import type { Fault } from "../../model/faults";
import { MODEL_NODE_ROLE } from "./comparedState";

export interface AgreedTurn {
    /** Injected before the operation. */
    readonly faults?: readonly Fault[];
    readonly operation:
        | { readonly do: "up"; readonly refresh?: true; readonly program: Program }
        | { readonly do: "destroy" }
        | { readonly do: "nothing" };
    /** Injected during the run, as soon as the first pod with the new role is created. */
    readonly whenCanaryIsCreated?: Fault;
    /** Kills the run right before this call, as named in the model's log and by the engine's proxy. */
    readonly killedBefore?: KilledBefore;
}

export interface KilledBefore {
    readonly model: string;
    readonly sandbox: RegExp;
    /** Before the first such call of the run if it is missing. */
    readonly nth?: number;
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

/** Operations of an operator, and faults on a cluster that was handed over. */
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
        { faults: [{ kind: "roleAnnotated" }], operation: refreshed("cni") },
        { faults: [podDeleted], operation: nothing },
        { faults: [{ kind: "annotationWiped" }], operation: refreshed("cni") },
        { faults: [webhookDown, podDeleted], operation: nothing },
        { faults: [webhookUp], operation: nothing },
        { operation: up("next") },
        { operation: up("next", false) },
        { operation: up("next") },
        { operation: destroy },
    ],
};

/** Faults and kills during hand-over and hand-back. */
export const faults: Course = {
    strategy: "RollingUpdate",
    turns: [
        { faults: [webhookDown], operation: up("cni") },
        { faults: [webhookUp, { kind: "webhookLate", milliseconds: 4000 }], operation: up("cni") },
        { faults: [{ kind: "nodeNotReady", which: 0 }], operation: up("cni", false) },
        { faults: [{ kind: "nodesReturn" }], operation: up("cni", false) },
        // The canary carries the role then.
        {
            faults: [{ kind: "webhookLate", milliseconds: 0 }],
            operation: up("next"),
            killedBefore: { model: "restart pod", sandbox: /^DELETE pods\//, nth: 2 },
        },
        { operation: up("next"), killedBefore: { model: "patch the DaemonSet", sandbox: /^PATCH daemonsets/ } },
        { operation: up("next") },
        { operation: destroy, killedBefore: { model: "remove the injection guard", sandbox: /^DELETE validating/ } },
        { operation: destroy },
    ],
};

/** A node becomes NotReady with a canary whose role does not work: the pod is deleted from the API without its kubelet. */
export const silence: Course = {
    strategy: "RollingUpdate",
    turns: [
        { operation: up("bad"), whenCanaryIsCreated: { kind: "nodeNotReady", which: 0 } },
        { faults: [{ kind: "nodesReturn" }], operation: nothing },
        { operation: up("cni") },
        { operation: destroy },
    ],
};

/** A managed add-on with another role. Then a DaemonSet with OnDelete: only the hand-over restarts its pods. */
export const onDelete: Course = {
    strategy: "OnDelete",
    turns: [
        { faults: [{ kind: "addOnGetsRole" }], operation: up("cni") },
        { faults: [{ kind: "addOnLosesRole" }], operation: up("cni") },
        { operation: up("next") },
        { operation: destroy },
    ],
};
