import { withTimeout } from "../async/withTimeout";

/** Has the name of the SDK's own errors. */
class LateCredentials extends Error {
    public override readonly name = "CredentialsProviderError";
}

/** Limits the time of a credential provider. */
export function limitCredentials<Asked extends unknown[], T>(
    provide: (...asked: Asked) => Promise<T>,
    milliseconds: number,
): (...asked: Asked) => Promise<T> {
    const why = `The source of the AWS credentials (such as SSO, a process or instance metadata) did not answer within ${String(milliseconds / 1000)} s`;
    return async (...asked) => withTimeout(milliseconds, provide(...asked), () => new LateCredentials(why));
}
