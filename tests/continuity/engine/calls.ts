/** What a call of the engine's means, by its request. Pure. */

export interface Call {
    readonly at: number;
    readonly to: "aws" | "kubernetes";
    /** For instance `iam AttachRolePolicy` or `PATCH serviceaccounts/aws-node`. */
    readonly operation: string;
    /** Whether it changes anything: a look, a dry run, and a token that is asked for do not. */
    readonly write: boolean;
}

export interface Request {
    readonly method: string;
    /** Path and query. */
    readonly url: string;
    readonly contentType: string;
    /** The service of the signature's scope; the query protocol alone does not name it. */
    readonly service: string;
    readonly body: string;
}

type Meaning = Pick<Call, "operation" | "write">;

const LOOK = /^(?:Get|List|Describe|Simulate|Assume|Generate)/;

/** The query protocol of IAM, STS and EC2, and EKS's REST. */
export function awsCall({ method, url, contentType, service, body }: Request): Meaning {
    const query = new URL(url, "http://127.0.0.1").searchParams;
    const parameters = contentType.startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body) : query;
    const action = parameters.get("Action");
    if (action === null) {
        const path = url.split("?")[0] ?? "";
        return { operation: `${service} ${method} ${path}`, write: method !== "GET" };
    }
    const write = !LOOK.test(action) && parameters.get("DryRun") !== "true";
    const subject = [parameters.get("RoleName"), parameters.get("PolicyArn")?.split("/").pop()].filter(Boolean);
    return { operation: [service, action, ...subject].join(" "), write };
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function kubernetesCall({ method, url }: Request): Meaning {
    const { pathname, searchParams } = new URL(url, "https://127.0.0.1");
    const [, namespaced = pathname] =
        /^\/apis?\/(?:[^/]+\/)?v[^/]+\/(?:namespaces\/[^/]+\/)?(.*)$/.exec(pathname) ?? [];
    const watched = searchParams.get("watch") === "true" || searchParams.get("watch") === "1" ? "WATCH" : method;
    const asks = method === "POST" && /\/token$|reviews$/.test(pathname);
    const write = method !== "GET" && method !== "HEAD" && !searchParams.has("dryRun") && !asks;
    return { operation: `${watched} ${namespaced}`, write };
}
