/** The IAM of a sandbox as its log has it, and what the policies in it say. */

// What was written to IAM, and from when on it is enforced.
export { iamChanges, lastIamChange } from "./logs";
export type { IamChange } from "./aws/iam/timeline";
export { emptyIamState } from "./aws/iam/state";
export type { IamState, PolicyState, RoleState } from "./aws/iam/state";

// Whether a call is allowed, as the stand-ins decide it.
export { policyVerdict, trustVerdict } from "./aws/authorise";
export type { Act, Verdict } from "./aws/authorise";
