import type { NodeRoleSeen, World } from "../model/world";
import { NodeRoleTarget, policiesToDetach, rolesOf } from "./nodeRolePolicies";

/**
 * The steps of the EKS user guide's page that still have to be done, and why. Empty if all of them are done.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function remainingSteps(target: NodeRoleTarget, { account, cluster }: World): string[] {
    const roles = rolesOf(cluster.nodes, account).filter(({ exists }) => exists);
    return [
        ...detachYourself(target, roles),
        ...roles.flatMap((role) => otherGrants(target, role)),
        ...(cluster.nodes.length === 0
            ? ["[no-nodes] No pod was tested with the role, since the cluster has no nodes."]
            : []),
    ];
}

/** The node roles that hold the CNI policy and are not listed: all of them if the program detaches nothing. */
function detachYourself(target: NodeRoleTarget, roles: readonly NodeRoleSeen[]): string[] {
    const { detachFromNodeRoles: listed = [] } = target;
    const holding = roles.filter((role) => !listed.includes(role.name) && policiesToDetach(target, role).length > 0);
    const names = holding.map(({ name }) => name);
    return names.length === 0
        ? []
        : [
              `[detach] The node ${names.length === 1 ? "role" : "roles"} ${names.join(", ")} still ` +
                  `${names.length === 1 ? "holds" : "hold"} the CNI policy. ` +
                  `To detach it, set detachFromNodeRoles: [${[...listed, ...names].map((name) => JSON.stringify(name)).join(", ")}]`,
          ];
}

/** Other policies that grant the same actions. They are reported, and never detached. */
function otherGrants(target: NodeRoleTarget, role: NodeRoleSeen): string[] {
    const toDetach = policiesToDetach(target, role).map(({ policyArn }) => policyArn);
    const others = role.cniPolicies.map(({ arn }) => arn).filter((arn) => !toDetach.includes(arn));
    return [
        ...others.map(
            (arn) =>
                `[other-policy] ${role.name} also holds ${arn}, which also grants actions of the CNI. The component does not ` +
                "detach it. If the nodes do not need it, list it in detachPolicyArns, together with the CNI policy.",
        ),
        ...role.inlineCniPolicies.map(
            ({ name }) =>
                `[inline-policy] ${role.name} has the inline policy ${name}, which also grants actions of the CNI. The component ` +
                "does not change it. Remove these actions from it if the nodes do not need them.",
        ),
    ];
}
