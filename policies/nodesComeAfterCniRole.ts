import type { StackValidationPolicy } from "@pulumi/policy";
import { cniGrants } from "../documents/cniGrants";
import { type Account, accountOf, accountSchema } from "./support/account";
import { annotations, hasRole, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { NODE_GROUP, policiesOf, refersToRole, type Role, rolesOf } from "./support/roles";
import { comesBefore, COMPONENT, ofType, resourcesOf, type Seen } from "./support/stack";
import { UNKNOWN } from "./support/values";

export const nodesComeAfterCniRole: StackValidationPolicy = {
    name: "nodes-come-after-the-cni-role",
    displayName: "Nodes whose role has no CNI policy come after the CNI has its own",
    description:
        "A node group whose role does not hold the CNI's permissions depends on what gives aws-node its role. Nodes that come " +
        "before have no pod network and do not become ready, and EKS gives the node group up.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#not-ready",
    remediationSteps: "Set dependsOn of the node group to the CniServiceAccountRole.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const delivered = deliveries(stack, accountOf(args.getConfig()));
        const roles = rolesOf(stack);
        for (const group of delivered.length === 0 ? [] : ofType(stack, NODE_GROUP)) {
            const role = refersToRole(group, "nodeRoleArn", roles);
            const before = comesBefore(group, stack);
            if (role !== undefined && !mayBeCni(role, stack) && !delivered.some(({ urn }) => before.has(urn))) {
                reportViolation(
                    "The node group does not wait for the CNI's role, and its own role has no CNI policy: its nodes would not " +
                        "become ready. Let it depend on the CniServiceAccountRole.",
                    group.urn,
                );
            }
        }
    },
};

/** What gives aws-node its role, as its last step: the annotation, the add-on or the association; else the component. */
function deliveries(stack: readonly Seen[], account: Account): Seen[] {
    const steps = [
        ...annotations(stack, account),
        ...vpcCniAddons(stack).filter(hasRole),
        ...podIdentityAssociations(stack, account),
    ];
    return steps.length > 0 ? steps : ofType(stack, COMPONENT);
}

/** Whether the node role lets the CNI work. A policy that is not known yet may be the CNI's. */
function mayBeCni(role: Role, stack: readonly Seen[]): boolean {
    return policiesOf(role, stack).some(
        ({ managedCni, arn, document }) =>
            managedCni ||
            document === UNKNOWN ||
            (arn === UNKNOWN && document === undefined) ||
            cniGrants(document, "ipv4").sufficient ||
            cniGrants(document, "ipv6").sufficient,
    );
}
