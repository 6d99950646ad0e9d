import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startAwsWebhook } from "../../../identityWebhook/awsWebhook";
import type { InjectionDefaults, PatchOperation } from "../../../identityWebhook/injection";
import type { AdmissionReview } from "../../../identityWebhook/review";
import type { Webhook } from "../../../identityWebhook/webhook";
import { type UpstreamPod, upstreamPods } from "../../identityWebhookPods";
import { outcomeOf } from "../../patchOutcome";
import { awsWebhook, skipWithoutAwsWebhook } from "./awsWebhook";
import { ServiceAccountApi } from "./support";

/** main.go's flags. */
function flagsOf({ region, regionalStsEndpoints, containerCredentials }: InjectionDefaults): string[] {
    const { fullUri, audience, mountPath, volumeName, tokenPath } = containerCredentials;
    return [
        `--aws-default-region=${region}`,
        `--sts-regional-endpoint=${regionalStsEndpoints}`,
        `--container-credentials-full-uri=${fullUri}`,
        `--container-credentials-audience=${audience}`,
        `--container-credentials-token-mount-path=${mountPath}`,
        `--container-credentials-token-volume-name=${volumeName}`,
        `--container-credentials-token-path=${tokenPath}`,
    ];
}

const accountOf = (index: number) => `account-${index}`;

/** That upstream's test pods are restated as they are: AWS's own program gives each restated pod the restated outcome. */
describe("AWS's identity webhook and its own test pods, as restated", function () {
    this.timeout(30_000);
    let directory: string;
    let api: ServiceAccountApi;
    before(async function () {
        skipWithoutAwsWebhook(this);
        directory = mkdtempSync(join(tmpdir(), "eks-cni-aws-webhook-test-"));
        api = await ServiceAccountApi.start();
        upstreamPods.forEach(({ annotations }, index) => {
            const metadata = { name: accountOf(index), namespace: "default", resourceVersion: "1", annotations };
            api.accounts.push({ metadata });
        });
        writeFileSync(join(directory, "kubeconfig.json"), api.kubeconfig);
    });
    after(async () => {
        if (awsWebhook !== undefined) {
            await api.stop();
            rmSync(directory, { recursive: true, force: true });
        }
    });

    async function patchOf(webhook: Webhook, { pod }: UpstreamPod, index: number): Promise<PatchOperation[]> {
        const object = { ...pod, spec: { containers: [], ...pod.spec, serviceAccountName: accountOf(index) } };
        const request = { uid: "uid", namespace: "default", object };
        const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
        const { body } = await webhook.answer({ contentType: "application/json", body: JSON.stringify(review) });
        const { response } = JSON.parse(body) as AdmissionReview;
        return JSON.parse(Buffer.from(response?.patch ?? "", "base64").toString("utf8")) as PatchOperation[];
    }

    // One start for all pods with the same flags.
    const byFlags = new Map<string, number[]>();
    upstreamPods.forEach(({ flags }, index) => {
        const key = flagsOf(flags).join(" ");
        byFlags.set(key, [...(byFlags.get(key) ?? []), index]);
    });
    for (const [flags, indices] of byFlags) {
        it(`gives ${indices.map((index) => upstreamPods[index]?.file).join(", ")} the same outcome`, async () => {
            const webhook = await startAwsWebhook({
                executable: awsWebhook ?? "",
                kubeconfigPath: join(directory, "kubeconfig.json"),
                region: "",
                directory,
                podIdentities: () =>
                    indices.flatMap((index) =>
                        upstreamPods[index]?.hasPodIdentity
                            ? [{ namespace: "default", serviceAccount: accountOf(index) }]
                            : [],
                    ),
                flags: flags.split(" "),
            });
            try {
                for (const index of indices) {
                    const row = upstreamPods[index];
                    assert.ok(row);
                    const { volume, ...rest } = outcomeOf(await patchOf(webhook, row, index));
                    const { volume: expected, ...others } = row.outcome;
                    assert.deepEqual(rest, others, row.file);
                    assert.deepEqual({ ...volume, seconds: 0 }, { ...expected, seconds: 0 }, row.file);
                    // The program's own source of random numbers spreads the default.
                    const seconds = volume?.seconds ?? 0;
                    const isSpread = expected?.seconds === 79200 && seconds >= 79200 && seconds <= 86400;
                    assert.ok(isSpread || seconds === (expected?.seconds ?? 0), `${row.file}: ${seconds} s`);
                }
            } finally {
                await webhook.stop();
            }
        });
    }
});
