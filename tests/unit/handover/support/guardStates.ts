import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { CredentialGuardInputs, CredentialGuardOutputs } from "../../../../handover/run/credentialGuardResource";
import { CNI_POLICY, record, subject } from "./worlds";

/** The state of the credential guard of a cluster that was handed over. */
export const guardState: CredentialGuardInputs & CredentialGuardOutputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    proof: "full",
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: true,
    policyArns: [CNI_POLICY],
    additionalPolicies: false,
    formerAnnotations: {},
    approvedRole: "a",
    roleUniqueId: "AROACNI",
    record,
};
