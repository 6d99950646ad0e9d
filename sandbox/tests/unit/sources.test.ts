import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { collect, collectFrom } from "../../sources/collect";
import { type Entry, listProblems } from "../../sources/entries";

const root = join(__dirname, "../..");

describe("the sources that the sandbox names", () => {
    const list = JSON.parse(readFileSync(join(root, "sources/list.json"), "utf8")) as Entry[];
    const { cited, problems } = collect(root);

    it("are complete: each has a repository and a path", () => {
        assert.deepEqual(problems, []);
    });

    it("are those of sources/list.json, each found or inferred", () => {
        assert.deepEqual(listProblems(cited, list), []);
    });
});

describe("the check of the list of sources", () => {
    const { cited } = collectFrom(
        "cluster/example.ts",
        "// kwok pkg/kwok/cmd/root.go, NewCommand and runE; https://a.example/page\nexport {};",
    );
    const file = { repository: "kubernetes-sigs/kwok", path: "pkg/kwok/cmd/root.go" };
    const found = { commit: "0123456789ab", date: "2026-01-02" };
    const page = { page: "https://a.example/page" };

    const cases: readonly { what: string; list: readonly Entry[]; problems: readonly string[] }[] = [
        {
            what: "nothing in a list that fits",
            list: [{ ...file, identifiers: ["NewCommand", "runE"], ...found }, page],
            problems: [],
        },
        {
            what: "nothing in a list with an inferred part",
            list: [
                { ...file, identifiers: ["NewCommand"], ...found },
                { ...file, identifiers: ["runE"], inferred: "generated code" },
                page,
            ],
            problems: [],
        },
        {
            what: "a file and a page without an entry",
            list: [],
            problems: [
                "cluster/example.ts:1: no entry for kubernetes-sigs/kwok pkg/kwok/cmd/root.go",
                "no entry for https://a.example/page",
            ],
        },
        {
            what: "an identifier without an entry",
            list: [{ ...file, identifiers: ["NewCommand"], ...found }, page],
            problems: ["cluster/example.ts:1: no entry for kubernetes-sigs/kwok pkg/kwok/cmd/root.go, runE"],
        },
        {
            what: "files, identifiers and pages to which nothing refers",
            list: [
                { ...file, identifiers: ["NewCommand", "gone", "runE"], ...found },
                { ...file, path: "gone.go", identifiers: [], ...found },
                page,
                { page: "https://b.example/gone" },
            ],
            problems: [
                "stale: kubernetes-sigs/kwok pkg/kwok/cmd/root.go, gone",
                "stale: kubernetes-sigs/kwok gone.go",
                "stale: https://b.example/gone",
            ],
        },
        {
            what: "what was neither found nor inferred",
            list: [{ ...file, identifiers: ["NewCommand"], ...found }, { ...file, identifiers: ["runE"] }, page],
            problems: ["neither found nor inferred: kubernetes-sigs/kwok pkg/kwok/cmd/root.go, runE"],
        },
    ];
    for (const { what, list, problems } of cases) {
        it(`finds ${what}`, () => {
            assert.deepEqual(listProblems(cited, list), problems);
        });
    }
});
