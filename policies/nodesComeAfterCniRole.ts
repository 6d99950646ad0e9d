import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { cniGrants } from "../documents/cniGrants";
import { type Account, accountOf, accountSchema } from "./support/account";
import { argumentsOf, recordArguments } from "./support/componentArguments";
import { annotations, componentsOf, hasRole, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { NODE_GROUP, policiesOf, refersToRole, type Role, rolesOf } from "./support/roles";
import { comesBefore, COMPONENT, ofType, resourcesOf, type StackResource } from "./support/stack";
import { UNKNOWN } from "./support/values";

export const nodesComeAfterCniRole: ResourceValidationPolicy & StackValidationPolicy = {
    name: "nodes-come-after-the-cni-role",
    displayName: "A node group whose role has no CNI policy depends on the CNI role",
    description:
        "A node group whose role does not have the CNI's permissions depends on the resource that gives aws-node its role. Nodes " +
        "that start earlier have no pod network and do not become Ready, and the creation of the node group fails.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#not-ready",
    remediationSteps: "Add the CniServiceAccountRole to dependsOn of the node group.",
    configSchema: accountSchema,
    validateResource: recordArguments,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const delivered = deliveries(stack, accountOf(args.getConfig()));
        const roles = rolesOf(stack);
        for (const group of delivered.length === 0 ? [] : ofType(stack, NODE_GROUP)) {
            const role = refersToRole(group, "nodeRoleArn", roles);
            const before = comesBefore(group, stack);
            if (
                role !== undefined &&
                !mayHaveCniPermissions(role, stack) &&
                !delivered.some(({ urn }) => before.has(urn))
            ) {
                reportViolation(
                    "The node group does not depend on the CNI role, and its own role has no CNI policy, so its nodes would not become " +
                        "Ready. Add the CniServiceAccountRole to its dependsOn.",
                    group.urn,
                );
            }
        }
    },
};

/**
 * The last resource that gives aws-node its role: the annotation, the add-on or the association, else the component. A component whose live checks
 * tell the add-on the role, or wait for another writer, is as good as the resource that delivers it.
 */
function deliveries(stack: readonly StackResource[], account: Account): StackResource[] {
    const steps = [
        ...annotations(stack, account),
        ...vpcCniAddons(stack).filter(hasRole),
        ...podIdentityAssociations(stack, account),
    ];
    const checked = [...componentsOf(stack, "eksAddon"), ...componentsOf(stack, "external")].filter(
        (component) => argumentsOf(component)["liveChecks"] !== false,
    );
    return steps.length > 0 ? [...steps, ...checked] : ofType(stack, COMPONENT);
}

/** Whether the node role may have the CNI's permissions. A policy that is not known yet may be the CNI policy. */
function mayHaveCniPermissions(role: Role, stack: readonly StackResource[]): boolean {
    return policiesOf(role, stack).some(
        ({ managedCni, arn, document }) =>
            managedCni ||
            document === UNKNOWN ||
            (arn === UNKNOWN && document === undefined) ||
            cniGrants(document, "ipv4").sufficient ||
            cniGrants(document, "ipv6").sufficient,
    );
}
