import type { Refusal } from "./refusal";
import type { PodSeen } from "./world";

/** The next safe step towards a goal, as a pure function of what was seen. */
export type Step =
    /** Nothing can be done now; `why` is shown as progress, and is what a run says that runs out of time. */
    | { readonly do: "wait"; readonly why: string }
    /** Long enough for IAM to enforce what it shows: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html */
    | { readonly do: "awaitPropagation"; readonly milliseconds: number; readonly why: string }
    | { readonly do: "restart"; readonly pod: PodSeen; readonly why: string }
    /** On a node that does not answer: the pod leaves the API at once, and the kubelet ends it when it returns. */
    | { readonly do: "forceRestart"; readonly pod: PodSeen; readonly why: string }
    /** Has the DaemonSet's controller try again at once, by a mark on the DaemonSet. */
    | { readonly do: "wake"; readonly why: string }
    | { readonly do: "removeWakeMark"; readonly why: string }
    | { readonly do: "annotate"; readonly annotations: Readonly<Record<string, string>>; readonly why: string }
    | { readonly do: "attach"; readonly policies: readonly RolePolicy[]; readonly why: string }
    | { readonly do: "detach"; readonly policies: readonly RolePolicy[]; readonly why: string }
    | { readonly do: "removeInjectionGuard"; readonly why: string }
    | { readonly do: "releaseTemplate"; readonly why: string }
    /** Gives up what the component owns of the service account, and leaves these annotations there. */
    | {
          readonly do: "releaseServiceAccount";
          readonly leaving: Readonly<Record<string, string>>;
          readonly why: string;
      }
    | { readonly do: "refuse"; readonly refusal: Refusal }
    | { readonly do: "done"; readonly why: string };

export interface RolePolicy {
    readonly roleName: string;
    readonly policyArn: string;
}

/**
 * What a run remembers of its own steps. It only ever makes a run more patient or ends it: whether a step is safe follows
 * from what is seen, since the run before may have been killed anywhere.
 */
export interface Memory {
    readonly startedAt: number;
    /** When this run last attached a policy. */
    readonly attachedAt: number | undefined;
    /** What it last attached, and has not detached since. */
    readonly attached: readonly RolePolicy[];
    /** When this run last detached a policy. */
    readonly detachedAt: number | undefined;
    readonly propagatedAt: number | undefined;
    /** When it gave the service account's annotations up. */
    readonly releasedAt: number | undefined;
    readonly wokenAt: number | undefined;
    /** How often it restarted a pod, by node. */
    readonly restarts: Readonly<Record<string, number>>;
    /** How often it put policies back. */
    readonly restores: number;
}

export function freshMemory(startedAt: number): Memory {
    return {
        startedAt,
        attachedAt: undefined,
        attached: [],
        detachedAt: undefined,
        propagatedAt: undefined,
        releasedAt: undefined,
        wokenAt: undefined,
        restarts: {},
        restores: 0,
    };
}

/** What a run remembers after a step that it took at a time. */
export function remember(memory: Memory, step: Step, at: number): Memory {
    switch (step.do) {
        case "attach":
            return {
                ...memory,
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
            return { ...memory, releasedAt: at };
        case "wake":
            return { ...memory, wokenAt: at };
        case "restart":
        case "forceRestart": {
            const before = memory.restarts[step.pod.node] ?? 0;
            return { ...memory, restarts: { ...memory.restarts, [step.pod.node]: before + 1 } };
        }
        default:
            return memory;
    }
}
