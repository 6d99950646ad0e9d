import { appendFileSync } from "node:fs";

/** A line of eks-auth-calls.jsonl, as CloudTrail has an event for each call. */
export interface EksAuthCall {
    /** Milliseconds since the epoch. */
    readonly time: number;
    /** The ARN of the caller: on EKS the session of a node's role, whose name is the instance's id. */
    readonly caller: string;
    readonly clusterName: string;
    /** What the token says, if it was valid. */
    readonly namespace?: string;
    readonly serviceAccount?: string;
    readonly podName?: string;
    readonly podUid?: string;
    /** The association by which the call was answered, and its role. */
    readonly associationId?: string;
    readonly roleArn?: string;
    /** The code of the refusal. */
    readonly error?: string;
    readonly message?: string;
}

/** Writes a call, however it ends. */
export async function logged<T>(
    logFile: string,
    call: Pick<EksAuthCall, "caller" | "clusterName">,
    ask: () => Promise<T>,
    shown: (answer: T) => Partial<EksAuthCall>,
): Promise<T> {
    const log = (rest: Partial<EksAuthCall>) =>
        appendFileSync(logFile, `${JSON.stringify({ time: Date.now(), ...call, ...rest })}\n`);
    try {
        const answer = await ask();
        log(shown(answer));
        return answer;
    } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        log({ error: name, message });
        throw error;
    }
}
