import * as assert from "node:assert/strict";
import { LIVE_CHECKS_ANNOTATION } from "../../../../documents/serviceAccountAnnotations";
import { connect } from "../../../../handover/kubernetes/clusterClient";
import { refusedPods } from "../../../../handover/kubernetes/events";
import { look } from "../../../../handover/kubernetes/lookAtCluster";
import { kubeconfig, patient, ScriptedApi, subject } from "./support";

const core = "/api/v1/namespaces/kube-system";
const apps = "/apis/apps/v1/namespaces/kube-system";
const daemonSet = {
    metadata: { name: "aws-node", namespace: "kube-system", uid: "ds" },
    spec: {
        selector: { matchLabels: { "k8s-app": "aws-node" } },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "50%" } },
        template: { spec: { containers: [] } },
    },
};

describe("What a look makes of the lists", () => {
    let api: ScriptedApi;
    let lists: Record<string, readonly object[]>;
    let resourceVersion: string | undefined;
    before(async () => {
        api = await ScriptedApi.start(({ path }) => ({
            body: path.endsWith("s")
                ? { metadata: { resourceVersion }, items: lists[path] ?? [] }
                : { metadata: { uid: "uid" } },
        }));
    });
    after(() => api.stop());
    beforeEach(() => {
        lists = {};
        resourceVersion = "7";
    });
    const connected = () =>
        connect({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, patient, new AbortController().signal);
    const looked = async (of = subject) => look(await connected(), of);

    const byName = { fieldSelector: "metadata.name=aws-node" };
    const watched = (version: object) => [
        { path: `${core}/serviceaccounts`, query: { ...byName, ...version } },
        { path: `${apps}/daemonsets`, query: { ...byName, ...version } },
    ];

    it("has nothing to watch of pods while there is no DaemonSet", async () => {
        assert.deepEqual((await looked()).watches, watched({ resourceVersion: "7" }));
    });

    it("watches from now on where a list does not say from where", async () => {
        resourceVersion = undefined;
        lists[`${apps}/daemonsets`] = [daemonSet];
        const pods = { path: `${core}/pods`, query: { labelSelector: "k8s-app=aws-node" } };
        assert.deepEqual((await looked()).watches, [...watched({}), pods]);
    });

    it("reckons the share of pods that may be missing by the nodes that are selected", async () => {
        lists[`${apps}/daemonsets`] = [daemonSet];
        lists["/api/v1/nodes"] = ["a", "b", "c"].map((name) => ({ metadata: { name } }));
        assert.equal((await looked()).seen.daemonSet?.maxUnavailable, 2);
    });

    it("has of the service account what the live checks left there, and what the program sets", async () => {
        const annotations = { [LIVE_CHECKS_ANNOTATION]: "{}", "example.com/mine": "1", "example.com/other": "2" };
        lists[`${core}/serviceaccounts`] = [{ metadata: { uid: "sa", annotations } }];
        const { seen } = await looked({ ...subject, annotations: { "example.com/mine": "1" } });
        assert.deepEqual(seen.serviceAccount?.annotations, { [LIVE_CHECKS_ANNOTATION]: "{}", "example.com/mine": "1" });
    });

    it("tells a refusal of pods for less than ten minutes", async () => {
        const now = Date.parse("2026-01-01T00:10:00Z");
        lists[`${core}/events`] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"].map((at) => ({
            metadata: {},
            message: `at ${at}`,
            lastTimestamp: at,
            involvedObject: { uid: "ds" },
        }));
        const messages = await refusedPods(await connected(), "kube-system", { name: "aws-node", uid: "ds" }, now);
        const [at] = messages;
        assert.deepEqual(messages, [{ first: at?.at, at: at?.at, message: "at 2026-01-01T00:00:01Z" }]);
        assert.ok(Math.abs((at?.at ?? 0) - Date.parse("2026-01-01T00:00:01Z")) < 2000, "by the clock of this machine");
    });
});
