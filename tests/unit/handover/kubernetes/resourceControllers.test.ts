import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import { kubeconfig, patient, ScriptedApi, subject } from "./support";

const pod = (nodeName: string, phase = "Running") => ({
    metadata: { name: nodeName },
    spec: { nodeName },
    status: { phase },
});
const pages: Record<string, readonly object[]> = { "": [pod("n2"), pod("n3", "Failed")], next: [pod("n1"), pod("n2")] };

describe("The legacy controllers of Windows pods", () => {
    let api: ScriptedApi;
    before(async () => {
        api = await ScriptedApi.start(({ query }) => {
            const at = query.get("continue") ?? "";
            return { body: { metadata: at === "" ? { continue: "next" } : {}, items: pages[at] ?? [] } };
        });
    });
    after(() => api.stop());

    it("are found by their label, each node once", async () => {
        const access = await connectCluster({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, subject, patient);
        deepStrictEqual(await access.resourceControllersOn(), ["n1", "n2"]);
        const [request] = api.requests;
        strictEqual(request?.path, "/api/v1/namespaces/kube-system/pods");
        strictEqual(request.query.get("labelSelector"), "app=vpc-resource-controller");
    });
});
