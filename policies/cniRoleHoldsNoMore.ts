import type { StackValidationPolicy } from "@pulumi/policy";
import { parsePolicyArn } from "../documents/arn";
import { cniGrants } from "../documents/cniGrants";
import { accountOf, accountSchema } from "./support/account";
import { cniRolesOf, policiesOf, type RolePolicy } from "./support/roles";
import { isOfComponent, resourcesOf } from "./support/stack";
import { isRecord, textsOf } from "./support/values";

export const cniRoleHoldsNoMore: StackValidationPolicy = {
    name: "cni-role-holds-no-more",
    displayName: "The CNI's role holds no more than the CNI needs",
    description:
        "The policies of a CNI role allow the CNI's calls and reading EC2, nothing else. What CniServiceAccountRole is asked to " +
        "attach by additionalPolicyArns is wanted.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    remediationSteps: "Take the policy from the role, or name its ARN in the rule's configuration.",
    configSchema: {
        properties: {
            ...accountSchema.properties,
            allowedPolicyArns: {
                type: "array",
                items: { type: "string" },
                default: [],
                description: "ARNs of policies that a CNI role may hold besides.",
            },
        },
    },
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const config = args.getConfig<{ allowedPolicyArns?: unknown }>();
        const allowed = textsOf(config.allowedPolicyArns);
        for (const role of cniRolesOf(stack, accountOf(config).full)) {
            for (const policy of policiesOf(role, stack).filter(({ by }) => !isOfComponent(by.urn))) {
                const what = more(policy, allowed);
                if (what !== undefined) {
                    reportViolation(`The CNI role is given ${what}. Take it from the role.`, policy.by.urn);
                }
            }
        }
    },
};

/** Of AWS's managed policies the name tells; own ones are judged by what they say, if the stack shows it. */
function more({ managedCni, arn, document }: RolePolicy, allowed: readonly string[]): string | undefined {
    if (managedCni || (typeof arn === "string" && allowed.includes(arn))) {
        return undefined;
    }
    const aws = typeof arn === "string" ? parsePolicyArn(arn) : undefined;
    if (aws?.owner === "aws") {
        return `AWS's policy ${aws.name}, which is not the CNI's`;
    }
    return isRecord(document) && cniGrants(document, "ipv4").broad
        ? "a policy with other calls than the CNI's"
        : undefined;
}
