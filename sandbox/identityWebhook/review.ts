import { injectionPatch, type InjectionDefaults } from "./injection";
import type { Pod } from "./pod";
import type { ServiceAccounts } from "./serviceAccounts";

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#webhook-request-and-response */
export interface AdmissionReview {
    readonly apiVersion: string;
    readonly kind: string;
    readonly request?: { readonly uid: string; readonly namespace?: string; readonly object?: Pod };
    readonly response?: AdmissionResponse;
}

interface AdmissionResponse {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: "JSONPatch";
    /** Base64 of the JSON patch. */
    readonly patch?: string;
}

/**
 * Every pod is admitted, changed or not. The webhook neither waits for an unknown service account nor refuses its pod.
 */
export function reviewAnswer(
    review: AdmissionReview,
    accounts: Pick<ServiceAccounts, "get">,
    defaults: InjectionDefaults,
    hasPodIdentity: (namespace: string, serviceAccount: string) => boolean = () => false,
): { answer: AdmissionReview; line: string } {
    const { request } = review;
    const pod = request?.object;
    if (!request || !pod) {
        throw new Error("bad content: an AdmissionReview with a pod is expected");
    }
    const namespace = request.namespace ?? "";
    const accountName = pod.spec?.serviceAccountName ?? "";
    const account = accounts.get(namespace, accountName);
    const patch = injectionPatch(pod, account, defaults, hasPodIdentity(namespace, accountName));
    const name = pod.metadata?.name ?? pod.metadata?.generateName ?? "";
    const outcome = patch ? "mutated" : `not mutated${account ? "" : ": service account not in the cache"}`;
    return {
        answer: {
            apiVersion: review.apiVersion,
            kind: review.kind,
            response: {
                uid: request.uid,
                allowed: true,
                ...(patch && {
                    patchType: "JSONPatch",
                    patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
                }),
            },
        },
        line: `pod ${namespace}/${name} of service account ${accountName} ${outcome}`,
    };
}
