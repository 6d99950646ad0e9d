/** The instances with a node role that run no pod of the DaemonSet: they never join, join later, or are nodes of another kind. */
import type { NodeRoleSeen, OtherNodeSeen, UnjoinedInstance } from "../../handover/model/world";
import { addNode } from "./ownNodeRoles";
import type { ModelWorld } from "./world";

export type InstanceChange =
    /** An instance of the cluster, which does not join by itself: stopped, hibernated, in a warm pool, or failed. */
    | {
          readonly kind: "instanceLaunched";
          readonly role: "a" | "b";
          readonly state: UnjoinedInstance["state"];
          readonly minutesAgo: number;
      }
    /** One of them joins, as when its warm pool gives it away. */
    | { readonly kind: "instanceJoins" | "instanceTerminated" }
    /** A node of Windows or of EKS Auto Mode. The tags of its instance do not name the cluster. */
    | { readonly kind: "otherNodeJoins"; readonly role: "a" | "b" };

const KINDS: readonly string[] = [
    "instanceLaunched",
    "instanceJoins",
    "instanceTerminated",
    "otherNodeJoins",
] satisfies InstanceChange["kind"][];

export function isInstanceChange(fault: { readonly kind: string }): fault is InstanceChange {
    return KINDS.includes(fault.kind);
}

/** More of them make a random run slower, and find nothing more. */
const MOST = 4;

export function injectInstanceChange(world: ModelWorld, change: InstanceChange): void {
    world.note(`** ${Object.values(change).join(" ")}`);
    const { otherInstances } = world;
    switch (change.kind) {
        case "instanceLaunched":
            otherInstances.launch(change.role, change.state, world.now - change.minutesAgo * 60_000);
            break;
        case "otherNodeJoins":
            otherInstances.joinAsOther(change.role);
            break;
        case "instanceTerminated":
            otherInstances.takeUnjoined();
            break;
        case "instanceJoins": {
            const role = otherInstances.takeUnjoined();
            if (role !== undefined) {
                addNode(world, role);
            }
        }
    }
    world.changed();
}

export class OtherInstances {
    private unjoined: readonly (UnjoinedInstance & { readonly role: string })[] = [];
    private nodes: readonly { readonly name: string; readonly instanceId: string; readonly role: string }[] = [];
    private launched = 0;

    public launch(role: string, state: UnjoinedInstance["state"], launchedAt: number): void {
        if (this.unjoined.length < MOST) {
            this.unjoined = [...this.unjoined, { id: this.newId(), role, state, launchedAt }];
        }
    }

    public joinAsOther(role: string): void {
        if (this.nodes.length < MOST) {
            const instanceId = this.newId();
            this.nodes = [...this.nodes, { name: `other-${instanceId}`, instanceId, role }];
        }
    }

    /** Takes the oldest of those that are no nodes away, and returns its role. */
    public takeUnjoined(): string | undefined {
        const [first, ...others] = this.unjoined;
        this.unjoined = others;
        return first?.role;
    }

    /** As a look at the cluster finds the nodes. */
    public get seen(): readonly OtherNodeSeen[] {
        return this.nodes.map(({ name, instanceId }) => ({ name, instanceId }));
    }

    /** As a look at the account finds those with a role, for a run that knows these nodes. */
    public ofRole(
        role: string,
        known: readonly string[],
    ): Pick<NodeRoleSeen, "instancesOfCluster" | "instancesElsewhere" | "unjoined"> {
        const unjoined = this.unjoined
            .filter((one) => one.role === role)
            .map(({ id, state, launchedAt }) => ({ id, state, launchedAt }));
        const nodes = this.nodes.filter((one) => one.role === role).map(({ instanceId }) => instanceId);
        return {
            instancesOfCluster: [...unjoined.map(({ id }) => id), ...nodes.filter((id) => known.includes(id))],
            instancesElsewhere: nodes.filter((id) => !known.includes(id)).map((id) => `us-west-2/${id}`),
            ...(unjoined.length === 0 ? {} : { unjoined }),
        };
    }

    private newId(): string {
        this.launched += 1;
        return `i-other${String(this.launched)}`;
    }
}
