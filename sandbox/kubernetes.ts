/** The Kubernetes side of a sandbox, for programs that use the client `@kubernetes/client-node`. */

// Kubeconfigs of the administrator, and of a user whose permissions a test sets.
export { loadKubeconfig, operatorKubeconfig } from "./kubeconfigs";

// The credentials of the pods of a DaemonSet, and tokens of service accounts.
export { podCredentials } from "./pods";
export type { ContainerCredentials, PodCredentials } from "./pods";
export { requestToken, signToken } from "./tokens";

// Kubernetes objects as plain data, where the client has classes.
export type { Plain } from "./cluster/manifests/plain";
