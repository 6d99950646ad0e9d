import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { STSClient, type Credentials } from "@aws-sdk/client-sts";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from "jose";

import { startAwsApi, type AwsApi, type AwsApiOptions } from "../../../aws";
import { ensureTool } from "../../../tools";

export const accountId = "111122223333";
export const region = "us-west-2";
export const cniPolicyArn = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

export const operator: Keys = { accessKeyId: "test", secretAccessKey: "test" };

export interface Fixture {
    readonly api: AwsApi;
    readonly directory: string;
    readonly iam: IAMClient;
    readonly sts: STSClient;
    readonly ec2: EC2Client;
    readonly eks: EKSClient;
    stop(): Promise<void>;
}

export async function startFixture(options: Partial<AwsApiOptions> = {}): Promise<Fixture> {
    const directory = mkdtempSync(join(tmpdir(), "eks-cni-aws-test-"));
    const api = await startAwsApi({
        motoServer: await ensureTool("moto"),
        directory,
        accountId,
        region,
        enforcementDelaySeconds: 0,
        visibilityDelaySeconds: 0,
        ...options,
    });
    return {
        api,
        directory,
        ...clients(api.endpoint, operator),
        stop: async () => {
            await api.stop();
            rmSync(directory, { recursive: true, force: true });
        },
    };
}

export interface Keys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

export function clients(
    endpoint: string,
    credentials: Keys,
): { iam: IAMClient; sts: STSClient; ec2: EC2Client; eks: EKSClient } {
    const configuration = { endpoint, region, credentials, maxAttempts: 1 };
    return {
        iam: new IAMClient(configuration),
        sts: new STSClient(configuration),
        ec2: new EC2Client(configuration),
        eks: new EKSClient(configuration),
    };
}

export function keysOf(credentials: Credentials | undefined): Keys {
    return {
        accessKeyId: credentials?.AccessKeyId ?? "",
        secretAccessKey: credentials?.SecretAccessKey ?? "",
        sessionToken: credentials?.SessionToken ?? "",
    };
}

/** The parts of a refusal that an SDK's user sees. */
export interface Refusal {
    readonly name: string;
    readonly status: number;
    readonly message: string | RegExp;
}

export async function assertRefused(call: Promise<unknown>, expected: Refusal): Promise<void> {
    const error = await call.then(
        () => assert.fail(`expected ${expected.name}, but the call succeeded`),
        (reason: unknown) => reason as Error & { $metadata?: { httpStatusCode?: number } },
    );
    const { message } = expected;
    if (message instanceof RegExp) {
        assert.match(error.message, message);
    }
    assert.deepEqual(
        {
            name: error.name,
            status: error.$metadata?.httpStatusCode,
            ...(typeof message === "string" && { message: error.message }),
        },
        { name: expected.name, status: expected.status, ...(typeof message === "string" && { message }) },
    );
}

/** A call that no SDK would make. The stand-in reads key and service of the signature and does not verify it. */
export async function rawCall(
    endpoint: string,
    service: string,
    keys: Keys,
    parameters: Record<string, string>,
): Promise<{ status: number; body: string }> {
    const response = await fetch(endpoint, {
        method: "POST",
        headers: {
            authorization:
                `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/20260101/${region}/${service}/aws4_request, ` +
                "SignedHeaders=host, Signature=0",
            ...(keys.sessionToken && { "x-amz-security-token": keys.sessionToken }),
        },
        body: new URLSearchParams(parameters),
    });
    return { status: response.status, body: await response.text() };
}

/** An OIDC issuer: a key pair and a server of its JWKS, like the API server's /openid/v1/jwks. */
export class TestIssuer {
    private constructor(
        readonly url: string,
        private server: Server,
        private keys: { privateKey: CryptoKey; publicJwk: JWK },
        readonly served: JWK[],
    ) {}

    static async start(url: string): Promise<TestIssuer> {
        const keys = await newKeys("first");
        const served = [keys.publicJwk];
        const server = createServer((_, response) => response.end(JSON.stringify({ keys: served })));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return new TestIssuer(url, server, keys, served);
    }

    get jwksUrl(): string {
        const address = this.server.address();
        return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/openid/v1/jwks`;
    }

    /** Signs with a new key, as after a rotation. The key is served only if `isServed`. */
    async rotate(keyId: string, isServed: boolean): Promise<void> {
        this.keys = await newKeys(keyId);
        if (isServed) {
            this.served.push(this.keys.publicJwk);
        }
    }

    async token(claims: JWTPayload = {}): Promise<string> {
        const now = Math.floor(Date.now() / 1000);
        return new SignJWT({
            iss: this.url,
            aud: "sts.amazonaws.com",
            sub: "system:serviceaccount:kube-system:aws-node",
            iat: now,
            nbf: now,
            exp: now + 3600,
            ...claims,
        })
            .setProtectedHeader({ alg: "RS256", kid: this.keys.publicJwk.kid ?? "" })
            .sign(this.keys.privateKey);
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }
}

async function newKeys(keyId: string): Promise<{ privateKey: CryptoKey; publicJwk: JWK }> {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid: keyId, alg: "RS256" } };
}

/** The trust policy of https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html for the issuer. */
export function trustPolicy(issuerUrl: string): string {
    const provider = issuerUrl.replace("https://", "");
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/${provider}` },
                Action: "sts:AssumeRoleWithWebIdentity",
                Condition: {
                    StringEquals: {
                        [`${provider}:aud`]: "sts.amazonaws.com",
                        [`${provider}:sub`]: "system:serviceaccount:kube-system:aws-node",
                    },
                },
            },
        ],
    });
}

export const ec2TrustPolicy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** A trust policy for users and roles of the account. */
export function trusting(principal: string, condition = {}): string {
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole", ...condition }],
    });
}

export function permissions(action: string, resource = "*"): string {
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: action, Resource: resource }],
    });
}

/** The trust policy of https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html, with the conditions on request tags. */
export function podIdentityTrust(requestTags: Readonly<Record<string, string>> = {}): string {
    const tags = Object.entries(requestTags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value] as const);
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Service: "pods.eks.amazonaws.com" },
                Action: ["sts:AssumeRole", "sts:TagSession"],
                ...(tags.length > 0 && { Condition: { StringEquals: Object.fromEntries(tags) } }),
            },
        ],
    });
}
