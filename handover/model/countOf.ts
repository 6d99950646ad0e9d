/** A number and its noun, for a message: `countOf(1, "pod carries", "pods carry")` is `1 pod carries`. */
export function countOf(count: number, one: string, many: string): string {
    return `${String(count)} ${count === 1 ? one : many}`;
}
