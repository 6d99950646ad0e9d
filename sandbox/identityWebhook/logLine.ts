import type { AdmissionReview } from "./review";
import type { WebhookAnswer } from "./webhook";

/** A line of the log for an answer: the pod, and whether it was changed. */
export function logLine(asked: string, { status, body }: WebhookAnswer): string {
    const request = reviewIn(asked)?.request;
    const response = status === 200 ? reviewIn(body)?.response : undefined;
    if (!request?.object || !response?.allowed) {
        return response?.status?.message ?? body.trim();
    }
    const { metadata, spec } = request.object;
    const name = metadata?.name ?? metadata?.generateName ?? "";
    const outcome = response.patch === undefined ? "not mutated" : "mutated";
    return `pod ${request.namespace ?? ""}/${name} of service account ${spec?.serviceAccountName ?? ""} ${outcome}`;
}

function reviewIn(text: string): AdmissionReview | undefined {
    try {
        return JSON.parse(text) as AdmissionReview;
    } catch {
        return undefined;
    }
}
