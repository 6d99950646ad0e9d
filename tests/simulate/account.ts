/** EC2 beyond the nodes of the model: instances elsewhere, instances that have not joined, and those that were terminated. */
import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { AccountSeen, NodeRoleSeen } from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
import { CNI_POLICY } from "../model/cniRole";
import { mayLeave } from "../model/faults";
import type { ModelNode, ModelWorld } from "../model/world";
import type { Situation } from "./situations";

export const HOME = "eu-west-1";

interface Instance {
    readonly id: string;
    readonly role: string;
    readonly region: string;
    readonly since: number;
}

export class SimulatedAccount {
    /** Regions in which a service control policy denies the search for instances. */
    public readonly denied = new Set<string>();
    private elsewhere: readonly Instance[] = [];
    private joining: readonly Instance[] = [];
    private started = 0;

    /** @param reach Counts a situation. */
    public constructor(
        private readonly world: ModelWorld,
        private readonly reach: (what: Situation) => void,
    ) {}

    /** An instance of another cluster begins to run with a node role of this one. */
    public startElsewhere(role: string, region: string): void {
        this.elsewhere = [...this.elsewhere, this.instance(role, region)];
        this.noteUses();
    }

    /** The instances of other clusters in denied regions get a role of their own. */
    public leaveDenied(): void {
        this.elsewhere = this.elsewhere.filter(({ region }) => !this.denied.has(region));
        this.noteUses();
    }

    private noteUses(): void {
        const { usedElsewhere, usedInRegion } = this.world;
        usedElsewhere.clear();
        usedInRegion.clear();
        this.elsewhere.forEach(({ role, region }) => {
            usedElsewhere.add(role);
            if (region === HOME) {
                usedInRegion.add(role);
            }
        });
    }

    /** An instance of the cluster starts. Its node joins later. */
    public launch(role: string, joinsAfter: number, join: () => void): void {
        const { world } = this;
        const instance = this.instance(role, HOME);
        this.setJoining([...this.joining, instance]);
        world.later(world.now + joinsAfter, () => {
            this.setJoining(this.joining.filter((one) => one !== instance));
            join();
        });
    }

    private setJoining(joining: readonly Instance[]): void {
        this.joining = joining;
        this.world.joiningRoles = joining.map(({ role }) => role);
    }

    /** Those that have not joined never will: the operator terminates them. */
    public terminateJoining(): void {
        this.setJoining([]);
    }

    /**
     * An instance is terminated. It may be shutting down for a while, in which its pods run and its node is Ready. Its node leaves when the node
     * controller has noticed that it has stopped.
     */
    public terminate(node: ModelNode, shutsDownFor = 0): void {
        const { world } = this;
        if (node.leaving === undefined && world.nodes.includes(node) && mayLeave(world, node)) {
            if (shutsDownFor > 0) {
                this.reach("an instance is shutting down");
            }
            node.leaving = shutsDownFor > 0 ? "shutting-down" : "terminated";
            world.changed();
            world.later(world.now + shutsDownFor, () => {
                node.leaving = "terminated";
                world.changed();
            });
            world.later(world.now + shutsDownFor + NOTICED_AFTER_MILLISECONDS, () => this.loseTerminated(node));
        }
    }

    /** The nodes of all terminated instances leave the cluster. */
    public endTerminations(): void {
        this.world.nodes.filter(({ leaving }) => leaving !== undefined).forEach((node) => this.loseTerminated(node));
    }

    private loseTerminated(node: ModelNode): void {
        if (this.world.nodes.includes(node)) {
            this.world.lose(node);
        }
    }

    private instance(role: string, region: string): Instance {
        this.started += 1;
        return { id: `i-other${String(this.started)}`, role, region, since: this.world.now };
    }

    public seenThrough(context: RunContext): RunContext {
        const { aws } = context;
        return { ...context, aws: { ...aws, ...this.callsOf(aws, context.now()) } };
    }

    private callsOf(aws: AwsAccess, startedAt: number): Pick<AwsAccess, "look" | "detach"> {
        const seen = { startedAt, joiningAt: -Infinity, elsewhereAt: -Infinity };
        return {
            look: async (query) => {
                const account = await aws.look(query);
                const { searchElsewhere } = query;
                seen.joiningAt = this.world.now;
                seen.elsewhereAt = searchElsewhere ? this.world.now : seen.elsewhereAt;
                return this.withInstances(account, searchElsewhere);
            },
            detach: (role, policyArn) => {
                if (policyArn === CNI_POLICY) {
                    this.checkDetachment(role, seen);
                }
                return aws.detach(role, policyArn);
            },
        };
    }

    /** No run answers for an instance that started after it had looked. */
    private checkDetachment(role: string, { startedAt, joiningAt, elsewhereAt }: Looked): void {
        const { world, elsewhere, joining } = this;
        if (world.nodes.some((node) => node.role === role && node.leaving === "shutting-down")) {
            this.reach("an instance of the role is shutting down during a detachment");
        }
        const other = elsewhere.find((one) => one.role === role && one.since <= elsewhereAt);
        if (other !== undefined) {
            world.problem(
                `a policy is detached from ${role}, which an instance in ${other.region} uses outside this cluster`,
            );
        }
        // The injection guard holds for the pod of any instance that joins. Without it, those get a quarter of an hour.
        const isAwaited = ({ since }: Instance) =>
            world.guard === undefined && since <= startedAt && world.now < since + JOIN_MILLISECONDS;
        const own = joining.find((one) => one.role === role && one.since <= joiningAt && isAwaited(one));
        if (own !== undefined) {
            world.problem(`a policy is detached from ${role} while an instance of the cluster has not joined yet`);
        }
    }

    private withInstances(seen: AccountSeen, everywhere: boolean): AccountSeen {
        const { denied } = this;
        const isSeen = (region: string) => region === HOME || (everywhere && !denied.has(region));
        const joiningWith = ({ name }: NodeRoleSeen) => this.joining.filter(({ role }) => role === name);
        const withUsers = (role: NodeRoleSeen): NodeRoleSeen => ({
            ...role,
            instancesOfCluster: [...role.instancesOfCluster, ...joiningWith(role).map(({ id }) => id)],
            unjoined: [
                ...(role.unjoined ?? []),
                ...joiningWith(role).map(({ id, since }) => ({ id, state: "running" as const, launchedAt: since })),
            ],
            instancesElsewhere: [
                ...role.instancesElsewhere,
                ...this.elsewhere
                    .filter((one) => one.role === role.name && isSeen(one.region))
                    .map(({ region, id }) => `${region}/${id}`),
            ],
            lastUsedIn: [
                this.elsewhere.find((one) => one.role === role.name && denied.has(one.region))?.region ?? HOME,
            ],
        });
        const unreadRegions = everywhere
            ? [...denied].map((region) => ({ region, cause: "serviceControlPolicy" as const, answer: "denied" }))
            : [];
        return {
            ...seen,
            nodeRoles: seen.nodeRoles.map(withUsers),
            ...(unreadRegions.length > 0 && { unreadRegions }),
        };
    }
}

/** As handover/decide/unjoined.ts waits. */
const JOIN_MILLISECONDS = 15 * 60_000;

/** The default of kube-controller-manager's --node-monitor-grace-period (kubernetes#127352). The node is deleted at once then. */
const NOTICED_AFTER_MILLISECONDS = 50_000;

/** When a live check began, and looked. */
interface Looked {
    readonly startedAt: number;
    readonly joiningAt: number;
    readonly elsewhereAt: number;
}
