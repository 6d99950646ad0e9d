import type { V1Pod } from "@kubernetes/client-node";
import type { CallsFromNodes } from "../aws/inside";
import type { Session } from "../aws/sts/sessions";
import type { PodIdentityAgent } from "./podIdentity/agent";
import { type IdentitySource, type TokenVolume, identitySourceOf } from "./podIdentitySource";

/** The environment of the AWS SDK in a pod. */
export interface CredentialSurroundings {
    aws: CallsFromNodes;
    /** Whether the pod's node can reach STS: a private subnet may have no path to it. */
    stsIsReachable(): boolean;
    /** The id of a node's EC2 instance. Undefined when the node is gone, and with it everything that ran there. */
    instanceId(node: string): Promise<string | undefined>;
    /**
     * A token bound to the pod, from the API server. Undefined when the API server issues none: the kubelet retries.
     */
    token(pod: V1Pod, volume: TokenVolume): Promise<string | undefined>;
    now(): number;
    /** The Pod Identity agent of a node. Undefined if none answers there. */
    podIdentityAgent(node: string): Pick<PodIdentityAgent<Session>, "credentials"> | undefined;
    /** So long before the end of container credentials, the SDK asks for new ones. */
    sdkWindowSeconds(): number;
}

/** A call of AWS that failed. */
export class FailedCall extends Error {
    /** @param call For instance `ec2:DescribeNetworkInterfaces`, or `sts:AssumeRoleWithWebIdentity`. */
    public constructor(
        public readonly call: string,
        error: unknown,
    ) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        super(message);
        this.name = name;
    }
}

/** The pod cannot run: its node is gone, or the kubelet has no token for it. */
export class NotRunning extends Error {}

/** The reason of a failed call that AWS did not answer. */
class NoAnswer extends Error {
    public constructor(name: string, message: string) {
        super(message);
        this.name = name;
    }
}

const callForCredentials: Record<IdentitySource["source"], string> = {
    webIdentity: "sts:AssumeRoleWithWebIdentity",
    containerCredentials: "eks-auth:AssumeRoleForPodIdentity",
    instanceRole: "imds:GetCredentials",
};

/** The credentials of the container aws-node in a pod, as its AWS SDK finds and keeps them. */
export class PodCredentials {
    private readonly identity: IdentitySource;
    private session: Session | undefined;
    private token: { text: string; renewAt: number } | undefined;

    public constructor(
        private readonly pod: V1Pod,
        private readonly surroundings: CredentialSurroundings,
    ) {
        this.identity = identitySourceOf(pod, "aws-node");
    }

    public get source(): IdentitySource["source"] {
        return this.identity.source;
    }

    /** The role whose permissions were used or requested; undefined when no role is known. */
    public get roleArn(): string | undefined {
        return this.identity.source === "webIdentity" ? this.identity.roleArn : this.session?.roleArn;
    }

    /** Drops the session, as when it has expired, or when the process has ended. */
    public forget(): void {
        this.session = undefined;
    }

    /** Whether the kubelet can start the container. */
    public async isMounted(): Promise<boolean> {
        return this.identity.source === "instanceRole"
            ? (await this.instanceId()) !== undefined
            : this.identity.token === undefined || (await this.currentToken(this.identity.token)) !== undefined;
    }

    /** An EC2 call that is authorised but not carried out. Rejects with FailedCall or NotRunning. */
    public async ec2(action: string, parameters?: Readonly<Record<string, string>>): Promise<void> {
        const session = await this.currentSession().catch((error: unknown) => {
            throw error instanceof NotRunning ? error : new FailedCall(callForCredentials[this.source], error);
        });
        await this.surroundings.aws.ec2(session, action, parameters).catch((error: unknown) => {
            throw new FailedCall(`ec2:${action}`, error);
        });
    }

    /**
     * Keeps the session until it expires, as the SDK does: changes of the trust policy have no effect until then.
     *
     * Container credentials are replaced a while before they expire (aws/aws-sdk-go-v2 config/resolve_credentials.go, resolveHTTPCredProvider). If
     * that fails, the call fails, although they are still valid: there is no fallback, neither to them nor to the next source of the chain. So it is
     * in the SDK of aws-node v1.23.1; a later one keeps them (aws/credential_cache.go, advisoryRefresh).
     */
    private async currentSession(): Promise<Session> {
        const { source } = this.identity;
        const window = source === "containerCredentials" ? this.surroundings.sdkWindowSeconds() * 1000 : 0;
        if (this.session === undefined || this.session.expiresAt - window <= this.surroundings.now()) {
            this.session = await this.newSession();
        }
        return this.session;
    }

    private async newSession(): Promise<Session> {
        const { aws } = this.surroundings;
        if (this.identity.source === "instanceRole") {
            const instanceId = await this.instanceId();
            if (instanceId === undefined) {
                throw new NotRunning();
            }
            const session = await aws.instanceCredentials(instanceId);
            if (session === undefined) {
                throw new NoAnswer("NoCredentialProviders", "no EC2 IMDS role found");
            }
            return session;
        }
        if (this.identity.token === undefined) {
            throw new NoAnswer("TokenFileMissing", "open the token file: no such file or directory");
        }
        const token = await this.currentToken(this.identity.token);
        if (token === undefined) {
            throw new NotRunning();
        }
        if (this.identity.source === "containerCredentials") {
            return this.containerCredentials(this.identity.uri, token);
        }
        if (!this.surroundings.stsIsReachable()) {
            throw new NoAnswer("RequestTimeout", "request send failed, Post https://sts: dial tcp: i/o timeout");
        }
        return aws.assumeRole(this.identity.roleArn, token);
    }

    private async containerCredentials(uri: string, token: string): Promise<Session> {
        const agent = this.surroundings.podIdentityAgent(this.node);
        const { host, hostname, port } = new URL(uri);
        if (agent === undefined) {
            const address = `${hostname}:${port || "80"}`;
            throw new NoAnswer("ConnectionRefused", `Get "${uri}": dial tcp ${address}: connect: connection refused`);
        }
        return agent.credentials(host, token);
    }

    /** The kubelet renews a token after 80 % of its lifetime, and keeps the old one when it cannot get a new one. */
    private async currentToken(volume: TokenVolume): Promise<string | undefined> {
        const now = this.surroundings.now();
        if (this.token === undefined || this.token.renewAt <= now) {
            const text = await this.surroundings.token(this.pod, volume);
            this.token = text === undefined ? this.token : { text, renewAt: now + volume.expirationSeconds * 800 };
        }
        return this.token?.text;
    }

    private instanceId(): Promise<string | undefined> {
        return this.surroundings.instanceId(this.node);
    }

    private get node(): string {
        return this.pod.spec?.nodeName ?? "";
    }
}
