import type { StackValidationPolicy } from "@pulumi/policy";
import { parsePolicyArn } from "../documents/arn";
import { cniGrants } from "../documents/cniGrants";
import { accountOf, accountSchema } from "./support/account";
import { cniRolesOf, policiesOf, type RolePolicy } from "./support/roles";
import { isOfComponent, resourcesOf } from "./support/stack";
import { isRecord, textsOf } from "./support/values";

export const cniRoleHoldsNoMore: StackValidationPolicy = {
    name: "cni-role-holds-no-more",
    displayName: "The CNI role has no more permissions than the CNI needs",
    description:
        "The policies of a CNI role allow the CNI's actions and reading EC2, and nothing else. Policies that CniServiceAccountRole " +
        "attaches through additionalPolicyArns are allowed.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    remediationSteps:
        "Remove the policy from the role, or add its ARN to allowedPolicyArns in the rule's configuration.",
    configSchema: {
        properties: {
            ...accountSchema.properties,
            allowedPolicyArns: {
                type: "array",
                items: { type: "string" },
                default: [],
                description: "ARNs of additional policies that a CNI role may have.",
            },
        },
    },
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const config = args.getConfig<{ allowedPolicyArns?: unknown }>();
        const allowed = textsOf(config.allowedPolicyArns);
        for (const role of cniRolesOf(stack, accountOf(config))) {
            for (const policy of policiesOf(role, stack).filter(({ attachedBy }) => !isOfComponent(attachedBy.urn))) {
                const excess = excessOf(policy, allowed);
                if (excess !== undefined) {
                    reportViolation(
                        `The CNI role has ${excess}. Remove it from the role${policy.arn === undefined ? "" : ", or add its ARN to allowedPolicyArns"}.`,
                        policy.attachedBy.urn,
                    );
                }
            }
        }
    },
};

/** An AWS managed policy is judged by its name, a custom policy by its document, if the stack contains it. */
function excessOf({ managedCni, arn, document }: RolePolicy, allowed: readonly string[]): string | undefined {
    if (managedCni || (typeof arn === "string" && allowed.includes(arn))) {
        return undefined;
    }
    const aws = typeof arn === "string" ? parsePolicyArn(arn) : undefined;
    if (aws?.owner === "aws") {
        return `the AWS managed policy ${aws.name}, which is not a CNI policy`;
    }
    return isRecord(document) && cniGrants(document, "ipv4").broad
        ? `${typeof arn === "string" ? `the policy ${arn}` : arn === undefined ? "an inline policy" : "a policy"} with actions that the CNI does not need`
        : undefined;
}
