import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readState } from "../../../supervisorState";
import { ask } from "../../../tools/run";
import { describeNightly } from "./support";

/** How a process gets its own mounts: as root, or in a user namespace, where each user is root. */
const namespaces = [["--mount"], ["--user", "--map-root-user", "--mount"]];

const program = join(__dirname, "startOnSmallDisk.ts");
const name = `full-disk-${process.pid}`;

/** Processes of a sandbox of this name, in any namespace. */
function left(): string {
    const { stdout } = spawnSync("sh", ["-c", `grep -lzs '^EKS_CNI_SANDBOX=${name}:' /proc/[0-9]*/environ`]);
    return stdout.toString();
}

describeNightly("A sandbox on a full disk", function () {
    this.timeout(120_000);
    let disk = "";
    let namespace: string[] | undefined;

    before(async function () {
        disk = mkdtempSync(join(tmpdir(), "eks-cni-disk-"));
        for (const candidate of namespaces) {
            const mounted = await ask("unshare", [...candidate, "mount", "-t", "tmpfs", "tmpfs", disk]);
            namespace ??= mounted === undefined ? undefined : candidate;
        }
        if (namespace === undefined) {
            process.stderr.write(
                `Skipped, because this machine does not allow mounts: ${this.test?.parent?.title ?? ""}\n`,
            );
            this.skip();
        }
    });
    after(() => rmSync(disk, { recursive: true, force: true }));

    /** The output of a start on a disk with this much room, and with none from that moment on. */
    function start(megabytes: number, moment: string): string {
        const node = `exec "$0" -r ts-node/register/transpile-only "$@"`;
        const script = `mount -t tmpfs -o size=${megabytes}m tmpfs ${disk} && ${node}`;
        const command = [process.execPath, program, name, disk, moment];
        const { stdout, stderr } = spawnSync("unshare", [...(namespace ?? []), "sh", "-c", script, ...command]);
        return `${stdout.toString()}${stderr.toString()}`;
    }

    it("is refused where there is not enough room to begin with", () => {
        assert.equal(
            start(20, "never"),
            `The disk is full: the file system of ${disk} has 20 MB left, and a sandbox needs 300 MB there. ` +
                "Free some space, or choose another folder with --directory.\n",
        );
        assert.equal(readState(name), undefined);
    });

    for (const moment of ["Starting the AWS API", "Starting the API server"]) {
        it(`says so, and leaves nothing, when it becomes full while "${moment}"`, () => {
            const output = start(320, moment);
            assert.match(output, /^The sandbox did not start\. /);
            // A program that ends may release its own room before the start is given up.
            const note =
                /\nThe disk is full: the file system of (.*) has \d+ MB left, and a sandbox needs 300 MB there\.\n$/;
            assert.equal(note.exec(output)?.[1], disk, output);
            assert.equal(left(), "");
            assert.equal(readState(name), undefined);
        });
    }
});
