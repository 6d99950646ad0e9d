/** The view by which model and sandbox are compared: only facts that an operator could observe. Pure. */
import { ROLLOUT_ANNOTATION } from "../../../documents/serviceAccountAnnotations";
import { type ModelWorld, ROLE_ARN } from "../../model/world";
import { CNI_POLICY, NODE_ROLE } from "../stage";
import type { Snapshot } from "../state/snapshot";

/** The node role of the model's nodes: the sandbox has one node role. */
export const MODEL_NODE_ROLE = "a";

export interface ComparedState {
    /** The name of the role that the service account is annotated with. */
    readonly annotated: string | undefined;
    /** The number of pods for each role name. "" counts the pods that use the node role. */
    readonly pods: Readonly<Record<string, number>>;
    readonly notReady: number;
    readonly template: "as before" | "changed";
    /** Whether the DaemonSet's own metadata says what was rolled out. */
    readonly isNoted: boolean;
    /** Names of the roles that the injection guard admits. Undefined if there is no guard. */
    readonly injectionGuard: readonly string[] | undefined;
    readonly nodeRoleHoldsPolicy: boolean;
    /** Names of the roles that were created. */
    readonly roles: readonly string[];
}

export function comparedStateOfModel(world: ModelWorld): ComparedState {
    return {
        annotated: nameOf(world.annotations[ROLE_ARN]),
        pods: counted(world.pods.map(({ roleArn }) => nameOf(roleArn))),
        notReady: world.pods.filter((pod) => !world.isReady(pod)).length,
        template: world.template === undefined ? "as before" : "changed",
        isNoted: world.patched?.digest !== undefined,
        injectionGuard: world.guard?.map((arn) => nameOf(arn) ?? ""),
        nodeRoleHoldsPolicy: world.isAttached(MODEL_NODE_ROLE),
        roles: [...world.cniRoles.keys()].map((arn) => nameOf(arn) ?? "").sort(),
    };
}

export function comparedStateOfSandbox(before: Snapshot, now: Snapshot): ComparedState {
    return {
        annotated: nameOf(now.serviceAccount.annotations[ROLE_ARN]),
        pods: counted(now.pods.map(({ roleArn }) => nameOf(roleArn))),
        notReady: now.pods.filter(({ ready }) => !ready).length,
        template: sameAnnotations(before, now) ? "as before" : "changed",
        isNoted: now.daemonSet.annotations[ROLLOUT_ANNOTATION] !== undefined,
        injectionGuard:
            now.admissionPolicies.length > before.admissionPolicies.length
                ? now.admittedRoles.map((arn) => nameOf(arn) ?? "")
                : undefined,
        nodeRoleHoldsPolicy: now.iam.roles[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY) ?? false,
        roles: Object.keys(now.iam.roles)
            .filter((name) => before.iam.roles[name] === undefined)
            .sort(),
    };
}

function sameAnnotations(before: Snapshot, now: Snapshot): boolean {
    return JSON.stringify(before.templateAnnotations) === JSON.stringify(now.templateAnnotations);
}

function nameOf(roleArn: string | undefined): string | undefined {
    return roleArn?.split("/").pop();
}

function counted(names: readonly (string | undefined)[]): Record<string, number> {
    const counts = new Map<string, number>();
    for (const name of names) {
        counts.set(name ?? "", (counts.get(name ?? "") ?? 0) + 1);
    }
    return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
