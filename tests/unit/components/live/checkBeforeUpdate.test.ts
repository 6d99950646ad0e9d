import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { checkBeforeUpdate } from "../../../../components/live/refuseNarrowing";
import { kubeconfig, type Script, ScriptedApi } from "../../handover/kubernetes/support";
import { run } from "../../support/underMocks";

const ROLE = "arn:aws:iam::111122223333:role/cni";
const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id";
const TOKEN = { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/token" };
const trust = (...ids: string[]) =>
    JSON.stringify({
        Statement: ids.map((id) => ({ Effect: "Allow", Principal: { Federated: `${PROVIDER}/${id}` } })),
    });

const script: Script = ({ path }) => ({
    body: path.endsWith("/kube-system/pods")
        ? {
              metadata: {},
              items: [
                  {
                      metadata: { name: "aws-node-1" },
                      spec: { containers: [{ name: "c", env: [TOKEN, { name: "AWS_ROLE_ARN", value: ROLE }] }] },
                  },
              ],
          }
        : {},
});

describe("The hook before an update of the role", () => {
    let api: ScriptedApi;
    beforeEach(async () => (api = await ScriptedApi.start(script)));
    afterEach(() => api.stop());

    /** Calls the hook under mocks, as the engine does. */
    async function call(before: object, after: object, { preview = false, roleName = "cni" } = {}) {
        let done: Promise<unknown> = Promise.resolve();
        const { warnings } = await run(
            () => {
                const parent = new pulumi.ComponentResource("test:index:Parent", "parent", {});
                const update = { oldInputs: before, newInputs: after, oldOutputs: { arn: ROLE } };
                const args = roleName === "" ? {} : { roleName };
                done = checkBeforeUpdate(
                    {
                        args,
                        valid: { kubeconfig: pulumi.output(JSON.stringify(kubeconfig(api.url))) },
                        oidcProviderArn: pulumi.output(`${PROVIDER}/OWN`),
                        serviceAccount: pulumi.output({ namespace: "kube-system", name: "aws-node" }),
                        parent,
                    },
                    "role",
                    update as unknown as pulumi.ResourceHookArgs,
                ).then(
                    () => "goes on",
                    (error: unknown) => Promise.reject(error as Error),
                );
                done.catch(() => undefined);
            },
            { preview },
        );
        return { done, warnings: () => warnings };
    }

    it("refuses with the reason while a pod carries the role", async () => {
        const { done } = await call({}, { permissionsBoundary: pulumi.secret("b") });
        await rejects(done, { code: "role-narrowed", message: /Pods carry the role: aws-node-1\./ });
    });

    it("lets go on what takes nothing away, and does not read the cluster", async () => {
        const { done } = await call({ tags: { a: "b" } }, { tags: {} });
        deepStrictEqual([await done, api.requests.length], ["goes on", 0]);
    });

    it("lets go on what a preview does not know", async () => {
        const { done } = await call({}, { permissionsBoundary: pulumi.unknown }, { preview: true });
        deepStrictEqual([await done, api.requests.length], ["goes on", 0]);
    });

    it("shows warnings next to the component", async () => {
        const { done, warnings } = await call(
            { assumeRolePolicy: trust("OWN", "THEIRS") },
            { assumeRolePolicy: trust("OWN") },
        );
        deepStrictEqual(await done, "goes on");
        match(warnings().join("\n"), /stops trusting the cluster with the issuer \S+\/id\/THEIRS\./);
    });

    it("only warns in a preview of a role without a fixed name", async () => {
        const { done, warnings } = await call({}, { permissionsBoundary: "b" }, { preview: true, roleName: "" });
        deepStrictEqual(await done, "goes on");
        match(warnings().join("\n"), /\[role-narrowed\]/);
        const fixed = await call({}, { permissionsBoundary: "b" }, { preview: true });
        await rejects(fixed.done, { code: "role-narrowed" });
    });
});
