import { randomUUID } from "node:crypto";

import { AwsError } from "../../errors";
import type { Associations } from "../associations";
import { type AddOn, addOnNamespace } from "./addOn";
import { type AddOnBehavior, BehaviorSettings, type NextEnds } from "./behavior";
import { AddOnChanges } from "./changes";
import { DriftTimer } from "./driftTimer";
import type { AddOnCondition } from "./ends";
import type { AddOnInstaller } from "./installer";
import type { CreateAddOn, UpdateAddOn } from "./requests";
import { RequestTokens } from "../requestTokens";
import { AddOnStore, keyOf } from "./store";
import { type AddOnUpdate, AddOnUpdates } from "./updates";
import { createRefusal, updateRefusal } from "./validation";
import { defaultVersion } from "./versions";
import { valuesAfter } from "./wanted";

/** Managed add-ons, as EKS answers about them. EKS writes those of `vpc-cni` to the cluster; the others are entries in its answers. */
export class AddOns {
    private readonly settings = new BehaviorSettings();
    private readonly store = new AddOnStore();
    private readonly updates = new AddOnUpdates();
    private readonly tokens = new RequestTokens();
    private readonly changes: AddOnChanges;
    private readonly drift = new DriftTimer(() => this.revertDrift());

    /** @param installerOf The cluster's side of its add-ons. Undefined for a cluster without an API server. */
    constructor(
        private readonly region: string,
        private readonly accountId: string,
        private readonly associations: Associations,
        installerOf: (clusterName: string, addonName: string) => AddOnInstaller | undefined,
    ) {
        const { settings, store, updates } = this;
        this.changes = new AddOnChanges({ settings, store, updates, associations, installerOf });
    }

    async create(clusterName: string, asked: CreateAddOn): Promise<AddOn> {
        return this.tokens.once(`${clusterName}/`, asked, async () => {
            refuse(createRefusal(asked, this.accountId));
            const key = this.enter(clusterName, asked);
            await this.changes.create(key);
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
            conflicts: asked.resolveConflicts ?? "NONE",
        });
        return key;
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
            const { addOn: before } = this.store.get(key);
            refuse(updateRefusal(before, asked, this.accountId));
            refuseWhileChanging(before);
            const { podIdentityAssociations = [] } = asked;
            this.associations.refuseOfOthers(clusterName, before.addonArn, addOnNamespace, podIdentityAssociations);
            const { id } = this.updates.begin(key, asked);
            this.changes.stopHealing(key);
            const { behavior } = this.settings;
            const values = behavior.valuesShown === "atOnce" ? valuesAfter(before, asked, behavior) : {};
            this.store.change(key, {
                addOn: { ...before, ...values, status: "UPDATING", modifiedAt: Date.now() / 1000 },
                conflicts: asked.resolveConflicts ?? "NONE",
                former: { status: before.status, until: Date.now() + behavior.statusDelaySeconds * 1000 },
                updateId: id,
            });
            await this.changes.update(key, { id, before, asked });
            return this.updates.describe(key, id);
        });
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
        this.store.change(key, { addOn: answer, updateId: undefined });
        if (updateId !== undefined) {
            this.updates.end(key, updateId, "Cancelled");
        }
        await this.changes.delete(key, preserve);
        return answer;
    }

    tags(arn: string): AddOn["tags"] | undefined {
        return this.store.tags(arn);
    }

    setTags(arn: string, tags: AddOn["tags"]): void {
        this.store.setTags(arn, tags);
    }

    setBehavior(changed: Partial<AddOnBehavior>): void {
        this.settings.set(changed);
        this.drift.every(this.settings.behavior.driftRevertSeconds);
    }

    setNext(ends: NextEnds): void {
        this.settings.setNext(ends);
    }

    /** As when the pods of the add-on become unhealthy. It stays until the next change, also DEGRADED. */
    setCondition(clusterName: string, name: string, { status, issues }: AddOnCondition): void {
        const key = keyOf(clusterName, name);
        this.changes.stopHealing(key);
        this.store.change(key, { addOn: { ...this.store.get(key).addOn, status, health: { issues } } });
    }

    revertDrift(): Promise<void> {
        return this.changes.revertDrift();
    }

    /** Resolves when no change of the add-on is under way. */
    ended(clusterName: string, name: string): Promise<void> {
        return this.changes.ended(keyOf(clusterName, name));
    }

    /** A new cluster of the same name starts without add-ons. */
    forget(clusterName: string): void {
        this.store.ofCluster(clusterName).forEach(([key]) => {
            void this.changes.stop(key);
            this.store.delete(key);
        });
        this.updates.forget(clusterName);
        this.tokens.forget(clusterName);
    }

    /** Resolves when nothing of an add-on is being written any more. */
    async reset(): Promise<void> {
        this.settings.reset();
        this.drift.every(null);
        await this.changes.stopAll();
        [this.store, this.updates, this.tokens].forEach((of) => of.clear());
    }
}

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
