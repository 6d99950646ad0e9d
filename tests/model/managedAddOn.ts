import type { AddOnSeen, AddOnUpdate, AddOnUpdateSeen, AddOnUpdateSent } from "../../handover/model/addOn";
import { ADD_ON_MANAGER } from "../../handover/model/fieldManagers";
import { type ModelWorld, ROLE_ARN } from "./world";

/**
 * How EKS writes the role annotation, of which AWS documents the field manager alone. `removal`: by server-side apply, and removed although another
 * manager owns it, too.
 */
export type AddOnWrite = "apply" | "forcedApply" | "update" | "updateThenApply" | "removal";

/** How EKS ends an update. It undoes none that has failed. */
export type UpdateOutcome = "Successful" | "FailedButApplied" | "Failed" | "Cancelled";

/** What AWS does not document, or what differs from one update to the next. */
export interface AddOnBehaviour {
    readonly writes: AddOnWrite;
    /** Whether a change of the role alone restarts the pods. */
    readonly restarts: boolean;
    /** Whether EKS writes its fields again from time to time. */
    readonly reverts: boolean;
    /** Whether the configuration stays if an update leaves it out. */
    readonly keepsConfiguration: boolean;
    /** Whether EKS shows the role of an update before it has written it. */
    readonly showsAtOnce: boolean;
    /** Whether EKS shows the status of before for a while. */
    readonly showsLate: boolean;
    /** How the first updates end. Each later one is Successful. */
    readonly outcomes: readonly UpdateOutcome[];
}

/** All that AWS leaves open, combined. */
export function allBehaviours(): AddOnBehaviour[] {
    const either = [false, true];
    return WRITES.flatMap((writes) =>
        either.flatMap((restarts) =>
            either.flatMap((reverts) =>
                either.flatMap((keepsConfiguration) =>
                    either.flatMap((showsAtOnce) =>
                        either.map((showsLate) => ({
                            writes,
                            restarts,
                            reverts,
                            keepsConfiguration,
                            showsAtOnce,
                            showsLate,
                            outcomes: [],
                        })),
                    ),
                ),
            ),
        ),
    );
}

export const WRITES: readonly AddOnWrite[] = ["apply", "forcedApply", "update", "updateThenApply", "removal"];

const UPDATE_MILLISECONDS = 6000;
/** How long EKS takes until it removes the plugin of an add-on that is being deleted. */
const REMOVE_MILLISECONDS = 2000;
/** For how long the status of before may be shown. */
const LATE_MILLISECONDS = 2000;
/** Every 15 minutes on EKS, as far as that happens: aws-eks-best-practices. */
const REVERT_EVERY_MILLISECONDS = 20_000;
const CONFIGURATION = '{"env":{"WARM_IP_TARGET":"1"}}';

interface RunningUpdate {
    readonly id: string;
    readonly token: string;
    readonly roleArn: string | undefined;
    readonly shownFrom: number;
    readonly endsAt: number;
    readonly outcome: UpdateOutcome;
}

/** The managed add-on vpc-cni of a cluster. */
export class ModelAddOn {
    public exists = true;
    public roleArn: string | undefined;
    public configuration: string | undefined = CONFIGURATION;
    public version = 1;
    /** Whether it was deleted, so that the next one has begun without a role. */
    public wasDeleted = false;
    /** Whether its owner stated a role as it created the add-on again. */
    public wasCreatedWithRole = false;
    /** Whether its deletion took the plugin away. */
    public wasRemoved = false;
    /** The role of the service account when its deletion took the plugin away. */
    public annotatedBefore: string | undefined;
    private status = "ACTIVE";
    private running: RunningUpdate | undefined;
    private readonly ended = new Map<string, AddOnUpdateSeen>();
    private readonly tokens = new Map<string, string>();
    private updates = 0;
    private modifiedAt = 0;
    private revertsAt: number;
    private deletion: { readonly removesAt: number; readonly endsAt: number } | undefined;

    public constructor(
        private readonly world: ModelWorld,
        public readonly behaviour: AddOnBehaviour,
        roleArn: string | undefined,
    ) {
        this.roleArn = roleArn;
        this.revertsAt = world.now + REVERT_EVERY_MILLISECONDS;
        if (roleArn !== undefined) {
            this.write(roleArn, undefined);
        }
    }

    public seen(clusterName: string): AddOnSeen {
        const { running, world, behaviour } = this;
        const isShown = running !== undefined && world.now >= running.shownFrom;
        return this.exists
            ? {
                  is: "there",
                  clusterName,
                  status: isShown ? "UPDATING" : this.status,
                  roleArn: running !== undefined && behaviour.showsAtOnce ? running.roleArn : this.roleArn,
                  configurationValues: this.configuration,
                  health: [],
                  modifiedAt: this.modifiedAt,
              }
            : { is: "missing", clusterName };
    }

    /** The role is part of the add-on, and of the cluster, when the update ends. */
    public update({ roleArn, configurationValues, clientRequestToken: token }: AddOnUpdate): AddOnUpdateSent {
        if (!this.exists) {
            return { is: "missing", why: "No addon: vpc-cni found" };
        }
        const known = this.tokens.get(token);
        if (known !== undefined) {
            return { is: "sent", updateId: known };
        }
        if (this.running !== undefined || this.isDeleting) {
            return { is: "busy", why: "Addon vpc-cni is being updated" };
        }
        const outcome = this.behaviour.outcomes[this.updates] ?? "Successful";
        this.updates += 1;
        const id = `update-${String(this.updates)}`;
        this.tokens.set(token, id);
        this.modifiedAt += 1;
        if (configurationValues !== undefined || !this.behaviour.keepsConfiguration) {
            this.configuration = configurationValues;
        }
        const { now } = this.world;
        const shownFrom = now + (this.behaviour.showsLate ? LATE_MILLISECONDS : 0);
        this.running = { id, token, roleArn, outcome, shownFrom, endsAt: now + UPDATE_MILLISECONDS };
        return { is: "sent", updateId: id };
    }

    public updateSeen(id: string): AddOnUpdateSeen {
        const unknown = this.running?.id === id ? "InProgress" : "Missing";
        return this.ended.get(id) ?? { status: unknown, errors: [] };
    }

    /** Another writer gives it a role, or takes its role away. Defaults to the usual time. */
    public updateByAnother(roleArn: string | undefined, milliseconds = UPDATE_MILLISECONDS): void {
        const clientRequestToken = `another writer at ${String(this.world.now)}`;
        const configurationValues = this.configuration;
        const sent = this.update({ clusterName: "prod", roleArn, configurationValues, clientRequestToken });
        if (sent.is !== "sent" || this.running === undefined) {
            throw new Error(`another writer cannot update the add-on: ${JSON.stringify(sent)}`);
        }
        this.running = { ...this.running, endsAt: this.world.now + milliseconds };
    }

    /** Its owner upgrades it. The pods restart, whatever a change of the role does. */
    public upgrade(): void {
        if (this.exists && this.running === undefined && !this.isDeleting) {
            this.world.note("** the add-on is upgraded");
            this.version += 1;
            this.modifiedAt += 1;
            this.world.rollouts += 1;
        }
    }

    /** Its owner deletes it with `preserve`: the pods and the annotation stay. */
    public deleteWithPreserve(): void {
        this.world.note("** the add-on is deleted, and its resources are preserved");
        this.exists = false;
        this.wasDeleted = true;
        this.running = undefined;
        this.deletion = undefined;
    }

    /**
     * Its owner deletes it without `preserve`. While it is DELETING, EKS takes the plugin off the cluster:
     * https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteAddon.html
     */
    public delete(): void {
        if (!this.exists || this.status === "DELETING") {
            return;
        }
        const { world } = this;
        world.note("** the add-on is deleted, and EKS takes the plugin away");
        this.wasDeleted = true;
        this.running = undefined;
        this.status = "DELETING";
        this.modifiedAt += 1;
        this.deletion = { removesAt: world.now + REMOVE_MILLISECONDS, endsAt: world.now + UPDATE_MILLISECONDS };
    }

    /** Whether its deletion has to end before it can be created again. */
    public get isDeleting(): boolean {
        return this.deletion !== undefined;
    }

    /** Its owner creates it again. EKS installs the plugin if it is gone, and writes the annotation before a pod starts. */
    public createAgain(roleArn?: string): void {
        if (this.exists) {
            return;
        }
        const { world } = this;
        this.exists = true;
        this.roleArn = roleArn;
        this.wasCreatedWithRole ||= roleArn !== undefined;
        this.modifiedAt += 1;
        this.status = "ACTIVE";
        world.note(`** the add-on is created again with ${roleArn ?? "no role"}`);
        const write = () => this.write(roleArn, undefined);
        if (world.conditions.noDaemonSet) {
            world.installPlugin(write);
        } else if (roleArn !== undefined) {
            write();
        }
    }

    /** As time passes. */
    public tick(): void {
        this.goOnDeleting();
        const { running, world } = this;
        if (running !== undefined && world.now >= running.endsAt) {
            this.end(running);
        }
        const isIdle = this.exists && this.running === undefined && !this.isDeleting;
        if (isIdle && this.behaviour.reverts && world.now >= this.revertsAt) {
            this.revertsAt = world.now + REVERT_EVERY_MILLISECONDS;
            if (this.roleArn !== undefined && world.annotations[ROLE_ARN] !== this.roleArn) {
                world.note("** the add-on writes its fields again");
                this.write(this.roleArn, this.roleArn);
            }
        }
    }

    private goOnDeleting(): void {
        const { world, deletion } = this;
        if (deletion?.removesAt === world.now) {
            this.annotatedBefore = world.annotations[ROLE_ARN];
            this.wasRemoved = true;
            world.removePlugin();
        }
        if (deletion?.endsAt === world.now) {
            this.exists = false;
            this.deletion = undefined;
        }
    }

    private end({ id, roleArn, outcome }: RunningUpdate): void {
        const isApplied = outcome === "Successful" || outcome === "FailedButApplied";
        const before = this.roleArn;
        this.running = undefined;
        this.modifiedAt += 1;
        this.ended.set(id, {
            status: outcome === "FailedButApplied" ? "Failed" : outcome,
            errors: outcome === "Successful" ? [] : ["Unknown: the model says so"],
        });
        this.status = outcome === "Successful" ? "ACTIVE" : isApplied ? "DEGRADED" : "UPDATE_FAILED";
        this.world.note(`** the update of the add-on to ${roleArn ?? "no role"} is ${outcome}`);
        if (!isApplied) {
            return;
        }
        this.roleArn = roleArn;
        this.write(roleArn, before);
        if (this.behaviour.restarts && before !== roleArn) {
            this.world.rollouts += 1;
        }
    }

    /** What EKS sends to the API server with `resolveConflicts: PRESERVE`. */
    private write(roleArn: string | undefined, before: string | undefined): void {
        const { world } = this;
        const { writes } = this.behaviour;
        if (writes === "update" || writes === "updateThenApply") {
            if (roleArn !== undefined || before !== undefined) {
                world.patch(ADD_ON_MANAGER, { [ROLE_ARN]: roleArn ?? null });
            }
            if (writes === "update") {
                return;
            }
        }
        if (writes === "removal" && roleArn === undefined && before !== undefined) {
            world.patch(ADD_ON_MANAGER, { [ROLE_ARN]: null });
        }
        const fields: Record<string, string> = roleArn === undefined ? {} : { [ROLE_ARN]: roleArn };
        world.apply(ADD_ON_MANAGER, fields, { force: writes === "forcedApply" });
    }
}
