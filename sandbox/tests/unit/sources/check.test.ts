import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { check } from "../../../sources/check";
import { collectFrom } from "../../../sources/collect";
import { copyOf } from "../../../sources/copies";
import type { Entry } from "../../../sources/entries";

const date = "2026-01-02";
const path = "pkg/kwok/cmd/root.go";
const kwok = { repository: "kubernetes-sigs/kwok", path };
const files = { [path]: "package cmd\n\nfunc (c *Command) Run() {}\nfunc NewCommand() {}\n" };

function write(folder: string, content: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(content)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
    }
}

describe("the look-up of sources in copies of the repositories", () => {
    let copies: string;
    let folder: string;
    const git = (...args: string[]) =>
        execFileSync("git", ["-C", folder, "-c", "user.name=test", "-c", "user.email=test@a.example", ...args], {
            encoding: "utf8",
        }).trim();
    const commitAll = (): string => {
        git("init", "--quiet");
        git("add", ".");
        git("commit", "--quiet", "--no-gpg-sign", "--message", "all");
        return git("rev-parse", "HEAD").slice(0, 12);
    };
    const checkText = (text: string, former: readonly Entry[] = []) => {
        const { cited } = collectFrom("cluster/example.ts", `// ${text}`);
        return check(cited, former, (repository) => copyOf(copies, repository), date);
    };

    beforeEach(() => {
        copies = mkdtempSync(join(tmpdir(), "eks-cni-sources-"));
        folder = join(copies, "kubernetes-sigs+kwok");
        mkdirSync(folder);
    });
    afterEach(() => rmSync(copies, { recursive: true }));

    it("finds a file and its identifiers in a work tree, at its commit", () => {
        write(folder, files);
        const commit = commitAll();
        write(folder, { [path]: "changed since" });
        const { list, found, notFound } = checkText(`kwok ${path}, NewCommand and Command.Run`);
        const entry = { ...kwok, identifiers: ["Command.Run", "NewCommand"], commit, date };
        assert.deepEqual({ list, found, notFound }, { list: [entry], found: [entry], notFound: [] });
    });

    it("finds them in a bare repository", () => {
        write(folder, files);
        const commit = commitAll();
        cpSync(join(folder, ".git"), join(copies, "bare"), { recursive: true });
        rmSync(folder, { recursive: true });
        cpSync(join(copies, "bare"), folder, { recursive: true });
        assert.deepEqual(checkText(`kwok ${path}, NewCommand`).list, [
            { ...kwok, identifiers: ["NewCommand"], commit, date },
        ]);
    });

    it("finds them in a plain folder, at the commits and with the notes of its file COMMIT", () => {
        write(folder, {
            ...files,
            "other.go": "package other\n",
            COMMIT: "0123456789abcdef .\nunknown other.go an extract\n",
        });
        assert.deepEqual(checkText(`kwok ${path}, NewCommand; kwok other.go`).list, [
            { ...kwok, path: "other.go", identifiers: [], commit: "unknown", date, sourceNote: "an extract" },
            { ...kwok, identifiers: ["NewCommand"], commit: "0123456789ab", date },
        ]);
        rmSync(join(folder, "COMMIT"));
        assert.deepEqual(checkText(`kwok other.go`).list, [
            { ...kwok, path: "other.go", identifiers: [], commit: "unknown", date },
        ]);
    });

    it("finds a folder", () => {
        write(folder, files);
        const commit = commitAll();
        assert.deepEqual(checkText("https://github.com/kubernetes-sigs/kwok/tree/main/pkg/kwok").list, [
            { ...kwok, path: "pkg/kwok", identifiers: [], commit, date },
        ]);
    });

    it("does not find a part of a word, nor a missing file, and says where they are cited", () => {
        write(folder, files);
        const commit = commitAll();
        const { list, notFound } = checkText(`kwok ${path}, NewCommand and newCommand; kwok pkg/gone.go, NewCommand`);
        const at = ["cluster/example.ts:1"];
        assert.deepEqual(notFound, [
            { ...kwok, path: "pkg/gone.go", at },
            { ...kwok, identifier: "newCommand", at },
        ]);
        assert.deepEqual(list, [
            { ...kwok, path: "pkg/gone.go", identifiers: ["NewCommand"] },
            { ...kwok, identifiers: ["NewCommand"], commit, date },
            { ...kwok, identifiers: ["newCommand"] },
        ]);
        assert.deepEqual(
            checkText(`kwok ${path}, Com and NewCommands`).notFound.map(({ identifier }) => identifier),
            ["Com", "NewCommands"],
        );
    });

    it("keeps the entries of a repository without a copy, as far as they are cited", () => {
        rmSync(folder, { recursive: true });
        const former = [{ ...kwok, identifiers: ["NewCommand", "gone"], commit: "0123456789ab", date: "2025-01-02" }];
        const { list, noCopy, notFound } = checkText(`kwok ${path}, NewCommand`, former);
        assert.deepEqual(list, [{ ...former[0], identifiers: ["NewCommand"] }]);
        assert.deepEqual(
            noCopy.map((file) => file.path),
            [path],
        );
        assert.deepEqual(notFound, []);
    });

    it("keeps what is inferred, and looks up the rest of the file", () => {
        write(folder, files);
        const commit = commitAll();
        const guess = { ...kwok, identifiers: ["guessed"], inferred: "generated code" };
        const { list, inferred } = checkText(`kwok ${path}, NewCommand and isGuessed`, [
            { ...guess, identifiers: ["isGuessed", "gone"] },
        ]);
        assert.deepEqual(inferred, [{ ...guess, identifiers: ["isGuessed"] }]);
        assert.deepEqual(list, [
            { ...kwok, identifiers: ["NewCommand"], commit, date },
            { ...guess, identifiers: ["isGuessed"] },
        ]);
    });

    it("lists pages, and looks none up", () => {
        assert.deepEqual(checkText("https://a.example/b and https://a.example/a, https://a.example/b").list, [
            { page: "https://a.example/a" },
            { page: "https://a.example/b" },
        ]);
    });
});
