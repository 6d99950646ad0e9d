import { type AddOn, type AddOnIssue, insufficientReplicas } from "./addOn";
import type { NextEnds, UpdateEnd } from "./behavior";
import type { AddOnUpdate } from "./updates";

/** The status and the health of an add-on. */
export interface AddOnCondition {
    readonly status: AddOn["status"];
    readonly issues: readonly AddOnIssue[];
}

/** The issue of a change that fails because a test asks for it. Its words are not known from a source. */
export const failure: AddOnIssue = { code: "InternalFailure", message: "Amazon EKS could not change the add-on." };

/**
 * How an update is over. EKS does not undo a failed one, and an add-on that it changed is DEGRADED:
 * https://github.com/hashicorp/terraform-provider-aws/pull/49104
 *
 * @param issue Why the objects could not be written.
 */
export function endOfUpdate(
    end: Exclude<UpdateEnd, "neverEnds">,
    issue: AddOnIssue | undefined,
    before: AddOnCondition,
): AddOnCondition & { readonly update: AddOnUpdate["status"]; readonly errors: readonly AddOnIssue[] } {
    const failed = (status: AddOn["status"], issues: readonly AddOnIssue[]) =>
        ({ update: "Failed", errors: issues, status, issues }) as const;
    if (issue !== undefined) {
        return failed("UPDATE_FAILED", [issue]);
    }
    switch (end) {
        case "successful":
            return { update: "Successful", errors: [], status: "ACTIVE", issues: [] };
        case "failedButApplied":
            return failed("DEGRADED", [insufficientReplicas]);
        case "failed":
            return failed("UPDATE_FAILED", [failure]);
        case "cancelled":
            return { update: "Cancelled", errors: [], ...before };
    }
}

/** How a creation is over. A conflict fails it: https://github.com/zalando-incubator/kubernetes-on-aws/pull/10377 */
export function endOfCreation(end: NonNullable<NextEnds["create"]>, issue: AddOnIssue | undefined): AddOnCondition {
    if (issue !== undefined || end === "failed") {
        return { status: "CREATE_FAILED", issues: [issue ?? failure] };
    }
    return end === "degraded"
        ? { status: "DEGRADED", issues: [insufficientReplicas] }
        : { status: "ACTIVE", issues: [] };
}
