import type { PromiseHttpLibrary, RequestContext, ResponseContext } from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import { countOf } from "../model/countOf";
import { Refusal } from "../model/refusal";
import { NoCredentials } from "./authentication";
import type { ClusterClock } from "./clusterClock";
import type { ClusterSettings } from "./clusterSettings";

/** No usable response, even after the retries. */
export class NoResponse extends Error {
    public constructor(
        public readonly why: string,
        /** Whether more attempts would fail in the same way. */
        public readonly final: boolean,
        /** Whether the API server answers, and rejects calls. */
        public readonly throttled = false,
        /** Whether an attempt got an answer, although none that can be used: there is a server. */
        public readonly answered = false,
    ) {
        super(why);
    }
}

/** Sends a request once. */
export type Send = (request: RequestContext) => Promise<ResponseContext>;

type Attempt =
    | { readonly answer: ResponseContext }
    /** `answered`: a response began, and broke off. */
    | { readonly failure: string; readonly final: boolean; readonly answered: boolean };

/**
 * Sends each request with a time limit, and retries it by the conventions of the Kubernetes API: after a broken connection, on 429
 * and 503 after the time in Retry-After, and on 500 and 504
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#http-status-codes).
 *
 * All requests of this package can be repeated safely: reads, patches, deletes, and token requests.
 *
 * @param tell Called with the failure when a request has failed for `quietMilliseconds` and is tried again: once until the next answer, whichever
 * request gets it.
 */
export function withRetries(
    send: Send,
    settings: ClusterSettings,
    clock: ClusterClock,
    closing: AbortSignal,
    tell: (failure: string) => void = () => undefined,
): PromiseHttpLibrary {
    let told = false;
    return {
        async send(request) {
            request.setHeaderParam("User-Agent", "eks-cni");
            const startedAt = Date.now();
            const deadline = startedAt + settings.retryMilliseconds;
            let answered = false;
            for (let attempts = 1; ; attempts++) {
                const attempt = await once(send, request, settings.attemptMilliseconds, clock);
                answered ||= "answer" in attempt || attempt.answered;
                if ("answer" in attempt && !isWorthAnother(attempt.answer, attempts)) {
                    told = false;
                    return attempt.answer;
                }
                const pause = pauseAfter(attempt, attempts, settings.pauseMilliseconds);
                const isLast = ("final" in attempt && attempt.final) || Date.now() + pause >= deadline;
                if (!isLast && !told && Date.now() - startedAt >= settings.quietMilliseconds) {
                    told = true;
                    tell("answer" in attempt ? `it answers with ${attempt.answer.httpStatusCode}` : attempt.failure);
                }
                if (isLast || !(await waited(pause, closing))) {
                    throw noResponse(attempt, attempts, answered);
                }
            }
        },
    };
}

/** Whether the pause ended before the access was closed. */
async function waited(milliseconds: number, closing: AbortSignal): Promise<boolean> {
    try {
        await sleep(milliseconds, undefined, { signal: closing });
        return true;
    } catch {
        return false;
    }
}

/** An internal error (500) may be permanent, for example in an admission webhook. */
const ATTEMPTS_AT_INTERNAL_ERRORS = 5;

function isWorthAnother({ httpStatusCode }: ResponseContext, attempts: number): boolean {
    return (
        [429, 503, 504].includes(httpStatusCode) || (httpStatusCode === 500 && attempts < ATTEMPTS_AT_INTERNAL_ERRORS)
    );
}

async function once(send: Send, request: RequestContext, milliseconds: number, clock: ClusterClock): Promise<Attempt> {
    const signal = AbortSignal.timeout(milliseconds);
    request.setSignal(signal);
    let answered = false;
    try {
        const answer = await send(request);
        answered = true;
        clock.heard(answer.headers.date);
        // Read here, so that a connection that breaks or stalls in the middle of a page counts as a failed attempt.
        const body = await answer.body.binary();
        const read = { binary: () => Promise.resolve(body), text: () => Promise.resolve(body.toString()) };
        return { answer: Object.assign(answer, { body: read }) };
    } catch (error) {
        if (error instanceof NoCredentials || error instanceof Refusal) {
            throw error;
        }
        if (signal.aborted) {
            return { failure: `no answer within ${milliseconds / 1000} s`, final: false, answered };
        }
        const code = codeOf(error);
        return { failure: code, final: isAboutCertificates(code), answered };
    }
}

/** Only the code: the message of a failed fetch contains the URL, which may include a password. */
function codeOf(error: unknown): string {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return typeof code === "string" ? code : "the connection broke";
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export function isAboutCertificates(code: string): boolean {
    return /CERT|SIGNATURE|ISSUER|CRL|ERR_TLS_/.test(code) || code === "INVALID_CA" || code === "HOSTNAME_MISMATCH";
}

function pauseAfter(attempt: Attempt, attempts: number, first: number): number {
    const growing = Math.min(first * 2 ** (attempts - 1), 5000);
    const asked = "answer" in attempt ? Number(attempt.answer.headers["retry-after"]) * 1000 : 0;
    return asked > 0 ? Math.min(asked, 30_000) : growing;
}

function noResponse(attempt: Attempt, attempts: number, answered: boolean): NoResponse {
    const times = countOf(attempts, "attempt", "attempts");
    return "answer" in attempt
        ? new NoResponse(
              `${times}, the last answered with ${attempt.answer.httpStatusCode}`,
              false,
              attempt.answer.httpStatusCode === 429,
              answered,
          )
        : new NoResponse(`${times}, the last failed with: ${attempt.failure}`, attempt.final, false, answered);
}
