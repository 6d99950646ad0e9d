import { policyVerdict, type PolicyHolder, type Verdict } from "../authorise";
import { AwsError, validationError } from "../errors";
import { escapeXml, listParameter, queryAnswer, type AwsRequest, type AwsResponse } from "../protocol";
import type { Users } from "../sts/users";
import type { IamState } from "./state";

export interface SimulationContext {
    readonly accountId: string;
    readonly users: Users;
}

/**
 * SimulatePrincipalPolicy (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html), with
 * the code that authorises calls. It reads the latest write to IAM, so a change appears here before it is enforced.
 */
export function simulatePrincipalPolicy(
    { action: call, parameters }: AwsRequest,
    state: IamState,
    context: SimulationContext,
): AwsResponse {
    const principalArn = parameters.get("PolicySourceArn") ?? "";
    const policies = policiesOf(principalArn, state, context);
    const actions = listParameter(parameters, "ActionNames.member");
    const named = listParameter(parameters, "ResourceArns.member");
    const results = actions.flatMap((action) =>
        (named.length > 0 ? named : ["*"]).map((resource) => {
            const act = { principalArn, accountId: context.accountId, action, resource };
            const verdict = policyVerdict(state, policies, { ...act, context: contextOf(parameters) });
            return resultOf(action, resource, verdict, policies.permissionsBoundaryArn !== undefined);
        }),
    );
    return queryAnswer(
        "iam",
        call,
        `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join("")}</EvaluationResults>`,
    );
}

function policiesOf(arn: string, state: IamState, { users }: SimulationContext): PolicyHolder {
    const [, kind = "", name = ""] = /:(role|user)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
    if (kind === "") {
        throw validationError(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
    }
    const found =
        kind === "role" ? Object.values(state.roles).find((role) => role.arn === arn) : users.named(name)?.policies;
    if (!found) {
        throw new AwsError("NoSuchEntity", `The ${kind} with name ${name} cannot be found.`, 404);
    }
    return found;
}

/** ContextEntries.member.N.ContextKeyName, and its values ContextKeyValues.member.M. */
function contextOf(parameters: ReadonlyMap<string, string>): Record<string, string | string[]> {
    return Object.fromEntries(
        [...parameters].flatMap(([name, key]) => {
            const entry = /^(ContextEntries\.member\.\d+)\.ContextKeyName$/.exec(name)?.[1];
            const values = entry === undefined ? [] : listParameter(parameters, `${entry}.ContextKeyValues.member`);
            return values.length > 0 ? [[key, values.length === 1 ? (values[0] ?? "") : values] as const] : [];
        }),
    );
}

function resultOf(action: string, resource: string, verdict: Verdict, hasBoundary: boolean): string {
    const decision = verdict === "boundaryDeny" ? "implicitDeny" : verdict;
    const boundary = hasBoundary
        ? "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>" +
          `${verdict !== "boundaryDeny"}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>`
        : "";
    return (
        `<member><EvalActionName>${escapeXml(action)}</EvalActionName><EvalDecision>${decision}</EvalDecision>` +
        `<EvalResourceName>${escapeXml(resource)}</EvalResourceName>${boundary}` +
        "<MatchedStatements/><MissingContextValues/></member>"
    );
}
