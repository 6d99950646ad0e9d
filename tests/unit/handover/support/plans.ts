import { deepStrictEqual } from "node:assert/strict";
import type { World } from "../../../../handover/model/world";
import { planHandOver, PlanInputs } from "../../../../handover/preview/plan";
import { passingPreflight } from "./preflights";
import { withoutPolicies, carrying, CNI_POLICY, nodeRole, ROLE, world } from "./worlds";

/** The inputs of a first update. */
export const planInputs: PlanInputs = {
    preflight: passingPreflight,
    record: undefined,
    canaryActs: true,
    detachFromNodeRoles: ["nodes"],
    ownNodeRoles: [],
    stableSeconds: 20,
    iamPropagationSeconds: 120,
    maxNotReadyNodes: 0,
};

/** A cluster that has been handed over. */
export function handedOver(cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}): World {
    return world(carrying(ROLE), {
        cluster: {
            injectionGuard: { present: true, inForce: true, roleArns: [ROLE] },
            ...cluster,
        },
        account: { nodeRoles: [nodeRole(withoutPolicies)], ...account },
    });
}

/** The plan for a world, with other inputs. Refusals are shown by their codes. */
export function planned(of: World, more: Partial<PlanInputs> = {}, preflight: Partial<PlanInputs["preflight"]> = {}) {
    const plan = planHandOver({ ...planInputs, ...more, preflight: { ...passingPreflight, ...preflight, world: of } });
    return { ...plan, refusals: plan.refusals.map(({ code }) => code) };
}

export const ANNOTATE = "[annotate] The service account kube-system/aws-node is annotated with the role.";
export const canary = (name: string, on: string) =>
    `[canary] ${name} on ${on}, a node of nodes, restarts first and is watched for 20 s.`;
/** The other pods, in waves. */
export const waves = (names: string, count = names.split(",").length, upTo = 1, about = "1 minute") =>
    `[restart] ${count === 1 ? "1 more pod restarts" : `${String(count)} more pods restart`} in waves of up to ${String(upTo)}, ` +
    `about ${about} in all: ${names}.`;
export const WAVES = waves("pod-n2, pod-n3");
export const restart = (pods: string) => `[restart] ${pods}.`;
export const attach = (why: string) => `[attach] ${CNI_POLICY} is attached again to nodes, ${why}.`;
export const PROPAGATION = "[attach] The update then waits 120 s until IAM enforces the attached policies.";
export const GUARD =
    "[guard] The admission policy guard is created. From then on it refuses new pods without the role.";
export const DETACH = `[detach] ${CNI_POLICY} is detached from nodes once every pod carries the role.`;
/** The lines of a first hand-over. */
export const HAND_OVER = [ANNOTATE, canary("pod-n1", "n1"), WAVES, GUARD, DETACH];
export const DETACH_REMAINS =
    '[detach] The node role nodes still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes"]';
export const wait = (why: string) =>
    `[wait] The update will wait, and fail with time-limit if this does not clear: ${why}.`;

export const changes = (...lines: string[]) => ({ refusals: [], changes: lines, remaining: [] });
export const changesWithRemaining = (remaining: string[], ...lines: string[]) => ({
    refusals: [],
    changes: lines,
    remaining,
});
export const refuses = (...codes: string[]) => ({ refusals: codes, changes: [], remaining: [] });
export const NOTHING = changes();

export type PreflightChange = Partial<PlanInputs["preflight"]>;
export type Row = [
    what: string,
    world: World,
    expected: object,
    planInputs?: Partial<PlanInputs>,
    preflight?: PreflightChange,
];

export function table(title: string, rows: Row[]): void {
    describe(title, () => {
        for (const [what, of, expected, more, preflight] of rows) {
            it(what, () => {
                deepStrictEqual(planned(of, more, preflight), expected);
            });
        }
    });
}

export const inputsWithoutNodeRoles = { detachFromNodeRoles: undefined };
export const preflightWithoutNodeRoles = { detachFromNodeRoles: [], injectionGuard: false };
