import type { Associations } from "../associations";
import { type AddOn, type AddOnIssue, addOnNamespace } from "./addOn";
import { BackgroundWork, type Pause } from "./backgroundWork";
import type { BehaviorSettings, NextEnds } from "./behavior";
import { type AddOnCondition, endOfCreation, endOfUpdate, failure } from "./ends";
import { type AddOnInstaller, type Installation, issueOf, type Writing } from "./installer";
import type { UpdateAddOn } from "./requests";
import type { AddOnStore } from "./store";
import type { AddOnUpdates } from "./updates";
import { type AddOnValues, installationOf, isRestartDue, valuesAfter } from "./wanted";

/** The parts of EKS that a change of an add-on reads and writes. */
export interface Surroundings {
    readonly settings: BehaviorSettings;
    readonly store: AddOnStore;
    readonly updates: AddOnUpdates;
    readonly associations: Associations;
    /** The cluster's side of its add-ons. Undefined for a cluster without an API server. */
    /** Undefined for an add-on without objects. */
    readonly installerOf: (clusterName: string, addonName: string) => AddOnInstaller | undefined;
}

/** An update that has begun. */
export interface BegunUpdate {
    readonly id: string;
    readonly before: AddOn;
    readonly asked: UpdateAddOn;
}

/**
 * The changes of add-ons, which go on in the background. EKS writes to the cluster after half of the time that a change takes.
 *
 * Each change resolves when the call that asked for it may return.
 */
export class AddOnChanges {
    private readonly work = new BackgroundWork();

    constructor(private readonly eks: Surroundings) {}

    /** With PRESERVE as with NONE: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html (resolveConflicts) */
    create(key: string): Promise<void> {
        const { settings, store } = this.eks;
        const { seconds } = settings.behavior;
        const end = settings.take("create") ?? "active";
        return this.begin(key, seconds, async (pause) => {
            await pause(seconds / 2);
            const { addOn, conflicts: asked } = store.get(key);
            const how = { conflicts: asked === "PRESERVE" ? "NONE" : asked, removesRole: false } as const;
            const issue = end === "failed" ? undefined : await this.write(addOn, installationOf(addOn, undefined), how);
            await pause(seconds / 2);
            this.settle(key, endOfCreation(end, issue));
        });
    }

    update(key: string, { id, before, asked }: BegunUpdate): Promise<void> {
        const { settings, updates } = this.eks;
        const { seconds } = settings.behavior;
        const end = settings.take("update") ?? "successful";
        return this.begin(key, end === "neverEnds" ? Infinity : seconds, async (pause) => {
            await pause(seconds / 2);
            const isApplied = end !== "failed" && end !== "cancelled";
            const issue = isApplied ? await this.apply(key, before, asked) : undefined;
            await pause(end === "neverEnds" ? Infinity : seconds / 2);
            if (!isApplied || issue !== undefined) {
                this.show(key, before);
            }
            if (end !== "neverEnds") {
                const { status, health } = before;
                const ended = endOfUpdate(end, issue, { status, issues: health.issues });
                updates.end(key, id, ended.update, ended.errors);
                this.settle(key, ended);
            }
        });
    }

    /** Makes the changes of an update. The associations come first, so that the pods that it restarts have their credentials. */
    private async apply(key: string, before: AddOn, asked: UpdateAddOn): Promise<AddOnIssue | undefined> {
        const { settings, store, associations } = this.eks;
        const { clusterName, addonArn } = before;
        if (asked.podIdentityAssociations !== undefined) {
            associations.setOwned(clusterName, addonArn, addOnNamespace, asked.podIdentityAssociations);
            const podIdentityAssociations = associations.ownedBy(clusterName, addonArn);
            store.change(key, { addOn: { ...store.get(key).addOn, podIdentityAssociations } });
        }
        const after = valuesAfter(before, asked, settings.behavior);
        const isRestarted = isRestartDue(before, asked, settings.behavior);
        const restartedAt = isRestarted ? new Date().toISOString() : store.get(key).restartedAt;
        const issue = await this.write(before, installationOf(after, restartedAt), {
            conflicts: asked.resolveConflicts ?? "NONE",
            removesRole: before.serviceAccountRoleArn !== undefined && after.serviceAccountRoleArn === undefined,
        });
        if (issue === undefined) {
            store.change(key, { restartedAt });
            this.show(key, after);
        }
        return issue;
    }

    private show(key: string, values: AddOnValues): void {
        const { store } = this.eks;
        const { addonVersion, serviceAccountRoleArn, configurationValues } = values;
        const { addOn } = store.get(key);
        store.change(key, { addOn: { ...addOn, addonVersion, serviceAccountRoleArn, configurationValues } });
    }

    /** Ends a change that is under way. */
    async delete(key: string, preserve: boolean): Promise<void> {
        const { settings, store } = this.eks;
        const { seconds } = settings.behavior;
        const end = settings.take("delete") ?? "gone";
        await this.stop(key);
        return this.begin(key, seconds, async (pause) => {
            await pause(seconds / 2);
            const { addOn } = store.get(key);
            const issue = await this.takeAway(addOn, preserve, end);
            await pause(seconds / 2);
            if (issue === undefined) {
                store.delete(key);
            } else {
                this.settle(key, { status: "DELETE_FAILED", issues: [issue] });
            }
        });
    }

    private async takeAway(
        addOn: AddOn,
        preserve: boolean,
        end: NonNullable<NextEnds["delete"]>,
    ): Promise<AddOnIssue | undefined> {
        if (end === "failed") {
            return failure;
        }
        if (preserve) {
            return undefined;
        }
        this.eks.associations.deleteOwnedBy(addOn.clusterName, addOn.addonArn);
        return this.reach(addOn, (installer) => installer.remove());
    }

    /**
     * Writes the objects of every add-on again that is installed and not being changed. The values of others are overwritten, unless the last
     * request preserved them.
     */
    async revertDrift(): Promise<void> {
        const settled = this.eks.store
            .all()
            .filter(([key, { addOn }]) => !this.work.isRunning(key) && addOn.status !== "CREATE_FAILED");
        await Promise.all(
            settled.map(([key, { addOn, conflicts: asked, restartedAt }]) => {
                const conflicts = asked === "PRESERVE" ? asked : "OVERWRITE";
                return this.work.start(reverting(key), async () => {
                    // The next round repeats a write that fails.
                    await this.write(addOn, installationOf(addOn, restartedAt), { conflicts, removesRole: false });
                });
            }),
        );
    }

    /** Sets status and health at the end of a change. A DEGRADED add-on heals after a while. */
    private settle(key: string, { status, issues }: AddOnCondition): void {
        const { store, settings } = this.eks;
        store.change(key, { addOn: { ...store.get(key).addOn, status, health: { issues } }, updateId: undefined });
        const { healsAfterSeconds } = settings.behavior;
        if (status === "DEGRADED" && healsAfterSeconds !== null) {
            void this.work.start(healing(key), async (pause) => {
                await pause(healsAfterSeconds);
                this.settle(key, { status: "ACTIVE", issues: [] });
            });
        }
    }

    /** Ends the healing of a DEGRADED add-on: another change decides its status. */
    stopHealing(key: string): void {
        void this.work.stop(healing(key));
    }

    /** Resolves when no change of the add-on is under way. */
    ended(key: string): Promise<void> {
        return this.work.ended(key);
    }

    /** Resolves when nothing of the add-on is being written any more. */
    async stop(key: string): Promise<void> {
        await Promise.all([key, healing(key), reverting(key)].map((work) => this.work.stop(work)));
    }

    stopAll(): Promise<void> {
        return this.work.stopAll();
    }

    /** A change that takes no time is over when its call returns. */
    private async begin(key: string, seconds: number, change: (pause: Pause) => Promise<void>): Promise<void> {
        const work = this.work.start(key, change);
        await (seconds === 0 ? work : undefined);
    }

    private write(addOn: AddOn, installation: Installation, how: Omit<Writing, "write">) {
        const { write } = this.eks.settings.behavior;
        return this.reach(addOn, (installer) => installer.write(installation, { ...how, write }));
    }

    /** Changes the cluster, if the add-on has objects there. Returns the reason of a failure. */
    private async reach(
        { clusterName, addonName }: AddOn,
        change: (installer: AddOnInstaller) => Promise<void>,
    ): Promise<AddOnIssue | undefined> {
        const { settings, installerOf } = this.eks;
        const hasObjects = settings.behavior.write !== "nothing";
        const installer = hasObjects ? installerOf(clusterName, addonName) : undefined;
        try {
            await (installer && change(installer));
            return undefined;
        } catch (error) {
            return issueOf(error);
        }
    }
}

const healing = (key: string) => `${key} healing`;
const reverting = (key: string) => `${key} reverting`;
