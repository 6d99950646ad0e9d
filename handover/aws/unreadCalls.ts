import type { UnreadCall } from "../model/otherDelivery";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { errorCodeOf, messageOf, missingAction } from "./awsErrors";

/** The result of a call that EKS did not answer, although it can be reached. */
export interface Unread {
    readonly unread: UnreadCall;
}

export function isUnread(result: unknown): result is Unread {
    return typeof result === "object" && result !== null && "unread" in result;
}

/** Missing permissions, and a region or an EKS API without this call, are a result. The caller decides what follows. */
export async function unlessUnread<T>(
    { secrets }: Pick<Clients, "secrets">,
    action: string,
    read: () => Promise<T>,
): Promise<T | Unread> {
    try {
        return await read();
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return { unread: { action: missingAction(error.seen, action), cause: "denied", why: error.seen } };
        }
        if (errorCodeOf(error) === "UnknownOperation") {
            const why = `EKS does not support the call ${action}: ${messageOf(error, secrets)}`;
            return { unread: { action, cause: "unsupported", why } };
        }
        throw error;
    }
}
