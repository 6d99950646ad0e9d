import { withoutTokens } from "../../documents/kubeconfigTokens";
import type { ConnectionInputs } from "../model/connection";
import type { Timeouts } from "../model/subject";
import type { OperationContext } from "../observe/runContext";

/** The inputs that all live checks have: the subject, the connections and the limits. Plain data, kept in the stack's state. */
export interface LiveInputs extends ConnectionInputs {
    readonly timeouts: Timeouts;
    /** How long IAM gets to enforce a policy that was attached again, before a pod relies on it. */
    readonly iamPropagationSeconds: number;
    /** For a cluster that no longer exists, or is deleted with its nodes: destroy then reads and restores nothing. */
    readonly forceDestroy: boolean;
    /** Always NO_DRIFT in a program. A refresh sets it to the reason why the next update has to repair something. */
    readonly drift: string;
}

/** The value of `drift` that the component passes. */
export const NO_DRIFT = "none";

/** A custom resource, independent of the engine binding. The state keeps its outputs alongside its inputs. */
export interface LiveResource<I extends LiveInputs, O extends object> {
    readonly create: (inputs: I, operation: OperationContext) => Promise<O>;
    readonly update: (state: I & O, inputs: I, operation: OperationContext) => Promise<O>;
    readonly delete: (state: I & O, operation: OperationContext) => Promise<void>;
    /** The outputs to keep in the state, and why the next update has something to repair. */
    readonly read: (
        state: I & O,
        operation: OperationContext,
    ) => Promise<{ readonly outputs: O; readonly drift: string }>;
    /** The names of all outputs. The state of an earlier version may lack one, which the next update then adds. */
    readonly outputs: readonly (keyof O & string)[];
    /** The inputs whose change requires work on the cluster or the account. Other changes are only saved. */
    readonly acting: readonly (keyof I)[];
}

/** A state mixes inputs and outputs, so a removed input is distinguished from an output by these names. */
const OPTIONAL_INPUTS = [
    "kubeconfig",
    "context",
    "aws",
    "region",
    "detachFromNodeRoles",
    "handedOverClusterArns",
    "proof",
    "ownNodeRoles",
    "existingRoleOfProgram",
    "maxNotReadyNodes",
    "overrideExistingServiceAccount",
    "associationId",
    "regions",
];

/**
 * The inputs that have changed. Pure, since the engine asks on each update, and with the sides swapped on a refresh.
 *
 * Another token in a kubeconfig is no change: a program that gets one in each run would never be finished.
 */
export function changedInputs(before: object, after: object): string[] {
    const [olds, news] = [compared(before), compared(after)];
    return [...new Set([...news.keys(), ...OPTIONAL_INPUTS])].filter(
        (name) => canonical(olds.get(name)) !== canonical(news.get(name)),
    );
}

/** Whether one of the inputs in `acting` has changed. */
export function mustAct<I extends LiveInputs>(before: I, after: I, acting: readonly (keyof I)[]): boolean {
    return changedInputs(before, after).some((name) => acting.includes(name as keyof I));
}

function compared(inputs: object): ReadonlyMap<string, unknown> {
    const entries = Object.entries(inputs) as [string, unknown][];
    return new Map(entries.map(([name, value]) => [name, name === "kubeconfig" ? withoutTokens(value) : value]));
}

/** JSON with sorted keys, since the engine does not keep their order. */
function canonical(value: unknown): string {
    return JSON.stringify(value ?? null, (_key, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
            : inner,
    );
}
