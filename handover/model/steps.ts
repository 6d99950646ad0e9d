import type { AddOnUpdate, AddOnUpdateEnded } from "./addOn";
import type { Refusal } from "./refusal";
import type { Seen } from "./seen";
import type { ServiceAccountName } from "./subject";
import type { PodSeen } from "./world";

/** The next safe step towards a goal, decided by a pure function of the observed state. */
export type Step =
    /** Nothing can be done now. `why` is shown as progress, and in the message of a run that reaches its time limit. */
    | {
          readonly do: "wait";
          readonly why: string;
          /** The nodes whose pods are awaited: once all are Ready, the wait ends. Undefined: any change ends it. */
          readonly readyOn?: readonly string[];
          /** The end of a fixed wait, which the time limit does not count. */
          readonly until?: number;
      }
    /** Waits until IAM enforces what it already shows: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html */
    | { readonly do: "awaitPropagation"; readonly milliseconds: number; readonly why: string }
    /** Deletes these pods, which the DaemonSet controller then replaces. */
    | { readonly do: "restart"; readonly pods: readonly PodSeen[]; readonly why: string }
    /** For a node that does not respond: the pod is removed from the API at once, and the kubelet stops it when it returns. */
    | { readonly do: "forceRestart"; readonly pod: PodSeen; readonly why: string }
    /** Makes the DaemonSet controller retry at once, by an annotation on the DaemonSet (the wake mark). */
    | { readonly do: "wake"; readonly why: string }
    | { readonly do: "removeWakeMark"; readonly why: string }
    | {
          readonly do: "annotate";
          readonly annotations: Readonly<Record<string, string>>;
          /** Takes an annotation also from another owner. Otherwise the API server refuses one that got an owner after the last look. */
          readonly force?: true;
          readonly why: string;
      }
    | { readonly do: "attach"; readonly policies: readonly RolePolicy[]; readonly why: string }
    | { readonly do: "detach"; readonly policies: readonly RolePolicy[]; readonly why: string }
    /** Sets the roles that the injection guard admits. */
    | { readonly do: "admitRoles"; readonly roleArns: readonly string[]; readonly why: string }
    /** Creates the injection guard, or the part of it that is missing. */
    | { readonly do: "createInjectionGuard"; readonly roleArns: readonly string[]; readonly why: string }
    | { readonly do: "removeInjectionGuard"; readonly why: string }
    | { readonly do: "releaseTemplate"; readonly why: string }
    /** Excludes these containers of the pod template from the webhook. The DaemonSet's pods have to restart. */
    | { readonly do: "skipContainers"; readonly containers: readonly string[]; readonly why: string }
    /** Undoes it. The DaemonSet's pods have to restart once more. */
    | { readonly do: "unskipContainers"; readonly why: string }
    /** Gives an association another role, which also reaches pods that do not restart. */
    | {
          readonly do: "changeAssociation";
          readonly clusterName: string;
          readonly associationId: string;
          readonly roleArn: string;
          readonly why: string;
      }
    | {
          readonly do: "deleteAssociation";
          readonly clusterName: string;
          readonly associationId: string;
          readonly why: string;
      }
    /** Releases the component's fields of a service account, and leaves these annotations on it. */
    | {
          readonly do: "releaseServiceAccount";
          /** Undefined: the service account of the subject. */
          readonly account?: ServiceAccountName;
          readonly leaving: Readonly<Record<string, string>>;
          readonly why: string;
      }
    /** Tells the managed add-on its role, or takes it away, and waits until EKS has carried that out. */
    /** The run follows the update for up to `limitSeconds`. */
    | {
          readonly do: "updateAddOn";
          readonly update: AddOnUpdate;
          readonly limitSeconds: number;
          readonly why: string;
      }
    /** Removes the role annotation for every owner, by a merge patch. */
    | { readonly do: "removeRole"; readonly why: string }
    /** Releases the annotations that a hand-back has left for another owner, which owns them by now. */
    | { readonly do: "releaseLeft"; readonly why: string }
    | { readonly do: "refuse"; readonly refusal: Refusal }
    | { readonly do: "done"; readonly why: string };

export interface RolePolicy {
    readonly roleName: string;
    readonly policyArn: string;
}

/**
 * The run's memory of its own steps, and of its looks.
 *
 * Its steps can only delay or end a run. Whether a step is safe is decided from the observed state, since an earlier run may have been killed at
 * any point. Its looks are evidence of pods and places that work with the role, which need not work at the same moment. Without them, a run
 * waits longer.
 */
export interface Memory {
    readonly startedAt: number;
    /** When this run last attached a policy. */
    readonly attachedAt: number | undefined;
    /** The policies that it attached last, and has not detached since. */
    readonly attached: readonly RolePolicy[];
    /** Policies that this run could not attach, because they no longer exist, or are no policies of the CNI. */
    readonly gone: readonly RolePolicy[];
    /** When this run last detached a policy. */
    readonly detachedAt: number | undefined;
    /** When this run last asked for a detachment whose answer was lost, so that it may have taken place. Missing if there is none. */
    readonly detachSentAt?: number;
    readonly propagatedAt: number | undefined;
    /** When this run last deleted an association, or gave it another role. Missing: it has done neither. */
    readonly associationChangedAt?: number;
    /** When this run released the service account's annotations. */
    readonly releasedAt: number | undefined;
    readonly wokenAt: number | undefined;
    /** How many pods this run restarted, by node. A pod counts once, however often the run asks for its deletion. */
    readonly restarts: Readonly<Record<string, number>>;
    /** The UIDs of these pods. Missing if there is none. */
    readonly restarted?: ReadonlySet<string>;
    /** How often this run attached policies again. */
    readonly restores: number;
    /** How this run's last update of the add-on has ended. Missing if there was none. */
    readonly addOnUpdate?: AddOnUpdateEnded;
    /** How often this run has released the role annotation to its other owner. Missing: never. */
    readonly releases?: number;
    /** Undefined before the first look is over. */
    readonly seen?: Seen;
}

export function freshMemory(startedAt: number): Memory {
    return {
        startedAt,
        attachedAt: undefined,
        attached: [],
        gone: [],
        detachedAt: undefined,
        propagatedAt: undefined,
        releasedAt: undefined,
        wokenAt: undefined,
        restarts: {},
        restores: 0,
    };
}

/** The result of a step, as far as the next look does not show it. */
export interface StepResult {
    /** The policies of the step that no longer exist, or are no policies of the CNI. */
    readonly gone?: readonly RolePolicy[];
    /** How the update of the add-on has ended. Undefined if EKS was busy, or the add-on was deleted. */
    readonly addOnUpdate?: AddOnUpdateEnded | undefined;
}

/** Adds a step that the run took at the time `at`. */
export function remember(memory: Memory, step: Step, at: number, { gone = [], addOnUpdate }: StepResult = {}): Memory {
    switch (step.do) {
        case "updateAddOn":
            return addOnUpdate === undefined ? memory : { ...memory, addOnUpdate };
        case "attach":
            return {
                ...memory,
                gone: [...memory.gone, ...gone],
                attachedAt: at,
                attached: step.policies,
                propagatedAt: undefined,
                restores: memory.restores + 1,
            };
        case "detach":
            return { ...memory, detachedAt: at, attached: [] };
        case "awaitPropagation":
            return { ...memory, propagatedAt: at };
        case "releaseServiceAccount":
            return { ...memory, releasedAt: at, releases: (memory.releases ?? 0) + 1 };
        case "changeAssociation":
        case "deleteAssociation":
            return { ...memory, associationChangedAt: at };
        case "wake":
            return { ...memory, wokenAt: at };
        case "restart":
            return withRestarts(memory, step.pods);
        case "forceRestart":
            return withRestarts(memory, [step.pod]);
        default:
            return memory;
    }
}

/**
 * Adds a step that failed at the time `at`, and may have been carried out all the same. A canary whose deletion was not answered is one that this run
 * waits for, also on a node that becomes NotReady.
 */
export function rememberFailed(memory: Memory, step: Step, at: number): Memory {
    switch (step.do) {
        case "detach":
            return { ...memory, detachSentAt: at };
        case "restart":
        case "forceRestart":
            return remember(memory, step, at);
        default:
            return memory;
    }
}

function withRestarts(memory: Memory, pods: readonly PodSeen[]): Memory {
    const restarts = { ...memory.restarts };
    const first = pods.filter(({ uid }) => !memory.restarted?.has(uid));
    first.forEach(({ node }) => (restarts[node] = (restarts[node] ?? 0) + 1));
    return first.length === 0
        ? memory
        : { ...memory, restarts, restarted: new Set([...(memory.restarted ?? []), ...first.map(({ uid }) => uid)]) };
}
