import * as semver from "semver";
import { type PackageSchema, schemaVersionProblems } from "./schemaChanges";

/** The inputs of the checks of a release. facts.ts reads them. */
export interface Facts {
    /** Of package.json. */
    readonly version: string;
    /** The version in every other file that contains it, by path. */
    readonly otherVersions: Readonly<Record<string, string | undefined>>;
    /** All tags of the repository. */
    readonly tags: readonly string[];
    /** Lines of `git status --porcelain`. */
    readonly uncommitted: readonly string[];
    /** `released` is the schema of the last release, with which the next one is compared. */
    readonly schema: { readonly committed: string; readonly made: string; readonly released: string };
    readonly changelog: string;
    /** The findings of the package checkers, and the files in the tarball. */
    readonly tarball: { readonly findings: readonly string[]; readonly files: readonly string[] };
}

export interface Check {
    readonly name: "version" | "tag" | "schema" | "changelog" | "tarball";
    /** Each says what is wrong and what to do. Empty if the check passed. */
    readonly problems: readonly string[];
}

export function tagOf(version: string): string {
    return `v${version}`;
}

/** The newest version first. */
function releasedVersions(tags: readonly string[]): string[] {
    return tags.filter((tag) => semver.valid(tag) !== null).sort(semver.rcompare);
}

/** Runs all checks, even after a failure, so that one run reports every problem. */
export function checks(facts: Facts): Check[] {
    return [
        { name: "version", problems: versionProblems(facts) },
        { name: "tag", problems: tagProblems(facts) },
        { name: "schema", problems: schemaProblems(facts) },
        { name: "changelog", problems: changelogProblems(facts) },
        { name: "tarball", problems: tarballProblems(facts) },
    ];
}

function versionProblems({ version, otherVersions }: Facts): string[] {
    const others = Object.entries(otherVersions).filter(([, other]) => other !== version);
    return [
        ...(semver.valid(version) === version ? [] : [`${version} in package.json is not a version: write X.Y.Z`]),
        ...others.map(
            ([file, other]) =>
                `${file} has ${other ?? "no version"}, package.json has ${version}: set the same version`,
        ),
    ];
}

function tagProblems({ version, tags, uncommitted }: Facts): string[] {
    const [latest] = releasedVersions(tags);
    const isNewer = latest === undefined || (semver.valid(version) !== null && semver.gt(version, latest));
    return [
        ...(tags.includes(tagOf(version)) ? [`the tag ${tagOf(version)} already exists: raise the version`] : []),
        ...(isNewer || latest === tagOf(version)
            ? []
            : [`${version} does not come after ${latest}: raise the version`]),
        ...(uncommitted.length === 0 ? [] : [`uncommitted changes: commit them first\n${uncommitted.join("\n")}`]),
    ];
}

function schemaProblems({ version, schema: { committed, made, released }, tags }: Facts): string[] {
    const [before, after] = [schemaIn(released), schemaIn(committed)];
    const latest = releasedVersions(tags).find((tag) => semver.valid(version) !== null && semver.lt(tag, version));
    return [
        ...(committed === made ? [] : ["plugin/schema.json is out of date: npm run schema"]),
        ...(latest === undefined || latest === tagOf(before.version)
            ? []
            : [
                  `release/released-schema.json is that of ${before.version}, and ${latest} was released: git show ${latest}:plugin/schema.json > release/released-schema.json`,
              ]),
        ...schemaVersionProblems(before, after).map((problem) => `${problem}: raise the version, or revert it`),
    ];
}

function schemaIn(text: string): PackageSchema {
    return JSON.parse(text) as PackageSchema;
}

/** The format: https://keepachangelog.com/en/1.1.0/ */
function changelogProblems({ version, changelog }: Facts): string[] {
    const sections = changelog.split(/^## /m).slice(1);
    const section = (name: string) => sections.find((text) => text.startsWith(`[${name}]`));
    const [own, unreleased] = [section(version), section("Unreleased")];
    return [
        ...(own === undefined
            ? [
                  `CHANGELOG.md has no section for ${version}: move the entries under [Unreleased] to a section [${version}] - YYYY-MM-DD`,
              ]
            : /^\[[^\]]+\] - \d{4}-\d{2}-\d{2}$/m.test(own)
              ? []
              : [`the section [${version}] of CHANGELOG.md has no date: write [${version}] - YYYY-MM-DD`]),
        ...(own !== undefined && !/^- /m.test(own) ? [`the section [${version}] of CHANGELOG.md is empty`] : []),
        ...(unreleased === undefined ? ["CHANGELOG.md has no section [Unreleased]: put an empty one on top"] : []),
        ...(own !== undefined && /^- /m.test(unreleased ?? "")
            ? [`CHANGELOG.md has changes under [Unreleased]: move them to [${version}]`]
            : []),
    ];
}

const NEEDED = [
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
const UNWANTED = /^(?:sandbox|tests|release|reports)\/|(?:^|\/)node_modules\/|\.tgz$|(?:^|\/)\.env/;

function tarballProblems({ tarball: { findings, files } }: Facts): string[] {
    return [
        ...findings,
        ...NEEDED.filter((file) => !files.includes(file)).map((file) => `the tarball lacks ${file}`),
        ...files.filter((file) => UNWANTED.test(file)).map((file) => `the tarball holds ${file}: see release/stage.ts`),
    ];
}
