import { createServer, IncomingMessage, Server } from "http";
import { AddressInfo } from "net";
import { AwsAccess } from "../../../../handover/aws/awsAccess";
import type { ClientDefaults } from "../../../../handover/aws/awsClients";
import { connectAws } from "../../../../handover/aws/connectAws";
import { AwsConnection } from "../../../../handover/model/connection";

/** A call as it reached AWS. */
export interface AwsCall {
    /** In the notation of IAM policies: `iam:GetRole`. */
    action: string;
    region: string;
    /** Those of the query protocol (`Filter.1.Name`). For EKS, the numbered parts of the path, and the body. */
    parameters: Record<string, string>;
    userAgent: string;
    /** Empty for a call that is not signed. */
    accessKeyId: string;
}

/** An error response, with code and message as the service words them. */
export class AwsFailure {
    constructor(
        readonly code: string,
        readonly message: string,
        readonly status = 400,
    ) {}
}

/** Closes the connection without an answer. */
export const SILENCE = Symbol("silence");

/** Begins an answer, and does not end it. */
export const STALL = Symbol("stall");

/** The answers by action: the content of the result element, an AwsFailure, SILENCE or STALL. */
export type Answers = Record<string, (call: AwsCall) => unknown>;

export const ACCOUNT = "111122223333";
export const REGION = "us-west-2";

/** A local HTTP server that gives the answers of a test to the real SDK. Starts and stops with the suite. */
export function useAws() {
    let server: Server | undefined;
    let answers: Answers = {};
    const calls: AwsCall[] = [];
    before((done) => {
        server = createServer((request, response) => {
            void readBody(request).then((body) => {
                const call = parseCall(request, body);
                calls.push(call);
                const answer = answers[call.action]?.(call) ?? new AwsFailure("InvalidAction", "not in the script");
                if (answer === SILENCE) {
                    request.socket.destroy();
                    return;
                }
                if (answer === STALL) {
                    response.writeHead(200, { "content-type": "text/xml" }).write("<Answer>");
                    return;
                }
                const { status, headers, text } = encodeResponse(call, answer);
                response.writeHead(status, headers).end(text);
            });
        }).listen(0, "127.0.0.1", done);
    });
    after((done) => {
        server?.closeAllConnections();
        server?.close(done);
    });
    beforeEach(() => {
        calls.length = 0;
        answers = {};
    });
    const endpoint = () => `http://127.0.0.1:${String((server?.address() as AddressInfo).port)}`;
    return {
        calls,
        endpoint,
        /** How often each action was called. */
        counts: (): Record<string, number> => {
            const names = calls.map(({ action }) => action).sort();
            return Object.fromEntries(names.map((name) => [name, names.filter((other) => other === name).length]));
        },
        answer: (more: Answers) => {
            answers = { ...answers, ...more };
        },
        connect: (connection: AwsConnection = {}, defaults: ClientDefaults = { region: REGION }): AwsAccess => {
            const [iam, sts, ec2, eks] = [endpoint(), endpoint(), endpoint(), endpoint()];
            const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "operators-secret-key" };
            return connectAws({ ...operator, endpoints: { iam, sts, ec2, eks }, ...connection }, defaults);
        },
    };
}

export type Aws = ReturnType<typeof useAws>;

async function readBody(request: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
        chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString();
}

function parseCall({ headers, method = "", url = "" }: IncomingMessage, body: string): AwsCall {
    const [, key = "", , region = "", service = "sts"] =
        /Credential=([^/]+)\/(\d+)\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? "") ?? [];
    const userAgent = String(headers["user-agent"]);
    const common = { region, userAgent, accessKeyId: key };
    if (service === "eks" || service === "eks-auth") {
        const { pathname, searchParams } = new URL(url, "http://eks");
        const parts = Object.fromEntries(pathname.split("/").map((part, i) => [String(i), decodeURIComponent(part)]));
        return {
            ...common,
            action: `${service}:${eksAction(method, pathname)}`,
            parameters: { ...parts, ...Object.fromEntries(searchParams), ...(body === "" ? {} : { body }) },
        };
    }
    if (url.startsWith("/federation/credentials?")) {
        // The access portal of IAM Identity Center, which gets its own token instead of a signature.
        const parameters = Object.fromEntries(new URL(url, "http://portal.sso").searchParams);
        return { ...common, action: "sso:GetRoleCredentials", parameters };
    }
    const { Action = "", ...parameters } = Object.fromEntries(new URLSearchParams(body));
    return { ...common, action: `${service}:${Action}`, parameters };
}

function eksAction(method: string, path: string): string {
    const actions: [RegExp, string][] = [
        [/^GET \/clusters$/, "ListClusters"],
        [/^GET \/clusters\/[^/]+$/, "DescribeCluster"],
        [/^GET \/clusters\/[^/]+\/addons\/[^/]+$/, "DescribeAddon"],
        [/^POST \/clusters\/[^/]+\/addons\/[^/]+\/update$/, "UpdateAddon"],
        [/^GET \/clusters\/[^/]+\/updates\/[^/]+$/, "DescribeUpdate"],
        [/^GET \/clusters\/[^/]+\/pod-identity-associations$/, "ListPodIdentityAssociations"],
        [/^GET \/clusters\/[^/]+\/pod-identity-associations\/[^/]+$/, "DescribePodIdentityAssociation"],
        [/^POST \/clusters\/[^/]+\/pod-identity-associations\/[^/]+$/, "UpdatePodIdentityAssociation"],
        [/^POST \/clusters\/[^/]+\/assume-role-for-pod-identity$/, "AssumeRoleForPodIdentity"],
        [/^DELETE \/clusters\/[^/]+\/pod-identity-associations\/[^/]+$/, "DeletePodIdentityAssociation"],
    ];
    return actions.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1] ?? `${method} ${path}`;
}

/** Encodes an answer in the protocol of its service: query (IAM, STS), EC2's own, REST with JSON (EKS). */
function encodeResponse(
    { action }: AwsCall,
    answer: unknown,
): { status: number; headers: Record<string, string>; text: string } {
    const [service = "", name = ""] = action.split(":");
    if (service === "eks" || service === "eks-auth" || service === "sso") {
        const failed = answer instanceof AwsFailure;
        return {
            status: failed ? answer.status : 200,
            headers: { "content-type": "application/json", ...(failed && { "x-amzn-errortype": answer.code }) },
            text: JSON.stringify(failed ? { message: answer.message } : answer),
        };
    }
    const headers = { "content-type": "text/xml" };
    if (answer instanceof AwsFailure) {
        const error = xml({ Error: { Code: answer.code, Message: answer.message } }, "member");
        const text =
            service === "ec2"
                ? `<Response><Errors>${error}</Errors></Response>`
                : `<ErrorResponse>${error}</ErrorResponse>`;
        return { status: answer.status, headers, text };
    }
    const text =
        service === "ec2"
            ? `<${name}Response>${xml(answer, "item")}</${name}Response>`
            : `<${name}Response><${name}Result>${xml(answer, "member")}</${name}Result></${name}Response>`;
    return { status: 200, headers, text };
}

function xml(value: unknown, item: string): string {
    if (Array.isArray(value)) {
        return value.map((entry) => `<${item}>${xml(entry, item)}</${item}>`).join("");
    }
    if (typeof value === "object" && value !== null) {
        const members = Object.entries(value).filter(([, of]) => of !== undefined);
        return members.map(([name, of]) => `<${name}>${xml(of, item)}</${name}>`).join("");
    }
    return String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
