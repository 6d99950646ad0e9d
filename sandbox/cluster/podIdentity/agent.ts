import { decodeJwt, type JWTPayload } from "jose";

import { CredentialCache, type CacheSurroundings, type Held } from "./credentialCache";

/** The addresses on a node at which the agent listens (aws/eks-pod-identity-agent configuration/config.go). */
export const agentHosts = ["169.254.170.23", "fd00:ec2::23"] as const;

/** The agent's answer with an error status. */
export class AgentRefusal extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
        this.name = status === 403 ? "AccessDenied" : "BadRequest";
    }
}

/** The Pod Identity agent of one node, as long as its process lives. */
export class PodIdentityAgent<T extends Held> {
    private readonly cache: CredentialCache<T>;

    constructor(private readonly options: CacheSurroundings<T>) {
        this.cache = new CredentialCache(options);
    }

    /** GET /v1/credentials (pkg/handlers/eks_credential_handler.go, GetEksCredentials). Throws the agent's refusal, or EKS Auth's. */
    async credentials(host: string, token: string): Promise<T> {
        const refusal = hostRefusal(host) ?? tokenRefusal(token, this.options.now());
        if (refusal !== undefined) {
            throw refusal;
        }
        return this.cache.get(token);
    }

    sweep(): Promise<void> {
        return this.cache.sweep();
    }

    /** Drops everything, as when it has expired. */
    forget(): void {
        this.cache.clear();
    }
}

/** internal/validation/request.go, validateRequestTargetHost */
function hostRefusal(host: string): AgentRefusal | undefined {
    const withoutPort = /^(\[.*\]|[^:]+):\d+$/.exec(host)?.[1] ?? host;
    const plain = /^\[(.*)\]$/.exec(withoutPort)?.[1] ?? withoutPort;
    return agentHosts.some((own) => own === plain)
        ? undefined
        : new AgentRefusal(
              403,
              `Access Denied. Called agent through invalid address, please use either [${agentHosts.join(" ")}] address not ${plain}`,
          );
}

/** internal/validation/request.go, validateToken. EKS Auth checks the rest. */
function tokenRefusal(token: string, now: number): AgentRefusal | undefined {
    if (token === "") {
        return new AgentRefusal(400, "Service account token cannot be empty");
    }
    let claims: JWTPayload;
    try {
        claims = decodeJwt(token);
    } catch (error) {
        return new AgentRefusal(400, `Service account token cannot be parsed: ${String(error)}`);
    }
    const seconds = now / 1000;
    const problem =
        claims.exp !== undefined && seconds >= claims.exp
            ? "token is expired"
            : claims.nbf !== undefined && seconds < claims.nbf
              ? "token is not valid yet"
              : undefined;
    return problem && new AgentRefusal(400, `Service account token failed basic claim validations: ${problem}`);
}
