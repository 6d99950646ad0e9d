import assert from "node:assert/strict";
import { assertRoom } from "../../supervisorDisk";

describe("The room that a sandbox needs", () => {
    it("is missed with the folder, what is there, what is needed, and what to do", () => {
        // Linux reports no room for this file system, as nothing can be stored in it.
        assert.throws(() => assertRoom("/proc"), {
            message:
                "The disk is full: the file system of /proc has 0 MB left, and a sandbox needs 300 MB there. " +
                "Free some space, or choose another folder with --directory.",
        });
        assertRoom("/proc", 0);
    });
});
