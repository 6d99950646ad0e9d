import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives each test of the suite an empty directory for temporary files. */
export function inOwnTmpdir(prepare: (directory: string) => void = () => undefined): void {
    const { TMPDIR } = process.env;
    let own: string;
    beforeEach(() => {
        own = mkdtempSync(join(tmpdir(), "own-"));
        process.env["TMPDIR"] = own;
        prepare(own);
    });
    afterEach(async () => {
        if (TMPDIR === undefined) {
            delete process.env["TMPDIR"];
        } else {
            process.env["TMPDIR"] = TMPDIR;
        }
        await rm(own, { recursive: true });
    });
}
