/** Classifies the engine's calls by their HTTP requests. Pure. */

export interface Call {
    readonly at: number;
    readonly to: "aws" | "kubernetes";
    /** For instance `iam AttachRolePolicy` or `PATCH serviceaccounts/aws-node`. */
    readonly operation: string;
    /** Whether the call changes anything. A read, a dry run and a token request do not. */
    readonly write: boolean;
}

export interface Request {
    readonly method: string;
    /** Path and query. */
    readonly url: string;
    readonly contentType: string;
    /** The service in the credential scope of the signature. The query protocol itself does not name it. */
    readonly service: string;
    readonly body: string;
}

type Classified = Pick<Call, "operation" | "write">;

const READ = /^(?:Get|List|Describe|Simulate|Assume|Generate)/;

/** The query protocol of IAM, STS and EC2, and the REST API of EKS. */
export function awsCall({ method, url, contentType, service, body }: Request): Classified {
    const query = new URL(url, "http://127.0.0.1").searchParams;
    const parameters = contentType.startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body) : query;
    const action = parameters.get("Action");
    if (action === null) {
        const path = url.split("?")[0] ?? "";
        return { operation: `${service} ${method} ${path}`, write: method !== "GET" };
    }
    const write = !READ.test(action) && parameters.get("DryRun") !== "true";
    const subject = [parameters.get("RoleName"), parameters.get("PolicyArn")?.split("/").pop()].filter(Boolean);
    return { operation: [service, action, ...subject].join(" "), write };
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function kubernetesCall({ method, url }: Request): Classified {
    const { pathname, searchParams } = new URL(url, "https://127.0.0.1");
    const [, namespaced = pathname] =
        /^\/apis?\/(?:[^/]+\/)?v[^/]+\/(?:namespaces\/[^/]+\/)?(.*)$/.exec(pathname) ?? [];
    const verb = searchParams.get("watch") === "true" || searchParams.get("watch") === "1" ? "WATCH" : method;
    const isQuery = method === "POST" && /\/token$|reviews$/.test(pathname);
    const write = method !== "GET" && method !== "HEAD" && !searchParams.has("dryRun") && !isQuery;
    return { operation: `${verb} ${namespaced}`, write };
}
