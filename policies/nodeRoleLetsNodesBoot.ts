import type { StackValidationPolicy } from "@pulumi/policy";
import { parsePolicyArn } from "../documents/arn";
import { cniGrants } from "../documents/cniGrants";
import { BOOT_ACTION, bootObstacles } from "../documents/nodeBoot";
import { handedOverIn, policiesOf, type RolePolicy, rolesOf } from "./support/roles";
import { resourcesOf } from "./support/stack";
import { UNKNOWN } from "./support/values";

export const nodeRoleLetsNodesBoot: StackValidationPolicy = {
    name: "node-role-lets-nodes-boot",
    displayName: "A node role that is handed over lets its nodes boot",
    description:
        `A node role in detachFromNodeRoles keeps a policy that allows ${BOOT_ACTION}. A node calls it before it joins the cluster, and ` +
        "AmazonEKSWorkerNodeMinimalPolicy does not have it.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html",
    remediationSteps:
        "Attach AmazonEKSWorkerNodePolicy to the node role. Nodes whose name is the ID of their instance do not need it: disable the rule for them.",
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const isHandedOver = handedOverIn(stack);
        for (const role of rolesOf(stack).filter(isHandedOver)) {
            const policies = policiesOf(role, stack);
            // Another stack may attach all of them.
            if (policies.length > 0 && !policies.some(mayLetBoot)) {
                reportViolation(
                    `Without the CNI policy, nothing in this stack lets this node role call ${BOOT_ACTION}, which a node needs before it joins the cluster. ` +
                        "Attach AmazonEKSWorkerNodePolicy to it.",
                    role.urn,
                );
            }
        }
    },
};

/** The policies of AWS that node roles often have, and that do not allow the call. Any other of AWS counts as allowing it. */
const WITHOUT_BOOT = [
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
];

function mayLetBoot({ arn, document, managedCni }: RolePolicy): boolean {
    if (managedCni) {
        return false;
    }
    const { owner, name = "" } = (typeof arn === "string" ? parsePolicyArn(arn) : undefined) ?? {};
    if (owner === "aws") {
        return !WITHOUT_BOOT.includes(name);
    }
    if (document === undefined || document === UNKNOWN) {
        return true;
    }
    const { grants, broad } = cniGrants(document, "ipv4");
    // The component detaches a policy of the CNI alone.
    return !(grants && !broad) && bootObstacles([{ name, document }], undefined) === undefined;
}
