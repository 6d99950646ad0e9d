import { createValidatedPolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { runUnsafeSimulation, type Simulation } from "@cloud-copilot/iam-simulate";

import type { IamState, RoleState } from "./iam/state";

/** The evaluation of policies for one call. */
export type Verdict = "allowed" | "implicitDeny" | "explicitDeny" | "boundaryDeny" | OrganizationDeny;

/** The verdicts of service control policies. */
type OrganizationDeny = "organizationDeny" | "organizationImplicitDeny";

/** Texts of service control policies: a list for each level, from the root of the organization to the account. */
export type ServiceControlPolicies = readonly (readonly string[])[];

/** One call: who makes it, the action, the resource, and the values of its condition keys. */
export interface Act {
    readonly principalArn: string;
    readonly accountId: string;
    readonly action: string;
    readonly resource: string;
    readonly context: Readonly<Record<string, string | string[]>>;
}

/** A role or a user, with its policies. */
export type PolicyHolder = Pick<RoleState, "attachedPolicyArns" | "inlinePolicies" | "permissionsBoundaryArn">;

/**
 * Evaluates the policies of a role or a user for one call. A permissions boundary only takes permissions away, and so do service control
 * policies.
 *
 * Each explicit deny comes before each missing allow, and those of service control policies come first
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html). Which of several
 * explicit denies AWS names is not known from a source.
 */
export function policyVerdict(
    state: IamState,
    role: PolicyHolder,
    act: Act,
    serviceControlPolicies: ServiceControlPolicies = [],
): Verdict {
    const identityPolicies = identityPoliciesOf(state, role);
    const byOrganization = organizationVerdict(serviceControlPolicies, act);
    if (byOrganization === "organizationDeny") {
        return byOrganization;
    }
    const withoutBoundary = simulate(act, { identityPolicies });
    if (byOrganization !== undefined && withoutBoundary !== "explicitDeny") {
        return byOrganization;
    }
    const permissionBoundaryPolicies = boundaryOf(state, role);
    if (withoutBoundary !== "allowed" || permissionBoundaryPolicies === undefined) {
        return withoutBoundary;
    }
    const verdict = simulate(act, { identityPolicies, permissionBoundaryPolicies });
    return verdict === "implicitDeny" ? "boundaryDeny" : verdict;
}

/**
 * The verdict of service control policies alone; undefined if they allow the call. Each level has to allow it:
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
 */
export function organizationVerdict(levels: ServiceControlPolicies, act: Act): OrganizationDeny | undefined {
    const verdict = simulate(act, {
        identityPolicies: [{ name: "everything", policy: parse(allowEverything) }],
        serviceControlPolicies: levels.map((texts, level) => ({
            orgIdentifier: `level ${level + 1}`,
            policies: texts.map((text, index) => ({ name: `policy ${index + 1}`, policy: parse(text) })),
        })),
    });
    return verdict === "allowed"
        ? undefined
        : verdict === "explicitDeny"
          ? "organizationDeny"
          : "organizationImplicitDeny";
}

const allowEverything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

/** Whether the permissions boundary alone allows a call; undefined without a boundary. */
export function boundaryAllows(state: IamState, role: PolicyHolder, act: Act): boolean | undefined {
    const boundary = boundaryOf(state, role);
    return boundary && simulate(act, { identityPolicies: boundary }) === "allowed";
}

function boundaryOf(state: IamState, { permissionsBoundaryArn: arn }: PolicyHolder) {
    return arn === undefined ? undefined : [{ name: arn, policy: parse(state.policies[arn]?.document) }];
}

/** The condition keys of all statements of a role's or a user's policies, its permissions boundary included. */
export function conditionKeys(state: IamState, holder: PolicyHolder): string[] {
    const policies = [...identityPoliciesOf(state, holder), ...(boundaryOf(state, holder) ?? [])];
    const statements = policies.flatMap(
        ({ policy }) => (policy as { Statement?: Conditional | Conditional[] }).Statement ?? [],
    );
    return [...new Set(statements.flatMap(({ Condition = {} }) => Object.values(Condition).flatMap(Object.keys)))];
}

interface Conditional {
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function identityPoliciesOf(state: IamState, holder: PolicyHolder) {
    return [
        ...holder.attachedPolicyArns.map((arn) => ({ name: arn, policy: parse(state.policies[arn]?.document) })),
        ...Object.entries(holder.inlinePolicies).map(([name, text]) => ({ name, policy: parse(text) })),
    ];
}

/**
 * Evaluates the caller's policies and the role's trust policy together, for a caller that assumes the role.
 *
 * @param resourceControl Texts of the resource control policies of the role's account.
 */
export function assumeVerdict(
    state: IamState,
    role: RoleState,
    caller: PolicyHolder,
    act: Act,
    resourceControl: readonly string[] = [],
): Verdict {
    const identityPolicies = identityPoliciesOf(state, caller);
    return simulate(act, {
        identityPolicies,
        resourcePolicy: trustPolicyOf(role),
        resourceControlPolicies: limiting(resourceControl),
    });
}

/** Evaluates a trust policy for a federated principal that assumes the role. */
export function trustVerdict(role: RoleState, act: Act, resourceControl: readonly string[] = []): Verdict {
    return simulate(act, {
        identityPolicies: [],
        resourcePolicy: trustPolicyOf(role),
        resourceControlPolicies: limiting(resourceControl),
    });
}

/**
 * Resource control policies, with RCPFullAWSAccess, which cannot be detached
 * (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html). They limit the calls of every
 * principal on the account's resources: of this account, on its roles.
 */
function limiting(documents: readonly string[]): Simulation["resourceControlPolicies"] {
    const everything = {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
    };
    const policies = documents.map((text, index) => ({ name: `policy ${index + 1}`, policy: parse(text) }));
    return documents.length === 0
        ? []
        : [{ orgIdentifier: "account", policies: [{ name: "RCPFullAWSAccess", policy: everything }, ...policies] }];
}

/** The simulator needs the name: it reports by name which policy decided. */
function trustPolicyOf({ trustPolicy }: RoleState) {
    return createValidatedPolicy(parse(trustPolicy), validateTrustPolicy, { name: "trust policy" });
}

/**
 * @cloud-copilot/iam-simulate without its input checks. These checks drop the condition keys of an issuer that has a
 * path (`oidc.eks.<region>.amazonaws.com/id/<id>:sub`), as every EKS issuer has; and the documents were checked when
 * they were written.
 */
function simulate(act: Act, policies: Pick<Simulation, "identityPolicies"> & Partial<Simulation>): Verdict {
    const result = runUnsafeSimulation(
        {
            request: {
                principal: act.principalArn,
                action: act.action,
                resource: { resource: act.resource, accountId: act.accountId },
                contextVariables: { ...act.context },
            },
            serviceControlPolicies: [],
            resourceControlPolicies: [],
            ...policies,
        },
        {},
    );
    switch (result) {
        case "Allowed":
            return "allowed";
        case "ExplicitlyDenied":
            return "explicitDeny";
        default:
            return "implicitDeny";
    }
}

function parse(document = '{"Version":"2012-10-17","Statement":[]}'): unknown {
    return JSON.parse(document);
}

/**
 * The end of AWS's "… is not authorized to perform: <action>"
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
 */
export function reasonOf(verdict: Exclude<Verdict, "allowed">, action: string): string {
    switch (verdict) {
        case "implicitDeny":
            return `because no identity-based policy allows the ${action} action`;
        case "boundaryDeny":
            return `because no permissions boundary allows the ${action} action`;
        case "explicitDeny":
            return "with an explicit deny in an identity-based policy";
        case "organizationDeny":
            return "with an explicit deny in a service control policy";
        case "organizationImplicitDeny":
            return `because no service control policy allows the ${action} action`;
    }
}
