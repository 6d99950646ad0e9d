import { assumeVerdict, type Act } from "../authorise";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import { operatorArn, type Caller, type Session, type Sessions } from "./sessions";
import { durationTooLong, readRoleRequest } from "./webIdentity";

export interface AssumeRoleContext {
    readonly accountId: string;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
}

/**
 * AssumeRole for users and the operator. The role must trust the caller and, unless the trust policy names the caller
 * itself, the caller's own policies must allow the call:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function assumeRole(
    parameters: ReadonlyMap<string, string>,
    caller: Caller,
    { accountId, sessions, enforced }: AssumeRoleContext,
    region?: string,
): Session {
    if (caller.kind === "session") {
        throw new AwsError("InvalidAction", "Could not find operation AssumeRole for version 2011-06-15", 400);
    }
    const { roleArn, sessionName, durationSeconds } = readRoleRequest(parameters);
    const state = enforced();
    const role = Object.values(state.roles).find(({ arn }) => arn === roleArn);
    const principalArn = caller.kind === "user" ? caller.arn : operatorArn(accountId);
    const externalId = parameters.get("ExternalId");
    const act: Act = {
        principalArn,
        accountId,
        action: "sts:AssumeRole",
        resource: roleArn,
        context: externalId === undefined ? {} : { "sts:ExternalId": externalId },
    };
    const policies = caller.kind === "user" ? caller.policies : everything;
    if (!role || assumeVerdict(state, role, policies, act) !== "allowed") {
        const message = `User: ${principalArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
        throw new AwsError("AccessDenied", message, 403);
    }
    if (durationSeconds > role.maxSessionDuration) {
        throw durationTooLong();
    }
    return sessions.create(role, sessionName, durationSeconds, region);
}

const everything = {
    attachedPolicyArns: [],
    inlinePolicies: {
        everything: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    },
};
