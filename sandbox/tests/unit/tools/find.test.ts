import * as assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { candidates, chosenTool, findInstalled } from "../../../tools/find";

describe("Installed tools", () => {
    let root = "";
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "eks-cni-find-"));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    function program(path: string, prints: string): string {
        const file = join(root, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `#!/bin/sh\necho "${prints}"\n`, { mode: 0o755 });
        return file;
    }
    const environment = (...folders: string[]) => ({
        PATH: folders.map((folder) => join(root, folder)).join(":"),
        PULUMI_HOME: join(root, "pulumi"),
    });
    const cache = () => join(root, "cache");

    it("are passed over in a version that does not fit, and the next one is taken", async () => {
        const old = program("one/kubectl", "Client Version: v1.32.4");
        const fitting = program("two/kubectl", "Client Version: v1.35.1");
        assert.deepEqual(await findInstalled("kubectl", environment("one", "two"), cache()), {
            found: { path: fitting, version: "1.35.1" },
            unfit: [{ path: old, version: "1.32.4", fitting: ">=1.33.0 <1.36.0" }],
        });
    });

    it("are not used when they cannot tell their version", async () => {
        const path = program("one/etcd", "hello");
        assert.deepEqual(await findInstalled("etcd", environment("one"), cache()), {
            unfit: [{ path, version: "unknown", fitting: ">=3.5.13 <3.7.0" }],
        });
    });

    it("are the first of several that fit", async () => {
        const first = program("one/kwok", "kwok version v0.7.2");
        program("two/kwok", "kwok version v0.7.0");
        assert.equal((await findInstalled("kwok", environment("one", "two"), cache())).found?.path, first);
    });

    it("are not looked for in the cache of our own builds, which may be on PATH", async () => {
        program("cache/tools/etcd-3.6.8-x/etcd", "etcd Version: 3.6.8");
        assert.deepEqual(await findInstalled("etcd", environment("cache/tools/etcd-3.6.8-x"), cache()), { unfit: [] });
    });

    it("are not files that cannot be executed, or folders", () => {
        writeFileSync(program("one/etcd", ""), "", { mode: 0o644 });
        rmSync(join(root, "one/etcd"));
        writeFileSync(join(root, "one/etcd"), "", { mode: 0o644 });
        mkdirSync(join(root, "two/etcd"), { recursive: true });
        assert.deepEqual(candidates("etcd", environment("one", "two"), cache()), []);
    });

    it("count once when two folders of PATH are the same", () => {
        const path = program("usr/bin/etcd", "");
        symlinkSync(join(root, "usr/bin"), join(root, "bin"));
        assert.deepEqual(candidates("etcd", environment("usr/bin", "bin"), cache()), [path]);
    });

    it("include the plugins that Pulumi has downloaded, by the version in their folder's name", async () => {
        const name = "pulumi-resource-kubernetes";
        program(`pulumi/plugins/resource-kubernetes-v3.30.2/${name}`, "is not asked");
        const fitting = program(`pulumi/plugins/resource-kubernetes-v4.25.0/${name}`, "is not asked");
        program(`pulumi/plugins/resource-kubernetes-cert-manager-v4.26.0/${name}`, "another plugin");
        const { found, unfit } = await findInstalled(name, environment("none"), cache());
        assert.deepEqual(found, { path: fitting, version: "4.25.0" });
        assert.deepEqual(
            unfit.map(({ version }) => version),
            ["3.30.2"],
        );
    });

    it("that create as the Kubernetes provider 4.29 does are not taken for one that does not", async () => {
        const name = "pulumi-resource-kubernetes";
        const path = program(`pulumi/plugins/resource-kubernetes-v4.29.0/${name}`, "is not asked");
        assert.deepEqual(await findInstalled(name, environment("none"), cache()), {
            unfit: [{ path, version: "4.29.0", fitting: ">=4.24.0 <4.29.0" }],
        });
    });

    for (const language of ["pulumi-language-nodejs", "pulumi-language-yaml"] as const) {
        it(`are, for ${language}, the one beside the pulumi that is used`, async () => {
            program("one/pulumi", "v3.100.0");
            program(`one/${language}`, "");
            assert.equal((await findInstalled(language, environment("one"), cache())).found, undefined);
            program("two/pulumi", "v3.250.1");
            const host = program(`two/${language}`, "");
            assert.deepEqual((await findInstalled(language, environment("one", "two"), cache())).found, {
                path: host,
                version: "3.250.1",
            });
        });
    }

    it("are never used for moto, whose exact version the AWS stand-in leans on", async () => {
        program("one/moto_server", "5.2.5");
        assert.deepEqual(await findInstalled("moto", environment("one"), cache()), { unfit: [] });
    });
});

describe("EKS_CNI_KUBERNETES_PROVIDER", () => {
    const tool = "pulumi-resource-kubernetes";
    const environment = (chosen: string) => ({ PATH: "", EKS_CNI_KUBERNETES_PROVIDER: chosen });

    it("chooses with 4.29 the provider that creates as 4.29 does, and no other tool", () => {
        assert.equal(chosenTool(tool, environment("4.29")), "pulumi-resource-kubernetes-4.29");
        assert.equal(chosenTool("etcd", environment("4.29")), "etcd");
        assert.equal(chosenTool(tool, environment("")), tool);
    });

    it("chooses the executable at a path, and no other tool", async () => {
        const path = process.execPath;
        assert.deepEqual(await findInstalled(tool, environment(path), "/cache"), {
            found: { path, version: "by EKS_CNI_KUBERNETES_PROVIDER" },
            unfit: [],
        });
        assert.deepEqual(await findInstalled("kwok", environment(path), "/cache"), { unfit: [] });
    });

    it("is refused if there is no executable at the path", async () => {
        await assert.rejects(findInstalled(tool, environment("/nowhere"), "/cache"), {
            message:
                "EKS_CNI_KUBERNETES_PROVIDER must be 4.29 or the path of an executable, and this is none: /nowhere",
        });
    });
});
