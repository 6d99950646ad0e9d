import { randomUUID } from "node:crypto";

import { AwsError } from "../../errors";
import type { Associations } from "../podIdentityAssociations";
import { type AddOn, type AddOnIssue, addOnNamespace, vpcCni } from "./addOn";
import { BackgroundWork, type Pause } from "./backgroundWork";
import { type AddOnBehavior, BehaviorSettings, type NextEnds, type UpdateEnd } from "./behavior";
import { DriftTimer } from "./driftTimer";
import { type Condition, endOfCreation, endOfUpdate, failure } from "./ends";
import { type AddOnInstaller, type Installation, issueOf, type Writing } from "./installer";
import type { CreateAddOn, UpdateAddOn } from "./requests";
import { RequestTokens } from "./requestTokens";
import { AddOnStore, keyOf } from "./store";
import { type AddOnUpdate, AddOnUpdates } from "./updates";
import { createRefusal, updateRefusal } from "./validation";
import { defaultVersion } from "./versions";
import { installationOf, isRestartDue, valuesAfter } from "./wanted";

/** Managed add-ons. EKS writes those of `vpc-cni` to the cluster; the others are entries in its answers. */
export class AddOns {
    private readonly settings = new BehaviorSettings();
    private readonly store = new AddOnStore();
    private readonly updates = new AddOnUpdates();
    private readonly tokens = new RequestTokens();
    private readonly work = new BackgroundWork();
    private readonly drift = new DriftTimer(() => this.revertDrift());

    /** @param installerOf The cluster's side of its add-ons. Undefined for a cluster without an API server. */
    constructor(
        private readonly region: string,
        private readonly accountId: string,
        private readonly associations: Associations,
        private readonly installerOf: (clusterName: string) => AddOnInstaller | undefined,
    ) {}

    setBehavior(changed: Partial<AddOnBehavior>): void {
        this.settings.set(changed);
        this.drift.every(this.settings.behavior.driftRevertSeconds);
    }

    setNext(ends: NextEnds): void {
        this.settings.setNext(ends);
    }

    async create(clusterName: string, asked: CreateAddOn): Promise<AddOn> {
        return this.tokens.once(`${clusterName}/`, asked, async () => {
            refuse(createRefusal(asked, this.accountId));
            const { seconds } = this.settings.behavior;
            const key = this.enter(clusterName, asked);
            const end = this.settings.take("create") ?? "active";
            const work = this.work.start(key, (pause) => this.carryOutCreation(key, end, seconds, pause));
            await (seconds === 0 ? work : undefined);
            return this.store.shown(key);
        });
    }

    private enter(clusterName: string, asked: CreateAddOn): string {
        const { addonName = "", addonVersion = defaultVersion, podIdentityAssociations = [], tags = {} } = asked;
        const key = keyOf(clusterName, addonName);
        this.store.refuseExisting(key);
        const arn = `arn:aws:eks:${this.region}:${this.accountId}:addon/${clusterName}/${addonName}/${randomUUID()}`;
        this.associations.setOwned(clusterName, arn, addOnNamespace, podIdentityAssociations);
        const now = Date.now() / 1000;
        const { resolveConflicts: conflicts = "NONE" } = asked;
        this.store.set(key, {
            addOn: {
                addonName,
                clusterName,
                status: "CREATING",
                addonVersion,
                health: { issues: [] },
                addonArn: arn,
                createdAt: now,
                modifiedAt: now,
                tags,
                serviceAccountRoleArn: asked.serviceAccountRoleArn,
                configurationValues: asked.configurationValues,
                podIdentityAssociations: this.associations.ownedBy(clusterName, arn),
            },
            conflicts,
        });
        return key;
    }

    /** With PRESERVE as with NONE: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html (resolveConflicts) */
    private async carryOutCreation(
        key: string,
        end: NonNullable<NextEnds["create"]>,
        seconds: number,
        pause: Pause,
    ): Promise<void> {
        await pause(seconds / 2);
        const { addOn, conflicts: asked } = this.store.get(key);
        const conflicts = asked === "PRESERVE" ? "NONE" : asked;
        const issue =
            end === "failed"
                ? undefined
                : await this.write(addOn, installationOf(addOn, undefined), { conflicts, removesRole: false });
        await pause(seconds / 2);
        this.settle(key, endOfCreation(end, issue));
    }

    describe(clusterName: string, name: string): AddOn {
        return this.store.shown(keyOf(clusterName, name));
    }

    names(clusterName: string): string[] {
        return this.store
            .ofCluster(clusterName)
            .map(([, { addOn }]) => addOn.addonName)
            .sort();
    }

    async update(clusterName: string, name: string, asked: UpdateAddOn): Promise<AddOnUpdate> {
        const key = keyOf(clusterName, name);
        return this.tokens.once(key, asked, async () => {
            const { seconds, statusDelaySeconds } = this.settings.behavior;
            const { addOn, ...entry } = this.store.get(key);
            refuse(updateRefusal(addOn, asked, this.accountId));
            refuseWhileChanging(addOn);
            const { podIdentityAssociations: associations = [] } = asked;
            this.associations.refuseOfOthers(clusterName, addOn.addonArn, addOnNamespace, associations);
            void this.work.stop(healing(key));
            const update = this.updates.begin(key, asked);
            const end = this.settings.take("update") ?? "successful";
            this.store.set(key, {
                ...entry,
                addOn: { ...addOn, status: "UPDATING", modifiedAt: Date.now() / 1000 },
                conflicts: asked.resolveConflicts ?? "NONE",
                former: { status: addOn.status, until: Date.now() + statusDelaySeconds * 1000 },
                updateId: update.id,
            });
            const work = this.work.start(key, (pause) =>
                this.carryOutUpdate({ key, before: addOn, asked, end, id: update.id, seconds, pause }),
            );
            await (seconds === 0 && end !== "neverEnds" ? work : undefined);
            return this.updates.describe(key, update.id);
        });
    }

    private async carryOutUpdate({ key, before, asked, end, id, seconds, pause }: RunningUpdate): Promise<void> {
        await pause(seconds / 2);
        const issue = end === "failed" || end === "cancelled" ? undefined : await this.apply(key, before, asked);
        await pause(end === "neverEnds" ? Infinity : seconds / 2);
        if (end !== "neverEnds") {
            const { status, health } = before;
            const { update, errors, ...condition } = endOfUpdate(end, issue, { status, issues: health.issues });
            this.updates.end(key, id, update, errors);
            this.settle(key, condition);
        }
    }

    /** Makes the changes of an update. The associations come first, so that the pods that it restarts have their credentials. */
    private async apply(key: string, before: AddOn, asked: UpdateAddOn): Promise<AddOnIssue | undefined> {
        const { clusterName, addonArn } = before;
        const { behavior } = this.settings;
        if (asked.podIdentityAssociations !== undefined) {
            this.associations.setOwned(clusterName, addonArn, addOnNamespace, asked.podIdentityAssociations);
        }
        const after = valuesAfter(before, asked, behavior);
        const isRestarted = isRestartDue(before, asked, behavior);
        const restartedAt = isRestarted ? new Date().toISOString() : this.store.get(key).restartedAt;
        const issue = await this.write(before, installationOf(after, restartedAt), {
            conflicts: asked.resolveConflicts ?? "NONE",
            removesRole: before.serviceAccountRoleArn !== undefined && after.serviceAccountRoleArn === undefined,
        });
        const podIdentityAssociations = this.associations.ownedBy(clusterName, addonArn);
        const values = issue === undefined ? after : {};
        const entry = this.store.get(key);
        this.store.set(key, {
            ...entry,
            restartedAt: issue === undefined ? restartedAt : entry.restartedAt,
            addOn: { ...entry.addOn, ...values, podIdentityAssociations },
        });
        return issue;
    }

    describeUpdate(clusterName: string, name: string, id: string): AddOnUpdate {
        return this.updates.describe(keyOf(clusterName, name), id);
    }

    updateIds(clusterName: string, name: string): string[] {
        return this.updates.ids(keyOf(clusterName, name));
    }

    /**
     * Deletes the add-on with its objects and associations, or preserves both and only stops managing them:
     * https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteAddon.html. DeleteAddon has no error for an add-on in use (botocore's
     * service-2.json), so that it cancels an update: inferred.
     */
    async delete(clusterName: string, name: string, preserve: boolean): Promise<AddOn> {
        const key = keyOf(clusterName, name);
        const { addOn, updateId } = this.store.get(key);
        const answer: AddOn = { ...addOn, status: "DELETING" };
        if (addOn.status === "DELETING") {
            return answer;
        }
        const { seconds } = this.settings.behavior;
        const end = this.settings.take("delete") ?? "gone";
        this.store.change(key, { addOn: answer });
        void this.work.stop(healing(key));
        await this.work.stop(key);
        if (updateId !== undefined) {
            this.updates.end(key, updateId, "Cancelled");
        }
        const work = this.work.start(key, (pause) => this.carryOutDeletion(key, preserve, end, seconds, pause));
        await (seconds === 0 ? work : undefined);
        return answer;
    }

    private async carryOutDeletion(
        key: string,
        preserve: boolean,
        end: NonNullable<NextEnds["delete"]>,
        seconds: number,
        pause: Pause,
    ): Promise<void> {
        await pause(seconds / 2);
        const { addOn } = this.store.get(key);
        const issue = end === "failed" ? failure : preserve ? undefined : await this.remove(addOn);
        await pause(seconds / 2);
        if (issue === undefined) {
            this.store.delete(key);
        } else {
            this.settle(key, { status: "DELETE_FAILED", issues: [issue] });
        }
    }

    private async remove(addOn: AddOn): Promise<AddOnIssue | undefined> {
        this.associations.deleteOwnedBy(addOn.clusterName, addOn.addonArn);
        return this.reach(addOn, (installer) => installer.remove());
    }

    private write(addOn: AddOn, installation: Installation, how: Omit<Writing, "write">) {
        const { write } = this.settings.behavior;
        return this.reach(addOn, (installer) => installer.write(installation, { ...how, write }));
    }

    /** Changes the cluster, if there is something of the add-on in it. The reason if it fails. */
    private async reach(
        { clusterName, addonName }: AddOn,
        change: (installer: AddOnInstaller) => Promise<void>,
    ): Promise<AddOnIssue | undefined> {
        const installer = addonName === vpcCni ? this.installerOf(clusterName) : undefined;
        try {
            await (installer === undefined || this.settings.behavior.write === "nothing"
                ? undefined
                : change(installer));
            return undefined;
        } catch (error) {
            return issueOf(error);
        }
    }

    /** Sets status and health after a change, or as a test asks for it. A DEGRADED add-on heals after a while. */
    private settle(key: string, { status, issues }: Condition): void {
        const { addOn } = this.store.get(key);
        this.store.change(key, { addOn: { ...addOn, status, health: { issues } }, updateId: undefined });
        const { healsAfterSeconds } = this.settings.behavior;
        if (status === "DEGRADED" && healsAfterSeconds !== null) {
            void this.work.start(healing(key), async (pause) => {
                await pause(healsAfterSeconds);
                this.settle(key, { status: "ACTIVE", issues: [] });
            });
        }
    }

    /** As when the pods of the add-on become unhealthy. It stays until the next change, also DEGRADED. */
    setCondition(clusterName: string, name: string, { status, issues }: Condition): void {
        const key = keyOf(clusterName, name);
        void this.work.stop(healing(key));
        this.store.change(key, { addOn: { ...this.store.get(key).addOn, status, health: { issues } } });
    }

    /**
     * Writes the objects of every add-on again that is installed and not being changed. The values of others are overwritten, unless the last
     * request preserved them.
     */
    async revertDrift(): Promise<void> {
        const settled = this.store
            .all()
            .filter(([key, { addOn }]) => !this.work.isRunning(key) && addOn.status !== "CREATE_FAILED");
        await Promise.all(
            settled.map(([key, { addOn, conflicts: asked, restartedAt }]) => {
                const conflicts = asked === "PRESERVE" ? asked : "OVERWRITE";
                return this.work.start(reverting(key), async () => {
                    // What fails now is written again in the next round.
                    await this.write(addOn, installationOf(addOn, restartedAt), { conflicts, removesRole: false });
                });
            }),
        );
    }

    /** Resolves when no change of the add-on is under way. */
    ended(clusterName: string, name: string): Promise<void> {
        return this.work.ended(keyOf(clusterName, name));
    }

    tags(arn: string): AddOn["tags"] | undefined {
        return this.store.tags(arn);
    }

    setTags(arn: string, tags: AddOn["tags"]): void {
        this.store.setTags(arn, tags);
    }

    /** A new cluster of the same name starts without add-ons. */
    forget(clusterName: string): void {
        this.store.ofCluster(clusterName).forEach(([key]) => {
            [key, healing(key), reverting(key)].forEach((work) => void this.work.stop(work));
            this.store.delete(key);
        });
        this.updates.forget(clusterName);
        this.tokens.forget(clusterName);
    }

    /** Resolves when nothing of an add-on is being written any more. */
    async reset(): Promise<void> {
        this.settings.reset();
        this.drift.every(null);
        await this.work.stopAll();
        [this.store, this.updates, this.tokens].forEach((of) => of.clear());
    }
}

interface RunningUpdate {
    readonly key: string;
    readonly before: AddOn;
    readonly asked: UpdateAddOn;
    readonly end: UpdateEnd;
    readonly id: string;
    readonly seconds: number;
    readonly pause: Pause;
}

const healing = (key: string) => `${key} healing`;
const reverting = (key: string) => `${key} reverting`;

function refuse(refusal: AwsError | undefined): void {
    if (refusal !== undefined) {
        throw refusal;
    }
}

/** Wording: https://github.com/eksctl-io/eksctl/issues/8091, https://github.com/awslabs/cdk-eks-blueprints/issues/447 */
function refuseWhileChanging({ addonName, status }: AddOn): void {
    if (status === "CREATING" || status === "UPDATING" || status === "DELETING") {
        const message = `Addon ${addonName} cannot be updated as it is currently in ${status} state`;
        throw new AwsError("ResourceInUseException", message, 409);
    }
}
