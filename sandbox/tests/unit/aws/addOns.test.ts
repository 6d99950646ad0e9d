import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { AddOns } from "../../../aws/eks/addOns";
import { insufficientReplicas, vpcCni } from "../../../aws/eks/addOns/addOn";
import type { AddOnBehavior, NextEnds } from "../../../aws/eks/addOns/behavior";
import {
    type AddOnInstaller,
    type Installation,
    InstallationError,
    type Writing,
} from "../../../aws/eks/addOns/installer";
import type { UpdateAddOn } from "../../../aws/eks/addOns/requests";
import { defaultVersion } from "../../../aws/eks/addOns/versions";
import { Associations } from "../../../aws/eks/associations";

const accountId = "111122223333";
const role = `arn:aws:iam::${accountId}:role/cni`;
const cluster = "sandbox";

/** Records each call, and fails with `failure`. */
class FakeInstaller implements AddOnInstaller {
    readonly written: (Installation & Writing)[] = [];
    removals = 0;
    failure: InstallationError | undefined;

    write(installation: Installation, how: Writing): Promise<void> {
        this.written.push({ ...installation, ...how });
        return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
    }

    remove(): Promise<void> {
        this.removals += 1;
        return Promise.resolve();
    }
}

function setUp(behavior: Partial<AddOnBehavior> = {}) {
    const installer = new FakeInstaller();
    const associations = new Associations("us-west-2", accountId);
    const addOns = new AddOns("us-west-2", accountId, associations, (name, addOn) =>
        name === cluster && addOn === vpcCni ? installer : undefined,
    );
    addOns.setBehavior({ seconds: 0, ...behavior });
    const status = () => {
        const { status: seen, health } = addOns.describe(cluster, vpcCni);
        return [seen, ...health.issues.map(({ code }) => code)];
    };
    const update = (asked: UpdateAddOn) => addOns.update(cluster, vpcCni, asked);
    const create = (asked: UpdateAddOn = {}) => addOns.create(cluster, { addonName: vpcCni, ...asked });
    return { installer, associations, addOns, status, update, create };
}

const conflict = new InstallationError("ConfigurationConflict", "Conflicts found.");
const refusal = (name: string, message: RegExp | string) => ({ name, message });

describe("a managed add-on of the EKS stand-in", () => {
    it("is installed with the values of its creation, and is ACTIVE", async () => {
        const { installer, create, addOns } = setUp();
        const made = await create({ serviceAccountRoleArn: role, configurationValues: '{"env":{"A":"1"}}' });
        assert.deepEqual([made.status, made.addonVersion], ["ACTIVE", defaultVersion]);
        assert.match(made.addonArn, /^arn:aws:eks:us-west-2:111122223333:addon\/sandbox\/vpc-cni\/[0-9a-f-]{36}$/);
        assert.deepEqual(installer.written, [
            {
                version: defaultVersion,
                roleArn: role,
                env: { A: "1" },
                write: "apply",
                conflicts: "NONE",
                removesRole: false,
            },
        ]);
        assert.deepEqual(addOns.names(cluster), [vpcCni]);
        await assert.rejects(create(), refusal("ResourceInUseException", "Addon already exists."));
    });

    it("changes nothing in a cluster without an API server, and nothing for another add-on", async () => {
        const { installer, addOns } = setUp();
        await addOns.create("elsewhere", { addonName: vpcCni });
        await addOns.create(cluster, { addonName: "coredns" });
        assert.equal(addOns.describe(cluster, "coredns").status, "ACTIVE");
        assert.deepEqual(installer.written, []);
    });

    it("is CREATING and UPDATING for the time that a change takes, which begins with the write after a half of it", async () => {
        const { installer, create, update, addOns, status } = setUp({ seconds: 0.6 });
        assert.equal((await create()).status, "CREATING");
        await assert.rejects(
            update({}),
            refusal("ResourceInUseException", "Addon vpc-cni cannot be updated as it is currently in CREATING state"),
        );
        assert.equal(installer.written.length, 0);
        await addOns.ended(cluster, vpcCni);
        assert.deepEqual([status(), installer.written.length], [["ACTIVE"], 1]);
        const { id, status: seen } = await update({ serviceAccountRoleArn: role });
        assert.deepEqual([seen, status()], ["InProgress", ["UPDATING"]]);
        assert.equal(addOns.describe(cluster, vpcCni).serviceAccountRoleArn, undefined);
        await sleep(450);
        assert.equal(addOns.describe(cluster, vpcCni).serviceAccountRoleArn, role);
        assert.equal(addOns.describeUpdate(cluster, vpcCni, id).status, "InProgress");
        await assert.rejects(update({}), { name: "ResourceInUseException" });
        await addOns.ended(cluster, vpcCni);
        assert.deepEqual([addOns.describeUpdate(cluster, vpcCni, id).status, status()], ["Successful", ["ACTIVE"]]);
        assert.deepEqual(addOns.updateIds(cluster, vpcCni), [id]);
    });

    it("shows the status of before for a while, on request", async () => {
        const { create, update, status, addOns } = setUp();
        await create();
        addOns.setBehavior({ seconds: 0.8, statusDelaySeconds: 0.3 });
        await update({});
        assert.deepEqual(status(), ["ACTIVE"]);
        await assert.rejects(update({}), { name: "ResourceInUseException" });
        await sleep(400);
        assert.deepEqual(status(), ["UPDATING"]);
        await addOns.ended(cluster, vpcCni);
    });

    it("shows the values of an update at once on request, and those of before after a failure", async () => {
        const { create, update, addOns } = setUp();
        const shown = () => addOns.describe(cluster, vpcCni).serviceAccountRoleArn;
        await create();
        addOns.setBehavior({ seconds: 0.2, valuesShown: "atOnce" });
        for (const end of ["failed", "successful"] as const) {
            addOns.setNext({ update: end });
            await update({ serviceAccountRoleArn: role });
            assert.equal(shown(), role);
            await addOns.ended(cluster, vpcCni);
            assert.equal(shown(), end === "failed" ? undefined : role);
        }
    });

    it("loses a role that an update leaves out, keeps its version, and shows what the update asks for", async () => {
        const { installer, create, update, addOns } = setUp();
        await create({ serviceAccountRoleArn: role });
        const { params, type } = await update({ resolveConflicts: "PRESERVE" });
        assert.deepEqual([type, params], ["AddonUpdate", [{ type: "ResolveConflicts", value: "PRESERVE" }]]);
        const { serviceAccountRoleArn, addonVersion } = addOns.describe(cluster, vpcCni);
        assert.deepEqual([serviceAccountRoleArn, addonVersion], [undefined, defaultVersion]);
        const { removesRole, conflicts, roleArn } = installer.written.at(-1) ?? assert.fail();
        assert.deepEqual([removesRole, conflicts, roleArn], [true, "PRESERVE", undefined]);
        await update({});
        assert.equal(installer.written.at(-1)?.removesRole, false);
    });

    for (const [configurationLeftOut, left] of [
        ["kept", '{"env":{"A":"1"}}'],
        ["reset", undefined],
    ] as const) {
        it(`has its configuration ${configurationLeftOut} when an update leaves it out, on request`, async () => {
            const { installer, create, update, addOns } = setUp({ configurationLeftOut });
            await create({ configurationValues: '{"env":{"A":"1"}}' });
            await update({ serviceAccountRoleArn: role });
            assert.equal(addOns.describe(cluster, vpcCni).configurationValues, left);
            assert.deepEqual(installer.written.at(-1)?.env, left === undefined ? {} : { A: "1" });
        });
    }

    const ends: readonly [NonNullable<NextEnds["update"]>, string, string[], string[], boolean][] = [
        ["successful", "Successful", [], ["ACTIVE"], true],
        [
            "failedButApplied",
            "Failed",
            ["InsufficientNumberOfReplicas"],
            ["DEGRADED", "InsufficientNumberOfReplicas"],
            true,
        ],
        ["failed", "Failed", ["Unknown"], ["UPDATE_FAILED", "InternalFailure"], false],
        ["cancelled", "Cancelled", [], ["ACTIVE"], false],
    ];
    for (const [end, ended, errors, condition, isApplied] of ends) {
        it(`ends its next update as set, once: ${end}`, async () => {
            const { installer, create, update, status, addOns } = setUp();
            await create();
            addOns.setNext({ update: end });
            const done = await update({ serviceAccountRoleArn: role });
            assert.deepEqual([done.status, done.errors.map(({ errorCode }) => errorCode)], [ended, errors]);
            assert.deepEqual(status(), condition);
            assert.equal(addOns.describe(cluster, vpcCni).serviceAccountRoleArn, isApplied ? role : undefined);
            assert.equal(installer.written.length, isApplied ? 2 : 1);
            assert.equal((await update({})).status, "Successful");
            assert.deepEqual(status(), ["ACTIVE"]);
        });
    }

    it("may never end an update, which keeps others out until the add-on is deleted", async () => {
        const { create, update, status, addOns } = setUp();
        await create();
        addOns.setNext({ update: "neverEnds" });
        const { id } = await update({ serviceAccountRoleArn: role });
        await sleep(20);
        assert.deepEqual([addOns.describeUpdate(cluster, vpcCni, id).status, status()], ["InProgress", ["UPDATING"]]);
        await assert.rejects(update({}), { name: "ResourceInUseException" });
        await addOns.delete(cluster, vpcCni, false);
        assert.equal(addOns.describeUpdate(cluster, vpcCni, id).status, "Cancelled");
        assert.deepEqual(addOns.names(cluster), []);
    });

    it("heals after an update that failed and was applied, and not before", async () => {
        const { create, update, status, addOns } = setUp({ healsAfterSeconds: 0.1 });
        await create();
        addOns.setNext({ update: "failedButApplied" });
        await update({});
        assert.deepEqual(status(), ["DEGRADED", insufficientReplicas.code]);
        await sleep(150);
        assert.deepEqual(status(), ["ACTIVE"]);
    });

    it("fails with the conflict that the cluster has, and keeps its values", async () => {
        const { installer, create, update, status, addOns } = setUp();
        await create();
        installer.failure = conflict;
        const { status: ended, errors } = await update({ serviceAccountRoleArn: role });
        assert.deepEqual(
            [ended, errors],
            ["Failed", [{ errorCode: "ConfigurationConflict", errorMessage: "Conflicts found.", resourceIds: [] }]],
        );
        assert.deepEqual(status(), ["UPDATE_FAILED", "ConfigurationConflict"]);
        assert.equal(addOns.describe(cluster, vpcCni).serviceAccountRoleArn, undefined);
    });

    it("is CREATE_FAILED after a conflict, and treats PRESERVE as NONE at its creation", async () => {
        const { installer, create, status } = setUp();
        installer.failure = conflict;
        await create({ resolveConflicts: "PRESERVE" });
        assert.deepEqual(
            [status(), installer.written.at(-1)?.conflicts],
            [["CREATE_FAILED", "ConfigurationConflict"], "NONE"],
        );
    });

    it("fails to be created and to be deleted, or is created DEGRADED, on request", async () => {
        const { installer, create, status, addOns } = setUp({ healsAfterSeconds: null });
        addOns.setNext({ create: "failed", delete: "failed" });
        await create();
        assert.deepEqual([status(), installer.written.length], [["CREATE_FAILED", "InternalFailure"], 0]);
        await addOns.delete(cluster, vpcCni, false);
        assert.deepEqual([status(), installer.removals], [["DELETE_FAILED", "InternalFailure"], 0]);
        await addOns.delete(cluster, vpcCni, false);
        addOns.setNext({ create: "degraded" });
        await create();
        assert.deepEqual(status(), ["DEGRADED", insufficientReplicas.code]);
    });

    it("takes its objects with it, or leaves them with preserve", async () => {
        const { installer, create, addOns } = setUp();
        for (const [preserve, removals] of [
            [true, 0],
            [false, 1],
        ] as const) {
            await create();
            const answer = await addOns.delete(cluster, vpcCni, preserve);
            assert.deepEqual([answer.status, addOns.names(cluster), installer.removals], ["DELETING", [], removals]);
        }
    });

    it("restarts its pods for a changed role on request, and for associations always", async () => {
        const { installer, create, update, addOns } = setUp();
        const restarted = () => installer.written.at(-1)?.restartedAt;
        await create();
        await update({ serviceAccountRoleArn: role });
        assert.equal(restarted(), undefined);
        addOns.setBehavior({ restartsPods: true });
        await update({ serviceAccountRoleArn: role });
        assert.equal(restarted(), undefined);
        await update({});
        const first = restarted();
        assert.ok(first);
        await update({});
        assert.equal(restarted(), first, "the mark of the last restart stays");
        addOns.setBehavior({ restartsPods: false });
        await sleep(5);
        await update({ podIdentityAssociations: [] });
        assert.notEqual(restarted(), first);
    });

    it("changes its associations only if an update has some: they are made, changed in place, and deleted", async () => {
        const { create, update, associations, addOns } = setUp();
        const association = () => associations.find(cluster, "kube-system", "aws-node");
        await create({ podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn: role }] });
        const { associationArn, ownerArn } = association() ?? assert.fail();
        assert.equal(ownerArn, addOns.describe(cluster, vpcCni).addonArn);
        await update({});
        assert.equal(association()?.roleArn, role);
        await update({ podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn: `${role}-2` }] });
        assert.deepEqual([association()?.roleArn, association()?.associationArn], [`${role}-2`, associationArn]);
        assert.deepEqual(addOns.describe(cluster, vpcCni).podIdentityAssociations, [associationArn]);
        await update({ podIdentityAssociations: [] });
        assert.deepEqual([association(), addOns.describe(cluster, vpcCni).podIdentityAssociations], [undefined, []]);
    });

    it("cannot adopt an association that is not its own", async () => {
        const { create, update, associations } = setUp();
        await create();
        associations.create(cluster, { namespace: "kube-system", serviceAccount: "aws-node", roleArn: role });
        const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn: role }];
        await assert.rejects(update({ podIdentityAssociations }), { name: "ResourceInUseException" });
    });

    it("reverts drift from time to time on request, without values that were to be preserved", async () => {
        const { installer, create, update, addOns } = setUp();
        await create({ serviceAccountRoleArn: role });
        addOns.setBehavior({ driftRevertSeconds: 0.2 });
        await sleep(300);
        const { roleArn, conflicts, removesRole } = installer.written.at(-1) ?? assert.fail();
        assert.deepEqual([installer.written.length, roleArn, conflicts, removesRole], [2, role, "OVERWRITE", false]);
        addOns.setBehavior({ driftRevertSeconds: null });
        await update({ resolveConflicts: "PRESERVE" });
        await addOns.revertDrift();
        assert.deepEqual([installer.written.length, installer.written.at(-1)?.conflicts], [4, "PRESERVE"]);
        await sleep(300);
        assert.equal(installer.written.length, 4);
    });

    it("is an entry in the answers alone, on request", async () => {
        const { installer, create, update, addOns } = setUp({ write: "nothing" });
        await create();
        await update({ serviceAccountRoleArn: role });
        assert.equal(addOns.describe(cluster, vpcCni).serviceAccountRoleArn, role);
        await addOns.delete(cluster, vpcCni, false);
        assert.deepEqual([installer.written, installer.removals], [[], 0]);
    });

    it("has the status and the health that a test sets, and updates wait for a status of a change", async () => {
        const { create, update, status, addOns } = setUp();
        await create();
        addOns.setCondition(cluster, vpcCni, { status: "DEGRADED", issues: [insufficientReplicas] });
        assert.deepEqual(status(), ["DEGRADED", insufficientReplicas.code]);
        await update({});
        assert.deepEqual(status(), ["ACTIVE"]);
        addOns.setCondition(cluster, vpcCni, { status: "UPDATING", issues: [] });
        await assert.rejects(update({}), { name: "ResourceInUseException" });
    });

    it("answers a repeated request with the same token as before, and refuses another request with it", async () => {
        const { create, update, addOns, installer } = setUp();
        const token = { clientRequestToken: "a" };
        const made = await create(token);
        assert.deepEqual(await create(token), made);
        const first = await update({ ...token, serviceAccountRoleArn: role });
        assert.deepEqual(await update({ ...token, serviceAccountRoleArn: role }), first);
        assert.deepEqual([addOns.updateIds(cluster, vpcCni), installer.written.length], [[first.id], 2]);
        await assert.rejects(update(token), { name: "InvalidParameterException" });
        await assert.rejects(update({ clientRequestToken: "b", serviceAccountRoleArn: "" }));
        await update({ clientRequestToken: "b" });
    });

    it("writes nothing any more after a reset, and is gone with its settings", async () => {
        const { installer, create, update, addOns } = setUp();
        await create();
        addOns.setBehavior({ seconds: 0.1, driftRevertSeconds: 0.05 });
        addOns.setNext({ update: "failed" });
        await update({ serviceAccountRoleArn: role });
        await addOns.reset();
        await sleep(120);
        assert.deepEqual([installer.written.length, addOns.names(cluster)], [1, []]);
        addOns.setBehavior({ seconds: 0 });
        await create();
        assert.equal((await update({})).status, "Successful");
    });
});
