import type { KubeConfig, RequestContext, SecurityAuthentication } from "@kubernetes/client-node";
import { authenticate } from "./authentication";
import type { Send } from "./requests";

/**
 * How requests authenticate, for as long as a run takes. A credential command's token is kept until it says that its time is over,
 * by this machine's clock; the API server may be of another opinion. Then the kubeconfig is read and its command run anew, as
 * kubectl does: https://github.com/kubernetes/client-go/blob/master/plugin/pkg/client/auth/exec/exec.go (roundTripper.RoundTrip)
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

    /** Sends a request once more if it was not known whose it is, and somebody else's name can be put to it. */
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
            // All requests of a look end at once, and one command is enough for them.
            this.renewing ??= this.readAnew(request).finally(() => (this.renewing = undefined));
            await this.renewing;
            await this.applySecurityAuthentication(request);
        }
        return bearer(request) !== before;
    }

    private async readAnew(request: RequestContext): Promise<void> {
        const fresh = await this.load();
        await authenticate(fresh, request, this.atMostMilliseconds);
        this.config = fresh;
    }
}

function bearer(request: RequestContext): string | undefined {
    return request.getHeaders()["Authorization"];
}
