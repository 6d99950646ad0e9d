import type { ResourceValidationPolicy } from "@pulumi/policy";
import { NODE_GROUP } from "./support/roles";
import { propsOf } from "./support/stack";
import { isMissing } from "./support/values";

export const nodeGroupHasLaunchTemplate: ResourceValidationPolicy = {
    name: "node-group-keeps-pods-from-the-node-role",
    displayName: "A node group has a launch template that can block pods from the node role",
    description:
        "A managed node group without a launch template gets the default of EKS, whose hop limit of 2 lets pods use the node role's " +
        "credentials. Advisory, because pods that use instance metadata would stop working.",
    enforcementLevel: "advisory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html",
    remediationSteps: "Add a launch template with metadataOptions: httpTokens required, httpPutResponseHopLimit 1.",
    validateResource: ({ type, props }, reportViolation) => {
        if (type === NODE_GROUP && isMissing(propsOf(props)["launchTemplate"])) {
            reportViolation(
                "The node group has no launch template, so pods on its nodes can use the node role's credentials. Add one with " +
                    "metadataOptions: httpTokens required, httpPutResponseHopLimit 1.",
            );
        }
    },
};
