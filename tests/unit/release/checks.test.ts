import { deepStrictEqual } from "assert";
import { checks, type Facts } from "../../../release/checks";

const CHANGELOG = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-30

### Added

- Something.

## [0.1.0] - 2026-11-01

- The first.
`;
const FILES = [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "THIRD-PARTY-NOTICES.txt",
    "PulumiPlugin.yaml",
    "bin/pulumi-resource-eks-cni",
    "bin/pulumi-resource-eks-cni.cmd",
    "docs/installation-configuration.md",
    "plugin/schema.json",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/plugin/index.js",
    "dist/handover/index.js",
    "dist/policies/index.js",
];
function schemaOf(version: string, ...names: string[]): string {
    const inputProperties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    const component = { inputProperties, requiredInputs: [], properties: {}, required: [] };
    return JSON.stringify({ version, resources: { "eks-cni:index:C": component }, types: {} });
}
const SCHEMA = schemaOf("0.2.0", "a", "b");
const READY: Facts = {
    version: "0.2.0",
    otherVersions: { "package-lock.json": "0.2.0", "policies/PulumiPolicy.yaml": "0.2.0" },
    tags: ["v0.1.0", "nightly"],
    uncommitted: [],
    schema: { committed: SCHEMA, made: SCHEMA, released: schemaOf("0.1.0", "a") },
    changelog: CHANGELOG,
    tarball: { findings: [], files: FILES },
};

/** The problems of each check that has some. */
function problems(change: Partial<Facts> = {}): Record<string, readonly string[]> {
    const found = checks({ ...READY, ...change }).filter((check) => check.problems.length > 0);
    return Object.fromEntries(found.map((check) => [check.name, check.problems]));
}

describe("the checks of a release", () => {
    it("pass when all is in order, in their order", () => {
        deepStrictEqual(problems(), {});
        deepStrictEqual(problems({ tags: [] }), {});
        deepStrictEqual(
            checks(READY).map(({ name }) => name),
            ["version", "tag", "schema", "changelog", "tarball"],
        );
    });

    it("name each file with another version, or with none", () => {
        deepStrictEqual(problems({ otherVersions: { "a.json": "0.1.0", "b.yaml": undefined, "c.json": "0.2.0" } }), {
            version: [
                "a.json has 0.1.0, package.json has 0.2.0: set the same version",
                "b.yaml has no version, package.json has 0.2.0: set the same version",
            ],
        });
    });

    it("refuse what is no version", () => {
        const { version } = problems({ version: "v1", otherVersions: {}, tags: [] });
        deepStrictEqual(version, ["v1 in package.json is not a version: write X.Y.Z"]);
    });

    it("refuse a tag that is there, and a version that does not come after the last", () => {
        deepStrictEqual(problems({ tags: ["v0.2.0"] }), {
            tag: ["the tag v0.2.0 already exists: raise the version"],
        });
        deepStrictEqual(problems({ tags: ["v0.9.0", "v0.10.0", "v0.1.0"] }), {
            tag: ["0.2.0 does not come after v0.10.0: raise the version"],
        });
    });

    it("refuse uncommitted changes, with their files", () => {
        deepStrictEqual(problems({ uncommitted: [" M index.ts", "?? new.ts"] }), {
            tag: ["uncommitted changes: commit them first\n M index.ts\n?? new.ts"],
        });
    });

    it("refuse a schema that is not that of the source", () => {
        deepStrictEqual(problems({ schema: { ...READY.schema, made: schemaOf("0.2.0", "a") } }), {
            schema: ["plugin/schema.json is out of date: npm run schema"],
        });
    });

    it("refuse a change of the schema that the version does not allow", () => {
        const released = schemaOf("0.1.9", "a", "c");
        const [committed, made] = [schemaOf("0.1.10", "a", "b"), schemaOf("0.1.10", "a", "b")];
        deepStrictEqual(problems({ tags: [], schema: { committed, made, released } }), {
            schema: [
                "addition since 0.1.9: eks-cni:index:C: the argument b is new: raise the version, or revert it",
                "breaking since 0.1.9: eks-cni:index:C: the argument c is gone: raise the version, or revert it",
            ],
        });
    });

    it("refuse to compare with another schema than that of the last release", () => {
        deepStrictEqual(problems({ tags: ["v0.1.0", "v0.1.1"] }), {
            schema: [
                "release/released-schema.json is that of 0.1.0, and v0.1.1 was released: git show v0.1.1:plugin/schema.json > release/released-schema.json",
            ],
        });
    });

    it("ask for the version's section in the changelog, with a date and changes, and none left under Unreleased", () => {
        const changed = (changelog: string) => problems({ changelog })["changelog"];
        deepStrictEqual(changed(CHANGELOG.replace("## [0.2.0] - 2026-11-30\n", "")), [
            "CHANGELOG.md has no section for 0.2.0: move the entries under [Unreleased] to a section [0.2.0] - YYYY-MM-DD",
        ]);
        deepStrictEqual(changed(CHANGELOG.replace(" - 2026-11-30", "")), [
            "the section [0.2.0] of CHANGELOG.md has no date: write [0.2.0] - YYYY-MM-DD",
        ]);
        deepStrictEqual(changed(CHANGELOG.replace("- Something.\n", "")), [
            "the section [0.2.0] of CHANGELOG.md is empty",
        ]);
        deepStrictEqual(changed(CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n")), [
            "CHANGELOG.md has changes under [Unreleased]: move them to [0.2.0]",
        ]);
        deepStrictEqual(changed(CHANGELOG.replace("## [Unreleased]\n\n", "")), [
            "CHANGELOG.md has no section [Unreleased]: put an empty one on top",
        ]);
    });

    it("refuse a tarball with something missing, something that does not belong there, or findings of the checkers", () => {
        const files = [...FILES.filter((file) => file !== "dist/index.js"), "tests/unit/x.test.ts", ".env"];
        deepStrictEqual(problems({ tarball: { findings: ["publint found something"], files } }), {
            tarball: [
                "publint found something",
                "the tarball lacks dist/index.js",
                "the tarball holds tests/unit/x.test.ts: see release/stage.ts",
                "the tarball holds .env: see release/stage.ts",
            ],
        });
    });
});
