/** The code of the message that stopped a run, see docs/hand-over-messages.md. */
export function codeOf(output: string): string {
    return /\[([a-z]+(?:-[a-z]+)+)\]/.exec(output)?.[1] ?? "without a code";
}
