import { withTimeout } from "../async/withTimeout";

/** By the name that the SDK's own have. */
class LateCredentials extends Error {
    public override readonly name = "CredentialsProviderError";
}

/** The same, with an end: what does not come in time does not come. */
export function inTime<Asked extends unknown[], T>(
    provide: (...asked: Asked) => Promise<T>,
    milliseconds: number,
): (...asked: Asked) => Promise<T> {
    const why = `The provider of the credentials did not answer within ${String(milliseconds / 1000)} s`;
    return async (...asked) => withTimeout(milliseconds, provide(...asked), () => new LateCredentials(why));
}
