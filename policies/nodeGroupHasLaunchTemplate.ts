import type { ResourceValidationPolicy } from "@pulumi/policy";
import { NODE_GROUP } from "./support/roles";
import { propsOf } from "./support/stack";
import { isMissing } from "./support/values";

export const nodeGroupHasLaunchTemplate: ResourceValidationPolicy = {
    name: "node-group-keeps-pods-from-the-node-role",
    displayName: "A node group has a launch template that can keep pods from the node role",
    description:
        "A managed node group without a launch template gets one of EKS's, whose hop limit of 2 lets pods reach the node role's " +
        "credentials. Advisory: pods that use the metadata stop working.",
    enforcementLevel: "advisory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html",
    remediationSteps: "Give the node group a launch template with metadataOptions: httpTokens required, hop limit 1.",
    validateResource: ({ type, props }, reportViolation) => {
        if (type === NODE_GROUP && isMissing(propsOf(props)["launchTemplate"])) {
            reportViolation(
                "The node group has no launch template, so its nodes answer pods that ask for the node role's credentials. Give it " +
                    "one with metadataOptions: httpTokens required, httpPutResponseHopLimit 1.",
            );
        }
    },
};
