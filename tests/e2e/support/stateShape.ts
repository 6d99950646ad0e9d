export interface SavedState {
    readonly resources: readonly {
        readonly urn: string;
        readonly type: string;
        readonly inputs?: unknown;
        readonly outputs?: unknown;
    }[];
}

/**
 * The names and kinds of what a state holds of the component's children, without the values, by the end of their URN. The outputs are those of the
 * live checks alone: those of a native resource are what the provider reads.
 */
export function stateShape({ resources }: SavedState): Record<string, unknown> {
    const children = resources.filter(({ urn }) => urn.includes("CniServiceAccountRole$"));
    return Object.fromEntries(
        children.map(({ urn, type, inputs, outputs }) => [
            urn.replace(/.*::/, ""),
            { type, inputs: shapeOf(inputs), ...(/:dynamic\b/.test(type) && { outputs: shapeOf(outputs) }) },
        ]),
    );
}

function shapeOf(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.slice(0, 1).map(shapeOf);
    }
    return typeof value === "object" && value !== null
        ? Object.fromEntries(
              Object.entries(value)
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .map(([key, of]) => [key, shapeOf(of)]),
          )
        : value === null
          ? "null"
          : typeof value;
}
