import { deepStrictEqual } from "node:assert/strict";
import { DetachmentTarget, nextDetachmentStep } from "../../../../handover/decide/detachment";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import {
    attach,
    withoutPolicies,
    carrying,
    fresh,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    subject,
    comparableStep,
    world,
} from "./worlds";

export const target: DetachmentTarget = {
    subject,
    record,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: true,
    stableSeconds: 20,
    // Longer than the age of the pods in these worlds.
    canarySeconds: 7200,
    iamPropagationSeconds: 120,
    maxNotReadyNodes: 0,
};

export const inForce = { present: true, inForce: true, roleArns: [ROLE] };
export const right = carrying(ROLE);

/** Every pod carries the role, and the guard is in force, so that the policy may be detached. */
export function verified(
    cluster: Partial<World["cluster"]> = {},
    account: Partial<World["account"]> = {},
    at = NOW,
): World {
    return world(right, { cluster: { injectionGuard: inForce, ...cluster }, account, at });
}

export const detached = { nodeRoles: [nodeRole(withoutPolicies)] };

export function nextStep(of: World, more: Partial<DetachmentTarget> = {}, memory: Memory = fresh): object {
    return comparableStep(nextDetachmentStep({ ...target, ...more }, of, memory));
}

export const DETACH = {
    do: "detach",
    policies: attach("nodes"),
    why: "3 pods carry the role: detaching the policies from nodes",
};
export const DONE = { do: "done", why: "3 pods carry the role; the policies are detached from nodes" };
export const wait = (why: string) => ({ do: "wait", why });
export const refuse = (code: string, seen: string) => ({ refuse: code, seen });
export const restart = (name: string, why: string) => ({ do: "restart", pods: [name], why });
export const AWAIT_PROPAGATION = {
    do: "awaitPropagation",
    milliseconds: 120_000,
    why: "waiting 120 s for IAM to enforce the policies of the node roles",
};

type Row = [string, World, object, Partial<DetachmentTarget>?, Memory?];

export function table(title: string, rows: Row[]): void {
    describe(title, () => {
        for (const [what, of, step, more, memory] of rows) {
            it(what, () => {
                deepStrictEqual(nextStep(of, more, memory), step);
            });
        }
    });
}

/** One pod uses the node role. */
export const podWithoutRole = { pods: pods(right, pod("n2", onNodeRole)) };
