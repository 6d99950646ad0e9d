import type { V1Pod } from "@kubernetes/client-node";
import type { CallsFromNodes } from "../aws/inside";
import type { Session } from "../aws/sts/sessions";
import type { IpFamily } from "./programs";
import { type IdentitySource, type TokenVolume, identitySourceOf } from "./podIdentitySource";

/** What an agent does its work by. */
export interface AgentSurroundings {
    aws: CallsFromNodes;
    ipFamily: IpFamily;
    /** Whether STS can be reached from the nodes: a private subnet may have no way to it. */
    stsIsReachable(): boolean;
    /** The EC2 instance that a node is. */
    instanceId(node: string): Promise<string>;
    /** A token bound to the pod, from the API server. Undefined when it cannot be had: the kubelet goes on trying. */
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
    /** Of the role whose rights were used or asked for; undefined when no role is known. */
    roleArn?: string;
    ok: boolean;
    /** The failed call, for instance `ec2:DescribeNetworkInterfaces` or `sts:AssumeRoleWithWebIdentity`. */
    call?: string;
    /** AWS's code of the error. */
    error?: string;
    message?: string;
}

/** Why a call failed without an answer of AWS. */
class CallFailure extends Error {
    public constructor(name: string, message: string) {
        super(message);
        this.name = name;
    }
}

/** What aws-node calls first when it starts, and what it calls to give pods addresses (amazon-vpc-cni-k8s pkg/awsutils/awsutils.go). */
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

/** kwok's pods run nothing: this does for one pod of aws-node what the CNI in it does with its credentials. */
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

    /** Undefined when the pod's token has never been there: then the kubelet has not started its containers yet. */
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

    /** Forgets its session, as when its hour is over. */
    public renewSession(): void {
        this.session = undefined;
    }

    /** The session is kept until it ends, as the SDK does: what comes of the trust meanwhile is not felt. */
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

    /** The kubelet writes a new one when 80 % of the old one's time are over, and keeps the old one when none is to be had. */
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
            ...{ time: this.surroundings.now(), pod: metadata?.name ?? "", uid: metadata?.uid ?? "" },
            ...{ node: spec?.nodeName ?? "", source: this.identity.source },
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
