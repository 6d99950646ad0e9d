import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startIdentityWebhook, type IdentityWebhook } from "../../../identityWebhook";
import { awsWebhook, skipWithoutAwsWebhook } from "./awsWebhook";
import { patchOf, post, restore, roleArn, serviceAccount, ServiceAccountApi } from "./support";

/** The same behaviours of the stand-in and, where there is one, of AWS's own program. */
for (const [title, program] of [
    ["the identity webhook", undefined],
    ["AWS's identity webhook", awsWebhook],
] as const) {
    describe(title, function () {
        before(function () {
            if (title.startsWith("AWS")) {
                skipWithoutAwsWebhook(this);
            }
        });
        let directory: string;
        let api: ServiceAccountApi;
        let webhook: IdentityWebhook;
        before(async () => {
            directory = mkdtempSync(join(tmpdir(), "eks-cni-webhook-test-"));
            api = await ServiceAccountApi.start();
            const kubeconfigPath = join(directory, "kubeconfig.json");
            writeFileSync(kubeconfigPath, api.kubeconfig);
            webhook = await startIdentityWebhook({
                kubeconfigPath,
                region: "us-west-2",
                directory,
                executable: program,
            });
        });
        after(async () => {
            if (title.startsWith("AWS") && program === undefined) {
                return;
            }
            await webhook.close();
            await api.stop();
            rmSync(directory, { recursive: true, force: true });
        });
        afterEach(() => restore(webhook));

        const review = (serviceAccountName = "aws-node", apiVersion = "admission.k8s.io/v1") =>
            post(webhook, {
                apiVersion,
                kind: "AdmissionReview",
                request: {
                    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
                    namespace: "kube-system",
                    object: {
                        metadata: { generateName: "aws-node-" },
                        spec: { serviceAccountName, containers: [{ name: "a" }] },
                    },
                },
            });

        const untilPatched = async (account: string, wanted: RegExp) => {
            for (let attempt = 0; attempt < 100 && !wanted.test(patchOf(await review(account))); attempt++) {
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            assert.match(patchOf(await review(account)), wanted);
        };

        it("answers a review over TLS with a patch, by a certificate that its bundle vouches for", async () => {
            const answer = await review();
            assert.equal(answer.status, 200);
            assert.equal(answer.body.apiVersion, "admission.k8s.io/v1");
            assert.equal(answer.body.kind, "AdmissionReview");
            assert.deepEqual(
                { ...answer.body.response, patch: undefined },
                {
                    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
                    allowed: true,
                    patchType: "JSONPatch",
                    patch: undefined,
                },
            );
            assert.match(patchOf(answer), new RegExp(`"AWS_ROLE_ARN","value":"${roleArn}"`));
            assert.match(
                readFileSync(join(directory, "identity-webhook.log"), "utf8"),
                /pod kube-system\/aws-node- .* mutated/,
            );
        });

        it("answers in the version in which it was asked", async () => {
            assert.equal(
                (await review("aws-node", "admission.k8s.io/v1beta1")).body.apiVersion,
                "admission.k8s.io/v1beta1",
            );
        });

        it("lets the pod of an unknown service account in, without a patch", async () => {
            assert.deepEqual((await review("missing")).body.response, {
                uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
                allowed: true,
            });
        });

        it("follows the cluster's service accounts: made, changed, deleted", async () => {
            api.send("ADDED", serviceAccount("late", roleArn, "2"));
            await untilPatched("late", /role\/cni/);
            api.send("MODIFIED", serviceAccount("late", `${roleArn}-2`, "3"));
            await untilPatched("late", /role\/cni-2/);
            api.send("DELETED", serviceAccount("late", roleArn, "4"));
            await untilPatched("late", /^$/);
        });

        it("goes on after the API server was away", async () => {
            api.breakWatches();
            api.accounts.push(serviceAccount("after-break", roleArn, "5"));
            for (let attempt = 0; attempt < 150 && patchOf(await review("after-break")) === ""; attempt++) {
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            assert.match(patchOf(await review("after-break")), /role\/cni/);
        });

        it("refuses connections while it is stopped, and answers at the same address when it is started again", async () => {
            const { url } = webhook;
            await webhook.stop();
            await assert.rejects(review(), { code: "ECONNREFUSED" });
            await webhook.start();
            assert.equal(webhook.url, url);
            assert.equal((await review()).status, 200);
        });

        it("answers late on request", async () => {
            webhook.delay(300);
            const start = Date.now();
            await review();
            assert.ok(Date.now() - start >= 300, `answered after ${Date.now() - start} ms`);
        });

        it("lets pods in without a patch while its cache is late, and knows all that it missed when it is not any more", async () => {
            webhook.setCacheDelay(Infinity);
            api.send("ADDED", serviceAccount("missed", roleArn, "6"));
            api.send("ADDED", serviceAccount("heard", roleArn, "7"));
            await new Promise((resolve) => setTimeout(resolve, 100));
            assert.equal(patchOf(await review("missed")), "");
            assert.match(patchOf(await review()), /role\/cni/);
            webhook.setCacheDelay(0);
            await untilPatched("missed", /role\/cni/);
        });

        it("injects a role of before while its cache is late", async () => {
            api.send("ADDED", serviceAccount("moved", roleArn, "8"));
            await untilPatched("moved", /role\/cni"/);
            webhook.setCacheDelay(300);
            api.send("MODIFIED", serviceAccount("moved", `${roleArn}-2`, "9"));
            await new Promise((resolve) => setTimeout(resolve, 100));
            assert.match(patchOf(await review("moved")), /role\/cni"/);
            await untilPatched("moved", /role\/cni-2"/);
        });

        it("presents an untrusted certificate on request, after a restart too", async () => {
            webhook.showWrongCertificate(true);
            await assert.rejects(review(), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
            await webhook.stop();
            await webhook.start();
            await assert.rejects(review(), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
            webhook.showWrongCertificate(false);
            assert.equal((await review()).status, 200);
        });

        it("takes JSON only", async () => {
            assert.equal((await post(webhook, {}, "text/plain")).status, 415);
        });

        const unreadable: [string, object | string, string, RegExp][] = [
            ["an empty body", "", "", /^bad content$/],
            ["a review without a request", {}, "", /^bad content$/],
            ["broken JSON", '{"request": {"object": "', "", /^couldn't get version\/kind; json parse error: /],
            [
                "a pod that is a text",
                { request: { uid: "u", object: "a" } },
                "u",
                /^json: cannot unmarshal string into Go value of type v1\.Pod$/,
            ],
        ];
        for (const [what, body, uid, message] of unreadable) {
            it(`does not allow what it cannot read, with the status 200: ${what}`, async () => {
                const { status, body: answer } = await post(webhook, body);
                assert.equal(status, 200);
                assert.deepEqual({ ...answer.response, status: undefined }, { uid, allowed: false, status: undefined });
                assert.match(answer.response?.status?.message ?? "", message);
            });
        }
    });
}
