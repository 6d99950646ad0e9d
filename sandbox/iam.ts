/** The IAM of a sandbox: the log of its changes, and the evaluation of policies. */

// Writes to IAM, and the time from which each is enforced.
export { iamChanges, lastIamChange } from "./logs";
export { emptyIamState } from "./aws/iam/state";
export type { IamState, RoleState } from "./aws/iam/state";

// Whether policies allow a call, by the evaluation that the stand-ins use.
export { policyVerdict, trustVerdict } from "./aws/authorise";
export type { ServiceControlPolicies, Verdict } from "./aws/authorise";

// Service control policies, for `setServiceControlPolicies`.
export { fullAwsAccess, regionDeny } from "./aws/organization";
