import type { V1Container } from "@kubernetes/client-node";

/**
 * The value of a container's environment variable: empty if it is not set. Undefined if the value is a reference's, or may be one of envFrom, which
 * gives the variables that env does not.
 *
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
 */
export function variable({ env = [], envFrom = [] }: V1Container, name: string): string | undefined {
    const entry = env.filter((one) => one.name === name).at(-1);
    if (entry === undefined) {
        return envFrom.length === 0 ? "" : undefined;
    }
    return entry.valueFrom === undefined ? (entry.value ?? "") : undefined;
}
