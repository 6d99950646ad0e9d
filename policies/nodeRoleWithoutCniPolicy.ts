import type { StackValidationPolicy } from "@pulumi/policy";
import { cniGrants } from "../documents/cniGrants";
import { nodeRolesOf, policiesOf, type RolePolicy } from "./support/roles";
import { resourcesOf } from "./support/stack";
import { textsOf } from "./support/values";

/** What a node role holds, every pod on the node can use through the instance metadata, unless it is kept from that. */
export const nodeRoleWithoutCniPolicy: StackValidationPolicy = {
    name: "node-role-without-cni-policy",
    displayName: "A node role does not hold the permissions of the CNI",
    description:
        "The role of EC2 nodes is given neither AmazonEKS_CNI_Policy nor an own policy with the CNI's actions. " +
        "The EKS user guide gives them to a role that aws-node alone can assume.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html",
    remediationSteps:
        "Give aws-node a role of its own (CniServiceAccountRole), then take the policy from the node role.",
    configSchema: {
        properties: {
            exceptRoles: {
                type: "array",
                items: { type: "string" },
                default: [],
                description: "Names of roles that may keep the permissions, such as those of nodes still to be moved.",
            },
        },
    },
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const except = textsOf(args.getConfig<{ exceptRoles?: unknown }>().exceptRoles);
        for (const role of nodeRolesOf(stack).filter(
            ({ name }) => typeof name !== "string" || !except.includes(name),
        )) {
            for (const policy of policiesOf(role, stack)) {
                const what = cniPermissions(policy);
                if (what !== undefined) {
                    reportViolation(
                        `${typeof role.name === "string" ? `The node role ${role.name}` : "A node role"} is given ${what}, ` +
                            "which every pod on its nodes could use. Give aws-node a role of its own, and take it from here.",
                        policy.by.urn,
                    );
                }
            }
        }
    },
};

/** A policy with more in it, such as an administrator's, is another matter than the CNI's. */
function cniPermissions({ managedCni, document }: RolePolicy): string | undefined {
    const { grants, broad } = cniGrants(document, "ipv4");
    return managedCni ? "AmazonEKS_CNI_Policy" : grants && !broad ? "a policy with the CNI's actions" : undefined;
}
