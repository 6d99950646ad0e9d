import { assumeVerdict, type Act } from "../authorise";
import { AwsError, validationError } from "../errors";
import type { IamState } from "../iam/state";
import type { AwsRequest } from "../protocol";
import type { ResourceControlPolicies } from "../resourceControl";
import { operatorArn, type Caller, type Session, type Sessions } from "./sessions";
import { durationTooLong, readRoleRequest } from "./webIdentity";

export interface AssumeRoleContext {
    readonly accountId: string;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
    readonly resourceControl: ResourceControlPolicies;
}

/**
 * AssumeRole for users, sessions of roles and the operator. The role must trust the caller and, unless the trust policy
 * names the caller itself, the caller's own policies must allow the call:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function assumeRole(
    parameters: ReadonlyMap<string, string>,
    caller: Caller,
    { accountId, sessions, enforced, resourceControl }: AssumeRoleContext,
    { origin = {}, region }: Pick<AwsRequest, "origin" | "region"> = {},
): Session {
    const { roleArn, sessionName, durationSeconds } = readRoleRequest(parameters);
    const state = enforced();
    const role = Object.values(state.roles).find(({ arn }) => arn === roleArn);
    const isOperator = caller.kind === "operator";
    const principalArn = isOperator ? operatorArn(accountId) : caller.arn;
    const externalId = parameters.get("ExternalId");
    const act: Act = {
        principalArn,
        accountId,
        action: "sts:AssumeRole",
        resource: roleArn,
        context: {
            ...origin,
            "aws:PrincipalArn": isOperator ? principalArn : caller.principalArn,
            ...(externalId === undefined ? {} : { "sts:ExternalId": externalId }),
        },
    };
    const policies = isOperator ? everything : caller.policies;
    if (!role || assumeVerdict(state, role, policies, act, resourceControl.documents) !== "allowed") {
        const message = `User: ${principalArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
        throw new AwsError("AccessDenied", message, 403);
    }
    if (caller.kind === "session" && durationSeconds > chainedSeconds) {
        throw chainedTooLong();
    }
    if (durationSeconds > role.maxSessionDuration) {
        throw durationTooLong();
    }
    return sessions.create(role, sessionName, durationSeconds, region);
}

/**
 * The longest session that the session of another role gets, whatever MaxSessionDuration says ("role chaining"):
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
 */
const chainedSeconds = 3600;

/** AWS's words, for instance in https://github.com/prowler-cloud/prowler/issues/7721 */
function chainedTooLong(): AwsError {
    return validationError(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
}

const everything = {
    attachedPolicyArns: [],
    inlinePolicies: {
        everything: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    },
};
