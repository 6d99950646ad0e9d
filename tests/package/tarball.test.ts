import * as assert from "assert";
import { spawn } from "child_process";
import { isBuiltin } from "module";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { ProviderClient } from "local-eks/providerClient";
import * as semver from "semver";
import { version } from "../../package.json";
import { INSTALL, newFolder, ROOT, runIn, useConsumer } from "./support/consumer";

/** Folders whose sources are built, and the files in them that are not sources. */
const SOURCES = ["components", "documents", "handover", "plugin", "policies"];
const DATA = ["plugin/schema.json", "policies/PulumiPolicy.yaml", "policies/package.json"];
const TEXTS = ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "THIRD-PARTY-NOTICES.txt"];
const PLUGIN = ["PulumiPlugin.yaml", "bin/pulumi-resource-eks-cni", "bin/pulumi-resource-eks-cni.cmd"];

/** Each of these the bundled clients load if it is there, and do without otherwise. */
const OPTIONAL = [
    // node-fetch: text that is not UTF-8
    "encoding",
    // ws: its speed
    "bufferutil",
    "utf-8-validate",
    // The AWS SDK: signatures for several regions
    "@aws-sdk/signature-v4-crt",
];

interface Manifest {
    readonly dependencies: Record<string, string>;
    readonly peerDependencies: Record<string, string>;
    readonly exports: Record<string, string | Record<string, string>>;
    readonly main: string;
    readonly types: string;
}

describe("the packed tarball", () => {
    const consumer = useConsumer();
    const installed = () => path.join(consumer.folder, "node_modules/eks-cni");
    const manifest = () => JSON.parse(fs.readFileSync(path.join(installed(), "package.json"), "utf8")) as Manifest;
    const filesOf = (folder: string) =>
        fs
            .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter((file) => fs.statSync(path.join(ROOT, folder, file)).isFile())
            .map((file) => `${folder}/${file.split(path.sep).join("/")}`);

    it("holds what a reader and Pulumi look for, the sources, and the build of each; nothing else", () => {
        const sources = ["index.ts", ...SOURCES.flatMap(filesOf)].filter(
            (file) => file.endsWith(".ts") && file !== "plugin/makeSchema.ts",
        );
        assert.ok(sources.includes("plugin/provider.ts") && sources.includes("handover/kubernetes/clusterAccess.ts"));
        const read = ["docs", "examples"]
            .flatMap(filesOf)
            .filter((file) => !/node_modules|package-lock|typedoc/.test(file));
        const built = sources.map((file) => `dist/${file.replace(/\.ts$/, ".js")}`);
        const expected = [...TEXTS, ...PLUGIN, "package.json", ...sources, ...DATA, ...read, ...built];
        const types = consumer.files.filter((file) => /^dist\/.*\.(?:d\.ts|map)$/.test(file));
        assert.deepStrictEqual(
            consumer.files.filter((file) => !types.includes(file)),
            expected.sort(),
        );
    });

    it("has a manifest without scripts, development dependencies, workspaces, links to folders, and files it lacks", () => {
        const { exports, main, types, ...others } = manifest();
        for (const field of ["scripts", "devDependencies", "workspaces", "private", "files", "overrides"]) {
            assert.ok(!(field in others), field);
        }
        const ranges = { ...others.dependencies, ...others.peerDependencies };
        assert.deepStrictEqual(Object.keys(ranges).sort(), [
            "@pulumi/aws",
            "@pulumi/kubernetes",
            "@pulumi/policy",
            "@pulumi/pulumi",
        ]);
        assert.deepStrictEqual(
            Object.values(ranges).filter((range) => semver.validRange(range) === null),
            [],
        );
        const entries = Object.values(exports).flatMap((entry) =>
            typeof entry === "string" ? [entry] : Object.values(entry),
        );
        assert.deepStrictEqual(
            [main, types, ...entries].filter((file) => !consumer.files.includes(file.replace("./", ""))),
            [],
        );
    });

    it("asks at run time for nothing that its manifest does not name", () => {
        const { dependencies, peerDependencies } = manifest();
        const known = [...OPTIONAL, "eks-cni", ...Object.keys({ ...dependencies, ...peerDependencies })];
        const asked = consumer.files
            .filter((file) => file.startsWith("dist/") && file.endsWith(".js"))
            .flatMap((file) => [
                ...fs.readFileSync(path.join(installed(), file), "utf8").matchAll(/\brequire\("([^."][^"]*)"\)/g),
            ])
            .map(([, name = ""]) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? "");
        assert.ok(asked.includes("@pulumi/pulumi") && asked.length > 50);
        assert.deepStrictEqual(
            [...new Set(asked)].filter((name) => !isBuiltin(name) && !known.includes(name)),
            [],
        );
    });

    it("has examples that install this version", () => {
        const manifests = consumer.files.filter((file) => /^examples\/[^/]+\/package\.json$/.test(file));
        assert.ok(manifests.length >= 9, manifests.join(", "));
        for (const file of manifests) {
            const { dependencies } = JSON.parse(fs.readFileSync(path.join(installed(), file), "utf8")) as Manifest;
            assert.strictEqual(dependencies["eks-cni"], `^${version}`, file);
        }
    });

    it("takes at most 15 MB", () => {
        const megabytes =
            consumer.files.reduce((sum, file) => sum + fs.statSync(path.join(installed(), file)).size, 0) / 1e6;
        assert.ok(megabytes > 5 && megabytes <= 15, `${megabytes.toFixed(1)} MB`);
    });

    it("has the licence of every package that it contains", () => {
        const notices = fs.readFileSync(path.join(installed(), "THIRD-PARTY-NOTICES.txt"), "utf8");
        for (const name of [
            "@aws-sdk/client-iam",
            "@smithy/core",
            "@kubernetes/client-node",
            "node-fetch",
            "js-yaml",
        ]) {
            assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
        }
        const [, ...packages] = notices.split(/^-{80}$/m);
        assert.ok(packages.length > 20, String(packages.length));
        assert.deepStrictEqual(
            packages.filter((text) => text.trim().length < 150),
            [],
        );
    });

    it("is a provider plugin, with its schema, where no TypeScript is compiled", async () => {
        const runPlugin = path.join(consumer.folder, "node_modules/@pulumi/pulumi/cmd/run-plugin");
        const folder = path.join(consumer.folder, "node_modules/eks-cni");
        const plugin = spawn(process.execPath, [runPlugin, folder, "127.0.0.1:1"], {
            stdio: ["ignore", "pipe", "inherit"],
            cwd: os.tmpdir(),
        });
        const client = await ProviderClient.of(plugin);
        try {
            const schema = JSON.parse(await client.schema()) as { resources: object };
            assert.deepStrictEqual(Object.keys(schema.resources), ["eks-cni:index:CniServiceAccountRole"]);
        } finally {
            await client.stop();
        }
    });

    it("brings one copy of @pulumi/pulumi, and only when there is none", () => {
        assert.ok(!("@pulumi/pulumi" in manifest().dependencies));
        const copies = consumer.run("npm", "ls", "@pulumi/pulumi", "--all", "--parseable").trim().split("\n");
        assert.deepStrictEqual([...new Set(copies)], [path.join(consumer.folder, "node_modules/@pulumi/pulumi")]);
    });

    it("is refused alongside an @pulumi/pulumi that is too old, rather than bring a second one", () => {
        const folder = newFolder({ "@pulumi/pulumi": "3.247.0" });
        try {
            assert.throws(
                () => runIn(folder, "npm", ...INSTALL, "--package-lock-only", consumer.tarball),
                /ERESOLVE[\s\S]*Found: @pulumi\/pulumi@3\.247\.0[\s\S]*peer @pulumi\/pulumi@"\^3\.248\.0" from eks-cni@/,
            );
        } finally {
            fs.rmSync(folder, { recursive: true, force: true });
        }
    });
});
