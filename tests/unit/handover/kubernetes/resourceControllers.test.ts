import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import { kubeconfig, patient, ScriptedApi, subject } from "./support";

const pod = (nodeName: string, phase = "Running", ...env: { name: string; value: string }[]) => ({
    metadata: { name: nodeName },
    spec: { nodeName, containers: [{ name: "vpc-resource-controller", env }] },
    status: { phase },
});
const token = { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token" };
const role = { name: "AWS_ROLE_ARN", value: "arn:aws:iam::111122223333:role/windows" };
const pages: Record<string, readonly object[]> = {
    "": [pod("n2"), pod("n3", "Failed"), pod("n4", "Running", token, role)],
    next: [pod("n1", "Running", role), pod("n2")],
};

describe("The legacy controllers of Windows pods", () => {
    let api: ScriptedApi;
    before(async () => {
        api = await ScriptedApi.start(({ query }) => {
            const at = query.get("continue") ?? "";
            return { body: { metadata: at === "" ? { continue: "next" } : {}, items: pages[at] ?? [] } };
        });
    });
    after(() => api.stop());

    it("are found by their label, each node once, without those that have a role of their own", async () => {
        const access = await connectCluster({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, subject, patient);
        deepStrictEqual(await access.resourceControllersOn(), ["n1", "n2"]);
        const [request] = api.requests;
        strictEqual(request?.path, "/api/v1/namespaces/kube-system/pods");
        strictEqual(request.query.get("labelSelector"), "app=vpc-resource-controller");
    });
});
