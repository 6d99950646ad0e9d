/** The pods that the live checks have restarted although they worked, and the rule that a node role has one canary at a time. */
import type { Acting } from "./waves";

/** The restart of a working pod. */
export interface Restart {
    readonly at: number;
    /** The field manager of the component whose run restarted it. */
    readonly by: string;
    /** The role of the service account then. */
    readonly annotated: string | undefined;
    /** It was part of a wave. Otherwise it was a canary. */
    readonly isOfWave: boolean;
    /** The part of the product that restarted it. */
    readonly acting: Acting;
    /**
     * Nodes that did not respond then, and that the run had no reason to wait for: it cannot revert a canary there that a killed run has
     * left, or one of its own that has had its time, and the node may never return. A deleted pod stays until its kubelet stops it. A canary on
     * one of them may come alive beside this one. No run waits for a node in another place of the same node role, and no hand-back for one that is
     * NotReady: handover/decide/handBackPods.ts, podsStep.
     */
    readonly besides: ReadonlySet<string>;
}

interface NodeOfRole {
    readonly name: string;
    readonly ready: boolean;
    /** The role that its pod carries. Undefined if it has none. */
    readonly roleArn: string | undefined;
    /** Whether it is in the same subnet as the node whose pod restarts. */
    readonly isInSamePlace: boolean;
    /** Whether its pod is a canary that no run waits for while the node does not respond: handover/decide/canary.ts, awaited. */
    readonly isGivenUp: boolean;
}

export class Restarts {
    /** Until the next pod of the node is created. */
    private readonly awaited = new Map<string, Restart>();
    /** Those from before the present run, which does not know of them. */
    private before = new Set<string>();

    public beginRun(): void {
        this.before = new Set(this.awaited.keys());
    }

    /** No pod is created for any of them: the DaemonSet is gone. */
    public forget(): void {
        this.awaited.clear();
    }

    /** The live checks restart a working pod. `nodes` are those with the same node role. */
    public begin(restart: Omit<Restart, "besides">, node: string, nodes: readonly NodeOfRole[]): void {
        const { annotated, acting } = restart;
        const besides = nodes.filter(
            ({ name, ready, roleArn, isInSamePlace, isGivenUp }) =>
                !ready &&
                (!isInSamePlace ||
                    isGivenUp ||
                    acting === "handBack" ||
                    ((roleArn === undefined || roleArn !== annotated) &&
                        (this.before.has(name) || !this.awaited.has(name)))),
        );
        this.before.delete(node);
        this.awaited.set(node, { ...restart, besides: new Set(besides.map(({ name }) => name)) });
    }

    /**
     * The next pod of the node is created. Undefined unless the live checks have restarted the one before it. If an earlier run has, for
     * another role, and the pod was refused since then, this run had no part in it: the node had no pod that it could lose.
     */
    public end(node: string, roleArn: string | undefined): Restart | undefined {
        const restart = this.awaited.get(node);
        const isOfThisRun = !this.before.has(node) || restart?.annotated === roleArn;
        this.awaited.delete(node);
        return isOfThisRun ? restart : undefined;
    }
}

/**
 * Whether the rule allows that both pods are canaries of the same node role at once. Each component has its own: while one hands back, another one may
 * already hand over, and does not know of the pods that the first one has left.
 */
export function mayBothBe(a: Candidate, b: Candidate): boolean {
    if (a.restart.by !== b.restart.by) {
        return true;
    }
    const [first, second] = a.restart.at <= b.restart.at ? [a, b] : [b, a];
    return second.restart.besides.has(first.node);
}

interface Candidate {
    readonly node: string;
    readonly restart: Restart;
}
