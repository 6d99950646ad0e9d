import * as assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1";
import { ConfigMap, ConfigMapPatch } from "@pulumi/kubernetes/core/v1";
import type { Resource } from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation";
import { startControlPlane, startEtcd } from "../../../cluster/controlPlane";
import { Processes } from "../../../cluster/managedProcess";
import { ensureTool } from "../../../tools";
import { type Engine, startEngine } from "../awsProvider/engine";

const namespace = "default";
const data = { key: "of the program" };
const spec = {
    matchConstraints: {
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["secrets"] }],
    },
    validations: [{ expression: "true" }],
};

/** As pulumi-kubernetes provider/pkg/await/await.go, Creation, has it before and from 4.29.0 on. */
for (const { tool, created, takesOver } of [
    { tool: "pulumi-resource-kubernetes", created: ["eks-cni-test", "Apply"], takesOver: true },
    { tool: "pulumi-resource-kubernetes-4.29", created: ["pulumi-kubernetes", "Update"], takesOver: false },
] as const) {
    describe(`${tool}, with the real engine and a real API server`, function () {
        this.timeout(60_000);
        const processes = new Processes();
        let directory: string;
        let engine: Engine;
        let environment: Record<string, string>;
        let core: CoreV1Api;

        before(async function () {
            this.timeout(600_000);
            directory = mkdtempSync(join(tmpdir(), "eks-cni-kubernetes-provider-"));
            const options = {
                tools: { etcd: await ensureTool("etcd"), "kube-apiserver": await ensureTool("kube-apiserver") },
                directory,
                logs: join(directory, "logs"),
                name: "provider-test",
                issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/PROVIDER",
                ipFamily: "ipv4" as const,
                processes,
            };
            const { kubeconfigPath } = await startControlPlane(options, await startEtcd(options));
            const kubeconfig = new KubeConfig();
            kubeconfig.loadFromFile(kubeconfigPath);
            core = kubeconfig.makeApiClient(CoreV1Api);
            engine = await startEngine("");
            const provider = dirname(await ensureTool(tool));
            environment = { KUBECONFIG: kubeconfigPath, PATH: [provider, process.env["PATH"]].join(delimiter) };
        });
        after(async () => {
            engine.end();
            await processes.stop(["kube-apiserver", "etcd"]);
            rmSync(directory, { recursive: true, force: true });
        });

        async function stackOf(name: string, program: () => Resource): Promise<Stack> {
            const stack = await engine.stack(name, () => Promise.resolve({ urn: program().urn }));
            const { PATH } = stack.workspace.envVars;
            Object.assign(stack.workspace.envVars, environment, { PATH: [environment["PATH"], PATH].join(delimiter) });
            return stack;
        }

        const metadata = (name: string, labels = {}) => ({
            name,
            namespace,
            labels,
            annotations: { "pulumi.com/patchFieldManager": "eks-cni-test" },
        });
        async function managersOf(name: string): Promise<unknown[]> {
            const { metadata: read } = await core.readNamespacedConfigMap({ name, namespace });
            return (read?.managedFields ?? []).map(({ manager, operation }) => [manager, operation]);
        }

        it("creates what does not exist, as its manager, and updates it by an apply", async () => {
            const labels: Record<string, string> = {};
            const stack = await stackOf("new", () => new ConfigMap("one", { metadata: metadata("new", labels), data }));
            await stack.up();
            assert.deepEqual(await managersOf("new"), [created]);
            labels["changed"] = "yes";
            assert.deepEqual((await stack.up()).summary.resourceChanges, { same: 1, update: 1 });
            assert.deepEqual(await managersOf("new"), [["eks-cni-test", "Apply"]]);
        });

        it("creates by an apply of a Patch kind what does not exist", async () => {
            const patch = () => new ConfigMapPatch("one", { metadata: metadata("patched"), data });
            await (await stackOf("patch", patch)).up();
            assert.deepEqual(await managersOf("patched"), [["eks-cni-test", "Apply"]]);
        });

        it(`${takesOver ? "takes over" : "does not create"} what a stack has left that lost its state`, async () => {
            const policy = () =>
                new ValidatingAdmissionPolicy("one", { metadata: { ...metadata("left"), namespace: undefined }, spec });
            await (await stackOf("before", policy)).up();
            const stack = await stackOf("after", policy);
            assert.deepEqual((await stack.preview()).changeSummary, { create: 2 });
            if (takesOver) {
                assert.deepEqual((await stack.up()).summary.resourceChanges, { create: 2 });
            } else {
                const message = /validatingadmissionpolicies\.admissionregistration\.k8s\.io "left" already exists/;
                await assert.rejects(stack.up(), ({ message: text }: Error) => message.test(text));
            }
        });
    });
}
