import * as assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenExpiry } from "../../../../handover/kubernetes/bearerTokens";
import { accessTo, identityScript, patient, quick, refusalOf, ScriptedApi, status } from "./support";

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object) => `${encoded({ alg: "RS256" })}.${encoded(claims)}.c2lnbmF0dXJl`;
const eksToken = (date: string) =>
    `k8s-aws-v1.${Buffer.from(`https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Date=${date}&X-Amz-Expires=60`).toString("base64url")}`;

const WHOSE = 'the user "tests" in the kubeconfig (context "tests")';

describe("What the API server refuses", () => {
    let api: ScriptedApi;
    let folder: string;
    before(async () => {
        api = await ScriptedApi.start(identityScript);
        folder = mkdtempSync(join(tmpdir(), "eks-cni-exec-"));
    });
    after(async () => {
        rmSync(folder, { recursive: true });
        await api.stop();
    });
    beforeEach(() => api.requests.splice(0));

    const host = () => new URL(api.url).host;
    const refused = async (user?: object, settings = patient) =>
        refusalOf((await accessTo(api.url, user, settings)).identity());
    /** A credential command, such as `aws eks get-token` in a kubeconfig of EKS. */
    const exec = (script: string) => {
        const command = join(folder, "get-token");
        writeFileSync(command, `#!/bin/sh\n${script}\n`);
        chmodSync(command, 0o700);
        return { exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command, args: [], env: null } };
    };

    it("names the credentials that it does not take, and what to try", async () => {
        api.script = () => status(401, "Unauthorized");
        const refusal = await refused();
        assert.equal(refusal.code, "cluster-credentials-refused");
        assert.equal(refusal.seen, `The API server at ${host()} answered 401 to the token of ${WHOSE}.`);
        assert.equal(refusal.means, "The cluster does not accept these credentials, so this step changed nothing.");
        assert.match(refusal.fix, /`kubeconfig`.*auth whoami/);
        assert.doesNotMatch(refusal.message, /the-token/);
    });

    for (const [kind, token] of [
        ["a service account's", jwt({ exp: 1_700_000_000 })],
        ["EKS's", eksToken("20231114T215820Z")],
    ] as const) {
        it(`says since when ${kind} token is expired`, async () => {
            api.script = () => status(401, "Unauthorized");
            const refusal = await refused({ token });
            assert.equal(refusal.code, "cluster-credentials-expired");
            assert.equal(refusal.seen, `The API server at ${host()} answered 401 to the token of ${WHOSE}.`);
            assert.equal(
                refusal.means,
                "That token expired at 2023-11-14T22:13:20.000Z, and the kubeconfig cannot get another one.",
            );
            assert.match(refusal.fix, /`aws eks update-kubeconfig --name CLUSTER` .*aws eks get-token/);
            assert.ok(!refusal.message.includes(token));
        });
    }

    it("does not blame the age of a token that has not expired, or does not tell", async () => {
        api.script = () => status(401, "Unauthorized");
        for (const token of [jwt({ exp: 4_000_000_000 }), jwt({}), "a.b.c", "opaque", "k8s-aws-v1.bm90aGluZw"]) {
            const { code, means } = await refused({ token });
            assert.deepEqual(
                [code, means],
                [
                    "cluster-credentials-refused",
                    "The cluster does not accept these credentials, so this step changed nothing.",
                ],
            );
        }
        assert.equal(tokenExpiry(undefined), undefined);
        assert.deepEqual(tokenExpiry(` ${jwt({ exp: 4_000_000_000 })}\n`), new Date(4_000_000_000_000));
    });

    it("takes the token that a credential command prints", async () => {
        api.script = identityScript;
        const user = exec(`echo '{"kind":"ExecCredential","status":{"token":"from-command"}}'`);
        await (await accessTo(api.url, user)).identity();
        assert.deepEqual(
            [...new Set(api.requests.map(({ headers }) => headers.authorization))],
            ["Bearer from-command"],
        );
    });

    it("names the credential command whose token is not taken", async () => {
        api.script = () => status(401, "Unauthorized");
        const refusal = await refused(exec(`echo '{"kind":"ExecCredential","status":{"token":"from-command"}}'`));
        assert.equal(
            refusal.seen,
            `The API server at ${host()} answered 401 to the command \`${join(folder, "get-token")}\` of ${WHOSE}.`,
        );
        assert.doesNotMatch(refusal.message, /from-command/);
    });

    const commands: [string, string, string][] = [
        ["fails", "echo 'The SSO session\nhas expired.' >&2; exit 255", "The SSO session has expired."],
        ["fails without a word", "exit 1", "it failed without a message."],
        ["prints something else", "echo 'secret-part of a token'", "it did not return an ExecCredential."],
        ["prints an answer without a status", "echo '{}'", "it did not return an ExecCredential."],
        ["does not end", "exec sleep 2", "it did not finish within 0.6 s."],
    ];
    for (const [what, script, why] of commands) {
        it(`says why there are no credentials when the command ${what}`, async () => {
            api.script = identityScript;
            const refusal = await refused(exec(script), script.includes("sleep") ? quick : patient);
            assert.equal(refusal.code, "cluster-credentials-missing");
            assert.equal(
                refusal.seen,
                `The command \`${join(folder, "get-token")}\` of ${WHOSE} returned no credentials: ${why}`,
            );
            assert.match(refusal.fix, /`aws sso login`.*run the same Pulumi command again/);
            assert.doesNotMatch(refusal.message, /secret-part/);
            assert.equal(api.requests.length, 0);
        });
    }

    it("says that the credential command is not there", async () => {
        const refusal = await refused({ exec: { apiVersion: "v1", command: join(folder, "nowhere"), args: [] } });
        assert.match(refusal.seen, /returned no credentials: it could not be run or read \(ENOENT\)\.$/);
    });

    it("says that a client certificate is not there", async () => {
        const missing = join(folder, "missing.crt");
        const refusal = await refused({ "client-certificate": missing, "client-key": missing });
        assert.equal(
            refusal.seen,
            `The credentials of ${WHOSE} returned no credentials: it could not be run or read (ENOENT).`,
        );
        assert.match(refusal.fix, /^Use a `kubeconfig` with credentials/);
    });

    it("names the verb and the resource that are forbidden, and how to see it", async () => {
        api.script = ({ path }, number) =>
            path === "/version"
                ? identityScript({ path } as never, number)
                : status(403, 'User "me" cannot get resource');
        const refusal = await refused();
        assert.equal(refusal.code, "cluster-access-denied");
        assert.equal(
            refusal.seen,
            `The API server at ${host()} forbids \`get namespaces kube-system\`: User "me" cannot get resource.`,
        );
        assert.match(refusal.fix, /`kubectl --kubeconfig FILE auth can-i get namespaces\/kube-system` must print yes/);
    });

    it("names the namespace and the subresource of what is forbidden", async () => {
        api.script = () => status(403, "User me cannot do so.");
        const access = await accessTo(api.url);
        const restart = await refusalOf(access.restart({ name: "aws-node-1", uid: "1" }));
        assert.match(restart.seen, /forbids `delete pods aws-node-1` in kube-system: User me cannot do so\.$/);
        assert.match(
            restart.fix,
            /`kubectl --kubeconfig FILE auth can-i delete pods --namespace kube-system` must print yes/,
        );
        const token = await refusalOf(access.requestToken());
        assert.match(
            token.fix,
            /`kubectl --kubeconfig FILE auth can-i create serviceaccounts\/aws-node --subresource token --namespace kube-system` must print yes/,
        );
    });

    it("tells what admission denies from what the user may not do", async () => {
        api.script = () => status(403, 'admission webhook "policy.example.com" denied the request: no');
        const refusal = await refusalOf((await accessTo(api.url)).restart({ name: "aws-node-1", uid: "1" }));
        assert.equal(refusal.code, "cluster-access-denied");
        assert.match(refusal.seen, /admission webhook "policy\.example\.com" denied the request: no\.$/);
        assert.match(refusal.means, /an admission webhook or policy in the cluster denies it/);
        assert.match(
            refusal.fix,
            /Exempt the user in `kubeconfig` from that webhook or policy for `delete pods aws-node-1` in kube-system/,
        );
    });

    it("is still reported when its answer is no Status", async () => {
        api.script = () => ({ status: 418, body: "teapot" });
        assert.equal(
            (await refusalOf((await accessTo(api.url)).restart({ name: "p", uid: "1" }))).seen,
            "The API server answered 418 to `delete pods p` in kube-system: no reason given.",
        );
    });
});
