import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { noteAnnotation, noteBeforeChange, noteRegistration } from "../../../../components/delivery/withoutLiveChecks";
import { readNote } from "../../../../handover/engine/runNotes";
import { inOwnTmpdir } from "../../support/ownTmpdir";

const MANAGER = "eks-cni/network/production/cni";
const patch = (annotations: Record<string, string>) => ({
    metadata: { annotations: { "pulumi.com/patchFieldManager": MANAGER, ...annotations } },
});
const LIVE = patch({});
const OFF = patch({ "eks-cni/live-checks": "off" });

describe("A component without live checks tells those of before", () => {
    let own: string;
    inOwnTmpdir((directory) => (own = directory));
    const noteOf = (oldInputs: object | undefined, newInputs: object | undefined) => {
        noteBeforeChange({ oldInputs, newInputs }, "41234");
        return readNote(MANAGER, "41234");
    };

    it("that this update annotates the service account", () => {
        strictEqual(noteOf(LIVE, OFF), "annotated");
    });

    it("so, too, where the patch is created after a run that was killed", () => {
        strictEqual(noteOf(undefined, OFF), "annotated");
    });

    it("nothing where the annotation was there before", () => {
        strictEqual(noteOf(OFF, patch({ "eks-cni/live-checks": "off", more: "1" })), undefined);
    });

    it("nothing where the update takes the annotation off", () => {
        strictEqual(noteOf(OFF, LIVE), undefined);
        strictEqual(noteOf(OFF, undefined), undefined);
        strictEqual(noteOf(LIVE, { metadata: {} }), undefined);
    });

    it("under the field manager of before, if the component was renamed", () => {
        const renamed = {
            metadata: { annotations: { ...OFF.metadata.annotations, "pulumi.com/patchFieldManager": "old" } },
        };
        strictEqual(noteOf(LIVE, renamed), undefined);
        strictEqual(readNote("old", "41234"), "annotated");
    });

    describe("where no note can be left,", () => {
        beforeEach(() => writeFileSync(join(own, `eks-cni-${String(process.getuid?.() ?? "notes")}`), ""));

        it("by a failed update, before the annotation is written", () => {
            throws(() => noteOf(LIVE, OFF), /EEXIST|ENOTDIR|belongs to another user/);
        });

        it("nothing about a patch that is created, which has none before it", () => {
            strictEqual(noteOf(undefined, OFF), undefined);
        });
    });

    it("nothing without an engine", async () => {
        await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) });
        deepStrictEqual(noteAnnotation(), {});
        noteRegistration(pulumi.output({ annotations: OFF.metadata.annotations }));
        strictEqual(readNote(MANAGER, "41234"), undefined);
    });
});
