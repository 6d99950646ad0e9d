import * as assert from "node:assert/strict";
import type { ClusterAccess } from "../../../../handover/kubernetes/clusterAccess";
import { connectCluster } from "../../../../handover/kubernetes/connectCluster";
import { accessTo, type Answer, kubeconfig, patient, refusalOf, ScriptedApi, status, subject } from "./support";

const core = "/api/v1/namespaces/kube-system";
const apps = "/apis/apps/v1/namespaces/kube-system";
const account = `${core}/serviceaccounts/aws-node`;
const set = `${apps}/daemonsets/aws-node`;
const policy = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/eks-cni-guard";
const binding = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/eks-cni-guard";
const policies = "validatingadmissionpolicies.admissionregistration.k8s.io";
const bindings = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

const daemonSet = {
    metadata: { name: "aws-node", namespace: "kube-system", uid: "ds" },
    spec: { selector: { matchLabels: { app: "cni" } }, template: { spec: { containers: [] } } },
};
/** The answer to a request that is not forbidden. */
const allowed = (path: string): Answer => {
    const items = path === `${apps}/daemonsets` ? [daemonSet] : [];
    const managedFields = [{ manager: subject.fieldManager, operation: "Apply" }];
    return { body: path.endsWith("s") ? { metadata: {}, items } : { metadata: { uid: "uid", managedFields } } };
};

const calls = {
    "an identity": (access: ClusterAccess) => access.identity(),
    "a look": (access: ClusterAccess) => access.look(),
    annotating: (access: ClusterAccess) => access.annotate(subject.annotations, true),
    "releasing the account": (access: ClusterAccess) => access.releaseServiceAccount({}),
    "releasing the template": (access: ClusterAccess) => access.releaseTemplate(),
    waking: (access: ClusterAccess) => access.wakeDaemonSet(),
    "a restart": (access: ClusterAccess) => access.restart({ name: "aws-node-1", uid: "1" }),
    "changing the guard": (access: ClusterAccess) => access.admitRoles(["a"]),
    "creating the guard": (access: ClusterAccess) => access.createInjectionGuard(["a"]),
    "removing the guard": (access: ClusterAccess) => access.removeInjectionGuard(),
};

/** The operation, its forbidden request, how the message describes it, and the right as `kubectl auth can-i` takes it. */
const rights: [keyof typeof calls, string, string, string][] = [
    ["an identity", "GET /version", "get /version", "get /version"],
    ["a look", `GET ${core}`, "get namespaces kube-system", "get namespaces/kube-system"],
    ["a look", `GET ${core}/serviceaccounts`, "list serviceaccounts aws-node", "list serviceaccounts/aws-node"],
    ["a look", `GET ${apps}/daemonsets`, "list daemonsets.apps aws-node", "list daemonsets.apps/aws-node"],
    ["a look", `GET ${apps}/controllerrevisions`, "list controllerrevisions.apps", "list controllerrevisions.apps"],
    ["a look", `GET ${core}/events`, "list events", "list events"],
    ["a look", `GET ${core}/pods`, "list pods", "list pods"],
    ["a look", "GET /api/v1/nodes", "list nodes", "list nodes"],
    ["a look", `GET ${policy}`, `get ${policies} eks-cni-guard`, `get ${policies}/eks-cni-guard`],
    ["a look", `GET ${binding}`, `get ${bindings} eks-cni-guard`, `get ${bindings}/eks-cni-guard`],
    ["annotating", `GET ${account}`, "get serviceaccounts aws-node", "get serviceaccounts/aws-node"],
    ["annotating", `PATCH ${account}`, "patch serviceaccounts aws-node", "patch serviceaccounts/aws-node"],
    ["releasing the account", `PATCH ${account}`, "patch serviceaccounts aws-node", "patch serviceaccounts/aws-node"],
    ["releasing the template", `GET ${set}`, "get daemonsets.apps aws-node", "get daemonsets.apps/aws-node"],
    ["releasing the template", `PATCH ${set}`, "patch daemonsets.apps aws-node", "patch daemonsets.apps/aws-node"],
    ["waking", `PATCH ${set}`, "patch daemonsets.apps aws-node", "patch daemonsets.apps/aws-node"],
    ["a restart", `DELETE ${core}/pods/aws-node-1`, "delete pods aws-node-1", "delete pods"],
    ["changing the guard", `GET ${policy}`, `get ${policies} eks-cni-guard`, `get ${policies}/eks-cni-guard`],
    ["changing the guard", `PATCH ${policy}`, `patch ${policies} eks-cni-guard`, `patch ${policies}/eks-cni-guard`],
    ["creating the guard", `PATCH ${policy}`, `patch ${policies} eks-cni-guard`, `patch ${policies}/eks-cni-guard`],
    ["creating the guard", `PATCH ${binding}`, `patch ${bindings} eks-cni-guard`, `patch ${bindings}/eks-cni-guard`],
    ["removing the guard", `DELETE ${binding}`, `delete ${bindings} eks-cni-guard`, `delete ${bindings}/eks-cni-guard`],
    ["removing the guard", `DELETE ${policy}`, `delete ${policies} eks-cni-guard`, `delete ${policies}/eks-cni-guard`],
];

describe("A right that is missing", () => {
    let api: ScriptedApi;
    let forbidden: string;
    let selector: string | undefined;
    before(async () => {
        api = await ScriptedApi.start(({ method, path, query }) =>
            `${method} ${path}` === forbidden && (selector === undefined || query.get("labelSelector") === selector)
                ? status(403, "User me cannot do so.")
                : allowed(path),
        );
    });
    beforeEach(() => (selector = undefined));
    after(() => api.stop());

    for (const [whose, labels] of [
        ["the DaemonSet", "app=cni"],
        ["kube-system/aws-node", "k8s-app=aws-node"],
    ] as const) {
        it(`is named for the pods of ${whose}, too`, async () => {
            [forbidden, selector] = [`GET ${core}/pods`, labels];
            const about = { ...subject, daemonSetName: "cni" };
            const access = await connectCluster({ kubeconfig: JSON.stringify(kubeconfig(api.url)) }, about, patient);
            const { message } = await refusalOf(access.look());
            assert.match(
                message,
                /forbids `list pods` in kube-system\. .* auth can-i list pods --namespace kube-system` must/,
            );
        });
    }

    it("is the one that the API server names, where an apply creates", async () => {
        const scripted = await ScriptedApi.start(({ method }) =>
            method === "GET"
                ? status(404, "not found")
                : status(
                      403,
                      `${policies} "eks-cni-guard" is forbidden: User "me" cannot create resource "${policies}" in API group "x".`,
                  ),
        );
        const { seen, fix } = await refusalOf((await accessTo(scripted.url)).createInjectionGuard(["a"]));
        await scripted.stop();
        assert.match(
            seen,
            /forbids `create validatingadmissionpolicies\.admissionregistration\.k8s\.io eks-cni-guard`: /,
        );
        assert.match(
            fix,
            / auth can-i create validatingadmissionpolicies\.admissionregistration\.k8s\.io\/eks-cni-guard` must/,
        );
    });

    for (const [what, request, description, right] of rights) {
        it(`ends ${what}, and is named: ${right}`, async () => {
            forbidden = request;
            const { code, seen, means, fix } = await refusalOf(calls[what](await accessTo(api.url)));
            const namespaced = request.includes("/namespaces/kube-system/");
            const [place, option] = namespaced ? [" in kube-system", " --namespace kube-system"] : ["", ""];
            assert.deepEqual(
                [code, seen, means, fix],
                [
                    "cluster-access-denied",
                    `The API server at ${new URL(api.url).host} forbids \`${description}\`${place}: User me cannot do so.`,
                    "The live checks need this permission.",
                    `Grant it to the user in \`kubeconfig\` (by RBAC or an EKS access policy): \`kubectl --kubeconfig FILE auth can-i ${right}${option}\` ` +
                        "must print yes.",
                ],
            );
        });
    }
});
