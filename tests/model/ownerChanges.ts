/** What the owners of cluster and account do on purpose: with nodes, pods, policies, and the rights of the update's caller. */
import * as fc from "fast-check";
import { CUSTOMER_POLICY } from "./lentPolicies";
import { addNode } from "./ownNodeRoles";
import { ModelWorld } from "./world";

export type OwnerChange =
    /** As `kubectl rollout restart`. */
    | { readonly kind: "podsRolled" }
    /** Whether EKS may be asked for the add-on and for associations. */
    | { readonly kind: "deliveriesUnread" | "deliveriesRead" }
    /** Only a policy that is attached to nothing can be deleted. */
    | { readonly kind: "customerPolicyDeleted" }
    | { readonly kind: "policyLent" | "policyReturned"; readonly role: "a" | "b" }
    /** The node role that had no nodes is scaled up, and down to zero. */
    | { readonly kind: "idleRoleScaled"; readonly up: boolean };

const KINDS: readonly string[] = [
    "podsRolled",
    "deliveriesUnread",
    "deliveriesRead",
    "customerPolicyDeleted",
    "policyLent",
    "policyReturned",
    "idleRoleScaled",
] satisfies OwnerChange["kind"][];

export function isOwnerChange(fault: { readonly kind: string }): fault is OwnerChange {
    return KINDS.includes(fault.kind);
}

export function injectOwnerChange(world: ModelWorld, change: OwnerChange): void {
    world.note(`** ${Object.values(change).join(" ")}`);
    switch (change.kind) {
        case "podsRolled":
            world.rollouts += 1;
            break;
        case "deliveriesUnread":
        case "deliveriesRead":
            world.unread = change.kind === "deliveriesUnread";
            break;
        case "customerPolicyDeleted":
            if (
                !Object.values(world.conditions.otherPolicies ?? {})
                    .flat()
                    .includes(CUSTOMER_POLICY)
            ) {
                world.gonePolicies.add(CUSTOMER_POLICY);
            }
            break;
        case "policyLent":
            world.lent.lend(change.role);
            break;
        case "policyReturned":
            world.lent.takeBack(change.role);
            break;
        case "idleRoleScaled":
            if (world.nodes.some(({ role }) => role !== "c")) {
                world.nodes.filter(({ role }) => role === "c").forEach((node) => world.lose(node));
            }
            if (change.up) {
                addNode(world, "c");
            }
    }
}

/** The operator may read again what the message of a refusal names. */
export function endOwnerChanges(world: ModelWorld): void {
    world.unread = false;
}

export const nodeRole = fc.constantFrom("a" as const, "b" as const);

export const ownerChange: fc.Arbitrary<OwnerChange> = fc.oneof(
    fc.record({
        kind: fc.constantFrom(
            ...(["podsRolled", "podsRolled", "deliveriesUnread", "deliveriesRead", "customerPolicyDeleted"] as const),
        ),
    }),
    fc.record({ kind: fc.constantFrom("policyLent" as const, "policyReturned" as const), role: nodeRole }),
    fc.record({ kind: fc.constant("idleRoleScaled" as const), up: fc.boolean() }),
);
