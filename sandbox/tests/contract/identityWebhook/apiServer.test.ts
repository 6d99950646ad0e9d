import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AdmissionregistrationV1Api, CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";

import { startControlPlane, startEtcd } from "../../../cluster/controlPlane";
import { Processes } from "../../../cluster/managedProcess";
import { identityWebhookConfiguration } from "../../../cluster/manifests/identityWebhook";
import { type IdentityWebhook, startIdentityWebhook } from "../../../identityWebhook";
import { ensureTool } from "../../../tools";
import { awsWebhook, skipWithoutAwsWebhook } from "./awsWebhook";
import { restore, roleArn } from "./support";

/** Seconds for which the API server waits for the webhook; ten on EKS. */
const timeoutSeconds = 1;

for (const [title, executable] of [
    ["a real API server that asks the identity webhook", undefined],
    ["a real API server that asks AWS's identity webhook", awsWebhook],
] as const) {
    describe(title, function () {
        this.timeout(60_000);
        const isAws = title.includes("AWS");
        const processes = new Processes();
        let directory: string;
        let webhook: IdentityWebhook;
        let core: CoreV1Api;

        before(async function () {
            if (isAws) {
                skipWithoutAwsWebhook(this);
            }
            this.timeout(600_000);
            directory = mkdtempSync(join(tmpdir(), "eks-cni-webhook-api-test-"));
            const kubeconfigPath = await startApiServer();
            const kubeconfig = new KubeConfig();
            kubeconfig.loadFromFile(kubeconfigPath);
            core = kubeconfig.makeApiClient(CoreV1Api);
            webhook = await startIdentityWebhook({ kubeconfigPath, region: "us-west-2", directory, executable });
            const body = identityWebhookConfiguration(webhook);
            body.webhooks?.forEach((hook) => (hook.timeoutSeconds = timeoutSeconds));
            await kubeconfig.makeApiClient(AdmissionregistrationV1Api).createMutatingWebhookConfiguration({ body });
            await makeAccount("annotated");
            await untilInjected("annotated");
        });
        after(async () => {
            if (isAws && executable === undefined) {
                return;
            }
            await webhook.close();
            await processes.stop(["kube-apiserver", "etcd"]);
            rmSync(directory, { recursive: true, force: true });
        });
        afterEach(() => restore(webhook));

        async function startApiServer(): Promise<string> {
            const [etcd, apiServer] = [await ensureTool("etcd"), await ensureTool("kube-apiserver")];
            const options = {
                tools: { etcd, "kube-apiserver": apiServer },
                directory,
                logs: join(directory, "logs"),
                name: "webhook-test",
                issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/WEBHOOK",
                ipFamily: "ipv4" as const,
                processes,
            };
            return (await startControlPlane(options, await startEtcd(options))).kubeconfigPath;
        }

        async function makeAccount(name: string): Promise<void> {
            const body = { metadata: { name, annotations: { "eks.amazonaws.com/role-arn": roleArn } } };
            await core.createNamespacedServiceAccount({ namespace: "default", body });
        }

        /** The role of a new pod, which the API server admits in any case. */
        async function roleOfNewPod(serviceAccountName = "annotated", labels = {}): Promise<string | undefined> {
            const body: V1Pod = {
                metadata: { generateName: "pod-", labels },
                spec: { serviceAccountName, containers: [{ name: "main", image: "main" }] },
            };
            const pod = await core.createNamespacedPod({ namespace: "default", body });
            return pod.spec?.containers[0]?.env?.find((variable) => variable.name === "AWS_ROLE_ARN")?.value;
        }

        async function untilInjected(account: string): Promise<void> {
            for (let attempt = 0; attempt < 100 && (await roleOfNewPod(account)) === undefined; attempt++) {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        }

        it("gives a pod the role of its service account", async () => {
            assert.equal(await roleOfNewPod(), roleArn);
        });

        it("does not ask it for a pod with the label that skips it", async () => {
            assert.equal(
                await roleOfNewPod("annotated", { "eks.amazonaws.com/skip-pod-identity-webhook": "" }),
                undefined,
            );
        });

        it("lets a pod in without a role while the webhook's cache is late", async () => {
            webhook.setCacheDelay(Infinity);
            await makeAccount("late");
            assert.equal(await roleOfNewPod("late"), undefined);
            webhook.setCacheDelay(0);
            await untilInjected("late");
            assert.equal(await roleOfNewPod("late"), roleArn);
        });

        it("lets a pod in without a role while the webhook is down", async () => {
            await webhook.stop();
            assert.equal(await roleOfNewPod(), undefined);
            await webhook.start();
            assert.equal(await roleOfNewPod(), roleArn);
        });

        it("waits for a slow webhook, but not beyond the configuration's timeout", async () => {
            webhook.delay(300);
            assert.equal(await roleOfNewPod(), roleArn);
            webhook.delay(timeoutSeconds * 1000 + 2000);
            const start = Date.now();
            assert.equal(await roleOfNewPod(), undefined);
            assert.ok(Date.now() - start >= timeoutSeconds * 1000, `went on after ${Date.now() - start} ms`);
        });

        it("lets a pod in without a role while the webhook's certificate is wrong", async () => {
            webhook.showWrongCertificate(true);
            assert.equal(await roleOfNewPod(), undefined);
            webhook.showWrongCertificate(false);
            assert.equal(await roleOfNewPod(), roleArn);
        });
    });
}
