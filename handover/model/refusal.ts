/**
 * A reason that stops a run, in three parts: what was seen, what it means, and the command or argument that fixes it.
 *
 * Scripts and docs/messages identify it by its code.
 */
export class Refusal extends Error {
    public constructor(
        public readonly code: string,
        public readonly seen: string,
        public readonly means: string,
        public readonly fix: string,
    ) {
        super(`[${code}] ${seen} ${means} ${fix}`);
        this.name = "Refusal";
        // The engine prints the stack on some paths, and this package's own frames would only bury the message.
        this.stack = this.message;
    }
}

/**
 * A refusal because of the answer of a service or its client. Its message ends with that answer: it is written for developers, and
 * would bury the advice.
 */
export class AnsweredRefusal extends Refusal {
    public constructor(code: string, head: string, answer: string, means: string, fix: string) {
        super(code, `${head}: ${answer}`, means, fix);
        this.message = `[${code}] ${head}. ${means} ${fix} Details: ${answer}`;
        this.stack = this.message;
    }
}

/** A refusal because no server answered at all. One that rejects the credentials, or whose certificate is not trusted, did. */
export class NoConnection extends Refusal {
    public constructor({ code, seen, means, fix }: Refusal) {
        super(code, seen, means, fix);
    }
}

/** Several refusals at once, so that one run shows everything that the user has to fix. */
export class Refusals extends Error {
    public constructor(title: string, refusals: readonly Refusal[]) {
        super(listRefusals(title, refusals));
        this.name = "Refusals";
        this.stack = this.message;
    }
}

/** Each message once. Two checks may have the same reason. */
export function distinctRefusals(all: readonly Refusal[]): Refusal[] {
    return all.filter(({ message }, at) => all.findIndex((other) => other.message === message) === at);
}

/** A title and the refusals below it, a line each. */
export function listRefusals(title: string, refusals: readonly Refusal[]): string {
    const reasons = refusals.length === 1 ? "for this reason" : `for ${String(refusals.length)} reasons`;
    return [`${title}, ${reasons}:`, ...refusals.map(({ message }) => message)].join("\n  ");
}

/** Whether an error is a refusal, of one of these codes if any are given. */
export function isRefusal(error: unknown, ...codes: string[]): error is Refusal {
    return error instanceof Refusal && (codes.length === 0 || codes.includes(error.code));
}
