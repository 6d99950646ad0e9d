import * as assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as semver from "semver";
import { buildKey, goModuleFolder, requirementsFile } from "../../../tools/cache";
import { changed } from "../../../tools/goBuild";
import { installed } from "../../../tools/installed";
import { allRecipes, executableOf, recipeOf } from "../../../tools/recipeOf";
import type { Recipe } from "../../../tools/recipes";
import { goVersionIn } from "../../../tools/versions";

/** The module whose version each recipe uses, and the form of that version in its go.mod. */
const pins: Record<string, string> = {
    pulumi: "github.com/pulumi/pulumi/pkg/v3 v3.248.0",
    "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3 v3.68.0",
    "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml v1.25.0",
    "pulumi-resource-kubernetes": "github.com/pulumi/pulumi-kubernetes/provider/v4 v4.0.0-20260115033456-f47bc2d6f199",
    "pulumi-resource-kubernetes-4.29":
        "github.com/pulumi/pulumi-kubernetes/provider/v4 v4.0.0-20260115033456-f47bc2d6f199",
    kubernetes: "k8s.io/kubernetes v1.34.4",
    etcd: "go.etcd.io/etcd/server/v3 v3.6.8",
    kwok: "sigs.k8s.io/kwok v0.7.0",
    "pulumi-language-go": "github.com/pulumi/pulumi/sdk/v3 v3.56.0",
    "pulumi-language-python": "github.com/pulumi/pulumi/sdk/v3 v3.68.0",
    "sdk-generator": "github.com/pulumi/pulumi/pkg/v3 v3.248.0",
};

const goRecipes = allRecipes.filter(({ source }) => source.kind === "go");

describe("The recipes of the sandbox's tools", () => {
    it("make each tool exactly once", () => {
        const tools = allRecipes.flatMap((recipe) => recipe.tools);
        assert.deepEqual([...tools].sort(), [...new Set(tools)].sort());
        assert.equal(tools.length, 16);
    });

    for (const recipe of allRecipes) {
        it(`name an exact version of ${recipe.name}`, () => {
            assert.equal(semver.valid(recipe.version), recipe.version);
        });
    }

    for (const recipe of goRecipes) {
        const folder = recipe.source.kind === "go" ? goModuleFolder(recipe.source.module) : "";

        it(`pin ${recipe.name} in its go.mod, with the checksums of all that it needs in go.sum`, () => {
            const goMod = readFileSync(join(folder, "go.mod"), "utf8");
            assert.ok(
                goMod.split(/\n\s*/).some((line) => line.replace("require ", "").startsWith(pins[recipe.name] ?? "?")),
            );
            assert.match(goVersionIn(goMod) ?? "", /^1\.\d+/);
            const sums = readFileSync(join(folder, "go.sum"), "utf8").trim().split("\n");
            assert.ok(sums.every((line) => /^\S+ v\S+ h1:\S{44}$/.test(line)));
        });
    }

    it("replace every staging module of Kubernetes by the release of the same number", () => {
        const goMod = readFileSync(join(goModuleFolder("kubernetes"), "go.mod"), "utf8");
        const replaced = [...goMod.matchAll(/(k8s\.io\/[a-z-]+) => (k8s\.io\/[a-z-]+) (\S+)/g)];
        assert.equal(replaced.length, 31);
        replaced.forEach(([, from, to, version]) => assert.deepEqual([from, version], [to, "v0.34.4"]));
    });

    for (const pinned of ["moto==5.2.5", "pulumi==3.248.0"]) {
        it(`pin every Python package that ${pinned} needs, by version and by hash`, () => {
            const file = requirementsFile(pinned.replace(/==.*/, ".txt"));
            const lines = readFileSync(file, "utf8").split("\n");
            const packages = lines.filter((line) => /^[A-Za-z]/.test(line));
            assert.ok(packages.includes(`${pinned} \\`));
            packages.forEach((line) => assert.match(line, /^[A-Za-z0-9._-]+==[^ ]+ \\$/));
            const first = lines.flatMap((line, index) => (/^[A-Za-z]/.test(line) ? [lines[index + 1] ?? ""] : []));
            first.forEach((line) => assert.match(line, /^ +--hash=sha256:[0-9a-f]{64}/));
        });
    }

    it("say by which file a tool is started", () => {
        assert.equal(executableOf("moto"), "moto_server");
        assert.equal(executableOf("kubectl"), "kubectl");
        assert.equal(executableOf("pulumi-resource-kubernetes-4.29"), "pulumi-resource-kubernetes");
    });

    it("accept the version that they build themselves, wherever an installed one is accepted at all", () => {
        for (const [tool, { fitting }] of Object.entries(installed)) {
            assert.ok(semver.satisfies(recipeOf(tool as keyof typeof installed).version, fitting), tool);
        }
    });
});

describe("The cache's key of a build", () => {
    const etcd = recipeOf("etcd");

    it("holds name and version, and is the same every time", () => {
        assert.match(buildKey(etcd, "linux-x64"), /^etcd-3\.6\.8-[0-9a-f]{10}$/);
        assert.equal(buildKey(etcd, "linux-x64"), buildKey(etcd, "linux-x64"));
    });

    it("differs between hosts, and with anything that changes what is built", () => {
        const stamped: Recipe = { ...etcd, source: { ...etcd.source, stamps: { a: "b" } } as Recipe["source"] };
        const keys = [buildKey(etcd, "linux-x64"), buildKey(etcd, "linux-arm64"), buildKey(stamped, "linux-x64")];
        assert.equal(new Set(keys).size, 3);
    });

    it("finds a folder for every Go module", () => {
        goRecipes.forEach(({ name, source }) => {
            const module = source.kind === "go" ? source.module : "";
            assert.ok(existsSync(join(goModuleFolder(module), "go.mod")), name);
        });
    });
});

describe("A patch of a dependency", () => {
    const changes = [{ line: "a()", replacement: "b()" }];
    const patch = { module: "example.com/m", file: "m.go", changes };
    const refusal = { message: "example.com/m m.go does not have the line to be changed: a()" };

    it("changes a line that is there once", () => {
        assert.equal(changed(patch, "x()\na()\n"), "x()\nb()\n");
    });

    for (const [title, source] of [
        ["missing", "x()\n"],
        ["there twice", "a()\na()\n"],
    ] as const) {
        it(`is refused if a line is ${title}`, () => {
            assert.throws(() => changed(patch, source), refusal);
        });
    }
});
