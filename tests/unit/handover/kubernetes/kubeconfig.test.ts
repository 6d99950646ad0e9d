import * as assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "../../../../handover/kubernetes/kubeconfig";
import type { ClusterConnection } from "../../../../handover/model/connection";
import { kubeconfig, refusalOf } from "./support";

const yaml = `
apiVersion: v1
kind: Config
current-context: one
clusters:
    - { name: first, cluster: { server: "https://first:6443" } }
    - { name: second, cluster: { server: "https://second:6443" } }
users: [{ name: me, user: { token: hidden } }]
contexts:
    - { name: one, context: { cluster: first, user: me } }
    - { name: two, context: { cluster: second, user: me } }
    - { name: three, context: { cluster: third, user: me } }
`;

const serverOf = async (text?: string, context?: string) =>
    (await loadKubeconfig({ kubeconfig: text, context })).getCurrentCluster()?.server;

describe("A connection to a cluster", () => {
    const environment = { KUBECONFIG: process.env.KUBECONFIG, HOME: process.env.HOME };
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "eks-cni-kubeconfig-"))));
    after(() => {
        Object.assign(process.env, environment);
        for (const [name, value] of Object.entries(environment)) {
            if (value === undefined) {
                Reflect.deleteProperty(process.env, name);
            }
        }
        rmSync(folder, { recursive: true });
    });
    const file = (name: string, text: string) => {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
    };

    it("is what a kubeconfig says, in YAML or JSON", async () => {
        assert.equal(await serverOf(yaml), "https://first:6443");
        assert.equal(await serverOf(JSON.stringify(kubeconfig("https://json:6443"))), "https://json:6443");
    });

    it("is what a kubeconfig at a path says, as the Kubernetes provider has it", async () => {
        assert.equal(await serverOf(` ${file("config", yaml)}\n`), "https://first:6443");
        process.env.HOME = folder;
        assert.equal(await serverOf("~/config"), "https://first:6443");
    });

    it("is the context that is asked for", async () => {
        assert.equal(await serverOf(yaml, "two"), "https://second:6443");
    });

    it("is the ambient one without a kubeconfig", async () => {
        process.env.KUBECONFIG = file("ambient", yaml);
        assert.equal(await serverOf(), "https://first:6443");
        assert.equal(await serverOf(undefined, "two"), "https://second:6443");
    });

    it("is refused without a kubeconfig when there is no ambient one", async () => {
        Reflect.deleteProperty(process.env, "KUBECONFIG");
        process.env.HOME = folder;
        const refusal = await refusalOf(loadKubeconfig({}));
        assert.equal(refusal.code, "kubeconfig-invalid");
        assert.match(refusal.seen, /^No kubeconfig was given, and none was found/);
    });

    it("is refused when the ambient kubeconfig is not there", async () => {
        process.env.KUBECONFIG = join(folder, "nowhere");
        const refusal = await refusalOf(loadKubeconfig({}));
        assert.equal(
            refusal.seen,
            `The kubeconfig at ${folder}/nowhere (from KUBECONFIG) could not be read: no such file.`,
        );
        process.env.KUBECONFIG = `${file("ambient", yaml)}:${folder}/second`;
        assert.match((await refusalOf(loadKubeconfig({}))).seen, /^The kubeconfig at \S+\/second \(from KUBECONFIG\)/);
        process.env.KUBECONFIG = "";
        process.env.HOME = join(folder, "empty-home");
        assert.match((await refusalOf(loadKubeconfig({}))).seen, /^No kubeconfig was given, and none was found/);
    });

    it("is refused for a file that cannot be read, with its path and the cause", async () => {
        const seen = async (text?: string) => (await refusalOf(loadKubeconfig({ kubeconfig: text }))).seen;
        assert.equal(await seen(folder), `The kubeconfig at ${folder} could not be read: it is a folder.`);
        const broken = file("broken", "a: hidden\nb: {hidden");
        assert.equal(await seen(broken), `The kubeconfig at ${broken} could not be read as a kubeconfig (line 3).`);
        process.env.KUBECONFIG = broken;
        assert.equal(
            await seen(),
            `The kubeconfig at ${broken} (from KUBECONFIG) could not be read as a kubeconfig (line 3).`,
        );
        Reflect.deleteProperty(process.env, "KUBECONFIG");
        process.env.HOME = folder;
        mkdirSync(join(folder, ".kube/config"), { recursive: true });
        assert.equal(await seen(), "The kubeconfig at ~/.kube/config could not be read: it is a folder.");
    });

    for (const path of [
        "~/nowhere",
        "/nowhere/config",
        "./kubeconfig",
        "../a b",
        "C:\\kube",
        "prod.yaml",
        "prod.yml",
        "a/b.kubeconfig",
    ]) {
        it(`is refused for ${path}, a path to nothing, with the path`, async () => {
            process.env.HOME = "/home/me";
            const { code, seen } = await refusalOf(loadKubeconfig({ kubeconfig: ` ${path}\n` }));
            assert.equal(code, "kubeconfig-invalid");
            const shown = path.replace("~", "/home/me");
            assert.equal(seen, `The value of \`kubeconfig\` looks like a path, and there is no file ${shown}.`);
        });
    }

    it("is refused with the command that writes a kubeconfig, for the cluster that the program names", async () => {
        const fix = async (connection: ClusterConnection) => (await refusalOf(loadKubeconfig(connection))).fix;
        process.env.KUBECONFIG = join(folder, "nowhere");
        assert.equal(
            await fix({ clusterName: "prod" }),
            "Write one (`aws eks update-kubeconfig --name prod`), set KUBECONFIG to the path of another, or set the argument `kubeconfig`.",
        );
        assert.equal(
            await fix({ kubeconfig: "word" }),
            "Set `kubeconfig` to the text of a kubeconfig (YAML or JSON), as `aws eks update-kubeconfig --name CLUSTER --dry-run` prints " +
                "it, or omit it to use KUBECONFIG or ~/.kube/config.",
        );
    });

    it("is refused with a word on relative paths only if the path is relative", async () => {
        const means = async (kubeconfig: string) => (await refusalOf(loadKubeconfig({ kubeconfig }))).means;
        assert.equal(await means("a.yaml"), "A relative path starts at the folder of the Pulumi program.");
        assert.equal(await means("/nowhere/a.yaml"), "The live checks do not know which cluster to use.");
    });

    it("is refused for a context that is not there, naming those that are", async () => {
        const refusal = await refusalOf(loadKubeconfig({ kubeconfig: yaml, context: "four" }));
        assert.equal(refusal.code, "kubeconfig-invalid");
        assert.equal(refusal.seen, 'The kubeconfig has no context "four".');
        assert.equal(refusal.means, "It has: one, two, three.");
        assert.equal(
            refusal.fix,
            "Set kubernetes:context in the stack's configuration to a context of this kubeconfig (`pulumi config set " +
                "kubernetes:context CONTEXT`), or use a kubeconfig that has this context.",
        );
        const none = await refusalOf(loadKubeconfig({ kubeconfig: "apiVersion: v1", context: "four" }));
        assert.equal(none.means, "It has no contexts.");
    });

    it("is refused for a context without its cluster", async () => {
        const refusal = await refusalOf(loadKubeconfig({ kubeconfig: yaml, context: "three" }));
        assert.equal(refusal.seen, "The kubeconfig has no cluster for its current context.");
    });

    const texts: [string, string, string][] = [
        ...[
            ["a word", "token-hidden"],
            ["a word and a path", "hidden /etc/kube"],
            ["a word and a file", "hidden prod.yaml"],
            ["a file and a word", "prod.yaml hidden"],
        ].map(([what = "", text = ""]): [string, string, string] => [
            what,
            text,
            "The text in `kubeconfig` is no kubeconfig: it has no clusters.",
        ]),
        [
            "without a context",
            `clusters: [{ name: a, cluster: { server: "https://a" } }]`,
            "The kubeconfig has no cluster for its missing current-context.",
        ],
        ["nothing", "", "The text in `kubeconfig` could not be read as a kubeconfig."],
        ["null", "null", "The text in `kubeconfig` could not be read as a kubeconfig."],
        ["no YAML", "a: hidden\nb: {hidden", "The text in `kubeconfig` could not be read as a kubeconfig (line 3)."],
        [
            "no valid cluster",
            "clusters: [{ hidden: 1 }]",
            "The text in `kubeconfig` could not be read as a kubeconfig.",
        ],
    ];
    for (const [what, text, seen] of texts) {
        it(`is refused for a text that is ${what}, without showing it`, async () => {
            const refusal = await refusalOf(loadKubeconfig({ kubeconfig: text }));
            assert.equal(refusal.code, "kubeconfig-invalid");
            assert.equal(refusal.seen, seen);
            assert.match(refusal.fix, /`aws eks update-kubeconfig/);
            assert.doesNotMatch(refusal.message, /hidden/);
            if (refusal.seen.includes("could not be read")) {
                assert.equal(refusal.means, "Its content is not shown, since it may contain secrets.");
            }
        });
    }
});
