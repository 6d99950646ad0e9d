import type { StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { ADDON, podIdentityAssociations } from "./support/deliveries";
import { comesBefore, isOfComponent, ofType, resourcesOf } from "./support/stack";

export const podIdentityAgentOutlivesComponent: StackValidationPolicy = {
    name: "pod-identity-agent-outlives-the-component",
    displayName: "The component depends on the Pod Identity agent that the stack installs",
    description:
        "If the stack installs the EKS Pod Identity Agent, a component with a Pod Identity association on that cluster depends on it. Else pulumi destroy may " +
        "delete the agent before aws-node is back on the node roles, and its pods could not renew their credentials.",
    enforcementLevel: "mandatory",
    url: "https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/",
    remediationSteps: "Add the add-on to dependsOn of the CniServiceAccountRole.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const agents = ofType(stack, ADDON).filter(({ props }) => props["addonName"] === "eks-pod-identity-agent");
        const associations = podIdentityAssociations(stack, accountOf(args.getConfig()));
        for (const association of associations.filter(({ urn }) => isOfComponent(urn))) {
            const before = comesBefore(association, stack);
            const { clusterName } = association.props;
            // An agent of a cluster that is not known yet may be for another component.
            const own = agents.filter(
                ({ props }) => typeof clusterName === "string" && props["clusterName"] === clusterName,
            );
            for (const { urn } of own.filter((agent) => !before.has(agent.urn))) {
                reportViolation(
                    "The component gives its role by a Pod Identity association and does not depend on this agent, so pulumi destroy could delete the " +
                        "agent before the pods are back on the node roles. Add it to dependsOn of the CniServiceAccountRole.",
                    urn,
                );
            }
        }
    },
};
