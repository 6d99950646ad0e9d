import type { Site } from "./loop";
import type { AwsConnection, Subject, Timeouts } from "../model/subject";

/** What every live check is given: what it is about, and how cluster and account are reached. Plain data, kept in the state. */
export interface LiveInputs {
    readonly subject: Subject;
    readonly timeouts: Timeouts;
    /** How long IAM gets to enforce a policy that came back, before a pod relies on it. */
    readonly iamPropagationSeconds: number;
    /** Secret. */
    readonly kubeconfig?: string;
    readonly context?: string;
    /** Secret, since it may hold credentials. */
    readonly aws?: AwsConnection;
    /** The region of the cluster, where its ARN or the configuration tells. */
    readonly region?: string;
    /** For a cluster that goes away with its nodes still up: `destroy` then looks at nothing and gives nothing back. */
    readonly forceDestroy: boolean;
    /** Always NO_DRIFT; a refresh puts the reason here that the next update is to mend. */
    readonly drift: string;
}

/** What the component passes as `drift`. */
export const NO_DRIFT = "none";

/** What a door of Pulumi's gives to a resource's operation. */
export interface Door {
    /** A line for whoever waits. */
    readonly progress: (line: string) => void;
    /** When nobody waits for it any more: nothing else is begun. */
    readonly cancelled?: AbortSignal;
    /** How cluster and account are reached: by the clients of openSite, unless something stands in for them. */
    readonly open?: (inputs: LiveInputs, roleNames: readonly string[], door: Door) => Promise<Site>;
}

/**
 * A custom resource, whichever door of Pulumi's it is reached through. What it returns is kept in the state beside its inputs.
 */
export interface LiveResource<I extends LiveInputs, O extends object> {
    readonly create: (inputs: I, door: Door) => Promise<O>;
    readonly update: (state: I & O, inputs: I, door: Door) => Promise<O>;
    readonly delete: (state: I & O, door: Door) => Promise<void>;
    /** What is to be kept of the live world, and why the next update has something to mend. */
    readonly read: (state: I & O, door: Door) => Promise<{ readonly outputs: O; readonly drift: string }>;
    /** The inputs of which a change touches the cluster or the account. Others are only kept. */
    readonly acting: readonly (keyof I)[];
}

/** A state has inputs and outputs side by side, so an input that went cannot be told from an output without their names. */
const OPTIONAL_INPUTS = [
    "kubeconfig",
    "context",
    "aws",
    "region",
    "detachFromNodeRoles",
    "detachPolicyArns",
    "keepDetached",
];

/** The inputs that have changed. Pure: the engine asks at each update, and asks with the sides swapped at a refresh. */
export function changedInputs(before: object, after: object): string[] {
    const olds = new Map(Object.entries(before));
    const news = new Map(Object.entries(after));
    return [...new Set([...news.keys(), ...OPTIONAL_INPUTS])].filter(
        (name) => canonical(olds.get(name)) !== canonical(news.get(name)),
    );
}

/** Whether one of the inputs that a resource acts upon has changed. */
export function mustAct<I extends LiveInputs>(before: I, after: I, acting: readonly (keyof I)[]): boolean {
    return changedInputs(before, after).some((name) => acting.includes(name as keyof I));
}

/** JSON with sorted keys, since the engine does not keep their order. */
function canonical(value: unknown): string {
    return JSON.stringify(value ?? null, (_key, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
            : inner,
    );
}
