import type { ResourceValidationPolicy } from "@pulumi/policy";
import { CNI_ACTIONS } from "../documents/cniActions";
import { isAboutAction, readStatements } from "../documents/policyReading";
import { propsOf } from "./support/stack";
import { at, documentOf, listOf } from "./support/values";

/** The mark of a policy for IPv6: nothing but the CNI assigns IPv6 addresses. */
const MARK = "ec2:AssignIpv6Addresses";

export const cniPolicyIsComplete: ResourceValidationPolicy = {
    name: "cni-ipv6-policy-is-complete",
    displayName: "An own CNI policy for IPv6 has all actions that the plugin calls",
    description:
        "A policy with ec2:AssignIpv6Addresses has the other actions of the plugin's IPv6 policy too. The EKS user guide's page " +
        "lists too few: since 1.22.1 the plugin stops at start when ec2:DescribeSubnets is refused.",
    enforcementLevel: "mandatory",
    url: "https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md",
    remediationSteps: "Add the actions to the policy.",
    validateResource: ({ type, props }, reportViolation) => {
        for (const document of documentsOf(type, propsOf(props))) {
            const missing = missingActions(document);
            if (missing.length > 0) {
                reportViolation(`The CNI's IPv6 policy lacks ${missing.join(", ")}. Add what is missing.`);
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
    return has(MARK) ? CNI_ACTIONS.ipv6.map(({ action }) => action).filter((action) => !has(action)) : [];
}
