import * as assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { AdmissionregistrationV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1";
import { ConfigMap, ConfigMapPatch } from "@pulumi/kubernetes/core/v1";
import type { Resource } from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation";
import { startControlPlane, startEtcd } from "../../../cluster/controlPlane";
import { Processes } from "../../../cluster/managedProcess";
import { ensureTool } from "../../../tools";
import { type Engine, startEngine } from "../awsProvider/engine";

const namespace = "default";
const spec = { validations: [{ expression: "true" }] };

/** As pulumi-kubernetes provider/pkg/await/await.go, Creation, has it before and from 4.29.0 on. */
for (const { tool, created, takesOver } of [
    { tool: "pulumi-resource-kubernetes", created: ["eks-cni-test", "Apply"], takesOver: true },
    { tool: "pulumi-resource-kubernetes-4.29", created: ["pulumi-kubernetes", "Update"], takesOver: false },
] as const) {
    describe(`${tool}, with the real engine and a real API server`, function () {
        this.timeout(60_000);
        const processes = new Processes();
        const data = { key: "program" };
        let directory: string;
        let engine: Engine;
        let environment: Record<string, string>;
        let core: CoreV1Api;
        let admission: AdmissionregistrationV1Api;

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
            admission = kubeconfig.makeApiClient(AdmissionregistrationV1Api);
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

        const metadata = (name: string) => ({
            name,
            namespace,
            annotations: { "pulumi.com/patchFieldManager": "eks-cni-test" },
        });
        const read = (name: string) => core.readNamespacedConfigMap({ name, namespace });
        const managersOf = async (name: string) =>
            ((await read(name)).metadata?.managedFields ?? []).map(({ manager, operation }) => [manager, operation]);

        it("creates what does not exist, as its manager, and updates it by an apply", async () => {
            const stack = await stackOf("new", () => new ConfigMap("one", { metadata: metadata("new"), data }));
            await stack.up();
            assert.deepEqual(await managersOf("new"), [created]);
            data.key = "changed";
            await stack.up();
            assert.deepEqual(await managersOf("new"), [["eks-cni-test", "Apply"]]);
            assert.deepEqual((await read("new")).data, { key: "changed" });
        });

        it("creates by an apply of a Patch kind what does not exist", async () => {
            const patch = () => new ConfigMapPatch("one", { metadata: metadata("patched"), data });
            await (await stackOf("patch", patch)).up();
            assert.deepEqual(await managersOf("patched"), [["eks-cni-test", "Apply"]]);
        });

        it(`${takesOver ? "takes over" : "does not create"} what exists, and previews it all the same`, async () => {
            await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "there" } } });
            await admission.createValidatingAdmissionPolicy({ body: { metadata: { name: "there" }, spec } });
            for (const [name, program] of [
                ["configmaps", () => new ConfigMap("one", { metadata: metadata("there"), data })],
                [
                    "validatingadmissionpolicies.admissionregistration.k8s.io",
                    () => new ValidatingAdmissionPolicy("one", { metadata: { name: "there" }, spec }),
                ],
            ] as const) {
                const stack = await stackOf(name.replace(/\..*/, ""), program);
                assert.deepEqual((await stack.preview()).changeSummary, { create: 2 });
                await (takesOver
                    ? stack.up()
                    : assert.rejects(stack.up(), ({ message }: Error) =>
                          message.includes(`${name} "there" already exists`),
                      ));
            }
            assert.deepEqual((await read("there")).data, takesOver ? data : undefined);
        });
    });
}
