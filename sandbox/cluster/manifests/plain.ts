import type { KubernetesObject } from "@kubernetes/client-node";

/** A Kubernetes object as plain data, where the client `@kubernetes/client-node` has classes of the same shape. */
export type Plain<T> = T extends Date ? T : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

export type Manifest = Plain<KubernetesObject>;
