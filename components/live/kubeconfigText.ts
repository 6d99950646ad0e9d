/**
 * The text of a kubeconfig. The engine parses a configuration value that is JSON, so a YAML program passes an object, and so does
 * `cluster.kubeconfig` of `@pulumi/eks`. Its keys are sorted, so that their order is no change.
 */
export function kubeconfigText(value: unknown): string {
    return typeof value === "string" ? value : JSON.stringify(value, withSortedKeys);
}

function withSortedKeys(_: string, value: unknown): unknown {
    return typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value;
}
