import assert from "node:assert/strict";
import { tmpdir } from "node:os";
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
        assert.equal(fullDiskNote(withoutRoom), "\nThe disk is full: the file system of /proc has 0 MB left.");
        assert.equal(fullDiskNote(tmpdir()), "");
    });
});
