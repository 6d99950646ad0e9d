import { type PolicyHolder, policyVerdict, reasonOf, type ServiceControlPolicies } from "../authorise";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import type { AwsRequest } from "../protocol";
import type { UpdateAddOn } from "./addOns/requests";
import type { Route } from "./routes";

/** A role that a call passes on, and the service that gets it. */
export interface PassedRole {
    readonly roleArn: string;
    readonly service: string;
}

/**
 * The roles that a call about an add-on passes to EKS: iam:PassRole is a dependent action of CreateAddon
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html). For UpdateAddon, and for the
 * service that gets the role of an association, inferred.
 */
export function passedRoles({ action }: Route, request: Pick<AwsRequest, "body">): PassedRole[] {
    if (action !== "CreateAddon" && action !== "UpdateAddon") {
        return [];
    }
    const asked = JSON.parse(request.body.toString()) as UpdateAddOn;
    const { serviceAccountRoleArn, podIdentityAssociations = [] } = asked;
    return [
        ...(serviceAccountRoleArn ? [{ roleArn: serviceAccountRoleArn, service: "eks.amazonaws.com" }] : []),
        ...podIdentityAssociations.map(({ roleArn }) => ({ roleArn, service: "pods.eks.amazonaws.com" })),
    ];
}

interface Passing {
    readonly principal: { readonly arn: string; readonly principalArn: string; readonly policies: PolicyHolder };
    readonly accountId: string;
    readonly state: IamState;
    readonly serviceControlPolicies: ServiceControlPolicies;
    readonly context: Readonly<Record<string, string>>;
}

/** Refuses the call unless the caller may pass the role: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html */
export function authorisePassRole({ roleArn, service }: PassedRole, passing: Passing): void {
    const { principal, accountId, state, serviceControlPolicies } = passing;
    const action = "iam:PassRole";
    const context = { ...passing.context, "iam:PassedToService": service };
    const act = { principalArn: principal.principalArn, accountId, action, resource: roleArn, context };
    const verdict = policyVerdict(state, principal.policies, act, serviceControlPolicies);
    if (verdict !== "allowed") {
        throw new AwsError(
            "AccessDeniedException",
            `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${roleArn} ${reasonOf(verdict, action)}`,
            403,
        );
    }
}
