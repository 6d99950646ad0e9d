import { decodeJwt, type JWTPayload } from "jose";

import { trustVerdict } from "../authorise";
import type { CallOrigin } from "../callOrigin";
import { AwsError, validationError } from "../errors";
import type { IamState, OidcProviderState, RoleState } from "../iam/state";
import { limitRefusal, type Limits, type Range, rangeRefusal } from "../limits";
import { notValid, type Issuers } from "./issuers";

export interface RoleRequest {
    readonly roleArn: string;
    readonly sessionName: string;
    readonly durationSeconds: number;
}

export interface WebIdentityRequest extends RoleRequest {
    readonly token: string;
}

export interface WebIdentity {
    readonly role: RoleState;
    readonly subject: string;
    readonly audience: string;
    readonly issuer: string;
    readonly providerArn: string;
}

/** The limits of API_AssumeRoleWithWebIdentity.html and API_AssumeRole.html. */
export const limits = {
    RoleArn: { minLength: 20, maxLength: 2048 },
    RoleSessionName: { pattern: { test: /^[\w+=,.@-]*$/, text: "[\\w+=,.@-]*" }, minLength: 2, maxLength: 64 },
    WebIdentityToken: { minLength: 4, maxLength: 20_000 },
} satisfies Record<string, Limits>;
export const duration: Range = { min: 900, max: 43_200 };

export function readWebIdentityRequest(parameters: ReadonlyMap<string, string>): WebIdentityRequest {
    const request = readRoleRequest(parameters);
    const token = parameters.get("WebIdentityToken") ?? "";
    // The model calls the token sensitive. How STS's message shows it is not known from a source.
    refuse(limitRefusal("webIdentityToken", "*".repeat(token.length), limits.WebIdentityToken));
    return { ...request, token };
}

export function readRoleRequest(parameters: ReadonlyMap<string, string>): RoleRequest {
    const roleArn = parameters.get("RoleArn") ?? "";
    const sessionName = parameters.get("RoleSessionName") ?? "";
    const seconds = parameters.get("DurationSeconds") ?? "3600";
    if (parameters.has("Policy") || [...parameters.keys()].some((name) => name.startsWith("PolicyArns."))) {
        throw new AwsError("NotImplemented", "This sandbox has no session policies (Policy, PolicyArns).", 501);
    }
    refuse(limitRefusal("roleArn", roleArn, limits.RoleArn));
    if (!/^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
        throw validationError("Request ARN is invalid");
    }
    refuse(limitRefusal("roleSessionName", sessionName, limits.RoleSessionName));
    refuse(rangeRefusal("durationSeconds", seconds, duration));
    return { roleArn, sessionName, durationSeconds: Number(seconds) };
}

function refuse(refusal: AwsError | undefined): void {
    if (refusal) {
        throw refusal;
    }
}

/** What limits a call besides the role itself. */
export interface CallLimits {
    readonly origin?: CallOrigin;
    /** Texts of the resource control policies of the role's account. */
    readonly resourceControl?: readonly string[];
}

/** All checks of STS before it issues credentials, against the state of IAM that is enforced. */
export async function checkWebIdentity(
    request: WebIdentityRequest,
    state: IamState,
    issuers: Issuers,
    now: number,
    limits: CallLimits = {},
): Promise<WebIdentity> {
    const claims = decode(request.token);
    const issuer = claims.iss ?? "";
    const audiences = [claims.aud ?? []].flat();
    const provider = providerOf(issuer, request.roleArn, state);
    const audience = audiences.find((candidate) => provider.clientIds.includes(candidate));
    if (audience === undefined) {
        throw invalidToken("Incorrect token audience");
    }
    const expiry = claims.exp ?? 0;
    const seconds = Math.floor(now / 1000);
    if (expiry <= seconds) {
        throw new AwsError(
            "ExpiredTokenException",
            `Token expired: current date/time ${seconds} must be before the expiration date/time ${expiry}`,
            400,
        );
    }
    // Whether AWS tolerates clock skew, and how much, is not known: this stand-in tolerates none.
    if (Math.max(claims.nbf ?? 0, claims.iat ?? 0) > seconds) {
        throw notValid();
    }
    await issuers.verifySignature(issuer, request.token);
    const role = Object.values(state.roles).find((candidate) => candidate.arn === request.roleArn);
    const identity = { subject: claims.sub ?? "", audience, issuer, providerArn: provider.arn };
    // STS gives the same answer for a role that does not exist and for one that does not trust the token. Its words for a denial by a
    // resource control policy are not known from a source: here they are the same.
    if (!role || !isTrusted(role, identity, provider, limits)) {
        throw new AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    }
    if (request.durationSeconds > role.maxSessionDuration) {
        throw durationTooLong();
    }
    return { role, ...identity };
}

export function durationTooLong(): AwsError {
    return validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
}

function decode(token: string): JWTPayload {
    try {
        return decodeJwt(token);
    } catch {
        throw invalidToken(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        );
    }
}

/** The provider must be in the role's account. Its ARN ends in the issuer without "https://". */
function providerOf(issuer: string, roleArn: string, state: IamState): OidcProviderState {
    const account = roleArn.split(":")[4];
    const provider = Object.values(state.oidcProviders).find(
        (candidate) => `https://${candidate.url}` === issuer && candidate.arn.split(":")[4] === account,
    );
    if (!provider) {
        throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
    }
    return provider;
}

function isTrusted(
    role: RoleState,
    identity: Omit<WebIdentity, "role">,
    provider: OidcProviderState,
    { origin = {}, resourceControl }: CallLimits,
): boolean {
    const act = {
        principalArn: provider.arn,
        accountId: provider.arn.split(":")[4] ?? "",
        action: "sts:AssumeRoleWithWebIdentity",
        resource: role.arn,
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
        context: {
            ...origin,
            [`${provider.url}:aud`]: identity.audience,
            [`${provider.url}:sub`]: identity.subject,
            "aws:FederatedProvider": provider.arn,
        },
    };
    return trustVerdict(role, act, resourceControl) === "allowed";
}

function invalidToken(message: string): AwsError {
    return new AwsError("InvalidIdentityToken", message, 400);
}
