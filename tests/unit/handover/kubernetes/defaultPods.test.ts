import { deepStrictEqual } from "node:assert/strict";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import { kubeconfig, patient, type Request, type Script, ScriptedApi, subject } from "./support";

const PODS = "/api/v1/namespaces/kube-system/pods";
const owner = { apiVersion: "apps/v1", kind: "DaemonSet", name: "aws-node", uid: "ds", controller: true };
const token = { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token" };

function pod(name: string, { metadata = {}, env = [] as object[], nodeName = "n1" } = {}) {
    return {
        metadata: { name, uid: name, namespace: "kube-system", ownerReferences: [owner], ...metadata },
        spec: { nodeName, containers: [{ name: "aws-node", env }] },
    };
}

const pages: Record<string, readonly object[]> = {
    "": [
        pod("off-the-node-role"),
        pod("goes", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
        pod("of-a-deployment", { metadata: { ownerReferences: [{ ...owner, kind: "ReplicaSet" }] } }),
        pod("of-another", { metadata: { ownerReferences: [{ ...owner, name: "another" }] } }),
        pod("not-controlled", { metadata: { ownerReferences: [{ ...owner, controller: false }] } }),
        pod("without-owner", { metadata: { ownerReferences: undefined } }),
    ],
    next: [
        pod("half-of-a-role", { env: [token] }),
        pod("on-another-kind-of-node", { nodeName: "n2" }),
        pod("pod-identity", { env: [{ name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://169.254.170.23" }] }),
    ],
};

const nodes = [
    { metadata: { name: "n1", labels: { kind: "ours" } } },
    { metadata: { name: "n2", labels: { kind: "theirs" } }, spec: { providerID: "aws:///us-west-2a/i-2" } },
];

/** The DaemonSet that is handed over. It runs on one kind of nodes. */
const customDaemonSet = (namespace: string) => ({
    metadata: { name: "cni", namespace, uid: "ours", generation: 1 },
    spec: {
        selector: { matchLabels: { app: "cni" } },
        template: { spec: { nodeSelector: { kind: "ours" }, containers: [{ name: "cni" }] } },
    },
});

const script: Script = ({ path, query }) => {
    if (path === "/api/v1/namespaces/kube-system") {
        return { body: { metadata: { uid: "cluster" } } };
    }
    if (path === "/api/v1/nodes") {
        return { body: { metadata: { resourceVersion: "1" }, items: nodes } };
    }
    if (path.endsWith("/daemonsets")) {
        return { body: { metadata: { resourceVersion: "1" }, items: [customDaemonSet(path.split("/").at(-2) ?? "")] } };
    }
    const at = query.get("continue") ?? "";
    const listsDefaultPods = path === PODS && query.get("labelSelector") === "k8s-app=aws-node";
    return {
        body: {
            metadata: { resourceVersion: "1", ...(listsDefaultPods && at === "" ? { continue: "next" } : {}) },
            items: listsDefaultPods ? (pages[at] ?? []) : [],
        },
    };
};

const isDefaultPodsRequest = ({ path, query }: Request) =>
    path === PODS && query.get("labelSelector") === "k8s-app=aws-node";

describe("Pods of kube-system/aws-node, where something else is handed over", () => {
    let api: ScriptedApi;
    before(async () => (api = await ScriptedApi.start(script)));
    after(() => api.stop());
    beforeEach(() => void api.requests.splice(0));

    const lookAt = async (namespace: string, daemonSetName: string) => {
        const about = { ...subject, daemonSetName, serviceAccount: { ...subject.serviceAccount, namespace } };
        const access = await connectCluster({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, about, patient);
        const { defaultPodsWithoutRole, otherNodes } = await access.look();
        const elsewhere = otherNodes?.flatMap(({ podsOnNodeRole = [] }) => podsOnNodeRole.map(({ name }) => name));
        return { defaultPodsWithoutRole, elsewhere, requests: api.requests.filter(isDefaultPodsRequest).length };
    };
    const live = ["off-the-node-role", "half-of-a-role"];
    const elsewhere = ["on-another-kind-of-node"];

    it("are reported by a look at another DaemonSet when they have no role of their own", async () => {
        deepStrictEqual(await lookAt("kube-system", "cni"), { defaultPodsWithoutRole: live, elsewhere, requests: 2 });
    });

    it("are reported by a look at another namespace", async () => {
        deepStrictEqual(await lookAt("network", "aws-node"), { defaultPodsWithoutRole: live, elsewhere, requests: 2 });
    });

    it("are not asked for when they are what is handed over", async () => {
        const seen = await lookAt("kube-system", "aws-node");
        deepStrictEqual([seen.defaultPodsWithoutRole, seen.requests], [undefined, 0]);
    });
});
