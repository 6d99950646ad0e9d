/** The node roles that the component's own program manages. Without nodes, such a role does not get its policies back. */
import type { Program } from "./engine";
import { CUSTOMER_POLICY } from "./lentPolicies";
import { ENFORCEMENT_MILLISECONDS, type ModelWorld } from "./world";

/** As the last update said that listed the role, and whose credential guard has succeeded. */
export class OwnNodeRoles {
    /** Those that the last complete hand-back has left without their policies. */
    public leftWithout: readonly string[] = [];
    /** Those that have got a node since the last hand-back began: it may have found them without nodes, or with some. */
    public readonly grown = new Set<string>();
    /** When the operator last attached policies by hand. */
    public byHandAt = -Infinity;
    /** Whether the last update or destroy takes the injection guard away. */
    public handsBack = false;
    private readonly names = new Set<string>();
    /** With those that a later program no longer calls its own: no run says that they lack their policies. */
    private readonly ever = new Set<string>();

    public note({
        detachFromNodeRoles = [],
        ownNodeRoles = [],
    }: Pick<Program, "detachFromNodeRoles" | "ownNodeRoles">): void {
        this.handsBack = detachFromNodeRoles.length === 0;
        detachFromNodeRoles.forEach((role) => this.names.delete(role));
        ownNodeRoles.forEach((role) => {
            this.names.add(role);
            this.ever.add(role);
        });
    }

    public has(role: string): boolean {
        return this.names.has(role);
    }

    public hasEverHad(role: string): boolean {
        return this.ever.has(role);
    }

    /** The hand-back is complete. The operator runs the commands of its warnings, as the next hand-over records those roles again. */
    public endHandBack(world: ModelWorld): void {
        const stays = staysWithout(world);
        this.leftWithout = stays;
        if (this.names.size > 0) {
            const forgotten = world.nodeRoles.filter((role) => !world.isAttached(role) && !stays.includes(role));
            forgotten.forEach((role) => world.problem(`the hand-back did not give ${role} its policy back`));
            const idle = world.nodeRoles.filter((role) => this.has(role) && isIdle(world, role));
            idle.forEach((role) => attachByHand(world, role));
        }
        this.names.clear();
        this.ever.clear();
    }
}

/** The node roles that stay without their policies: those of the program that have neither nodes nor the policies now. */
export function staysWithout(world: ModelWorld): string[] {
    return world.nodeRoles.filter(
        (role) => world.ownNodeRoles.has(role) && isIdle(world, role) && !world.isAttached(role),
    );
}

const lacksPolicy = (world: ModelWorld, role: string) =>
    world.ownNodeRoles.hasEverHad(role) && isIdle(world, role) && !world.isAttached(role);

/**
 * No instance has it, in this cluster or in another one of its region. A hand-back looks in no other region. An instance that is being terminated has
 * lost its instance profile, so no look shows its role.
 */
const isIdle = ({ nodes, joiningRoles, usedInRegion }: ModelWorld, of: string) =>
    nodes.every(({ role, leaving }) => role !== of || leaving !== undefined) &&
    !joiningRoles.includes(of) &&
    !usedInRegion.has(of);

/** The node roles of instances that are leaving: whether they have any is about to change. */
export const leavingRoles = ({ nodes }: ModelWorld) =>
    nodes.flatMap(({ role, leaving }) => (leaving === undefined ? [] : [role]));

/**
 * The owner of a node pool adds a node. If the role has no nodes and did not get its policy back, the owner first runs the command of the
 * warning, and waits until IAM enforces the policy. An injection guard that stays makes that unnecessary.
 */
export function addNode(world: ModelWorld, role: string): void {
    world.ownNodeRoles.grown.add(role);
    if ((!world.isGuarded || world.ownNodeRoles.handsBack) && lacksPolicy(world, role)) {
        attachByHand(world, role);
    }
    const enforcedAt = world.ownNodeRoles.byHandAt + ENFORCEMENT_MILLISECONDS + 1000;
    if (world.now < enforcedAt) {
        world.later(enforcedAt, () => world.join(role));
    } else {
        world.join(role);
    }
}

/** As the commands of the warnings, one for each policy. */
export function attachByHand(world: ModelWorld, role: string): void {
    world.note(`** the operator attaches the policy to ${role} by hand`);
    world.setAttached(role, true);
    world.ownNodeRoles.byHandAt = world.now;
    const { otherPolicies = {} } = world.conditions;
    const { [role]: others } = otherPolicies;
    if (others !== undefined && !world.gonePolicies.has(CUSTOMER_POLICY)) {
        world.conditions.otherPolicies = { ...otherPolicies, [role]: [CUSTOMER_POLICY] };
    }
}
