import { deepStrictEqual, rejects } from "node:assert/strict";
import { lookAtCarriers } from "../../../../handover/observe/carriersLook";
import { kubeconfig, type Script, ScriptedApi, status } from "./support";

const token = { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/token" };
const pod = (name: string, spec: object = {}, phase = "Running") => ({
    metadata: { name },
    spec: { serviceAccountName: "agent", containers: [{ name: "c" }], ...spec },
    status: { phase },
});
const pages: Record<string, readonly object[]> = {
    "": [pod("running"), pod("done", {}, "Succeeded"), pod("broken", {}, "Failed")],
    next: [pod("pending", { serviceAccountName: undefined, containers: [{ name: "c", env: [token] }] }, "Pending")],
};

const script: Script = ({ path, query }) => {
    if (path === "/.well-known/openid-configuration") {
        return { body: { issuer: "https://oidc.example/id/A" } };
    }
    if (path.endsWith("/serviceaccounts")) {
        const annotations = { "eks.amazonaws.com/role-arn": "arn" };
        const items = query.get("fieldSelector") === "metadata.name=agent" ? [{ metadata: { annotations } }] : [];
        return { body: { items: path.includes("/cni/") ? items : [{ metadata: {} }] } };
    }
    const at = query.get("continue") ?? "";
    const more = path === "/api/v1/namespaces/cni/pods" && at === "" ? { continue: "next" } : {};
    return { body: { metadata: more, items: path.includes("/cni/") ? pages[at] : [] } };
};

describe("A look at the pods that may carry a role", () => {
    let api: ScriptedApi;
    beforeEach(async () => (api = await ScriptedApi.start(script)));
    afterEach(() => api.stop());
    const look = (impatient = true) =>
        lookAtCarriers({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, ["cni", "kube-system"], impatient, [
            { namespace: "cni", name: "agent" },
            { namespace: "cni", name: "missing" },
            { namespace: "kube-system", name: "agent" },
        ]);

    it("finds all pods that have not ended, whatever owns them, service accounts with a role, and the tokens' issuer", async () => {
        const { pods, issuer } = await look();
        deepStrictEqual(
            pods.map(({ name, namespace, serviceAccount, credentials }) => [
                name,
                namespace,
                serviceAccount,
                credentials.kind,
            ]),
            [
                ["running", "cni", "agent", "nodeRole"],
                ["pending", "cni", "default", "incomplete"],
                ["each new pod of cni/agent", "cni", "agent", "webIdentity"],
            ],
        );
        deepStrictEqual(issuer, "oidc.example/id/A");
        deepStrictEqual(
            api.requests.filter(({ query }) => query.has("labelSelector")),
            [],
        );
    });

    it("fails if a namespace cannot be read", async () => {
        api.script = (request, number) =>
            request.path.includes("/cni/") ? status(403, "pods is forbidden") : script(request, number);
        await rejects(look(false), { code: "cluster-access-denied" });
    });
});
