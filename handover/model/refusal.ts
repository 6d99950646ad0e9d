/**
 * Something that stops a run, in three parts: what was seen, what it means, and the command or argument that mends it. The
 * code stands for it in the documentation: docs/messages.
 */
export class Refusal extends Error {
    public constructor(
        public readonly code: string,
        public readonly seen: string,
        public readonly means: string,
        public readonly mend: string,
    ) {
        super(`[${code}] ${seen} ${means} ${mend}`);
        this.name = "Refusal";
        // A stack of this package's own frames would only bury the message: the engine prints it on some paths.
        this.stack = this.message;
    }
}

/** Whether an error is a refusal, of one of these codes if any are given. */
export function isRefusal(error: unknown, ...codes: string[]): error is Refusal {
    return error instanceof Refusal && (codes.length === 0 || codes.includes(error.code));
}
