import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { contractRows, problemsOf, testFiles, titlesOf } from "./contractTables";

const root = join(__dirname, "../..");

/** Behaviours that each table must cover; the cell of the behaviour contains these words. */
const required: Readonly<Record<string, readonly string[]>> = {
    aws: [
        "grammar",
        "sizes",
        "names",
        "path",
        "10 managed policies",
        "DeleteConflict",
        "attaching twice",
        "detaching a policy that is not attached",
        "5 versions",
        "default version",
        "visible",
        "enforced",
        "throttling",
        "clock",
        "expired",
        "signing key",
        "session name",
        "role chaining",
        "role that is deleted during a session",
        "policy that is detached during a session",
        "request id",
        "URL-encoded",
    ],
    identityWebhook: ["five variables", "skip-containers", "late", "down", "slow", "wrong certificate", "Pod Identity"],
    "cluster/podIdentity": ["cache", "renewal", "restarted agent", "node role", "no agent", "restarted container"],
    awsProvider: [
        "create",
        "no-op",
        "in place",
        "replace",
        "drift",
        "import",
        "delete",
        "unknown inputs",
        "secret",
        "default tags",
        "names are",
        "refused by name",
    ],
};

describe("the contract tables of the stand-ins", () => {
    for (const [part, behaviours] of Object.entries(required)) {
        const rows = contractRows(readFileSync(join(root, part, "README.md"), "utf8"));

        it(`of ${part} name a source and tests that exist for each behaviour`, () => {
            const folders = [join(root, "tests/contract", part), join(root, "tests/unit", part)];
            const titles = new Set(testFiles(...folders).flatMap((file) => titlesOf(file)));
            assert.deepEqual(problemsOf(rows, titles), []);
        });

        it(`of ${part} speak of every behaviour that they have to`, () => {
            const missing = behaviours.filter((words) => !rows.some(({ behaviour }) => behaviour.includes(words)));
            assert.deepEqual(missing, []);
        });
    }
});

describe("the check of contract tables", () => {
    const table = (source: string, test: string) =>
        contractRows(`| behaviour | source | test |\n| --- | --- | --- |\n| it works | ${source} | ${test} |\n`);
    const titles = new Set(["works"]);

    it("finds a test that does not exist", () => {
        assert.deepEqual(problemsOf(table("[docs](https://a.example)", "`works`; `breaks`"), titles), [
            'it works: there is no test "breaks"',
        ]);
    });

    it("finds a row without a test, unless it says that the behaviour is not offered", () => {
        assert.deepEqual(problemsOf(table("`a.go`", "works"), titles), ["it works: no test"]);
        assert.deepEqual(problemsOf(table("`a.go`", "not offered yet"), titles), []);
    });

    it("finds a row without a source, unless it says that none is known", () => {
        assert.deepEqual(problemsOf(table("everybody knows", "`works`"), titles), ["it works: no source"]);
        assert.deepEqual(problemsOf(table("not known from a source", "`works`"), titles), []);
    });

    it("reads titles with those of their groups, and a part that is made at run time as …", () => {
        const text = [
            'describe("a role", () => {',
            '    describe("deleted", () => {',
            "        it(`ends ${what} at once`, () => undefined);",
            "        it(name, () => undefined);",
            "    });",
            "});",
        ].join("\n");
        assert.deepEqual(titlesOf("some.test.ts", text), [
            "a role deleted ends … at once",
            "deleted ends … at once",
            "ends … at once",
            "a role deleted …",
            "deleted …",
        ]);
    });
});
