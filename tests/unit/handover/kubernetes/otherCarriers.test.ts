import { deepStrictEqual } from "node:assert/strict";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import type { Subject } from "../../../../handover/model/subject";
import { kubeconfig, patient, type Request, ScriptedApi, subject } from "./support";

const ROLE = "arn:aws:iam::111122223333:role/cni";
const AUDIENCE = "sts.amazonaws.com";
const PATH = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const owned = (name: string, uid: string, kind = "DaemonSet") => ({ name, uid, kind, controller: true });

/** A pod that the pod identity webhook has given the role. */
function carrying(name: string, ...ownerReferences: object[]) {
    return {
        metadata: { name, uid: name, ownerReferences },
        spec: {
            volumes: [
                { name: "t", projected: { sources: [{ serviceAccountToken: { audience: AUDIENCE, path: "token" } }] } },
            ],
            containers: [
                {
                    name: "aws-node",
                    env: [
                        { name: "AWS_ROLE_ARN", value: ROLE },
                        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${PATH}/token` },
                    ],
                    volumeMounts: [{ name: "t", mountPath: PATH }],
                },
            ],
        },
    };
}

const PODS_PATH = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";

/** A pod that the webhook has given the credentials of an association. */
function associatedPod(name: string, creationTimestamp?: string) {
    const token = { audience: "pods.eks.amazonaws.com", path: "eks-pod-identity-token" };
    const container = (of: string) => ({
        name: of,
        env: [
            { name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", value: "http://169.254.170.23/v1/credentials" },
            { name: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", value: `${PODS_PATH}/eks-pod-identity-token` },
        ],
        volumeMounts: [{ name: "t", mountPath: PODS_PATH }],
    });
    return {
        metadata: { name, uid: name, creationTimestamp, ownerReferences: [owned("aws-node-arm", "theirs")] },
        spec: {
            volumes: [{ name: "t", projected: { sources: [{ serviceAccountToken: token }] } }],
            initContainers: [container("init")],
            containers: [container("aws-node")],
        },
    };
}

/** Only one container has the token file. */
function inPart(name: string) {
    const { metadata, spec } = carrying(name);
    return { metadata, spec: { ...spec, containers: [...spec.containers, { name: "agent" }] } };
}

/** No DaemonSet tolerates it. */
const NO_EXECUTE = { key: "os", value: "windows", effect: "NoExecute" };

const without = { metadata: { name: "without" }, spec: { containers: [{ name: "aws-node" }] } };

describe("Pods that carry a role besides those of the DaemonSet", () => {
    let api: ScriptedApi;
    let selector: object;
    let pods: Record<string, readonly object[]>;
    let accounts: Record<string, readonly object[]>;
    let daemonSets: readonly object[];
    let nodes: readonly object[];
    before(async () => {
        api = await ScriptedApi.start(({ path, query }) => {
            const [, namespace = ""] = /namespaces\/([^/]+)\//.exec(path) ?? [];
            const name = /=(.*)$/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
            const items = path.endsWith("/pods")
                ? pods[`${namespace}/${name}`]
                : path.endsWith("/serviceaccounts")
                  ? accounts[`${namespace}/${name}`]
                  : path.endsWith("/daemonsets")
                    ? daemonSets
                    : path.endsWith("/nodes")
                      ? nodes
                      : [];
            return { body: { metadata: { uid: "cluster", resourceVersion: "1" }, items: items ?? [] } };
        });
    });
    after(() => api.stop());
    beforeEach(() => {
        api.requests.length = 0;
        selector = { matchLabels: { "k8s-app": "aws-node" } };
        daemonSets = [
            {
                metadata: { name: "aws-node", namespace: "kube-system", uid: "ours" },
                get spec() {
                    return { selector, template: { spec: { serviceAccountName: "aws-node", containers: [] } } };
                },
            },
        ];
        pods = {};
        accounts = {};
        nodes = [];
    });
    const looked = async (of: Partial<Subject> = {}) => {
        const kubeconfigText = JSON.stringify(kubeconfig(api.url));
        const access = await connectCluster({ kubeconfig: kubeconfigText }, { ...subject, ...of }, patient);
        const seen = await access.look();
        access.close();
        return seen;
    };
    const requests = () =>
        api.requests
            .filter(({ path, query }: Request) => path.endsWith("/pods") && query.has("fieldSelector"))
            .map(({ path, query }) => [path.split("/")[4], query.get("fieldSelector"), query.get("labelSelector")]);
    const account = { namespace: "kube-system", name: "aws-node" };

    it("are none where no other pod uses the service account, and are asked for without the DaemonSet's own", async () => {
        deepStrictEqual((await looked()).otherCarriers, undefined);
        deepStrictEqual(requests(), [["kube-system", "spec.serviceAccountName=aws-node", "k8s-app!=aws-node"]]);
    });

    it("are those of another DaemonSet, of a Deployment and of nothing, wholly or in part", async () => {
        pods["kube-system/aws-node"] = [
            carrying("arm", owned("aws-node-arm", "theirs")),
            carrying("copy", owned("copy", "set", "ReplicaSet")),
            carrying("shared", { ...owned("aws-node-arm", "theirs"), controller: false }),
            inPart("part"),
            without,
            { ...carrying("evicted", owned("aws-node-arm", "theirs")), status: { phase: "Failed" } },
            { ...carrying("finished"), status: { phase: "Succeeded" } },
        ];
        const of = (name: string, daemonSet?: string) => ({
            name,
            daemonSet,
            serviceAccount: account,
            roleArns: [ROLE],
        });
        deepStrictEqual((await looked()).otherCarriers, [
            of("arm", "aws-node-arm"),
            of("copy"),
            of("shared"),
            of("part"),
        ]);
    });

    it("are kept apart from those that use the role of a node which the DaemonSet does not select", async () => {
        const onNodeRole = (name: string) => ({
            metadata: { name, namespace: "kube-system", ownerReferences: [owned("aws-node-arm", "theirs")] },
            spec: { nodeName: "arm", serviceAccountName: "aws-node", containers: [{ name: "aws-node" }] },
        });
        pods["kube-system/aws-node"] = [carrying("carries", owned("aws-node-arm", "theirs")), onNodeRole("arm-1")];
        nodes = [{ metadata: { name: "arm" }, spec: { providerID: "aws:///us-west-2a/i-1", taints: [NO_EXECUTE] } }];
        const { otherCarriers, otherNodes } = await looked();
        deepStrictEqual(
            otherCarriers?.map(({ name }) => name),
            ["carries"],
        );
        const daemonSet = { namespace: "kube-system", name: "aws-node-arm" };
        deepStrictEqual(otherNodes, [
            {
                name: "arm",
                instanceId: "i-1",
                podsOnNodeRole: [{ name: "arm-1", daemonSet, sharesServiceAccount: true }],
            },
        ]);
    });

    it("are all that is listed, where the DaemonSet's labels have no opposite, except its own", async () => {
        const rows: object[] = [
            { matchLabels: { a: "1", b: "2" } },
            { matchLabels: { a: "1" }, matchExpressions: [{ key: "b", operator: "Exists" }] },
            { matchExpressions: [{ key: "b", operator: "Exists" }] },
        ];
        for (const of of rows) {
            selector = of;
            api.requests.length = 0;
            pods["kube-system/aws-node"] = [carrying("own", owned("aws-node", "ours")), carrying("other")];
            deepStrictEqual(
                (await looked()).otherCarriers?.map(({ name }) => name),
                ["other"],
            );
            deepStrictEqual(requests(), [["kube-system", "spec.serviceAccountName=aws-node", null]]);
        }
    });

    it("are those with the credentials of an association, whose role is unknown, if the run depends on one or ever did", async () => {
        const created = "2026-12-01T00:00:00Z";
        pods["kube-system/aws-node"] = [associatedPod("arm", created), associatedPod("undated")];
        pods["network/old"] = [associatedPod("old-pod", created)];
        const former = { namespace: "network", name: "old" };
        const carriersOf = async (of: Partial<Subject>) =>
            (await looked({ formerServiceAccounts: [former], ...of })).otherCarriers?.map(
                ({ name, roleArns, associated }) => [name, roleArns, associated],
            );
        const containers = ["aws-node", "init"];
        // The association of the former service account's pod is another one's.
        const found = [
            ["arm", [], { createdAt: Date.parse(created), containers }],
            ["undated", [], { createdAt: 0, containers }],
        ];
        deepStrictEqual(
            [
                await carriersOf({ delivery: "podIdentity" }),
                // The move away from Pod Identity.
                await carriersOf({ podIdentityDelivered: true }),
                await carriersOf({}),
            ],
            [found, found, undefined],
        );
    });

    it("are there also without the DaemonSet", async () => {
        daemonSets = [];
        pods["kube-system/aws-node"] = [carrying("left", owned("aws-node", "ours"))];
        deepStrictEqual(
            (await looked()).otherCarriers?.map(({ name }) => name),
            ["left"],
        );
    });

    it("are those of former service accounts, which are released as long as the component annotates them", async () => {
        const former = [
            { namespace: "network", name: "old" },
            { namespace: "network", name: "older" },
            { namespace: "network", name: "gone" },
        ];
        pods["network/old"] = [carrying("old-pod", owned("old-cni", "theirs"))];
        const fieldsV1 = { "f:metadata": { "f:annotations": { "f:eks.amazonaws.com/role-arn": {} } } };
        const managed = (manager: string) => [
            { metadata: { managedFields: [{ manager, operation: "Apply", fieldsV1 }] } },
        ];
        accounts["network/old"] = managed(subject.fieldManager);
        accounts["network/older"] = managed("kubectl");
        const seen = await looked({ formerServiceAccounts: former });
        deepStrictEqual(seen.otherCarriers, [
            { name: "old-pod", daemonSet: "old-cni", serviceAccount: former[0], roleArns: [ROLE] },
        ]);
        deepStrictEqual(seen.formerServiceAccounts, [former[0]]);
    });

    it("leave the DaemonSet with the service account of its template", async () => {
        deepStrictEqual((await looked()).daemonSet?.serviceAccountName, "aws-node");
    });
});
