import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { clusterHasCniRole } from "./clusterHasCniRole";
import { cniPolicyFitsIpFamily } from "./cniPolicyFitsIpFamily";
import { cniPolicyIsComplete } from "./cniPolicyIsComplete";
import { cniRoleHoldsNoMore } from "./cniRoleHoldsNoMore";
import { cniRoleTrustsItsServiceAccountOnly } from "./cniRoleTrustsItsServiceAccountOnly";
import { cniServiceAccountIsPatched } from "./cniServiceAccountIsPatched";
import { launchTemplateKeepsPodsOut } from "./launchTemplateKeepsPodsOut";
import { nodeGroupHasLaunchTemplate } from "./nodeGroupHasLaunchTemplate";
import { nodeRoleLetsNodesBoot } from "./nodeRoleLetsNodesBoot";
import { nodeRolePoliciesAreNotExclusive } from "./nodeRolePoliciesAreNotExclusive";
import { nodeRoleWithoutCniPolicy } from "./nodeRoleWithoutCniPolicy";
import { nodesComeAfterCniRole } from "./nodesComeAfterCniRole";
import { oidcProviderOutlivesComponent } from "./oidcProviderOutlivesComponent";
import { oneWriterOfCniRole } from "./oneWriterOfCniRole";
import { podIdentityAgentOutlivesComponent } from "./podIdentityAgentOutlivesComponent";
import { vpcCniAddonHasOwnRole } from "./vpcCniAddonHasOwnRole";

/** The rules of the pack. Other packs can import them: this module has no side effects. */
export const rules: (ResourceValidationPolicy | StackValidationPolicy)[] = [
    nodeRoleWithoutCniPolicy,
    cniRoleTrustsItsServiceAccountOnly,
    cniPolicyIsComplete,
    cniPolicyFitsIpFamily,
    cniRoleHoldsNoMore,
    vpcCniAddonHasOwnRole,
    oneWriterOfCniRole,
    cniServiceAccountIsPatched,
    nodesComeAfterCniRole,
    nodeRolePoliciesAreNotExclusive,
    nodeRoleLetsNodesBoot,
    oidcProviderOutlivesComponent,
    podIdentityAgentOutlivesComponent,
    nodeGroupHasLaunchTemplate,
    launchTemplateKeepsPodsOut,
    clusterHasCniRole,
];
