import { deepStrictEqual } from "node:assert/strict";
import { HandBackTarget, nextHandBackStep } from "../../../../handover/decide/handBack";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import {
    attach,
    carrying,
    daemonSet,
    FORMER_ROLE,
    fresh,
    onNodeRole,
    pod,
    pods,
    record,
    memoryWith,
    ROLE,
    ROLE_ARN,
    ROLLOUT,
    seconds,
    serviceAccount,
    subject,
    comparableStep,
    world,
} from "./worlds";

export const target: HandBackTarget = { subject, record, iamPropagationSeconds: 120, formerAnnotations: {} };
export const right = carrying(ROLE);
export const propagated = memoryWith({ propagatedAt: seconds(-60) });
export const released = memoryWith({ propagatedAt: seconds(-60), releasedAt: seconds(-60) });
export const unannotated = { ...serviceAccount, annotations: {}, roleArnOwners: [] };

/** The pods carry the role, and everything else has been handed back. */
export const podsWithRole = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    world(right, { cluster: { serviceAccount: unannotated, ...cluster }, account });
/** The pods have been handed back as well. */
export const podsWithoutRole = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    world(onNodeRole, { cluster: { serviceAccount: unannotated, ...cluster }, account });

export const wait = (why: string) => ({ do: "wait", why });
export const refuse = (code: string, seen: string) => ({ refuse: code, seen });
export const restart = (name: string, why: string) => ({ do: "restart", pods: [name], why });
export const DONE = { do: "done", why: "3 pods use their former credentials again; none carries the role" };
export const AWAIT_PROPAGATION = {
    do: "awaitPropagation",
    milliseconds: 120_000,
    why: "waiting 120 s for IAM to enforce the policies of the node roles",
};
export const ATTACH = {
    do: "attach",
    policies: attach("nodes"),
    why: "attaching the recorded policies again to nodes",
};
export const REMOVE_GUARD = {
    do: "removeInjectionGuard",
    why: "removing the injection guard: pods may use the node role again",
};
export const release = (annotations: object) => ({
    do: "releaseServiceAccount",
    leaving: annotations,
    why: "removing the annotation from the service account",
});
export const template = { ...daemonSet, templateAnnotations: { [ROLLOUT]: "digest" } };
export const guardInForce = { present: true, inForce: true };
export const withFormerRole = { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } };
export const onePodRestarted = pods(right, pod("n1", onNodeRole));

/** Attached and recorded, but without all actions that the CNI needs now. */
export const insufficientPolicy = { arn: attach("x")[0]?.policyArn ?? "", kind: "cni", sufficient: false } as const;

type Row = [string, World, object, Partial<HandBackTarget>?, Memory?];

export function table(title: string, rows: Row[]): void {
    describe(title, () => {
        for (const [what, of, step, more, memory = fresh] of rows) {
            it(what, () => {
                deepStrictEqual(comparableStep(nextHandBackStep({ ...target, ...more }, of, memory)), step);
            });
        }
    });
}
