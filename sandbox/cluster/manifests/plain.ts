import type { KubernetesObject } from "@kubernetes/client-node";

/** The client's types are classes; a manifest is plain data of the same shape. */
export type Plain<T> = T extends Date ? T : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

export type Manifest = Plain<KubernetesObject>;
