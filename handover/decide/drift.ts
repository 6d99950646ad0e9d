import type { RolePolicy, Step } from "../model/steps";

/**
 * Why the next update has something to mend, as a refresh shows it: what the detachment would do next, and of a policy that came
 * back who may have attached it. Undefined where all is as the last update left it.
 */
export function driftOf(step: Step, detachedFrom: readonly string[]): string | undefined {
    switch (step.do) {
        case "done":
            return undefined;
        case "refuse":
            return step.refusal.seen;
        case "detach": {
            const back = step.policies.filter(({ roleName }) => detachedFrom.includes(roleName));
            return back.length > 0 ? back.map(isBack).join(" ") : step.why;
        }
        default:
            return step.why;
    }
}

function isBack({ roleName, policyArn }: RolePolicy): string {
    return (
        `${policyArn} is attached to ${roleName} again. Remove the aws.iam.RolePolicyAttachment from the program that attaches it, ` +
        "or the two undo each other's work. The next update detaches it."
    );
}
