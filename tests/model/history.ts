/** The values of something, and since when each applies. */
export type History<T> = { readonly at: number; readonly value: T }[];

export function valueAt<T>(history: History<T>, at: number): T | undefined {
    return history.filter((entry) => entry.at <= at).at(-1)?.value;
}
