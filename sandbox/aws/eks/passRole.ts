import { type PolicyHolder, policyVerdict, reasonOf, type ServiceControlPolicies } from "../authorise";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import type { AwsRequest } from "../protocol";
import type { UpdateAddOn } from "./addOns/requests";
import type { UpdateAssociation } from "./associations/association";
import type { Route } from "./routes";

/** A role that a call passes on, and the service that gets it. */
export interface PassedRole {
    readonly roleArn: string;
    readonly service: string;
}

/**
 * The roles that a call passes to EKS: iam:PassRole is a dependent action of CreateAddon, CreatePodIdentityAssociation and
 * UpdatePodIdentityAssociation (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html).
 * For UpdateAddon it is inferred. The role of an association is passed to `pods.eks.amazonaws.com`
 * (https://github.com/aws-samples/appmod-blueprints/pull/816).
 */
export function passedRoles({ action }: Route, request: Pick<AwsRequest, "body">): PassedRole[] {
    if (isOfAssociation(action)) {
        const { roleArn } = JSON.parse(request.body.toString()) as UpdateAssociation;
        return roleArn ? [{ roleArn, service: podIdentityService }] : [];
    }
    if (action !== "CreateAddon" && action !== "UpdateAddon") {
        return [];
    }
    const asked = JSON.parse(request.body.toString()) as UpdateAddOn;
    const { serviceAccountRoleArn, podIdentityAssociations = [] } = asked;
    return [
        ...(serviceAccountRoleArn ? [{ roleArn: serviceAccountRoleArn, service: "eks.amazonaws.com" }] : []),
        ...podIdentityAssociations.map(({ roleArn }) => ({ roleArn, service: podIdentityService })),
    ];
}

const podIdentityService = "pods.eks.amazonaws.com";

function isOfAssociation(action: string): boolean {
    return action === "CreatePodIdentityAssociation" || action === "UpdatePodIdentityAssociation";
}

interface Passing {
    readonly principal: { readonly arn: string; readonly principalArn: string; readonly policies: PolicyHolder };
    readonly accountId: string;
    readonly state: IamState;
    readonly serviceControlPolicies: ServiceControlPolicies;
    readonly context: Readonly<Record<string, string>>;
}

/**
 * Refuses the call unless the caller may pass its roles (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html), and may
 * read those of associations: iam:GetRole is the other dependent action of these two calls.
 */
export function authoriseRoles(route: Route, request: Pick<AwsRequest, "body">, passing: Passing): void {
    passedRoles(route, request).forEach(({ roleArn, service }) => {
        authoriseIam("iam:PassRole", roleArn, passing, { "iam:PassedToService": service });
        if (isOfAssociation(route.action)) {
            authoriseIam("iam:GetRole", roleArn, passing);
        }
    });
}

function authoriseIam(
    action: string,
    roleArn: string,
    { principal, accountId, state, serviceControlPolicies, context }: Passing,
    keys: Readonly<Record<string, string>> = {},
): void {
    const { principalArn, policies } = principal;
    const act = { principalArn, accountId, action, resource: roleArn, context: { ...context, ...keys } };
    const verdict = policyVerdict(state, policies, act, serviceControlPolicies);
    if (verdict !== "allowed") {
        throw new AwsError(
            "AccessDeniedException",
            `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${roleArn} ${reasonOf(verdict, action)}`,
            403,
        );
    }
}
