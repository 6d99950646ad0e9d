import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { handedOverIn, ROLE, refersToRole, type Role, rolesOf } from "./support/roles";
import { ofType, propsOf, resourcesOf, type StackResource } from "./support/stack";
import { at } from "./support/values";

const EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive";

/**
 * The roles of this operation whose program gives `managedPolicyArns`.
 *
 * A stack rule sees outputs, in which the provider lists the policies of every role. Only the inputs of a single resource tell whether
 * the program gives them. The engine sends those of every resource before it sends the stack.
 *
 * Source: AnalyzeResources in https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go
 */
const givesManagedPolicies = new Set<string>();

export const nodeRolePoliciesAreNotExclusive: ResourceValidationPolicy & StackValidationPolicy = {
    name: "node-role-policies-are-not-exclusive",
    displayName: "No resource manages all policies of a node role that is handed over",
    description:
        "A node role in detachFromNodeRoles has neither managedPolicyArns nor a RolePolicyAttachmentsExclusive. Both detach every policy " +
        "that they do not list, before the component has moved the pods, and attach again what it has detached.",
    enforcementLevel: "mandatory",
    url: "https://www.pulumi.com/registry/packages/aws/api-docs/iam/rolepolicyattachmentsexclusive/",
    remediationSteps:
        "In a first update, take managedPolicyArns or the RolePolicyAttachmentsExclusive out of the program, and attach the other policies with " +
        "RolePolicyAttachment. Add the component in the second.",
    validateResource: ({ type, urn, props }) => {
        givesManagedPolicies.delete(urn);
        const given = type === ROLE ? propsOf(props)["managedPolicyArns"] : undefined;
        if (given !== undefined && given !== null) {
            givesManagedPolicies.add(urn);
        }
    },
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const isHandedOver = handedOverIn(stack);
        const roles = rolesOf(stack);
        for (const { urn = "" } of roles.filter(
            (role) => givesManagedPolicies.has(role.urn ?? "") && isHandedOver(role),
        )) {
            reportViolation(messageOf("This node role has managedPolicyArns"), urn);
        }
        for (const resource of ofType(stack, EXCLUSIVE)) {
            const made = refersToRole(resource, "roleName", roles);
            if (isHandedOver(made ?? namedRole(resource))) {
                reportViolation(messageOf("This resource manages all policies of a node role"), resource.urn);
            }
        }
    },
};

/** A role that the stack does not create. */
function namedRole({ props }: StackResource): Role {
    return { urn: undefined, name: at(props, "roleName"), props: {} };
}

function messageOf(head: string): string {
    return (
        `${head}, and detachFromNodeRoles lists the role. It would detach the CNI policy before the pods have moved, or attach it again ` +
        "afterwards. Remove it from the program in a first update, and add the component in the second."
    );
}
