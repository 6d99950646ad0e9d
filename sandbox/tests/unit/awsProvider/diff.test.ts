import { deepStrictEqual, equal } from "node:assert/strict";
import { Diff, diff } from "../../../awsProvider/bridge/diff";
import { importInputs, refreshInputs } from "../../../awsProvider/bridge/inputs";
import { block, blocks, boolean, map, output, Schema, string, strings } from "../../../awsProvider/bridge/schema";
import { UNKNOWN, ValueMap } from "../../../awsProvider/bridge/values";

const schema: Schema = {
    arn: output(),
    blocks: blocks("set", { key: string(), value: string() }),
    force: boolean({ default: false }),
    list: strings("list"),
    name: string({ forceNew: true, computed: true, autoName: { maxLength: 64 } }),
    nested: block({ family: string({ forceNew: true, computed: true }), size: string() }, { computed: true }),
    note: string(),
    path: string({ default: "/", forceNew: true }),
    set: strings("set"),
    tags: map(),
};

const state: ValueMap = {
    arn: "arn",
    blocks: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
    ],
    force: false,
    list: ["a", "b"],
    name: "cni",
    nested: { family: "ipv4", size: "small" },
    note: "",
    path: "/",
    set: ["a", "b"],
    tags: { Name: "cni" },
};

function changesTo(news: ValueMap, ignoreChanges: string[] = []): Record<string, string> {
    return Object.fromEntries([...compare(news, ignoreChanges).changes].map(([path, { kind }]) => [path, kind]));
}

function compare(news: ValueMap, ignoreChanges: string[] = [], alwaysDeleteBeforeReplace = false): Diff {
    return diff(schema, { olds: state, news: { ...state, ...news }, ignoreChanges, alwaysDeleteBeforeReplace });
}

describe("a diff", () => {
    const cases: readonly [title: string, news: ValueMap, changes: Record<string, string>][] = [
        ["nothing in equal inputs", {}, {}],
        ["nothing in another order of a set", { set: ["b", "a"] }, {}],
        [
            "nothing in another order of a set of blocks",
            {
                blocks: [
                    { key: "b", value: "2" },
                    { key: "a", value: "1" },
                ],
            },
            {},
        ],
        ["a change in another order of a list", { list: ["b", "a"] }, { list: "update" }],
        [
            "a change inside a block of a set",
            {
                blocks: [
                    { key: "a", value: "1" },
                    { key: "b", value: "3" },
                ],
            },
            { blocks: "update" },
        ],
        [
            "a change where it is, inside an object",
            { nested: { family: "ipv4", size: "big" } },
            { "nested.size": "update" },
        ],
        ["each tag for itself", { tags: { Name: "other", more: "1" } }, { "tags.Name": "update", "tags.more": "add" }],
        ["a tag whose key is no name", { tags: { Name: "cni", "a/b": "1" } }, { 'tags["a/b"]': "add" }],
        ["an empty text where there was none before as nothing", { note: "" }, {}],
        ["a new text", { note: "new" }, { note: "update" }],
        ["an unknown value as a change", { note: UNKNOWN, set: ["a", UNKNOWN] }, { note: "update", set: "update" }],
    ];
    for (const [title, news, changes] of cases) {
        it(`sees ${title}`, () => deepStrictEqual(changesTo(news), changes));
    }

    it("sees a value that is left out as deleted, unless AWS decides it or it has a default", () => {
        const news = { blocks: [], list: [], set: [] };
        const { changes } = diff(schema, { olds: state, news, ignoreChanges: [], alwaysDeleteBeforeReplace: false });
        const kinds = [...changes].map(([path, { kind }]) => `${path} ${kind}`);
        deepStrictEqual(kinds, ["blocks update", "list update", "set update", "tags delete"]);
    });

    it("replaces for a change inside an object that forces it, also for an unknown one", () => {
        deepStrictEqual(compare({ nested: { family: "ipv6", size: "small" } }).replaces, ["nested.family"]);
        deepStrictEqual(compare({ nested: { family: UNKNOWN, size: "small" } }).replaces, ["nested.family"]);
        deepStrictEqual(compare({ nested: { size: "small" } }).replaces, []);
    });

    it("leaves out what is ignored, whole or in part", () => {
        const news = { note: "new", tags: { Name: "other", more: "1" } };
        deepStrictEqual(changesTo(news, ["tags"]), { note: "update" });
        deepStrictEqual(changesTo(news, ["tags.more", "note"]), { "tags.Name": "update" });
    });

    it("wants delete before replace for a fixed name, for a type that says so, and only for a replacement", () => {
        const fixed = { path: "/a/", __defaults: [] };
        equal(compare(fixed).deleteBeforeReplace, true);
        equal(compare({ path: "/a/", __defaults: ["name"] }).deleteBeforeReplace, false);
        equal(compare({ path: "/a/", __defaults: ["name"] }, [], true).deleteBeforeReplace, true);
        equal(compare({ note: "new", __defaults: [] }, [], true).deleteBeforeReplace, false);
    });
});

describe("inputs from a state", () => {
    it("after a refresh are those that were set, and a default that no longer holds is none any more", () => {
        const before = { name: "cni-1234567", note: "old", path: "/", __defaults: ["name", "path"] };
        const after = { ...state, name: "cni-1234567", note: "new", path: "/moved/" };
        deepStrictEqual(refreshInputs(before, after, schema), {
            name: "cni-1234567",
            note: "new",
            path: "/moved/",
            __defaults: ["name"],
        });
    });

    it("after an import are those that are neither outputs nor at their default or zero value", () => {
        deepStrictEqual(importInputs(state, schema), {
            blocks: [
                { key: "a", value: "1", __defaults: [] },
                { key: "b", value: "2", __defaults: [] },
            ],
            list: ["a", "b"],
            name: "cni",
            nested: { family: "ipv4", size: "small", __defaults: [] },
            set: ["a", "b"],
            tags: { Name: "cni" },
            __defaults: [],
        });
    });
});
