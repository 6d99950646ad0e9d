import type { RolePolicy, Step } from "../model/steps";
import type { AccountSeen } from "../model/world";
import { NodeRoleTarget, policiesToDetach } from "./nodeRolePolicies";

/**
 * Why the next update has something to repair, as a refresh shows it.
 *
 * It is what the detachment would do next. For a policy that was attached again, it also says what may have attached it.
 * Undefined if everything is as the last update left it.
 */
export function driftOf(step: Step, detachedFrom: readonly string[]): string | undefined {
    switch (step.do) {
        case "done":
            return undefined;
        case "refuse":
            return step.refusal.seen;
        case "detach": {
            const reattached = step.policies.filter(({ roleName }) => detachedFrom.includes(roleName));
            return reattached.length > 0 ? reattached.map(attachedAgain).join(" ") : step.why;
        }
        default:
            return step.why;
    }
}

/**
 * Why the next update has to write the record: a node role has a policy that the hand-over detaches and that is not recorded. Undefined
 * if there is none.
 */
export function unrecordedPolicies(target: NodeRoleTarget, { nodeRoles }: AccountSeen): string | undefined {
    const { record, detachFromNodeRoles = [] } = target;
    const unrecorded = nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name))
        .flatMap((role) => policiesToDetach(target, role))
        .filter(({ roleName, policyArn }) => !(record.nodeRolePolicies[roleName] ?? []).includes(policyArn));
    return unrecorded.length === 0
        ? undefined
        : unrecorded
              .map(
                  ({ roleName, policyArn }) =>
                      `${policyArn} was attached to ${roleName} after the hand-over began. The next update records it, and then detaches it.`,
              )
              .join(" ");
}

function attachedAgain({ roleName, policyArn }: RolePolicy): string {
    return (
        `${policyArn} is attached to ${roleName} again. The next update detaches it. If a program attaches it ` +
        "(aws.iam.RolePolicyAttachment), remove that resource from the program, or each update undoes the other's work."
    );
}
