import { Rule } from "./rule";

const KEY = { expected: "a key of 1 to 128 letters, digits, spaces and _ . : / = + - @", fix: "rename the tag" };
const VALUE = {
    expected: "a value of at most 256 letters, digits, spaces and _ . : / = + - @",
    fix: "change the value",
};
const long = "k".repeat(129);

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html */
export const tagRules: Rule[] = [
    {
        argument: "tags",
        expected: "an object of keys and values",
        fix: 'write { team: "network" }',
        accepted: [
            ["none", {}],
            ["one", { team: "network" }],
        ],
        refused: [
            ["a string", "team=network", '"team=network"'],
            ["a list", ["team"], '["team"]'],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "tags",
        expected: "at most 50 tags",
        fix: "remove some; default tags count too",
        accepted: [["50 tags", numbered(50)]],
        refused: [["51 tags", numbered(51), "51 tags"]],
    },
    ...(["aws:x", "AWS:x"] as const).map((key) => ({
        argument: "tags",
        path: `tags["${key}"]`,
        expected: "a key that does not start with aws:",
        fix: "rename the tag",
        accepted: [
            ["aws without a colon", { awsx: "1" }],
            ["aws: not at the beginning", { "x-aws:x": "1" }],
        ] as [string, unknown][],
        refused: [[`a key that starts with ${key.slice(0, 4)}`, { [key]: "1" }, `"${key}"`]] as [
            string,
            unknown,
            string,
        ][],
    })),
    {
        argument: "tags",
        path: 'tags[""]',
        ...KEY,
        accepted: [
            ["a key of 1 character", { k: "1" }],
            ["a key of 128 characters", { ["k".repeat(128)]: "1" }],
            ["a key with every sign", { "é 1_.:/=+-@": "1" }],
        ],
        refused: [["a key of 0 characters", { "": "1" }, '""']],
    },
    {
        argument: "tags",
        path: `tags["${long}"]`,
        ...KEY,
        accepted: [],
        refused: [["a key of 129 characters", { [long]: "1" }, `"${"k".repeat(119)}… (131 characters)`]],
    },
    ...["a*", "a#b", "a\tb", "a,b", "😀"].map((key) => ({
        argument: "tags",
        path: `tags[${JSON.stringify(key)}]`,
        ...KEY,
        accepted: [],
        refused: [[`the key ${JSON.stringify(key)}`, { [key]: "1" }, JSON.stringify(key)]] as [
            string,
            unknown,
            string,
        ][],
    })),
    {
        argument: "tags",
        path: 'tags["k"]',
        ...VALUE,
        accepted: [
            ["a value of 0 characters", { k: "" }],
            ["a value of 256 characters", { k: "v".repeat(256) }],
            ["a value with every sign", { k: "日本 1_.:/=+-@" }],
        ],
        refused: [
            ["a value of 257 characters", { k: "v".repeat(257) }, `"${"v".repeat(119)}… (259 characters)`],
            ["a value with another sign", { k: "a*" }, '"a*"'],
            ["a value with a line break", { k: "a\n" }, '"a\\n"'],
            ["a number as value", { k: 1 }, "1"],
            ["an object as value", { k: {} }, "{}"],
        ],
    },
    {
        argument: "tags",
        path: 'tags["team"]',
        expected: "keys that differ by more than case",
        fix: "keep one of them",
        accepted: [["keys that differ by a letter", { Team: "1", Teams: "2" }]],
        refused: [["keys that differ by case", { Team: "1", other: "2", team: "3" }, '["Team","team"]']],
    },
];

function numbered(count: number): Record<string, string> {
    return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${String(i)}`, "v"]));
}
