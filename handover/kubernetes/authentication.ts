import type { KubeConfig, RequestContext } from "@kubernetes/client-node";
import { withTimeout } from "../async/withTimeout";

/** The kubeconfig returned no credentials, so no request was sent. */
export class NoCredentials extends Error {
    public constructor(public readonly why: string) {
        super(why);
    }
}

/** Authenticates as the kubeconfig says, with a time limit: a credential command may wait for a browser that is not visible. */
export async function authenticate(
    config: KubeConfig,
    request: RequestContext,
    atMostMilliseconds: number,
): Promise<void> {
    const why = `it did not finish within ${atMostMilliseconds / 1000} s`;
    try {
        const authenticated = config.applySecurityAuthentication(request);
        await withTimeout(atMostMilliseconds, authenticated, () => new NoCredentials(why));
    } catch (error) {
        throw error instanceof NoCredentials ? error : new NoCredentials(reason(error));
    }
}

/**
 * The client throws the command's standard error, which is written for people. A parser error quotes the output, which may be a
 * token, so its message is replaced.
 */
function reason(error: unknown): string {
    if (error instanceof Error && "code" in error && typeof error.code === "string") {
        return `it could not be run or read (${error.code})`;
    }
    if (error instanceof SyntaxError || error instanceof TypeError) {
        return "it did not return an ExecCredential";
    }
    const text = error instanceof Error ? error.message.trim().replace(/\s+/g, " ").slice(0, 300) : "";
    return text === "" ? "it failed without a message" : text;
}

/** Describes for a message what the kubeconfig authenticates with. */
export function credentialsOf(config: KubeConfig): string {
    const user = config.getCurrentUser();
    const command = commandOf(config);
    if (command !== undefined) {
        return `the command \`${command}\` of ${whose(config)}`;
    }
    if (user?.authProvider) {
        return `the auth-provider of ${whose(config)}`;
    }
    return `the ${user?.token ? "token" : "credentials"} of ${whose(config)}`;
}

/** The credential command of the kubeconfig, if it has one: `aws`, if `aws eks update-kubeconfig` wrote it. */
export function commandOf(config: KubeConfig): string | undefined {
    const command = (config.getCurrentUser()?.exec as { command?: unknown } | null | undefined)?.command;
    return typeof command === "string" ? command : undefined;
}

function whose(config: KubeConfig): string {
    const user = config.getCurrentUser()?.name ?? "";
    return `the user ${JSON.stringify(user)} in the kubeconfig (context ${JSON.stringify(config.currentContext)})`;
}
