import { randomBytes } from "node:crypto";

import type { PolicyHolder } from "../authorise";
import { AwsError } from "../errors";
import type { IamState, RoleState } from "../iam/state";
import type { Credential, Service } from "../protocol";
import { randomText, type Users } from "./users";

export interface Session {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    readonly roleName: string;
    readonly roleArn: string;
    /** The unique id: a new role of the same name is another role. */
    readonly roleId: string;
    readonly sessionName: string;
    /** arn:<partition>:sts::<account>:assumed-role/<role>/<session>, without the role's path. */
    readonly arn: string;
    readonly expiresAt: number;
    /** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html */
    readonly tags?: Readonly<Record<string, string>>;
    /** Whether the global endpoint of STS issued it. */
    readonly ofGlobalEndpoint?: boolean;
}

/** A caller whose permissions are checked. */
export interface Principal {
    readonly kind: "session" | "user";
    readonly arn: string;
    /** As GetCallerIdentity returns it. */
    readonly userId: string;
    /**
     * The value of `aws:PrincipalArn`: for a session, the ARN of its role with the role's path
     * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
     */
    readonly principalArn: string;
    readonly policies: PolicyHolder;
    /** Session tags: the values of `aws:PrincipalTag/…`. */
    readonly tags?: Readonly<Record<string, string>>;
}

export type Caller = Principal | { readonly kind: "operator" };

/**
 * The global endpoint of STS is signed for us-east-1, as the region's own endpoint is, from which this stand-in cannot tell it. By default
 * its sessions are valid only in regions that are on by default
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html). EC2 answers AuthFailure
 * (https://github.com/99designs/aws-vault/issues/512), EKS UnrecognizedClientException (https://github.com/aws/aws-cli/issues/5823).
 */
const globalEndpointRegion = "us-east-1";

/** The operator's static key, which may do everything. */
export const operatorAccessKeyId = "test";

export function operatorArn(accountId: string): string {
    return `arn:aws:iam::${accountId}:user/operator`;
}

/** Temporary credentials that STS issued, and their owners. */
export class Sessions {
    private readonly byAccessKey = new Map<string, Session>();

    constructor(
        private readonly now: () => number = Date.now,
        private readonly users?: Users,
        private readonly optedInRegions: () => readonly string[] = () => [],
    ) {}

    /** @param region That of the call's signature, if it was signed. */
    create(
        role: RoleState,
        sessionName: string,
        durationSeconds: number,
        region?: string,
        tags: Readonly<Record<string, string>> = {},
    ): Session {
        const [, partition = "aws", , , account = ""] = role.arn.split(":");
        const session = {
            accessKeyId: `ASIA${randomText(16)}`,
            secretAccessKey: randomBytes(30).toString("base64"),
            sessionToken: randomBytes(180).toString("base64"),
            roleName: role.name,
            roleArn: role.arn,
            roleId: role.id,
            sessionName,
            arn: `arn:${partition}:sts::${account}:assumed-role/${role.name}/${sessionName}`,
            expiresAt: this.now() + durationSeconds * 1000,
            ...(Object.keys(tags).length > 0 && { tags }),
            ...(region === globalEndpointRegion && { ofGlobalEndpoint: true }),
        };
        this.byAccessKey.set(session.accessKeyId, session);
        return session;
    }

    /** Expires a session now, regardless of its duration. */
    expire(accessKeyId: string): void {
        const session = this.byAccessKey.get(accessKeyId);
        if (!session) {
            throw new Error(`There is no session with the access key ${accessKeyId}`);
        }
        this.byAccessKey.set(accessKeyId, { ...session, expiresAt: this.now() });
    }

    /** The caller. The signature is not verified; key and token must match and be valid. */
    authenticate(
        service: Service,
        credential: Credential | undefined,
        enforced: IamState,
        region = globalEndpointRegion,
    ): Caller {
        if (!credential) {
            throw missingToken(service);
        }
        if (credential.accessKeyId === operatorAccessKeyId) {
            return { kind: "operator" };
        }
        const user = this.users?.withKey(credential.accessKeyId);
        if (user) {
            return { kind: "user", arn: user.arn, userId: user.id, principalArn: user.arn, policies: user.policies };
        }
        const session = this.byAccessKey.get(credential.accessKeyId);
        if (!session || session.sessionToken !== credential.sessionToken) {
            throw invalidToken(service);
        }
        if (session.expiresAt <= this.now()) {
            throw expiredToken(service);
        }
        if (session.ofGlobalEndpoint && this.optedInRegions().includes(region)) {
            throw invalidToken(service);
        }
        // A session is bound to the role that issued it, not to the name of the role.
        const role = enforced.roles[session.roleName];
        if (role?.id !== session.roleId) {
            throw invalidToken(service);
        }
        const userId = `${session.roleId}:${session.sessionName}`;
        const { arn, tags } = session;
        return { kind: "session", arn, userId, principalArn: role.arn, policies: role, ...(tags && { tags }) };
    }
}

// Each service has its own codes: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
// https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html.
function missingToken(service: Service): AwsError {
    switch (service) {
        case "ec2":
            return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
        case "eks":
        case "eks-auth":
            return new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403);
        default:
            return new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
    }
}

function invalidToken(service: Service): AwsError {
    switch (service) {
        case "ec2":
            return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
        case "eks":
        case "eks-auth":
            return new AwsError(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
                403,
            );
        default:
            return new AwsError("InvalidClientTokenId", "The security token included in the request is invalid", 403);
    }
}

function expiredToken(service: Service): AwsError {
    switch (service) {
        case "ec2":
            return new AwsError("RequestExpired", "Request has expired.", 400);
        case "eks":
        case "eks-auth":
            return new AwsError("ExpiredTokenException", "The security token included in the request is expired", 403);
        default:
            return new AwsError("ExpiredToken", "The security token included in the request is expired", 403);
    }
}
