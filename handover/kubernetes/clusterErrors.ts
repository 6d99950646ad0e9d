import type { ApiException } from "@kubernetes/client-node";
import { AnsweredRefusal, Refusal } from "../model/refusal";
import { NoCredentials } from "./authentication";
import type { Reached } from "./commands";
import { credentialsMissing, credentialsRefused, host, throttled, unreachable } from "./reachability";
import { NoResponse } from "./requests";

/** A request, in the terms of RBAC. */
export interface ApiRequest {
    readonly verb: string;
    /** With its group, as `kubectl auth can-i` expects it: `daemonsets.apps`. */
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
}

/** A response that the caller may be able to handle: not found (404), conflict (409), gone (410). */
export class StatusError extends Error {
    public constructor(
        public readonly status: 404 | 409 | 410,
        message: string,
        /** For a conflict of server-side apply: the fields and their owners. */
        public readonly conflicts: readonly { readonly field: string; readonly message: string }[] = [],
    ) {
        super(message);
    }
}

/** Returns undefined for an object that does not exist. */
export async function undefinedIfMissing<T>(response: Promise<T>): Promise<T | undefined> {
    try {
        return await response;
    } catch (error) {
        if (error instanceof StatusError && error.status === 404) {
            return undefined;
        }
        throw error;
    }
}

/** Translates the error of a failed request. */
export function failureOf(error: unknown, request: ApiRequest, reached: Reached): Error {
    if (error instanceof NoResponse) {
        return error.throttled ? throttled(error, reached) : unreachable(error, reached);
    }
    if (error instanceof NoCredentials) {
        return credentialsMissing(error, reached);
    }
    return isApiException(error) ? answered(error, request, reached) : brokenAnswer(error, request);
}

/** Checks the shape, since the class is loaded late. */
function isApiException(error: unknown): error is ApiException<unknown> {
    return error instanceof Error && "code" in error && typeof error.code === "number" && "body" in error;
}

function answered(error: ApiException<unknown>, request: ApiRequest, reached: Reached): Error {
    const status = statusOf(error.body);
    switch (error.code) {
        case 401:
            return credentialsRefused(reached);
        case 403:
            return accessDenied(status.message, request, reached);
        case 404:
        case 409:
        case 410:
            return new StatusError(error.code, status.message, status.conflicts);
        default:
            return refuses(`answered ${error.code} to ${describeRequest(request)}: ${status.message}`);
    }
}

interface Status {
    readonly message: string;
    readonly conflicts: readonly { readonly field: string; readonly message: string }[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function statusOf(body: unknown): Status {
    const status = parsed(body);
    const causes = status.details?.causes ?? [];
    return {
        message: withoutFullStop(status.message ?? "no reason given"),
        conflicts: causes
            .filter(({ reason }) => reason === "FieldManagerConflict")
            .map(({ field = "", message = "" }) => ({ field, message })),
    };
}

interface StatusBody {
    message?: string;
    details?: { causes?: { reason?: string; field?: string; message?: string }[] };
}

/** For a status code that the client's description of the API lacks, the body is text. */
function parsed(body: unknown): StatusBody {
    try {
        const status: unknown = typeof body === "string" || Buffer.isBuffer(body) ? JSON.parse(body.toString()) : body;
        return typeof status === "object" && status !== null ? status : {};
    } catch {
        return {};
    }
}

/** RBAC and other authorizers answer "User … cannot …". An admission webhook denies requests with the same status code. */
function accessDenied(message: string, asked: ApiRequest, { config, kubectl }: Reached): Refusal {
    // An apply that would create the object needs `create`, too: apiserver, pkg/endpoints/handlers/patch.go (withAuthorization).
    const [, denied] = /\bcannot (\w+) resource\b/.exec(message) ?? [];
    const request = denied === undefined ? asked : { ...asked, verb: denied };
    const head = `The API server at ${host(config)} forbids ${describeRequest(request)}`;
    const byAuthorisation = /\bcannot\b/.test(message);
    return byAuthorisation
        ? new AnsweredRefusal(
              "cluster-access-denied",
              head,
              `${message}.`,
              "The live checks need this permission.",
              `Grant it to the user in \`kubeconfig\` (by RBAC or an EKS access policy): \`${kubectl} auth can-i ${canI(request)}\` must print yes.`,
          )
        : new AnsweredRefusal(
              "cluster-access-denied",
              head,
              `${message}.`,
              "RBAC allows it, but an admission webhook or policy in the cluster denies it.",
              `Exempt the user in \`kubeconfig\` from that webhook or policy for ${describeRequest(request)}, and run again.`,
          );
}

/**
 * Includes the name, without which `kubectl auth can-i` ignores permissions by resourceNames. The name of a pod is left out,
 * since it changes.
 */
function canI({ verb, resource, namespace, name }: ApiRequest): string {
    const [, kind = resource, subresource] = /^([^/]+)\/(.+)$/.exec(resource) ?? [];
    return [
        name === undefined || kind === "pods" ? `${verb} ${kind}` : `${verb} ${kind}/${name}`,
        ...(subresource === undefined ? [] : [`--subresource ${subresource}`]),
        ...(namespace === undefined ? [] : [`--namespace ${namespace}`]),
    ].join(" ");
}

function refuses(what: string): Refusal {
    return new Refusal(
        "cluster-refuses",
        `The API server ${what}.`,
        "The hand-over cannot continue after this response.",
        "Fix the problem that the API server names, and run again. Each run starts from the current state.",
    );
}

/** A parser's message quotes the response, which may contain anything, so only the kind of the error is shown. */
function brokenAnswer(error: unknown, request: ApiRequest): Refusal {
    const kind = error instanceof Error ? error.name : typeof error;
    return refuses(`sent a response to ${describeRequest(request)} that could not be read (${kind})`);
}

export function describeRequest({ verb, resource, namespace, name }: ApiRequest): string {
    return `\`${verb} ${resource}${name === undefined ? "" : ` ${name}`}\`${namespace === undefined ? "" : ` in ${namespace}`}`;
}

const withoutFullStop = (text: string) => text.replace(/\.$/, "");
