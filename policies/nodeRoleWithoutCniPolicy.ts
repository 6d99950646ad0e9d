import type { StackValidationPolicy } from "@pulumi/policy";
import { cniGrants } from "../documents/cniGrants";
import { nodeRolesOf, policiesOf, type RolePolicy } from "./support/roles";
import { resourcesOf } from "./support/stack";
import { textsOf } from "./support/values";

/** Every pod can use the node role's permissions through instance metadata, unless access to it is blocked. */
export const nodeRoleWithoutCniPolicy: StackValidationPolicy = {
    name: "node-role-without-cni-policy",
    displayName: "A node role does not have the CNI's permissions",
    description:
        "The role of EC2 nodes has neither AmazonEKS_CNI_Policy nor a custom policy with the CNI's actions. The EKS user guide " +
        "gives them to a role that only aws-node can assume.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html",
    remediationSteps:
        "Give aws-node a role of its own (CniServiceAccountRole), and remove the policy from the node role only when every aws-node pod " +
        "carries that role. With detachFromNodeRoles, the component does both. Until then, list the node role in exceptRoles.",
    configSchema: {
        properties: {
            exceptRoles: {
                type: "array",
                items: { type: "string" },
                default: [],
                description:
                    "Names of roles that may keep the permissions, such as those of nodes that have not moved yet.",
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
                const granted = cniPermissions(policy);
                if (granted !== undefined) {
                    reportViolation(
                        `${typeof role.name === "string" ? `The node role ${role.name}` : "A node role"} has ${granted}, ` +
                            "which every pod on its nodes could use. Give aws-node a role of its own, and remove the policy from the node role only when every aws-node pod carries that role.",
                        policy.attachedBy.urn,
                    );
                }
            }
        }
    },
};

/** Broader policies, such as an administrator's, are not reported: they are not about the CNI. */
function cniPermissions({ managedCni, document }: RolePolicy): string | undefined {
    const { grants, broad } = cniGrants(document, "ipv4");
    return managedCni ? "AmazonEKS_CNI_Policy" : grants && !broad ? "a policy with the CNI's actions" : undefined;
}
