/**
 * A local EKS for tests: a Kubernetes control plane, nodes, and stand-ins for AWS, on one machine.
 *
 * Apart from this, so that importing it stays quick: `local-eks/kubernetes` for programs that use the Kubernetes client,
 * `local-eks/iam` for what is written to IAM and enforced, `local-eks/providerClient`, which calls a Pulumi provider plugin as
 * the engine does, and `local-eks/cli`, the command line.
 */

// A sandbox, from its start to its end.
export { attach, startSandbox } from "./sandbox";
export type { Sandbox, SandboxOptions } from "./sandbox";

// The programs that it runs, which are found or built first.
export { ensureAllTools, ensureLanguageTools } from "./tools";
export type { LanguageToolPaths, ToolPaths } from "./tools";
export { cacheRoot } from "./tools/cache";

// Pulumi: the engine on a sandbox.
export { installedPluginsOnly, makePulumiHome } from "./pulumiHome";
export type { PulumiHomeOptions } from "./pulumiHome";

// AWS: what a pod does with its token, and instances that no node group launches.
export { assumeRole, mayDescribeNetworkInterfaces } from "./podIdentity";
export type { AwsAt } from "./podIdentity";
export { launchInstance } from "./cluster/instances";

// What the agents in the pods of aws-node have called.
export { agentResults } from "./logs";
export type { AgentResult } from "./cluster/podAgent";
