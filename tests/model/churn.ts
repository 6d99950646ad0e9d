/** A fleet that never stands still: nodes join, live for a while, and leave. */
import type { ModelNode, ModelWorld } from "./world";

export interface ChurnOf {
    /** How often a node joins, and one leaves. */
    readonly everyMilliseconds: number;
    readonly livesMilliseconds: number;
    /** The node roles of the nodes that join, in turn. */
    readonly roles: readonly string[];
    /** Whether a node is NotReady until its first pod is Ready. Otherwise it is Ready at once. */
    readonly startsNotReady: boolean;
    /** Whether the node of a terminated instance stays for a while. Otherwise it is gone at once. */
    readonly lingers: boolean;
    /** How many of the first nodes do not leave. Missing: all of them leave. */
    readonly stay?: number;
}

/** The nodes that there are leave one after another, the first ones first. */
export class Churn {
    private goesOn = true;
    private joined = 0;

    public constructor(
        private readonly world: ModelWorld,
        private readonly of: ChurnOf,
    ) {
        world.nodes
            .slice(of.stay)
            .forEach((node, index) => this.leaveAt(node, world.now + (index + 1) * of.everyMilliseconds));
        world.later(world.now + of.everyMilliseconds, () => this.join());
    }

    /** The nodes that there are stay. */
    public end(): void {
        this.goesOn = false;
    }

    private join(): void {
        const { world, of } = this;
        if (!this.goesOn) {
            return;
        }
        const { [this.joined % of.roles.length]: role = "a" } = of.roles;
        this.joined += 1;
        this.leaveAt(world.join(role, true, of.startsNotReady), world.now + of.livesMilliseconds);
        world.later(world.now + of.everyMilliseconds, () => this.join());
    }

    private leaveAt(node: ModelNode, at: number): void {
        this.world.later(at, () => {
            if (!this.goesOn || !this.world.nodes.includes(node)) {
                return;
            }
            if (this.of.lingers) {
                this.world.terminate(node);
            } else {
                this.world.lose(node);
            }
        });
    }
}
