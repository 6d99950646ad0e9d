import { get as httpGet } from "node:http";
import { get as httpsGet, type RequestOptions } from "node:https";

import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";

import { AwsError } from "../errors";

export interface IssuerKeys {
    /** The URL of the issuer's JWKS: the API server's /openid/v1/jwks. */
    readonly jwksUrl: string;
    /** PEM of the authority that signed the server's certificate. */
    readonly ca?: string;
    readonly bearerToken?: string;
}

/**
 * Signing keys of issuers. STS finds them by the issuer's discovery document. Here the URL of an issuer such as
 * https://oidc.eks.us-west-2.amazonaws.com/id/… does not resolve, so the sandbox sets where its keys are.
 */
export class Issuers {
    private readonly keysOf = new Map<string, IssuerKeys>();
    private readonly cache = new Map<string, JSONWebKeySet>();

    trust(issuer: string, keys: IssuerKeys): void {
        this.keysOf.set(issuer, keys);
        this.cache.delete(issuer);
    }

    /** Verifies the signature. An unknown key is looked up once more at the issuer. */
    async verifySignature(issuer: string, token: string): Promise<void> {
        const cached = this.cache.get(issuer);
        if (cached && (await isSignedBy(cached, token))) {
            return;
        }
        if (!(await isSignedBy(await this.fetch(issuer), token))) {
            throw noVerificationKey();
        }
    }

    private async fetch(issuer: string): Promise<JSONWebKeySet> {
        const keys = this.keysOf.get(issuer);
        if (!keys) {
            throw noVerificationKey();
        }
        const set = await fetchKeys(keys);
        this.cache.set(issuer, set);
        return set;
    }
}

/** False when the key set does not contain the token's key. A wrong signature by a known key is an error. */
async function isSignedBy(keys: JSONWebKeySet, token: string): Promise<boolean> {
    try {
        await compactVerify(token, createLocalJWKSet(keys));
        return true;
    } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey) {
            return false;
        }
        throw error instanceof errors.JOSEError ? notValid() : error;
    }
}

function fetchKeys(keys: IssuerKeys): Promise<JSONWebKeySet> {
    const options: RequestOptions = {
        timeout: 5000,
        ...(keys.ca && { ca: keys.ca }),
        ...(keys.bearerToken && { headers: { authorization: `Bearer ${keys.bearerToken}` } }),
    };
    const get = keys.jwksUrl.startsWith("https:") ? httpsGet : httpGet;
    return new Promise((resolve, reject) => {
        const request = get(keys.jwksUrl, options, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.once("error", () => reject(notReachable()));
            response.once("end", () => {
                const set = response.statusCode === 200 ? parseKeys(Buffer.concat(chunks).toString("utf8")) : undefined;
                if (set) {
                    resolve(set);
                } else {
                    reject(noVerificationKey());
                }
            });
        });
        request.once("timeout", () => request.destroy());
        request.once("error", () => reject(notReachable()));
    });
}

function parseKeys(text: string): JSONWebKeySet | undefined {
    try {
        const set = JSON.parse(text) as Partial<JSONWebKeySet> | null;
        return Array.isArray(set?.keys) ? { keys: set.keys } : undefined;
    } catch {
        return undefined;
    }
}

/** Text of API_AssumeRoleWithWebIdentity.html: AWS's message in these cases is not known. */
export function notValid(): AwsError {
    return new AwsError(
        "InvalidIdentityToken",
        "The web identity token that was passed could not be validated by AWS. Get a new identity token from the " +
            "identity provider and then retry the request.",
        400,
    );
}

/** The two blanks are AWS's (for instance in https://github.com/awslabs/aws-sdk-rust/issues/827). */
function noVerificationKey(): AwsError {
    return new AwsError(
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference " +
            "AssumeRoleWithWebIdentity documentation for requirements",
        400,
    );
}

/** Code, status and text of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
function notReachable(): AwsError {
    return new AwsError(
        "IDPCommunicationError",
        "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the " +
            "incoming identity token could not be reached.",
        400,
    );
}
