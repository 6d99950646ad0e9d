import type { CallOrigin } from "../callOrigin";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import { escapeXml, queryAnswer, type AwsRequest, type AwsResponse } from "../protocol";
import type { ResourceControlPolicies } from "../resourceControl";
import { assumeRole } from "./assumeRole";
import type { Issuers } from "./issuers";
import type { WebIdentityRefusals } from "./refusals";
import { operatorArn, type Session, type Sessions } from "./sessions";
import { checkWebIdentity, readWebIdentityRequest, type WebIdentity } from "./webIdentity";

export interface StsContext {
    readonly accountId: string;
    readonly sessions: Sessions;
    readonly issuers: Issuers;
    readonly refusals: WebIdentityRefusals;
    readonly enforced: () => IamState;
    readonly resourceControl: ResourceControlPolicies;
}

/** The actions that the VPC CNI and an operator's tools call. */
export async function answerSts(request: AwsRequest, context: StsContext): Promise<AwsResponse> {
    switch (request.action) {
        case "AssumeRoleWithWebIdentity":
            return assumeRoleWithWebIdentity(request, context);
        case "AssumeRole":
            return answerAssumeRole(request, context);
        case "GetCallerIdentity":
            return getCallerIdentity(request, context);
        default:
            throw new AwsError(
                "InvalidAction",
                `Could not find operation ${request.action} for version 2011-06-15`,
                400,
            );
    }
}

async function assumeRoleWithWebIdentity(request: AwsRequest, context: StsContext): Promise<AwsResponse> {
    const { identity, session } = await assumeWithWebIdentity(request.parameters, context, request.origin);
    return queryAnswer(
        "sts",
        request.action,
        element("SubjectFromWebIdentityToken", identity.subject) +
            element("Audience", identity.audience) +
            element("Provider", identity.providerArn) +
            sessionElements(session),
    );
}

function answerAssumeRole(request: AwsRequest, context: StsContext): AwsResponse {
    const caller = context.sessions.authenticate("sts", request.credential, context.enforced());
    const session = assumeRole(request.parameters, caller, context, request);
    return queryAnswer("sts", request.action, sessionElements(session));
}

function sessionElements(session: Session): string {
    return (
        `<AssumedRoleUser>${element("Arn", session.arn)}` +
        `${element("AssumedRoleId", `${session.roleId}:${session.sessionName}`)}</AssumedRoleUser>` +
        `<Credentials>${element("AccessKeyId", session.accessKeyId)}` +
        element("SecretAccessKey", session.secretAccessKey) +
        element("SessionToken", session.sessionToken) +
        `${element("Expiration", new Date(session.expiresAt).toISOString())}</Credentials>`
    );
}

/** Issues a session, or throws the refusal. */
export async function assumeWithWebIdentity(
    parameters: ReadonlyMap<string, string>,
    context: StsContext,
    origin: CallOrigin = {},
): Promise<{ identity: WebIdentity; session: Session }> {
    const asked = readWebIdentityRequest(parameters);
    context.refusals.check();
    const limits = { origin, resourceControl: context.resourceControl.documents };
    const identity = await checkWebIdentity(asked, context.enforced(), context.issuers, Date.now(), limits);
    return { identity, session: context.sessions.create(identity.role, asked.sessionName, asked.durationSeconds) };
}

/** Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
function getCallerIdentity(request: AwsRequest, context: StsContext): AwsResponse {
    const caller = context.sessions.authenticate("sts", request.credential, context.enforced());
    const [arn, userId] =
        caller.kind === "operator"
            ? [operatorArn(context.accountId), "AIDAOPERATOROFSANDBOX"]
            : [caller.arn, caller.userId];
    return queryAnswer(
        "sts",
        request.action,
        element("Arn", arn) + element("UserId", userId) + element("Account", context.accountId),
    );
}

function element(name: string, text: string): string {
    return `<${name}>${escapeXml(text)}</${name}>`;
}
