/** A local EKS for tests. */
export { attach, startSandbox } from "./sandbox";
export type { Sandbox, SandboxOptions } from "./sandbox";
