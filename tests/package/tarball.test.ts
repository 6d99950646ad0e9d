import * as assert from "assert";
import { spawn } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { ProviderClient } from "local-eks/providerClient";
import { dependencies, scripts } from "../../package.json";
import { INSTALL, newFolder, ROOT, runIn, useConsumer } from "./support/consumer";

/** Folders whose sources are built, and the files in them that are not sources. */
const SOURCES = ["components", "documents", "handover", "plugin", "policies"];
const DATA = ["plugin/schema.json", "policies/PulumiPolicy.yaml", "policies/package.json"];

describe("the packed tarball", () => {
    const consumer = useConsumer();

    it("holds what a reader and Pulumi look for, the sources, and the build of each with types and maps; nothing else", () => {
        const sources = SOURCES.flatMap((folder) =>
            fs
                .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
                .filter((file) => file.endsWith(".ts"))
                .map((file) => `${folder}/${file.split(path.sep).join("/")}`),
        );
        assert.ok(sources.includes("plugin/provider.ts") && sources.includes("handover/kubernetes/clusterAccess.ts"));
        const built = ["index.ts", ...sources.filter((file) => file !== "plugin/makeSchema.ts")].flatMap((file) =>
            [".d.ts", ".d.ts.map", ".js", ".js.map"].map((ending) => `dist/${file.replace(/\.ts$/, ending)}`),
        );
        const others = ["CHANGELOG.md", "LICENSE", "PulumiPlugin.yaml", "README.md", "package.json"];
        const expected = [...others, "index.ts", ...sources, ...DATA, ...built];
        assert.deepStrictEqual([...consumer.files].sort(), expected.sort());
    });

    it("runs nothing when it is installed", () => {
        const hooks = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "postprepare"];
        assert.deepStrictEqual(
            Object.keys(scripts).filter((name) => hooks.includes(name)),
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
        assert.ok(!("@pulumi/pulumi" in dependencies));
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
