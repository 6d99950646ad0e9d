import type { KubeConfig, RequestContext, SecurityAuthentication } from "@kubernetes/client-node";
import { authenticate } from "./authentication";
import type { Send } from "./requests";

/**
 * Authenticates requests, and renews the credentials during a run.
 *
 * The client keeps a credential command's token until it expires by this machine's clock, but the API server may reject it
 * earlier. Then the kubeconfig is read and its command run again, as kubectl does:
 * https://github.com/kubernetes/client-go/blob/master/plugin/pkg/client/auth/exec/exec.go (roundTripper.RoundTrip)
 */
export class Credentials implements SecurityAuthentication {
    private renewing: Promise<void> | undefined;

    public constructor(
        public config: KubeConfig,
        private readonly load: () => Promise<KubeConfig>,
        private readonly atMostMilliseconds: number,
    ) {}

    public getName(): string {
        return this.config.getName();
    }

    public applySecurityAuthentication(request: RequestContext): Promise<void> {
        return authenticate(this.config, request, this.atMostMilliseconds);
    }

    /** Sends a request again after a 401, if there are other credentials. */
    public renewed(send: Send): Send {
        return async (request) => {
            const answer = await send(request);
            return answer.httpStatusCode === 401 && (await this.renew(request)) ? send(request) : answer;
        };
    }

    private async renew(request: RequestContext): Promise<boolean> {
        const before = bearer(request);
        await this.applySecurityAuthentication(request);
        if (bearer(request) === before) {
            // All requests of a look fail at the same time. One run of the command is enough for them.
            this.renewing ??= this.reload(request).finally(() => (this.renewing = undefined));
            await this.renewing;
            await this.applySecurityAuthentication(request);
        }
        return bearer(request) !== before;
    }

    private async reload(request: RequestContext): Promise<void> {
        const fresh = await this.load();
        await authenticate(fresh, request, this.atMostMilliseconds);
        this.config = fresh;
    }
}

function bearer(request: RequestContext): string | undefined {
    return request.getHeaders()["Authorization"];
}
