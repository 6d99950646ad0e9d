import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { match, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { mock } from "node:test";
import { enginePort, leaveNote, readNote } from "../../../../handover/engine/runNotes";
import { inOwnTmpdir } from "../../support/ownTmpdir";

const MANAGER = "eks-cni/network/production/cni";
const HOUR = 3600 * 1000;
const NOTE = JSON.stringify({ startedBy: process.ppid, turningOff: "annotated" });

describe("A note of the program for the live checks of the same run", () => {
    let own: string;
    let notes: string;
    inOwnTmpdir((directory) => {
        own = directory;
        notes = join(own, `eks-cni-${String(process.getuid?.() ?? "notes")}`);
    });

    it("is read by the providers of the same engine", () => {
        leaveNote(MANAGER, "41234", "annotated");
        strictEqual(readNote(MANAGER, "41234"), "annotated");
    });

    it("does not count in the run of another engine, as after a kill", () => {
        leaveNote(MANAGER, "41234", "annotated");
        strictEqual(readNote(MANAGER, "41235"), undefined);
        strictEqual(readNote(MANAGER, undefined), undefined);
    });

    it("is one of each component", () => {
        leaveNote(MANAGER, "41234", "annotated");
        strictEqual(readNote("eks-cni/network/production/other", "41234"), undefined);
        leaveNote("eks-cni/network/production/other", "41234", "registered");
        strictEqual(readNote("eks-cni/network/production/other", "41234"), "registered");
        strictEqual(readNote(MANAGER, "41234"), "annotated");
    });

    it("says that this update annotated, although the program registers the component later", () => {
        leaveNote(MANAGER, "41234", "annotated");
        leaveNote(MANAGER, "41234", "registered");
        strictEqual(readNote(MANAGER, "41234"), "annotated");
    });

    it("stays while a stack of the same names runs at the same time, with another backend", () => {
        leaveNote(MANAGER, "41234", "annotated");
        leaveNote(MANAGER, "41235", "registered");
        strictEqual(readNote(MANAGER, "41234"), "annotated");
        strictEqual(readNote(MANAGER, "41235"), "registered");
    });

    it("says that this update annotates, also after the registration", () => {
        leaveNote(MANAGER, "41234", "registered");
        leaveNote(MANAGER, "41234", "annotated");
        strictEqual(readNote(MANAGER, "41234"), "annotated");
        strictEqual(readdirSync(notes).length, 1);
    });

    it("is removed by a later run once it is old, so that notes do not pile up", () => {
        leaveNote(MANAGER, "41234", "annotated");
        const [old = ""] = readdirSync(notes);
        const seconds = (age: number) => (Date.now() - age) / 1000;
        utimesSync(join(notes, old), seconds(12 * HOUR - 60_000), seconds(12 * HOUR - 60_000));
        leaveNote(MANAGER, "41235", "annotated");
        strictEqual(readdirSync(notes).length, 2);
        utimesSync(join(notes, old), seconds(12 * HOUR), seconds(12 * HOUR));
        leaveNote(MANAGER, "41235", "annotated");
        strictEqual(readdirSync(notes).includes(old), false);
        strictEqual(readdirSync(notes).length, 1);
    });

    it("does not count for longer than a run may take, since a later engine may get the same port", () => {
        leaveNote(MANAGER, "41234", "annotated");
        strictEqual(readNote(MANAGER, "41234", Date.now() + 11 * HOUR), "annotated");
        const [file = ""] = readdirSync(notes);
        const left = 1_800_000_000_000;
        utimesSync(join(notes, file), left / 1000, left / 1000);
        strictEqual(readNote(MANAGER, "41234", left + 12 * HOUR - 1), "annotated");
        strictEqual(readNote(MANAGER, "41234", left + 12 * HOUR), undefined);
    });

    it("does not count once the process that started its program has ended, since a later engine may get the same port", () => {
        leaveNote(MANAGER, "41234", "annotated");
        const [file = ""] = readdirSync(notes);
        const { startedBy } = JSON.parse(readFileSync(join(notes, file), "utf8")) as { startedBy: number };
        strictEqual(startedBy, process.ppid);
        const { pid: ended } = spawnSync(process.execPath, ["-e", ""]);
        writeFileSync(join(notes, file), JSON.stringify({ startedBy: ended, turningOff: "annotated" }));
        strictEqual(readNote(MANAGER, "41234"), undefined);
        leaveNote(MANAGER, "41234", "registered");
        strictEqual(readNote(MANAGER, "41234"), "registered");
    });

    it("counts while another user's process has started the program", () => {
        leaveNote(MANAGER, "41234", "annotated");
        const refuse = (code: string) => () => {
            throw Object.assign(new Error(code), { code });
        };
        const kill = mock.method(process, "kill", refuse("EPERM"));
        try {
            strictEqual(readNote(MANAGER, "41234"), "annotated");
            kill.mock.mockImplementation(refuse("ESRCH"));
            strictEqual(readNote(MANAGER, "41234"), undefined);
        } finally {
            kill.mock.restore();
        }
    });

    it("is not there before the first one", () => {
        strictEqual(readNote(MANAGER, "41234"), undefined);
    });

    it("does not count if its writer was killed", () => {
        leaveNote(MANAGER, "41234", "annotated");
        const [file = ""] = readdirSync(notes);
        for (const text of ["", "{", JSON.stringify({ startedBy: process.ppid }), "null"]) {
            writeFileSync(join(notes, file), text);
            strictEqual(readNote(MANAGER, "41234"), undefined, text);
        }
    });

    it("has a file name that every file system takes", () => {
        leaveNote(
            "eks-cni/network/production/a component with a long name: and with characters of all kinds",
            "1",
            "annotated",
        );
        const [file = ""] = readdirSync(notes);
        match(file, /^[0-9a-f]{32}-\d+\.json$/);
    });

    describe("knows its user", () => {
        const { getuid } = process;
        const setUser = (value: (() => number) | undefined) => Object.assign(process, { getuid: value });
        afterEach(() => setUser(getuid));

        it("by the owner of the directory, and is neither left nor read in another user's", () => {
            setUser(() => 4_000_000);
            throws(() => leaveNote(MANAGER, "41234", "annotated"), /eks-cni-4000000 belongs to another user\./);
            setUser(getuid);
            leaveNote(MANAGER, "41234", "annotated");
            const [file = ""] = readdirSync(notes);
            writeFileSync(join(own, "eks-cni-4000000", file), NOTE);
            setUser(() => 4_000_000);
            strictEqual(readNote(MANAGER, "41234"), undefined);
        });

        it("not on Windows, where each user has a directory for temporary files", () => {
            setUser(undefined);
            leaveNote(MANAGER, "41234", "annotated");
            strictEqual(readNote(MANAGER, "41234"), "annotated");
            strictEqual(readdirSync(own).join(), "eks-cni-notes");
        });
    });

    it("is not left without an engine", () => {
        leaveNote(MANAGER, undefined, "annotated");
        strictEqual(readdirSync(own).length, 0);
    });

    it("is for its user alone", () => {
        leaveNote(MANAGER, "41234", "annotated");
        const [file = ""] = readdirSync(notes);
        strictEqual(statSync(notes).mode & 0o777, 0o700);
        strictEqual(statSync(join(notes, file)).mode & 0o777, 0o600);
    });

    it("is neither left nor read where the directory is a link that another user may have made", () => {
        const elsewhere = join(own, "elsewhere");
        mkdirSync(elsewhere);
        symlinkSync(elsewhere, notes);
        throws(() => leaveNote(MANAGER, "41234", "annotated"), /belongs to another user\. Set TMPDIR to a directory/);
        strictEqual(readdirSync(elsewhere).length, 0);
    });

    it("is not read through such a link", async () => {
        leaveNote(MANAGER, "41234", "annotated");
        const elsewhere = join(own, "elsewhere");
        const [file = ""] = readdirSync(notes);
        mkdirSync(elsewhere);
        writeFileSync(join(elsewhere, file), NOTE);
        await rm(notes, { recursive: true });
        symlinkSync(elsewhere, notes);
        strictEqual(readNote(MANAGER, "41234"), undefined);
    });
});

describe("The port of the engine", () => {
    const rows: [string, string[], string | undefined][] = [
        ["is in the address that a dynamic provider gets", ["node", "/x/index.js", "127.0.0.1:41234"], "41234"],
        ["is in the address that a program has", ["dns:127.0.0.1:41234"], "41234"],
        ["is in an address of IPv6", ["[::1]:41234"], "41234"],
        ["is in the last address", ["127.0.0.1:1", "127.0.0.1:41234"], "41234"],
        [
            "is not in other arguments",
            ["C:\\node:12", "/opt/a:12", "--tracing=http:12", "-v=9", "12", "a:12b"],
            undefined,
        ],
        ["is unknown without arguments", [], undefined],
    ];
    for (const [what, addresses, port] of rows) {
        it(what, () => strictEqual(enginePort(addresses), port));
    }
});
