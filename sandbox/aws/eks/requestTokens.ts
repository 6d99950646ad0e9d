import { AwsError } from "../errors";

/**
 * The calls that were made with a client request token, so that a repeated one changes nothing and has the same answer:
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html (clientRequestToken). The answer to another request with the
 * same token is not known from a source.
 */
export class RequestTokens {
    private readonly answers = new Map<string, { readonly request: string; readonly answer: Promise<unknown> }>();

    async once<T>(
        of: string,
        asked: { readonly clientRequestToken?: string | undefined },
        call: () => Promise<T>,
    ): Promise<T> {
        if (asked.clientRequestToken === undefined) {
            return call();
        }
        const key = `${of} ${asked.clientRequestToken}`;
        const request = JSON.stringify(asked);
        const former = this.answers.get(key);
        if (former !== undefined) {
            if (former.request !== request) {
                const message = "The clientRequestToken was used for a request with other parameters.";
                throw new AwsError("InvalidParameterException", message, 400);
            }
            return former.answer as Promise<T>;
        }
        const answer = call();
        this.answers.set(key, { request, answer });
        // A refused call may be repeated.
        answer.catch(() => this.answers.delete(key));
        return answer;
    }

    /** A new cluster of the same name starts without tokens. */
    forget(cluster: string): void {
        [...this.answers.keys()]
            .filter((key) => key.startsWith(`${cluster}/`))
            .forEach((key) => this.answers.delete(key));
    }

    clear(): void {
        this.answers.clear();
    }
}
