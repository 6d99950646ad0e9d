/** A request to the webhook as HTTP has it, and its answer. */
export interface WebhookRequest {
    readonly contentType: string | undefined;
    readonly body: string;
}

export interface WebhookAnswer {
    readonly status: number;
    readonly body: string;
}

/** A service account with an EKS Pod Identity association. */
export interface Identity {
    readonly namespace: string;
    readonly serviceAccount: string;
}

/** The webhook behind the TLS front: the stand-in, or AWS's own. */
export interface Webhook {
    answer(request: WebhookRequest): Promise<WebhookAnswer>;
    /** The time until it sees a change of a service account. Infinity: it sees none, 0: all missed ones at once. */
    setCacheDelay(milliseconds: number): void;
    stop(): Promise<void>;
}
