import type { V1Pod } from "@kubernetes/client-node";
import type { CallsFromNodes } from "../aws/inside";
import type { Session } from "../aws/sts/sessions";
import type { IpFamily } from "./programs";
import { type IdentitySource, type TokenVolume, identitySourceOf } from "./podIdentitySource";

/** The environment of an agent. */
export interface AgentSurroundings {
    aws: CallsFromNodes;
    ipFamily: IpFamily;
    /** Whether the nodes can reach STS: a private subnet may have no path to it. */
    stsIsReachable(): boolean;
    /** The id of a node's EC2 instance. */
    instanceId(node: string): Promise<string>;
    /**
     * A token bound to the pod, from the API server. Undefined when the API server issues none: the kubelet retries.
     */
    token(pod: V1Pod, volume: TokenVolume): Promise<string | undefined>;
    now(): number;
}

/** One line of agents.jsonl. */
export interface AgentResult {
    /** Milliseconds since the epoch. */
    time: number;
    pod: string;
    uid: string;
    node: string;
    source: IdentitySource["source"];
    /** The role whose permissions were used or requested; undefined when no role is known. */
    roleArn?: string;
    ok: boolean;
    /** The failed call, for instance `ec2:DescribeNetworkInterfaces` or `sts:AssumeRoleWithWebIdentity`. */
    call?: string;
    /** AWS's code of the error. */
    error?: string;
    message?: string;
}

/** The reason of a failed call that AWS did not answer. */
class CallFailure extends Error {
    public constructor(name: string, message: string) {
        super(message);
        this.name = name;
    }
}

/**
 * The first call of aws-node, and the calls that assign addresses to pods (amazon-vpc-cni-k8s
 * pkg/awsutils/awsutils.go).
 */
const calls: Record<IpFamily, { action: string; parameters?: Record<string, string> }[]> = {
    ipv4: [
        { action: "DescribeNetworkInterfaces" },
        { action: "AssignPrivateIpAddresses", parameters: { NetworkInterfaceId: "eni-00000000000000000" } },
    ],
    ipv6: [
        { action: "DescribeNetworkInterfaces" },
        { action: "AssignIpv6Addresses", parameters: { NetworkInterfaceId: "eni-00000000000000000" } },
    ],
};

/**
 * kwok's pods run nothing. An agent makes the calls for one pod of aws-node that the CNI in it would make with its
 * credentials.
 */
export class PodAgent {
    private readonly identity: IdentitySource;
    private session: Session | undefined;
    private token: { text: string; renewAt: number } | undefined;

    public constructor(
        private readonly pod: V1Pod,
        private readonly surroundings: AgentSurroundings,
    ) {
        this.identity = identitySourceOf(pod, "aws-node");
    }

    /** Undefined when the pod never had its token: then the kubelet has not started its containers yet. */
    public async tryOnce(): Promise<AgentResult | undefined> {
        let call = callForCredentials[this.identity.source];
        try {
            const session = await this.currentSession();
            if (session === undefined) {
                return undefined;
            }
            for (const { action, parameters } of calls[this.surroundings.ipFamily]) {
                call = `ec2:${action}`;
                await this.surroundings.aws.ec2(session, action, parameters);
            }
            return this.result({ ok: true });
        } catch (error) {
            const { name, message } = error instanceof Error ? error : new Error(String(error));
            return this.result({ ok: false, call, error: name, message });
        }
    }

    /** Drops the session, as when it has expired. */
    public renewSession(): void {
        this.session = undefined;
    }

    /** Keeps the session until it expires, as the SDK does: changes of the trust policy have no effect until then. */
    private async currentSession(): Promise<Session | undefined> {
        if (this.session === undefined || this.session.expiresAt <= this.surroundings.now()) {
            this.session = await this.newSession();
        }
        return this.session;
    }

    private async newSession(): Promise<Session | undefined> {
        const { aws } = this.surroundings;
        if (this.identity.source === "instanceRole") {
            const session = await aws.instanceCredentials(
                await this.surroundings.instanceId(this.pod.spec?.nodeName ?? ""),
            );
            if (session === undefined) {
                throw new CallFailure("NoCredentialProviders", "no EC2 IMDS role found");
            }
            return session;
        }
        if (this.identity.token === undefined) {
            throw new CallFailure("TokenFileMissing", "open the token file: no such file or directory");
        }
        const token = await this.currentToken(this.identity.token);
        if (token === undefined) {
            return undefined;
        }
        if (this.identity.source === "containerCredentials") {
            return aws.podIdentityCredentials(token);
        }
        if (!this.surroundings.stsIsReachable()) {
            throw new CallFailure("RequestTimeout", "request send failed, Post https://sts: dial tcp: i/o timeout");
        }
        return aws.assumeRole(this.identity.roleArn, token);
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

    private result(outcome: Pick<AgentResult, "ok" | "call" | "error" | "message">): AgentResult {
        const { metadata, spec } = this.pod;
        const roleArn = this.identity.source === "webIdentity" ? this.identity.roleArn : this.session?.roleArn;
        return {
            time: this.surroundings.now(),
            pod: metadata?.name ?? "",
            uid: metadata?.uid ?? "",
            node: spec?.nodeName ?? "",
            source: this.identity.source,
            ...(roleArn !== undefined && { roleArn }),
            ...outcome,
        };
    }
}

const callForCredentials: Record<IdentitySource["source"], string> = {
    webIdentity: "sts:AssumeRoleWithWebIdentity",
    containerCredentials: "eks-auth:AssumeRoleForPodIdentity",
    instanceRole: "imds:GetCredentials",
};
