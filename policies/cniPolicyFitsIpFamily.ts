import type { StackValidationPolicy } from "@pulumi/policy";
import { cniGrants } from "../documents/cniGrants";
import { accountOf, accountSchema } from "./support/account";
import { ipFamilyOf } from "./support/family";
import { cniRolesOf, policiesOf, type RolePolicy } from "./support/roles";
import { resourcesOf } from "./support/stack";

export const cniPolicyFitsIpFamily: StackValidationPolicy = {
    name: "cni-policy-fits-ip-family",
    displayName: "The CNI role's permissions match the IP family of the cluster",
    description:
        "AmazonEKS_CNI_Policy has no actions for IPv6 addresses, and the IPv6 policy has none for IPv4. With the wrong policy, " +
        "the plugin gets no address for any pod. The rule applies if all clusters of the stack have one IP family, or if the " +
        "family is configured.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html",
    remediationSteps: "Set ipFamily on CniServiceAccountRole, or attach the policy of the cluster's IP family.",
    configSchema: {
        properties: {
            ...accountSchema.properties,
            ipFamily: {
                type: "string",
                enum: ["ipv4", "ipv6"],
                description: "The IP family of the cluster, if the stack does not create it.",
            },
        },
    },
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const config = args.getConfig<{ ipFamily?: unknown }>();
        const family = config.ipFamily === "ipv4" || config.ipFamily === "ipv6" ? config.ipFamily : ipFamilyOf(stack);
        if (family === undefined) {
            return;
        }
        const other = family === "ipv4" ? "ipv6" : "ipv4";
        for (const role of cniRolesOf(stack, accountOf(config))) {
            const policies = policiesOf(role, stack);
            const wrong = policies.find((policy) => isFor(policy, other) && !isFor(policy, family));
            if (wrong !== undefined && !policies.some((policy) => isFor(policy, family))) {
                reportViolation(
                    `The CNI role has the ${displayName(other)} policy, but the cluster's IP family is ` +
                        `${displayName(family)}, so pods would get no address. Attach the ${displayName(family)} policy instead.`,
                    wrong.attachedBy.urn,
                );
            }
        }
    },
};

function isFor({ managedCni, document }: RolePolicy, family: "ipv4" | "ipv6"): boolean {
    return managedCni ? family === "ipv4" : cniGrants(document, family).sufficient;
}

function displayName(family: "ipv4" | "ipv6"): string {
    return family === "ipv4" ? "IPv4" : "IPv6";
}
