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
    remembering,
    ROLE,
    ROLE_ARN,
    ROLLOUT,
    seconds,
    serviceAccount,
    subject,
    told,
    world,
} from "./worlds";

export const target: HandBackTarget = { subject, record, iamPropagationSeconds: 120, formerAnnotations: {} };
export const right = carrying(ROLE);
export const settled = remembering({ propagatedAt: seconds(-60) });
export const released = remembering({ propagatedAt: seconds(-60), releasedAt: seconds(-60) });
export const plain = { ...serviceAccount, annotations: {}, roleArnOwners: [] };

/** The pods carry the role, and everything else has gone back. */
export const going = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    world(right, { cluster: { serviceAccount: plain, ...cluster }, account });
/** And so have the pods. */
export const gone = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    world(onNodeRole, { cluster: { serviceAccount: plain, ...cluster }, account });

export const wait = (why: string) => ({ do: "wait", why });
export const refuse = (code: string, seen: string) => ({ refuse: code, seen });
export const restart = (name: string, why: string) => ({ do: "restart", pod: name, why });
export const DONE = { do: "done", why: "3 pods use their former credentials again; none carries the role" };
export const SETTLE = {
    do: "awaitPropagation",
    milliseconds: 120_000,
    why: "waiting 120 s for IAM to enforce the policies of the node roles",
};
export const ATTACH = {
    do: "attach",
    policies: attach("nodes"),
    why: "attaching the recorded policies again to nodes",
};
export const UNGUARD = {
    do: "removeInjectionGuard",
    why: "removing the injection guard: pods may use the node role again",
};
export const release = (leavingThere: object) => ({
    do: "releaseServiceAccount",
    leaving: leavingThere,
    why: "removing the annotation from the service account",
});
export const template = { ...daemonSet, templateAnnotations: { [ROLLOUT]: "digest" } };
export const guarded = { present: true, inForce: true };
export const former = { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } };
export const oneBack = pods(right, pod("n1", onNodeRole));

/** Attached, recorded, and not all that the CNI needs by today's list. */
export const poor = { arn: attach("x")[0]?.policyArn ?? "", kind: "cni", sufficient: false } as const;

type Row = [string, World, object, Partial<HandBackTarget>?, Memory?];

export function table(title: string, rows: Row[]): void {
    describe(title, () => {
        for (const [what, of, step, more, memory = fresh] of rows) {
            it(what, () => {
                deepStrictEqual(told(nextHandBackStep({ ...target, ...more }, of, memory)), step);
            });
        }
    });
}
