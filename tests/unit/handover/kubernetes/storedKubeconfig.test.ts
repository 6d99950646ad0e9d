import { KubeConfig } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withAmbientUser } from "../../../../handover/kubernetes/ambientUser";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import type { ClusterConnection } from "../../../../handover/model/connection";
import { identityScript, kubeconfig, patient, refusalOf, type Script, ScriptedApi, status, subject } from "./support";

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object) => `${encoded({ alg: "RS256" })}.${encoded({ exp: 1_700_000_000, ...claims })}.c2ln`;
const eks = `k8s-aws-v1.${Buffer.from("https://sts.eu-west-1.amazonaws.com/?X-Amz-Date=20231114T215820Z").toString("base64url")}`;

/** The API server accepts one token, and answers 401 to every other one. */
const accepting =
    (token: string): Script =>
    (request, number) =>
        request.headers.authorization === `Bearer ${token}`
            ? identityScript(request, number)
            : status(401, "Unauthorized");

/** The state has a token that was good when the last update saved it. The tests follow the advice of the message. */
describe("A kubeconfig of the state whose token is over", () => {
    let api: ScriptedApi;
    let folder: string;
    let ambient: string;
    let said: string[];
    let before: string | undefined;
    beforeEach(async () => {
        api = await ScriptedApi.start(accepting("fresh"));
        folder = mkdtempSync(join(tmpdir(), "eks-cni-stored-"));
        ambient = join(folder, "config");
        said = [];
        before = process.env["KUBECONFIG"];
        process.env["KUBECONFIG"] = ambient;
    });
    afterEach(async () => {
        Reflect.deleteProperty(process.env, "KUBECONFIG");
        Object.assign(process.env, before === undefined ? {} : { KUBECONFIG: before });
        rmSync(folder, { recursive: true });
        await api.stop();
    });

    const connected = (user: object, more: Partial<ClusterConnection> = {}) =>
        connectCluster(
            { kubeconfig: JSON.stringify(kubeconfig(api.url, user)), fromState: true, ...more },
            { ...subject, clusterName: "prod" },
            patient,
            (line) => said.push(line),
        );
    /** By a single request, so that none is left when the test goes on. */
    const refused = async (...of: Parameters<typeof connected>) =>
        refusalOf((await connected(...of)).restart({ name: "a", uid: "1" }));
    const works = async (...of: Parameters<typeof connected>) => (await connected(...of)).identity();
    const writeAmbient = (user: object, url = api.url, name = "me@prod") => {
        const config = kubeconfig(url, user);
        writeFileSync(ambient, JSON.stringify(config).replaceAll('"tests"', JSON.stringify(name)));
    };
    /** As `aws eks update-kubeconfig` writes it, with a command in the place of `aws eks get-token`. */
    const updateKubeconfig = (token = "fresh") => {
        const command = join(folder, "get-token");
        writeFileSync(command, `#!/bin/sh\necho '{"kind":"ExecCredential","status":{"token":"${token}"}}'\n`);
        chmodSync(command, 0o700);
        writeAmbient({ exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command, args: [], env: null } });
    };

    const NOT_SAVED = " Another token in the program does not help: it is no change, so pulumi up does not save it.";
    const RUN =
        "Run `aws eks update-kubeconfig --name prod`, and then the same Pulumi command again: if the API server refuses the token in " +
        "the state, a destroy and a refresh use the credentials that KUBECONFIG or ~/.kube/config has for this server.";
    const kinds: [string, string, string][] = [
        ["of `aws eks get-token`", eks, RUN + NOT_SAVED],
        [
            "of a service account",
            jwt({ sub: "system:serviceaccount:ci:deployer" }),
            `${RUN} Or write another token for it there: \`kubectl create token deployer --namespace ci\` prints one.${NOT_SAVED}`,
        ],
        [
            "of an OIDC provider",
            jwt({ iss: "https://login.example.com", sub: "jane" }),
            `${RUN} Or write another token for it there: log in at https://login.example.com for one.${NOT_SAVED}`,
        ],
    ];
    for (const [kind, token, fix] of kinds) {
        it(`says which command gets another one, and it helps: one ${kind}`, async () => {
            const { code, means, fix: advice, message } = await refused({ token });
            assert.deepEqual(
                [code, means, advice],
                [
                    "cluster-credentials-expired",
                    "That token expired at 2023-11-14T22:13:20.000Z, and the kubeconfig cannot get another one.",
                    fix,
                ],
            );
            assert.ok(!message.includes(token));
            assert.deepEqual(said, []);
            updateKubeconfig();
            assert.equal((await works({ token })).uid, "uid-of-kube-system");
            assert.deepEqual(said, [
                `the API server at ${new URL(api.url).host} refuses the token of the kubeconfig in the state: going on as the user ` +
                    '"me@prod" whom KUBECONFIG or ~/.kube/config has for this server',
            ]);
        });

        it(`goes on with a token that is written there by hand: one ${kind}`, async () => {
            writeAmbient({ token: "fresh" });
            await works({ token });
        });
    }

    it("that does not tell its end is refused with the same way out", async () => {
        const { code, fix } = await refused({ token: "revoked" });
        assert.equal(code, "cluster-credentials-refused");
        assert.ok(fix.endsWith(`auth whoami\` must print the user. ${RUN}${NOT_SAVED}`), fix);
        updateKubeconfig();
        await works({ token: "revoked" });
    });

    it("is used as long as the API server takes it, whatever KUBECONFIG has", async () => {
        updateKubeconfig("of-another-user");
        await works({ token: "fresh" });
        assert.deepEqual(said, []);
        assert.ok(api.requests.every(({ headers }) => headers.authorization === "Bearer fresh"));
    });

    const OTHER = "https://other.example.com";
    const nothing: [string, () => void][] = [
        ["is missing", () => undefined],
        ["is for another server", () => writeAmbient({ token: "fresh" }, OTHER)],
        ["cannot be read", () => writeFileSync(ambient, "{")],
    ];
    for (const [what, write] of nothing) {
        it(`is refused where KUBECONFIG ${what}`, async () => {
            write();
            assert.equal((await refused({ token: eks })).code, "cluster-credentials-expired");
            assert.deepEqual(said, []);
        });
    }

    it("is refused where the context of this server has no user", async () => {
        const config = kubeconfig(api.url, { token: "fresh" });
        writeFileSync(ambient, JSON.stringify({ ...config, users: [] }));
        assert.equal((await refused({ token: eks })).code, "cluster-credentials-expired");
    });

    it("prefers the current context, and finds another one for this server", async () => {
        const context = (name: string, server: string, token: string) => ({
            cluster: { name, cluster: { server } },
            context: { name, context: { cluster: name, user: name } },
            user: { name, user: { token } },
        });
        const write = (current: string) => {
            const all = [
                context("elsewhere", OTHER, "elsewhere"),
                context("first", `${api.url}/`, "first"),
                context("second", api.url, "second"),
            ];
            const config = {
                apiVersion: "v1",
                kind: "Config",
                clusters: all.map(({ cluster }) => cluster),
                contexts: all.map(({ context: one }) => one),
                users: all.map(({ user }) => user),
                "current-context": current,
            };
            writeFileSync(ambient, JSON.stringify(config));
        };
        for (const [current, token] of [
            ["second", "second"],
            ["elsewhere", "first"],
        ] as const) {
            write(current);
            api.script = accepting(token);
            await works({ token: eks });
        }
    });

    it("names the other user where the API server refuses that one too", async () => {
        updateKubeconfig("refused-as-well");
        const { code, seen } = await refused({ token: eks });
        assert.equal(code, "cluster-credentials-refused");
        assert.match(seen, /answered 401 to the command `.*get-token` of the user "me@prod"/);
    });

    it("keeps the state's cluster: the other user's token goes to no server that the state does not trust", async () => {
        const stored = new KubeConfig();
        const trusting = { name: "prod", cluster: { server: api.url, "certificate-authority-data": "Q0E=" } };
        const of = { ...kubeconfig(api.url), clusters: [trusting] };
        stored.loadFromString(JSON.stringify(of).replaceAll('"cluster":"tests"', '"cluster":"prod"'));
        writeAmbient({ token: "fresh" });
        const config = await withAmbientUser(stored);
        assert.ok(config !== undefined);
        assert.equal(config.getCurrentCluster()?.caData, "Q0E=");
        assert.deepEqual([config.currentContext, config.getCurrentUser()?.token], ["me@prod", "fresh"]);
    });

    it("has no other user where its own address is none", async () => {
        const stored = new KubeConfig();
        stored.loadFromString(JSON.stringify(kubeconfig("nowhere")));
        writeAmbient({ token: "fresh" }, "nowhere-else");
        assert.equal(await withAmbientUser(stored), undefined);
    });

    describe("is replaced by no other user", () => {
        beforeEach(() => updateKubeconfig());

        it("in an update, whose program can have another kubeconfig", async () => {
            const { code, fix } = await refused({ token: eks }, { fromState: false });
            assert.equal(code, "cluster-credentials-expired");
            assert.equal(
                fix,
                "Use a `kubeconfig` that gets new tokens itself, and run the same command again: `aws eks update-kubeconfig --name prod` " +
                    "writes one (exec: aws eks get-token).",
            );
        });

        it("in an update, which says how to get another token of the same kind", async () => {
            const { fix } = await refused(
                { token: jwt({ sub: "system:serviceaccount:ci:deployer" }) },
                { fromState: false },
            );
            assert.match(fix, /Or give it another token: `kubectl create token deployer --namespace ci` prints one\.$/);
        });

        it("where it is a file, which can be written", async () => {
            const file = join(folder, "own config");
            writeFileSync(file, JSON.stringify(kubeconfig(api.url, { token: eks })));
            const { fix } = await refused({}, { kubeconfig: file });
            assert.match(fix, /`aws eks update-kubeconfig --name prod --kubeconfig '.*\/own config'` writes one/);
            writeFileSync(file, JSON.stringify(kubeconfig(api.url, { token: "fresh" })));
            await works({}, { kubeconfig: file });
            assert.deepEqual(said, []);
        });

        it("where a command gets the tokens", async () => {
            const command = join(folder, "own-get-token");
            writeFileSync(command, `#!/bin/sh\necho '{"kind":"ExecCredential","status":{"token":"old"}}'\n`);
            chmodSync(command, 0o700);
            const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command, args: [], env: null };
            const { code, fix } = await refused({ exec });
            assert.equal(code, "cluster-credentials-refused");
            assert.doesNotMatch(fix, /update-kubeconfig/);
        });
    });
});
