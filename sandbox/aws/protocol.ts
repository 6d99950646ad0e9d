import { randomUUID } from "node:crypto";

import type { CallOrigin } from "./callOrigin";
import { AwsError } from "./errors";

/** Those of the front. Only the Pod Identity agent, and a test of its credentials, call EKS Auth. */
export type Service = "iam" | "sts" | "ec2" | "eks" | "eks-auth";

const services: ReadonlySet<string> = new Set<Service>(["iam", "sts", "ec2", "eks", "eks-auth"]);

export interface Credential {
    readonly accessKeyId: string;
    readonly sessionToken?: string;
}

export interface AwsRequest {
    readonly service: Service;
    readonly method: string;
    /** Path and query, as sent. */
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
    /** The query protocol's parameters (IAM, STS, EC2); empty for EKS, which is REST. */
    readonly parameters: ReadonlyMap<string, string>;
    /** The query protocol's Action; empty for EKS. */
    readonly action: string;
    /** From the signature. */
    readonly region?: string;
    readonly credential?: Credential;
    /** Where the call comes from. */
    readonly origin?: CallOrigin;
}

export interface AwsResponse {
    readonly status: number;
    readonly contentType: string;
    readonly body: string | Buffer;
    readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The API version of the query protocol identifies the service:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/CommonParameters.html
 */
const serviceOfVersion: Readonly<Record<string, Service>> = {
    "2010-05-08": "iam",
    "2011-06-15": "sts",
    "2016-11-15": "ec2",
};
const namespaces = {
    iam: "https://iam.amazonaws.com/doc/2010-05-08/",
    sts: "https://sts.amazonaws.com/doc/2011-06-15/",
};

/** Parses the common parts of every AWS request. The signature is not verified. */
export function parseRequest(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
): AwsRequest {
    const query = new URL(url, "http://127.0.0.1").searchParams;
    const isForm = (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    const parameters = new Map(isForm ? new URLSearchParams(body.toString("utf8")) : query);
    const scope = credentialScope(headers.authorization ?? "");
    const sessionToken = headers["x-amz-security-token"];
    return {
        service: serviceOf(parameters.get("Version"), scope?.service),
        method,
        url,
        headers,
        body,
        parameters,
        action: parameters.get("Action") ?? "",
        ...(scope && {
            region: scope.region,
            credential: { accessKeyId: scope.accessKeyId, ...(sessionToken && { sessionToken }) },
        }),
    };
}

/** "AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …" (Signature Version 4). */
function credentialScope(authorization: string): { accessKeyId: string; region: string; service: string } | undefined {
    const match = /Credential=([^/,]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization);
    return match?.[1] && match[2] && match[3]
        ? { accessKeyId: match[1], region: match[2], service: match[3] }
        : undefined;
}

function serviceOf(version: string | undefined, scope: string | undefined): Service {
    const service = serviceOfVersion[version ?? ""] ?? scope;
    if (services.has(service ?? "")) {
        return service as Service;
    }
    throw new AwsError(
        "InvalidAction",
        `This sandbox serves IAM, STS, EC2, EKS and EKS Auth, not ${service ?? "this call"}.`,
        400,
    );
}

export function escapeXml(text: string): string {
    return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A successful answer of IAM or STS. `result` is escaped XML. */
export function queryAnswer(service: "iam" | "sts", action: string, result = ""): AwsResponse {
    const body = result && `<${action}Result>${result}</${action}Result>`;
    return xml(
        200,
        `<${action}Response xmlns="${namespaces[service]}">${body}` +
            `<ResponseMetadata>${noRequestId}</ResponseMetadata></${action}Response>`,
    );
}

/** Each protocol has its own error format: IAM and STS ErrorResponse, EC2 Response/Errors, EKS JSON. */
export function errorAnswer(service: Service, error: AwsError): AwsResponse {
    const code = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
    switch (service) {
        case "eks":
        case "eks-auth":
            return {
                status: error.status,
                contentType: "application/json",
                headers: { "x-amzn-errortype": error.code },
                body: JSON.stringify({ message: error.message }),
            };
        case "ec2":
            return xml(
                error.status,
                `<Response><Errors><Error>${code}</Error></Errors><RequestID></RequestID></Response>`,
            );
        default:
            return xml(
                error.status,
                `<ErrorResponse xmlns="${namespaces[service]}"><Error><Type>Sender</Type>${code}</Error>` +
                    `${noRequestId}</ErrorResponse>`,
            );
    }
}

/** `withRequestId` replaces it, in moto's answers too. */
const noRequestId = "<RequestId></RequestId>";

/**
 * Adds the request id, which identifies the call: in the body of the XML protocols, and in the header that SDKs show.
 */
export function withRequestId(response: AwsResponse, id = randomUUID()): AwsResponse {
    const headers = { ...response.headers, "x-amzn-requestid": id };
    return response.contentType.includes("xml")
        ? {
              ...response,
              headers,
              body: response.body.toString().replace(/<(RequestId)>[^<]*<\/\1>/i, `<$1>${id}</$1>`),
          }
        : { ...response, headers };
}

function xml(status: number, body: string): AwsResponse {
    return { status, contentType: "text/xml", body: `<?xml version="1.0" encoding="UTF-8"?>${body}` };
}

/** The values of a numbered list parameter, for instance "ResourceId" of "ResourceId.1=…&ResourceId.2=…". */
export function listParameter(parameters: ReadonlyMap<string, string>, prefix: string): string[] {
    const pattern = new RegExp(`^${prefix.replaceAll(".", "\\.")}\\.\\d+$`);
    return [...parameters].filter(([name]) => pattern.test(name)).map(([, value]) => value);
}
