import { createHash, createHmac } from "node:crypto";
import type { AwsCredentialIdentity, Provider } from "@smithy/types";

/** A call of EKS Auth, of which there is one: a POST with a JSON body. */
export type EksAuthCall = (clusterName: string, body: object) => Promise<EksAuthAnswer>;

export interface EksAuthAnswer {
    readonly ok: boolean;
    /** The code of an error, without a namespace. */
    readonly code: string;
    readonly body: unknown;
}

export interface EksAuthSettings {
    readonly region: string;
    /** Undefined: AWS's own. */
    readonly endpoint: string | undefined;
    readonly credentials: Provider<AwsCredentialIdentity>;
    readonly timeoutMilliseconds: number;
    readonly userAgent: string;
}

/**
 * A client of EKS Auth. The registry has no client of the SDK for it, so the SDK's signer signs the request.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html
 */
export function eksAuthCall({
    region,
    endpoint,
    credentials,
    timeoutMilliseconds,
    userAgent,
}: EksAuthSettings): EksAuthCall {
    return async (clusterName, content) => {
        const { SignatureV4 } = await import("./awsSdk");
        const base = new URL(endpoint ?? `https://eks-auth.${region}.${dualStackSuffix(region)}`);
        const path = `/clusters/${encodeURIComponent(clusterName)}/assume-role-for-pod-identity`;
        const body = JSON.stringify(content);
        const signer = new SignatureV4({ service: "eks-auth", region, credentials, sha256: Sha256 });
        const { headers } = await signer.sign({
            method: "POST",
            protocol: base.protocol,
            hostname: base.hostname,
            ...(base.port === "" ? {} : { port: Number(base.port) }),
            path,
            query: {},
            headers: { host: base.host, "content-type": "application/json", "user-agent": userAgent },
            body,
        });
        const answer = await fetch(new URL(path, base), {
            method: "POST",
            headers,
            body,
            signal: AbortSignal.timeout(timeoutMilliseconds),
        });
        const code = answer.headers.get("x-amzn-errortype") ?? "";
        return { ok: answer.ok, code: code.replace(/:.*$/, ""), body: await answer.json().catch(() => ({})) };
    };
}

/**
 * In the partitions of isolated regions, where EKS Auth has other names, it does not answer this machine, and the canary decides.
 *
 * Source: https://github.com/boto/botocore (botocore/data/eks-auth/2023-11-26/endpoint-rule-set-1.json, and dualStackDnsSuffix in partitions.json)
 */
function dualStackSuffix(region: string): string {
    return region.startsWith("cn-") ? "api.amazonwebservices.com.cn" : "api.aws";
}

/** Node's own, as the SDK uses it: https://github.com/smithy-lang/smithy-typescript (packages/hash-node) */
class Sha256 {
    private readonly hash: { update(data: Buffer): unknown; digest(): Buffer };

    public constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
        this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
    }

    public update(data: string | ArrayBuffer | ArrayBufferView): void {
        this.hash.update(bytesOf(data));
    }

    public digest(): Promise<Uint8Array> {
        return Promise.resolve(this.hash.digest());
    }

    public reset(): void {
        // The signer makes a new one for each digest.
    }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
    return typeof data === "string"
        ? Buffer.from(data)
        : ArrayBuffer.isView(data)
          ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
          : Buffer.from(data);
}
