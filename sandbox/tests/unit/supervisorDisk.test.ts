import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertRoom, fullDiskNote } from "../../supervisorDisk";

/** Linux reports no room for this file system, as nothing can be stored in it. */
const withoutRoom = "/proc";

describe("The room that a sandbox needs", () => {
    it("is missed with the folder, what is there, what is needed, and what to do", () => {
        assert.throws(() => assertRoom(withoutRoom), {
            message:
                "The disk is full: the file system of /proc has 0 MB left, and a sandbox needs 300 MB there. " +
                "Free some space, or choose another folder with --directory.",
        });
        assert.throws(() => assertRoom(withoutRoom, 1), /needs 1 MB there/);
    });

    it("may be just there", () => {
        assertRoom(withoutRoom, 0);
        assertRoom(tmpdir(), 1);
    });

    it("is named as the reason of a failure where there is none left, and nowhere else", () => {
        const note = "\nThe disk is full: the file system of /proc has 0 MB left, and a sandbox needs 300 MB there.";
        assert.equal(fullDiskNote(withoutRoom), note);
        assert.equal(fullDiskNote(tmpdir()), "");
    });

    it("is named where a program's log says so, which has released its own room since", () => {
        const folder = mkdtempSync(join(tmpdir(), "eks-cni-disk-"));
        mkdirSync(join(folder, "logs"));
        writeFileSync(join(folder, "logs", "kwok.log"), "started\n");
        assert.equal(fullDiskNote(folder), "");
        writeFileSync(join(folder, "logs", "etcd.log"), 'failed to create WAL","error":"no space left on device"\n');
        assert.match(
            fullDiskNote(folder),
            /^\nThe disk is full: the file system of .* has \d+ MB left, and a sandbox needs 300 MB there\.$/,
        );
        rmSync(folder, { recursive: true });
    });
});
