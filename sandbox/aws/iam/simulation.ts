import {
    boundaryAllows,
    conditionKeys,
    organizationVerdict,
    type PolicyHolder,
    policyVerdict,
    type ServiceControlPolicies,
    type Verdict,
} from "../authorise";
import { AwsError } from "../errors";
import type { Organization } from "../organization";
import { type AwsRequest, type AwsResponse, escapeXml, listParameter, queryAnswer } from "../protocol";
import type { Users } from "../sts/users";
import type { IamState } from "./state";

export interface SimulationContext {
    readonly accountId: string;
    readonly users: Users;
    readonly organization: Organization;
}

/**
 * SimulatePrincipalPolicy (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html), with
 * the code that authorises calls. It reads the latest write to IAM, so a change appears here before it is enforced.
 *
 * The shape is that of recorded answers (radkawar/stackd testdata/aws/iam/simulation.json at 9dc356f5): one result an
 * action, and in it one for each resource that the caller names.
 */
export function simulatePrincipalPolicy(
    { action: call, parameters }: AwsRequest,
    state: IamState,
    context: SimulationContext,
): AwsResponse {
    const principalArn = parameters.get("PolicySourceArn") ?? "";
    const policies = policiesOf(principalArn, state, context);
    const actions = listParameter(parameters, "ActionNames.member");
    const resources = listParameter(parameters, "ResourceArns.member");
    assertValid(actions, resources);
    const values = contextOf(parameters);
    const known = new Set(Object.keys(values).map((key) => key.toLowerCase()));
    const missing = conditionKeys(state, policies).filter((key) => !known.has(key.toLowerCase()));
    const { serviceControlPolicies } = context.organization;
    const simulated = withoutGlobalKeys(serviceControlPolicies);
    const evaluate = (action: string, resource: string): Evaluation => {
        const act = { principalArn, accountId: context.accountId, action, resource, context: values };
        const verdict = policyVerdict(state, policies, act, simulated);
        return {
            resource,
            verdict,
            byBoundary: boundaryAllows(state, policies, act),
            byOrganization:
                serviceControlPolicies.length === 0 ? undefined : organizationVerdict(simulated, act) === undefined,
        };
    };
    const results = actions.map((action) => resultOf(action, resources, missing, (of) => evaluate(action, of)));
    return queryAnswer(
        "iam",
        call,
        `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join("")}</EvaluationResults>`,
    );
}

/**
 * "You can't test AWS Organizations service control policies (SCPs) with global condition keys"
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html): such a policy is left out, and so is a level
 * without another one. How IAM itself does that is not known from a source.
 */
function withoutGlobalKeys(levels: ServiceControlPolicies): ServiceControlPolicies {
    return levels
        .map((texts) => texts.filter((text) => !/"aws:[^"]*"\s*:/i.test(text)))
        .filter((texts) => texts.length > 0);
}

function policiesOf(arn: string, state: IamState, { users }: SimulationContext): PolicyHolder {
    const [, kind = "", name = ""] = /:(role|user)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
    if (kind === "") {
        throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
    }
    const found =
        kind === "role" ? Object.values(state.roles).find((role) => role.arn === arn) : users.named(name)?.policies;
    if (!found) {
        throw new AwsError("NoSuchEntity", `The ${kind} with name ${name} cannot be found.`, 404);
    }
    return found;
}

function invalidInput(message: string): AwsError {
    return new AwsError("InvalidInput", message, 400);
}

/**
 * Actions that IAM does not simulate in one call with others. AWS documents no rule. These groups are quoted in aws-cloudformation/rain
 * `internal/aws/iam/iam.go` at d085ec5b (S3) and in a script of the AWS Marketplace (STS); those of EC2 were recorded in one call.
 */
const apart: readonly (readonly string[])[] = [
    ["s3:putbucketreplication", "s3:putobjectlockconfiguration", "s3:putbucketintelligenttieringconfiguration"],
    ["sts:assumerole"],
];

function assertValid(actions: readonly string[], resources: readonly string[]): void {
    if (actions.some((action) => !action.includes(":"))) {
        throw invalidInput("The action is invalid since it is missing names");
    }
    const invalid = resources.filter((resource) => resource !== "*" && !resource.startsWith("arn:"));
    if (invalid.length > 0) {
        throw invalidInput(`ResourceNames are not in a valid ARN format: ${invalid.join(",")}.`);
    }
    const groupOf = (action: string) => apart.findIndex((group) => group.includes(action.toLowerCase()));
    const groups = [...new Set(actions.map(groupOf))].sort((a, b) => a - b);
    if (groups.length > 1) {
        const listed = groups.map((group) => `[${actions.filter((of) => groupOf(of) === group).join(",")}]`);
        throw invalidInput(
            `Invalid Input Actions: ${listed.join(" and ")} require different authorization information. ` +
                "Please refer to the documentation for more details: " +
                "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
        );
    }
}

const serviceOf = (action: string) => (action.split(":")[0] ?? "").toLowerCase();

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

interface Evaluation {
    readonly resource: string;
    readonly verdict: Verdict;
    readonly byBoundary: boolean | undefined;
    /** Undefined for an account that is in no organization. */
    readonly byOrganization: boolean | undefined;
}

function resultOf(
    action: string,
    resources: readonly string[],
    missing: readonly string[],
    evaluate: (resource: string) => Evaluation,
): string {
    const evaluations = (resources.length > 0 ? resources : ["*"]).map(evaluate);
    // The most restrictive one stands for all of them.
    const [worst] = [...evaluations].sort((a, b) => severity(b.verdict) - severity(a.verdict));
    const specific = evaluations.map(
        (evaluation) =>
            `<member><EvalResourceName>${escapeXml(evaluation.resource)}</EvalResourceName>` +
            `<EvalResourceDecision>${decisionOf(evaluation.verdict)}</EvalResourceDecision>` +
            `${boundaryDetail(evaluation)}${missingFor(evaluation, missing)}</member>`,
    );
    return (
        `<member><EvalActionName>${escapeXml(action)}</EvalActionName>` +
        `<EvalDecision>${decisionOf(worst?.verdict ?? "implicitDeny")}</EvalDecision>` +
        `<EvalResourceName>${escapeXml(nameOf(action, evaluations))}</EvalResourceName>` +
        (worst
            ? `${boundaryDetail(worst)}${organizationDetail(worst)}${missingFor(worst, missing) || "<MissingContextValues/>"}`
            : "") +
        "<MatchedStatements/>" +
        (resources.length > 0
            ? `<EvalDecisionDetails/><ResourceSpecificResults>${specific.join("")}</ResourceSpecificResults>`
            : "") +
        "</member>"
    );
}

/** With several resources, a template of the service; recorded for EC2, for other services it is inferred. */
function nameOf(action: string, [first, ...others]: readonly Evaluation[]): string {
    const template = "arn:aws:${service}:${Region}:${Account}:${ResourceType}/${ResourcePath}";
    return others.length > 0 ? template.replace("${service}", serviceOf(action)) : (first?.resource ?? "*");
}

const decisions = {
    allowed: "allowed",
    implicitDeny: "implicitDeny",
    boundaryDeny: "implicitDeny",
    organizationImplicitDeny: "implicitDeny",
    explicitDeny: "explicitDeny",
    organizationDeny: "explicitDeny",
} as const satisfies Record<Verdict, string>;

const decisionOf = (verdict: Verdict) => decisions[verdict];

const severity = (verdict: Verdict) => ["allowed", "implicitDeny", "explicitDeny"].indexOf(decisionOf(verdict));

function boundaryDetail({ byBoundary }: Evaluation): string {
    return byBoundary === undefined
        ? ""
        : "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>" +
              `${byBoundary}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>`;
}

/** Only the result of an action has it: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html */
function organizationDetail({ byOrganization }: Evaluation): string {
    return byOrganization === undefined
        ? ""
        : "<OrganizationsDecisionDetail><AllowedByOrganizations>" +
              `${byOrganization}</AllowedByOrganizations></OrganizationsDecisionDetail>`;
}

/**
 * If a call is not allowed, the keys of every statement that the caller gives no value for, also of statements about other
 * actions and resources. If it is allowed, none.
 */
function missingFor({ verdict }: Evaluation, missing: readonly string[]): string {
    const members = missing.map((key) => `<member>${escapeXml(key)}</member>`);
    return verdict === "allowed" || members.length === 0
        ? ""
        : `<MissingContextValues>${members.join("")}</MissingContextValues>`;
}
