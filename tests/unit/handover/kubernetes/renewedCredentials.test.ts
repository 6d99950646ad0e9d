import * as assert from "node:assert/strict";
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import {
    accessTo,
    identityScript,
    kubeconfig,
    patient,
    refusalOf,
    type Script,
    ScriptedApi,
    status,
    subject,
} from "./support";

/** The API server accepts one token, and answers 401 to every other one. */
const accepting =
    (token: () => string): Script =>
    (request, number) =>
        request.headers.authorization === `Bearer ${token()}`
            ? identityScript(request, number)
            : status(401, "Unauthorized");

describe("Credentials, for as long as a run takes", () => {
    let api: ScriptedApi;
    let folder: string;
    beforeEach(async () => {
        api = await ScriptedApi.start(identityScript);
        folder = mkdtempSync(join(tmpdir(), "eks-cni-credentials-"));
    });
    afterEach(async () => {
        rmSync(folder, { recursive: true });
        await api.stop();
    });

    /** A credential command that prints the token of the file `token`, and records each run. */
    function command(expirationTimestamp?: string) {
        const file = join(folder, "get-token");
        const expiry = expirationTimestamp === undefined ? "" : `,"expirationTimestamp":"${expirationTimestamp}"`;
        writeFileSync(
            file,
            [
                "#!/bin/sh",
                `echo run >> ${join(folder, "runs")}`,
                `token=$(cat ${join(folder, "token")}) || { echo 'The SSO session has expired.' >&2; exit 255; }`,
                `echo '{"kind":"ExecCredential","status":{"token":"'$token'"${expiry}}}'`,
            ].join("\n"),
        );
        chmodSync(file, 0o700);
        return { exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: file, args: [], env: null } };
    }
    const setToken = (token: string) => writeFileSync(join(folder, "token"), token);
    const runs = () => readFileSync(join(folder, "runs"), "utf8").trim().split("\n").length;
    const tokens = () => api.requests.map(({ headers }) => headers.authorization?.replace("Bearer ", ""));
    beforeEach(() => appendFileSync(join(folder, "runs"), ""));

    const LATER = "2100-01-01T00:00:00Z";

    it("are got once where the command says that they last", async () => {
        setToken("one");
        const access = await accessTo(api.url, command(LATER));
        await access.identity();
        const before = runs();
        await access.identity();
        assert.equal(runs(), before);
    });

    it("are requested again when the expiration time of the command is over", async () => {
        setToken("one");
        const access = await accessTo(api.url, command("2020-01-01T00:00:00Z"));
        await access.restart({ name: "a", uid: "1" });
        setToken("two");
        await access.restart({ name: "a", uid: "1" });
        assert.deepEqual([tokens(), runs()], [["one", "two"], 2]);
    });

    it("are requested again, once for all callers, when the API server rejects them before that time", async () => {
        setToken("one");
        const access = await accessTo(api.url, command(LATER));
        await access.restart({ name: "a", uid: "1" });
        setToken("two");
        api.script = accepting(() => "two");
        await Promise.all([1, 2, 3, 4].map(() => access.restart({ name: "a", uid: "1" })));
        assert.equal(runs(), 2);
        api.requests.splice(0);
        await access.identity();
        assert.deepEqual(tokens(), ["two", "two"]);
    });

    it("end the run where the command gives the same again, or others that are not taken", async () => {
        setToken("one");
        const access = await accessTo(api.url, command(LATER));
        api.script = accepting(() => "another");
        for (const next of ["one", "two"]) {
            setToken(next);
            const { code, seen } = await refusalOf(access.restart({ name: "a", uid: "1" }));
            assert.equal(code, "cluster-credentials-refused");
            assert.match(seen, /answered 401 to the command `.*get-token` of the user "tests"/);
        }
        assert.deepEqual(tokens(), ["one", "one", "two"]);
    });

    it("end the run with the command's own words where it fails in the middle", async () => {
        setToken("one");
        const access = await accessTo(api.url, command(LATER));
        await access.identity();
        rmSync(join(folder, "token"));
        api.script = accepting(() => "two");
        const { code, seen } = await refusalOf(access.restart({ name: "a", uid: "1" }));
        assert.equal(code, "cluster-credentials-missing");
        assert.match(seen, /returned no credentials: .*The SSO session has expired\.$/);
    });

    it("are read again from a file that another process keeps fresh", async () => {
        const file = join(folder, "kubeconfig");
        const write = (token: string) => writeFileSync(file, JSON.stringify(kubeconfig(api.url, { token })));
        write("one");
        const access = await connectCluster({ kubeconfig: file }, subject, patient);
        await access.identity();
        write("two");
        api.script = accepting(() => "two");
        assert.equal((await access.identity()).uid, "uid-of-kube-system");
    });

    it("are not tried twice where a kubeconfig has nothing but a token", async () => {
        api.script = () => status(401, "Unauthorized");
        const access = await accessTo(api.url);
        await refusalOf(access.restart({ name: "a", uid: "1" }));
        assert.equal(api.requests.length, 1);
    });
});
