import { injectionPatch, type InjectionDefaults } from "./injection";
import type { Pod } from "./pod";
import type { ServiceAccounts } from "./serviceAccounts";

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-request-and-response */
export interface AdmissionReview {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly request?: { readonly uid: string; readonly namespace?: string; readonly object?: Pod };
    readonly response?: AdmissionResponse;
}

interface AdmissionResponse {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: "JSONPatch";
    /** Base64 of the JSON patch. */
    readonly patch?: string;
    readonly status?: { readonly metadata: object; readonly message: string };
}

export interface Reviewer {
    readonly accounts: Pick<ServiceAccounts, "get">;
    readonly defaults: InjectionDefaults;
    readonly hasPodIdentity: (namespace: string, serviceAccount: string) => boolean;
}

/**
 * The answer to a request's body, always with the HTTP status 200 (pkg/handler/handler.go, Handle and MutatePod).
 *
 * Every pod is admitted, changed or not: the webhook neither waits for an unknown service account nor refuses its pod.
 * It allows nothing that it cannot read.
 */
export function answerTo(body: string, reviewer: Reviewer): AdmissionReview {
    const parsed = parse(body);
    if ("fault" in parsed) {
        return refusal({}, `couldn't get version/kind; json parse error: ${parsed.fault}`);
    }
    const { review } = parsed;
    const { request } = review;
    if (!request) {
        return refusal(review, "bad content");
    }
    const pod: unknown = request.object;
    if (!isObject(pod)) {
        return refusal(review, `json: cannot unmarshal ${typeof pod} into Go value of type v1.Pod`);
    }
    return admission(review, request.uid, request.namespace ?? "", pod as Pod, reviewer);
}

function isObject(value: unknown): boolean {
    return typeof value === "object" && value !== null;
}

/** A request without a body is a review without a request. */
function parse(body: string): { readonly review: AdmissionReview } | { readonly fault: string } {
    try {
        const parsed: unknown = JSON.parse(body === "" ? "{}" : body);
        return isObject(parsed)
            ? { review: parsed as AdmissionReview }
            : { fault: `cannot unmarshal ${typeof parsed}` };
    } catch (error) {
        return { fault: String(error) };
    }
}

function admission(
    { apiVersion, kind }: AdmissionReview,
    uid: string,
    namespace: string,
    pod: Pod,
    { accounts, defaults, hasPodIdentity }: Reviewer,
): AdmissionReview {
    const accountName = pod.spec?.serviceAccountName ?? "";
    const serviceAccount = accounts.get(namespace, accountName);
    const knowledge = { serviceAccount, hasPodIdentity: hasPodIdentity(namespace, accountName) };
    const patch = injectionPatch(pod, knowledge, defaults);
    const change = patch && {
        patchType: "JSONPatch" as const,
        patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    };
    return { apiVersion, kind, response: { uid, allowed: true, ...change } };
}

function refusal({ apiVersion, kind, request }: AdmissionReview, message: string): AdmissionReview {
    const response = { uid: request?.uid ?? "", allowed: false, status: { metadata: {}, message } };
    return { apiVersion, kind, response };
}
