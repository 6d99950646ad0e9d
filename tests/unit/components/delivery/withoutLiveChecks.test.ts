import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
    noteAnnotation,
    noteBeforeChange,
    noteRegistration,
    refuseAnotherRole,
    refuseWhileDetached,
} from "../../../../components/delivery/withoutLiveChecks";
import { readNote } from "../../../../handover/engine/runNotes";
import { refusals } from "../../../../handover/model/refusals";
import { inOwnTmpdir } from "../../support/ownTmpdir";
import { hookOf, startRun, withEngine } from "../../support/standInEngine";

const MANAGER = "eks-cni/network/production/cni";
const patch = (annotations: Record<string, string>) => ({
    metadata: { annotations: { "pulumi.com/patchFieldManager": MANAGER, ...annotations } },
});
const LIVE = patch({});
const OFF = patch({ "eks-cni/live-checks": "off" });
const PLAIN = { role: true, serviceAccountPatch: true };

describe("A component without live checks tells those of before", () => {
    let own: string;
    inOwnTmpdir((directory) => (own = directory));
    const noteOf = async (oldInputs: object | undefined, newInputs: object | undefined) => {
        await noteBeforeChange({ oldInputs, newInputs }, "dns:127.0.0.1:41234", "annotated");
        return readNote(MANAGER, "41234");
    };

    it("that this update annotates the service account", async () => {
        strictEqual(await noteOf(LIVE, OFF), "annotated");
    });

    it("so, too, where the patch is created after a run that was killed", async () => {
        strictEqual(await noteOf(undefined, OFF), "annotated");
    });

    it("nothing where the annotation was there before", async () => {
        strictEqual(await noteOf(OFF, patch({ "eks-cni/live-checks": "off", more: "1" })), undefined);
    });

    it("nothing where the update takes the annotation off", async () => {
        strictEqual(await noteOf(OFF, LIVE), undefined);
        strictEqual(await noteOf(OFF, undefined), undefined);
        strictEqual(await noteOf(LIVE, { metadata: {} }), undefined);
        strictEqual(await noteOf({}, {}), undefined);
        strictEqual(await noteOf(LIVE, patch({ "eks-cni/live-checks": "on" })), undefined);
    });

    it("under the field manager of before, if the component was renamed", async () => {
        const renamed = {
            metadata: { annotations: { ...OFF.metadata.annotations, "pulumi.com/patchFieldManager": "old" } },
        };
        strictEqual(await noteOf(LIVE, renamed), undefined);
        strictEqual(readNote("old", "41234"), "annotated");
    });

    describe("if the update brings another role, too,", () => {
        const ROLE_ARN = "eks.amazonaws.com/role-arn";
        const [former, other] = ["arn:aws:iam::111122223333:role/former", "arn:aws:iam::111122223333:role/other"];
        const live = (roleArn: string) => patch({ [ROLE_ARN]: roleArn });
        const off = (roleArn: string) => patch({ [ROLE_ARN]: roleArn, "eks-cni/live-checks": "off" });

        it("nothing, and fails", async () => {
            const { message } = refusals.replacedAsTurnedOff(former, other);
            await rejects(refuseAnotherRole({ oldInputs: live(former), newInputs: off(other) }), { message });
        });

        const rows: [string, object | undefined, object | undefined][] = [
            ["the role stays", live(former), off(former)],
            ["the live checks were off before", off(former), off(other)],
            ["the live checks stay on", live(former), live(other)],
            ["the patch is created", undefined, off(other)],
            ["there was no role before", LIVE, off(other)],
        ];
        for (const [what, oldInputs, newInputs] of rows) {
            it(`that it does, where ${what}`, async () => {
                await refuseAnotherRole({ oldInputs, newInputs });
            });
        }

        describe("in the run of an engine,", () => {
            withEngine("127.0.0.1:41234");
            const change = { oldInputs: live(former), newInputs: off(other) } as unknown as pulumi.ResourceHookArgs;

            it("by a hook that leaves no note when it fails", async () => {
                const hook = hookOf(noteAnnotation(PLAIN).beforeUpdate);
                await rejects(async () => hook.callback(change), /\[former-role-carried\]/);
                strictEqual(readNote(MANAGER, "41234"), undefined);
            });
        });
    });

    describe("where no note can be left,", () => {
        beforeEach(() => writeFileSync(join(own, `eks-cni-${String(process.getuid?.() ?? "notes")}`), ""));

        it("by a failed update, before the annotation is written", async () => {
            await rejects(noteOf(LIVE, OFF), /EEXIST|ENOTDIR|belongs to another user/);
        });

        it("nothing about a patch that is created, which has none before it", async () => {
            strictEqual(await noteOf(undefined, OFF), undefined);
        });
    });

    it("nothing if the address of the engine is not known", async () => {
        await noteBeforeChange({ oldInputs: LIVE, newInputs: OFF }, undefined, "annotated");
        strictEqual(readNote(MANAGER, "41234"), undefined);
    });

    describe("in the run of an engine,", () => {
        withEngine("127.0.0.1:41234");
        const registered = async (annotations: Record<string, string> | undefined) => {
            noteRegistration(pulumi.output(annotations === undefined ? {} : { annotations }));
            await setTimeout(30);
            return readNote(MANAGER, "41234");
        };

        it("by a hook before the patch is created or updated", async () => {
            const { beforeCreate, beforeUpdate } = noteAnnotation(PLAIN);
            strictEqual(hookOf(beforeCreate), hookOf(beforeUpdate));
            match(hookOf(beforeCreate).name, /^eks-cni-without-live-checks-\d+$/);
            await hookOf(beforeCreate).callback({
                oldInputs: LIVE,
                newInputs: OFF,
            } as unknown as pulumi.ResourceHookArgs);
            strictEqual(readNote(MANAGER, "41234"), "annotated");
        });

        it("and that the program creates no role, if it does not", async () => {
            const { beforeUpdate } = noteAnnotation({ ...PLAIN, role: false });
            await hookOf(beforeUpdate).callback({
                oldInputs: LIVE,
                newInputs: OFF,
            } as unknown as pulumi.ResourceHookArgs);
            strictEqual(readNote(MANAGER, "41234"), "annotatedExistingRole");
        });

        it("nothing once the engine is gone", async () => {
            const hook = hookOf(noteAnnotation(PLAIN).beforeUpdate);
            startRun("");
            await hook.callback({ oldInputs: LIVE, newInputs: OFF } as unknown as pulumi.ResourceHookArgs);
            strictEqual(readNote(MANAGER, "41234"), undefined);
        });

        it("that the program registers it without them", async () => {
            strictEqual(await registered(OFF.metadata.annotations), "registered");
            strictEqual(await registered(undefined), "registered", "a patch without annotations fails nothing");
        });

        it("nothing in a preview", async () => {
            startRun("127.0.0.1:41234", true);
            strictEqual(await registered(OFF.metadata.annotations), undefined);
        });
    });

    describe("while policies are detached from node roles,", () => {
        withEngine("127.0.0.1:41234");
        const turnOff = async (oldOutputs: object | undefined) => {
            const hook = hookOf(refuseWhileDetached(PLAIN).beforeUpdate);
            await hook.callback({ oldOutputs } as unknown as pulumi.ResourceHookArgs);
        };
        const { message } = refusals.turnedOffWhileDetached(["nodes", "more"]);

        it("nothing, and fails, in a preview too", async () => {
            await rejects(turnOff({ detachedFrom: ["nodes", "more"] }), { message });
            await rejects(turnOff({ detachedFrom: pulumi.secret(["nodes", "more"]) }), { message });
            strictEqual(hookOf(refuseWhileDetached(PLAIN).beforeUpdate).opts?.onDryRun, true);
        });

        it("that the node roles have got them back, after an update without detachFromNodeRoles", async () => {
            await turnOff({ detachedFrom: [] });
        });

        it("nothing, and hands back, where another writer delivers the role from now on", () => {
            deepStrictEqual(refuseWhileDetached({ serviceAccountPatch: false }), {});
        });

        it("what it does where the last update has failed, and where the state is one of before these outputs", async () => {
            await turnOff(undefined);
            await turnOff({});
        });
    });

    it("nothing without an engine", async () => {
        await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) });
        deepStrictEqual([noteAnnotation(PLAIN), refuseWhileDetached(PLAIN)], [{}, {}]);
        noteRegistration(pulumi.output({ annotations: OFF.metadata.annotations }));
        strictEqual(readNote(MANAGER, "41234"), undefined);
    });
});
