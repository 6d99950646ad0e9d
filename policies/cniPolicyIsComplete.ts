import type { ResourceValidationPolicy } from "@pulumi/policy";
import { CNI_ACTIONS } from "../documents/cniActions";
import { isAboutAction, readStatements } from "../documents/policyStatements";
import { propsOf } from "./support/stack";
import { at, documentOf, listOf } from "./support/values";

/** Identifies an IPv6 policy for the CNI: only the CNI assigns IPv6 addresses. */
const IPV6_ACTION = "ec2:AssignIpv6Addresses";

export const cniPolicyIsComplete: ResourceValidationPolicy = {
    name: "cni-ipv6-policy-is-complete",
    displayName: "A custom CNI policy for IPv6 has all actions that the plugin calls",
    description:
        "A policy that allows ec2:AssignIpv6Addresses also allows the other actions of the plugin's IPv6 policy. The EKS user guide " +
        "lists too few: since version 1.22.1 the plugin exits at startup if ec2:DescribeSubnets is denied.",
    enforcementLevel: "mandatory",
    url: "https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md",
    remediationSteps: "Add the missing actions to the policy.",
    validateResource: ({ type, props }, reportViolation) => {
        for (const document of documentsOf(type, propsOf(props))) {
            const missing = missingActions(document);
            if (missing.length > 0) {
                reportViolation(`The CNI's IPv6 policy lacks ${missing.join(", ")}. Add the missing actions.`);
            }
        }
    },
};

function documentsOf(type: string, props: Readonly<Record<string, unknown>>): unknown[] {
    switch (type) {
        case "aws:iam/policy:Policy":
        case "aws:iam/rolePolicy:RolePolicy":
            return [documentOf(props["policy"])];
        case "aws:iam/role:Role":
            return listOf(props["inlinePolicies"]).map((policy) => documentOf(at(policy, "policy")));
        default:
            return [];
    }
}

function missingActions(document: unknown): string[] {
    const allows = readStatements(document).filter(({ effect }) => effect === "Allow");
    const has = (action: string) => allows.some((statement) => isAboutAction(statement, action));
    return has(IPV6_ACTION) ? CNI_ACTIONS.ipv6.map(({ action }) => action).filter((action) => !has(action)) : [];
}
