import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type IdentityWebhook, startIdentityWebhook } from "../../../identityWebhook";
import type { Identity } from "../../../identityWebhook/webhook";
import { awsWebhook, skipWithoutAwsWebhook } from "./awsWebhook";
import { patchOf, post, ServiceAccountApi } from "./support";

const identity = { namespace: "kube-system", serviceAccount: "aws-node" };

/** The same behaviours of the stand-in and, where there is one, of AWS's own program with --watch-container-credentials-config. */
for (const [title, program] of [
    ["the replicas of the identity webhook", undefined],
    ["the replicas of AWS's identity webhook", awsWebhook],
] as const) {
    describe(title, () => {
        before(function () {
            if (title.includes("AWS")) {
                skipWithoutAwsWebhook(this);
            }
        });
        let directory: string;
        let api: ServiceAccountApi | undefined;
        let webhook: IdentityWebhook | undefined;
        let views: [Identity[], Identity[]];
        beforeEach(async () => {
            views = [[], []];
            directory = mkdtempSync(join(tmpdir(), "eks-cni-replicas-test-"));
            api = await ServiceAccountApi.start();
            const kubeconfigPath = join(directory, "kubeconfig.json");
            writeFileSync(kubeconfigPath, api.kubeconfig);
            webhook = await startIdentityWebhook({
                kubeconfigPath,
                region: "us-west-2",
                directory,
                executable: program,
                podIdentities: [() => views[0], () => views[1]],
                ipFamily: "ipv6",
            });
        });
        afterEach(async () => {
            await webhook?.close();
            await api?.stop();
            rmSync(directory, { recursive: true, force: true });
        });

        const patch = async () => {
            const object = {
                metadata: { generateName: "aws-node-" },
                spec: { serviceAccountName: "aws-node", containers: [{ name: "a" }] },
            };
            const request = { uid: "1", namespace: "kube-system", object };
            const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
            return patchOf(await post(webhook ?? assert.fail(), review));
        };
        const sources = async (count: number) => {
            const all: string[] = [];
            for (let asked = 0; asked < count; asked++) {
                all.push(/AWS_CONTAINER_CREDENTIALS_FULL_URI/.test(await patch()) ? "pod identity" : "annotation");
            }
            return all;
        };

        it("asks its replicas in turns, each with its own view of the associations", async () => {
            assert.deepEqual(new Set(await sources(2)), new Set(["annotation"]));
            views[1] = [identity];
            const [one = "", other = "", ...rest] = await sources(4);
            assert.deepEqual([new Set([one, other]).size, rest], [2, [one, other]]);
            views[0] = [identity];
            assert.deepEqual(new Set(await sources(2)), new Set(["pod identity"]));
        });

        it("sends pods of an IPv6 cluster to the agent's IPv6 address", async () => {
            views = [[identity], [identity]];
            assert.match(
                await patch(),
                /"AWS_CONTAINER_CREDENTIALS_FULL_URI","value":"http:\/\/\[fd00:ec2::23\]\/v1\/credentials"/,
            );
        });
    });
}
