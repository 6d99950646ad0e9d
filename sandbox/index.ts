/**
 * A local EKS for tests: a Kubernetes control plane, nodes, and stand-ins for AWS, on one machine.
 *
 * Other entries keep this import quick: `local-eks/kubernetes` for programs that use the Kubernetes client,
 * `local-eks/iam` for the changes of IAM and the evaluation of policies, `local-eks/providerClient`, which calls a
 * Pulumi provider plugin as the engine does, and `local-eks/cli`, the command line.
 */

// Start and end of a sandbox.
export { attach, startSandbox } from "./sandbox";
export type { Sandbox, SandboxOptions } from "./sandbox";
export type { OtherNode } from "./cluster/otherNodes";
export { addOnWrites } from "./aws/eks/addOns/behavior";
export type { AddOnWrite } from "./aws/eks/addOns/behavior";
export type { AssociationChange } from "./aws/eks/associations/views";

// The programs that a sandbox runs: found on PATH, or built.
export { ensureAllTools, ensureLanguageTools } from "./tools";
export type { LanguageToolPaths, ToolPaths } from "./tools";
export { cacheRoot } from "./tools/cache";

// For other servers of a test.
export { freePort } from "./cluster/ports";
export { selfSigned } from "./certificate";

// The Pulumi engine on a sandbox.
export { installedPluginsOnly, makePulumiHome } from "./pulumiHome";

// The AWS calls of a pod with its token, and instances outside of node groups.
export { assumeRole, mayDescribeNetworkInterfaces } from "./podIdentity";
export { launchInstance } from "./cluster/instances";

// The logs of the agents' calls and probes, of EKS Auth's, and of when each part of EKS saw a change of an association.
export { agentResults, associationChanges, eksAuthCalls, probeResults } from "./logs";
