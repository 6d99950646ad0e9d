import * as assert from "node:assert/strict";
import { injectionGuardSpec } from "../../../../documents/injectionGuard";
import { accessTo, type Answer, patient, type Request, type Script, ScriptedApi, subject } from "./support";

const inNamespace = (path: string) => `/api/v1/namespaces/kube-system${path}`;
const inApps = (path: string) => `/apis/apps/v1/namespaces/kube-system${path}`;
const list = (items: readonly object[], resourceVersion = "10"): Answer => ({
    body: { metadata: { resourceVersion }, items },
});

const owner = (uid = "ds") => [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "aws-node", uid, controller: true }];
const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

const daemonSet = {
    metadata: { name: "aws-node", namespace: "kube-system", uid: "ds", generation: 1 },
    spec: {
        selector: { matchLabels: { "k8s-app": "aws-node" } },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "50%" } },
        template: { spec: { nodeSelector: { cni: "vpc" }, containers: [{ name: "aws-node", image: "cni" }] } },
    },
    status: { observedGeneration: 1 },
};
const pod = (name: string, hash: string, ownedBy = "ds") => ({
    metadata: {
        name,
        uid: `uid-${name}`,
        labels: { "controller-revision-hash": hash },
        ownerReferences: owner(ownedBy),
    },
    spec: { nodeName: `node-of-${name}`, containers: [{ name: "aws-node" }] },
});
const node = (name: string, labels: object = { cni: "vpc" }) => ({ metadata: { name, labels } });
const event = (uid: string, message: string, at: string) => ({
    metadata: { name: message },
    message,
    lastTimestamp: at,
    involvedObject: { uid },
});
const revision = (hash: string, number: number) => ({
    revision: number,
    data: { spec: "much" },
    metadata: { name: hash, labels: { "controller-revision-hash": hash }, ownerReferences: owner() },
});

const cluster: Record<string, Answer> = {
    "/api/v1/namespaces/kube-system": { body: { metadata: { uid: "cluster" } } },
    [inNamespace("/serviceaccounts")]: list(
        [{ metadata: { uid: "sa", annotations: { "eks.amazonaws.com/role-arn": "arn", other: "x" } } }],
        "11",
    ),
    [inApps("/daemonsets")]: list([daemonSet], "12"),
    [inApps("/controllerrevisions")]: list([revision("old", 1), revision("new", 2)]),
    [inNamespace("/pods")]: list([pod("a", "new"), pod("b", "old"), pod("c", "new", "another")], "13"),
    "/api/v1/nodes": list([node("one"), node("two", {}), node("three")]),
};

describe("A look at the cluster", () => {
    let api: ScriptedApi;
    let answers: Record<string, Answer | undefined>;
    const events: Record<string, Answer> = {};
    const scripted: Script = ({ path, query }) =>
        (path === inNamespace("/events") ? events[query.get("fieldSelector")?.split(",")[0] ?? ""] : answers[path]) ??
        (path.endsWith("s") ? list([]) : { status: 404, body: {} });
    before(async () => (api = await ScriptedApi.start(scripted)));
    after(() => api.stop());
    beforeEach(() => {
        answers = { ...cluster };
        events["reason=MissingIAMPermissions"] = list([]);
        events["reason=FailedCreate"] = list([]);
        api.script = scripted;
        api.requests.splice(0);
    });
    const look = async () => (await accessTo(api.url)).look();
    /** Not those for other pods of the service account: see otherCarriers.test.ts. */
    const isOfDaemonSet = ({ query }: Request) => !query.get("fieldSelector")?.startsWith("spec.serviceAccountName");
    const requestsTo = (path: string) => api.requests.filter((one) => one.path === path && isOfDaemonSet(one));
    const queries = (path: string) => requestsTo(path).map(({ query }: Request) => Object.fromEntries(query));

    it("puts together what decisions need", async () => {
        const seen = await look();
        assert.equal(seen.uid, "cluster");
        assert.deepEqual(seen.serviceAccount, {
            uid: "sa",
            annotations: { "eks.amazonaws.com/role-arn": "arn" },
            roleArnOwners: [],
        });
        assert.equal(seen.daemonSet?.maxUnavailable, 1, "half of the two nodes that it selects");
        assert.deepEqual(
            seen.nodes.map(({ name }) => name),
            ["one", "three"],
        );
        assert.deepEqual(
            seen.pods.map(({ name, current, node: on }) => [name, current, on]),
            [
                ["a", true, "node-of-a"],
                ["b", false, "node-of-b"],
            ],
        );
        assert.deepEqual(seen.injectionGuard, { present: false, inForce: false });
        assert.deepEqual(seen.refusedPods, []);
    });

    it("says when it began: a pod that it shows Ready was so until then", async () => {
        let first: number | undefined;
        api.script = (...request) => {
            first ??= Date.now();
            return scripted(...request);
        };
        const began = Date.now();
        const { seenAt = 0 } = await look();
        assert.ok(began <= seenAt && first !== undefined && seenAt <= first, String([began, seenAt, first]));
    });

    it("says how far the cluster's clock is ahead, since the times of the account are not converted", async () => {
        const { clockAhead: none } = await look();
        api.script = (...request) => {
            const headers = { date: new Date(Date.now() + 60_000).toUTCString() };
            return { ...(scripted(...request) as object), headers };
        };
        const access = await accessTo(api.url);
        await access.look();
        const { clockAhead = 0 } = await access.look();
        assert.equal(none, undefined);
        assert.ok(Math.abs(clockAhead - 60_000) <= 2000, String(clockAhead));
    });

    it("asks for each thing once, and only for what it needs of it", async () => {
        await look();
        const byName = { fieldSelector: "metadata.name=aws-node" };
        const ofDaemonSet = { labelSelector: "k8s-app=aws-node", limit: "500" };
        assert.deepEqual(queries(inNamespace("/serviceaccounts")), [byName]);
        assert.deepEqual(queries(inApps("/daemonsets")), [byName]);
        assert.deepEqual(queries(inApps("/controllerrevisions")), [ofDaemonSet]);
        assert.deepEqual(queries(inNamespace("/pods")), [ofDaemonSet]);
        assert.deepEqual(queries("/api/v1/nodes"), [{ limit: "500" }]);
        assert.deepEqual(
            queries(inNamespace("/events"))
                .map(({ fieldSelector }) => fieldSelector)
                .sort(),
            [
                "reason=FailedCreate,involvedObject.kind=DaemonSet,involvedObject.name=aws-node",
                "reason=MissingIAMPermissions,involvedObject.kind=Pod",
            ],
        );
        assert.equal(api.requests.length, 11);
        assert.ok(api.requests.every(({ method }) => method === "GET"));
    });

    it("tells which taints keep the agent away, with Pod Identity alone", async () => {
        const byName = "metadata.name=eks-pod-identity-agent";
        const ofAgents = "app.kubernetes.io/name=eks-pod-identity-agent";
        const everything = [{ operator: "Exists" }];
        const taint = (key: string) => ({ key, effect: "NoSchedule" });
        const template = (tolerations: object[]) => ({
            spec: { selector: {}, template: { spec: { containers: [], tolerations } } },
        });
        const status = (isReady: boolean) => ({ conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] });
        const tainted = (name: string, key: string, isReady: boolean) => ({
            ...node(name),
            spec: { taints: [taint(key)] },
            status: status(isReady),
        });
        let agent: object[] | undefined = [];
        api.script = (request, number) =>
            request.path === inApps("/daemonsets") && request.query.get("fieldSelector") === byName
                ? list(agent === undefined ? [] : [template(agent)])
                : request.path === inNamespace("/pods") && request.query.get("labelSelector") === ofAgents
                  ? list([{ metadata: { name: "agent" }, spec: { nodeName: "one" }, status: status(true) }])
                  : scripted(request, number);
        const { spec } = daemonSet;
        const cni = { ...spec, template: { spec: { ...spec.template.spec, tolerations: everything } } };
        answers[inApps("/daemonsets")] = list([{ ...daemonSet, spec: cni }]);
        answers["/api/v1/nodes"] = list([
            tainted("one", "has-an-agent", true),
            tainted("two", "has-none", true),
            tainted("three", "joins", false),
            { ...tainted("four", "not-selected", true), metadata: { name: "four", labels: {} } },
        ]);
        const taints = async () => {
            const access = await accessTo(api.url, undefined, patient, { ...subject, delivery: "podIdentity" });
            return (await access.look()).taintsWithoutAgent;
        };
        const joining = ["node.kubernetes.io/not-ready:NoSchedule", "*:NoSchedule", "*:NoExecute"];
        assert.deepEqual(await taints(), [...joining, "has-none:NoSchedule"]);
        agent = everything;
        assert.equal(await taints(), undefined);
        agent = undefined;
        assert.equal(await taints(), undefined);
        api.requests.splice(0);
        agent = [];
        assert.equal((await look()).taintsWithoutAgent, undefined);
        assert.deepEqual(queries(inApps("/daemonsets")), [{ fieldSelector: "metadata.name=aws-node" }]);
        answers[inApps("/daemonsets")] = list([]);
        assert.equal(await taints(), undefined);
    });

    it("lists pods before nodes, so that a node that joins in between shows as one without a pod", async () => {
        await look();
        const order = api.requests.filter(isOfDaemonSet).map(({ path }) => path);
        assert.ok(order.indexOf(inApps("/daemonsets")) < order.indexOf(inApps("/controllerrevisions")));
        assert.ok(order.indexOf(inApps("/controllerrevisions")) < order.indexOf(inNamespace("/pods")));
        assert.ok(order.indexOf(inNamespace("/pods")) < order.indexOf("/api/v1/nodes"));
    });

    it("goes on from page to page, and starts again when the pages have expired", async () => {
        let expired = false;
        api.script = (request, number) => {
            if (request.path !== inNamespace("/pods") || !isOfDaemonSet(request)) {
                return scripted(request, number);
            }
            switch (request.query.get("continue")) {
                case null:
                    return { body: { metadata: { continue: "two" }, items: [pod("a", "new")] } };
                default:
                    if (!expired) {
                        expired = true;
                        return { status: 410, body: { kind: "Status", message: "expired" } };
                    }
                    return list([pod("b", "new")]);
            }
        };
        const seen = await (await accessTo(api.url, undefined, { ...patient, pageSize: 1 })).look();
        assert.deepEqual(
            seen.pods.map(({ name }) => name),
            ["a", "b"],
        );
        assert.deepEqual(
            queries(inNamespace("/pods")).map(({ limit, continue: cursor }) => [limit, cursor]),
            [
                ["1", undefined],
                ["1", "two"],
                ["1", undefined],
                ["1", "two"],
            ],
        );
    });

    it("tells a pod the newest message of its missing permissions", async () => {
        events["reason=MissingIAMPermissions"] = list([
            event("uid-a", "older", secondsAgo(50)),
            event("uid-a", "newest", secondsAgo(5)),
            event("uid-a", "oldest", secondsAgo(500)),
            event("uid-x", "another's", secondsAgo(1)),
        ]);
        assert.deepEqual(
            (await look()).pods.map(({ name, missingPermissions }) => [name, missingPermissions]),
            [
                ["a", "newest"],
                ["b", undefined],
            ],
        );
        const [{ missingPermissionsAt = 0 } = {}] = (await look()).pods;
        assert.ok(Math.abs(Date.now() - 5000 - missingPermissionsAt) < 4000);
    });

    it("counts the complaints of a pod: an event of the newer API counts by its series, one of the older by itself", async () => {
        const counted = async (...all: object[]) => {
            events["reason=MissingIAMPermissions"] = list(
                all.map((more) => ({ ...event("uid-a", "no", secondsAgo(5)), ...more })),
            );
            return (await look()).pods.map(({ missingPermissionsCount }) => missingPermissionsCount);
        };
        assert.deepEqual(await counted({}), [1, undefined]);
        assert.deepEqual(await counted({ series: { count: 2, lastObservedTime: secondsAgo(4) } }), [2, undefined]);
        assert.deepEqual(await counted({ series: { count: 5, lastObservedTime: secondsAgo(4) } }), [5, undefined]);
        // Older recorders begin a series with 1.
        assert.deepEqual(await counted({ series: { count: 1, lastObservedTime: secondsAgo(4) } }), [2, undefined]);
        assert.deepEqual(await counted({ count: 3 }), [3, undefined]);
        assert.deepEqual(await counted({}, { count: 1 }), [2, undefined]);
    });

    /** The words of amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, checkAPIErrorAndBroadcastEvent. */
    const denied = (call: string) =>
        `Unauthorized operation: failed to call ${call} due to missing permissions. Please refer …`;
    const families: ["ipv4" | "ipv6", string, string | undefined][] = [
        ["ipv4", denied("ec2:ModifyNetworkInterfaceAttribute"), denied("ec2:ModifyNetworkInterfaceAttribute")],
        // In the spelling of v1.11.0 to v1.19.3.
        ["ipv6", denied("ec2:AssignPrivateIpv6Addresses"), undefined],
    ];
    for (const [ipFamily, ...counts] of families) {
        it(`passes over no complaint but that about a call that the CNI can do without, on ${ipFamily}`, async () => {
            events["reason=MissingIAMPermissions"] = list([
                event("uid-a", denied("ec2:AssignPrivateIpv6Addresses"), secondsAgo(20)),
                event("uid-a", denied("ec2:ModifyNetworkInterfaceAttribute"), secondsAgo(5)),
                event("uid-b", denied("ec2:ModifyNetworkInterfaceAttribute"), secondsAgo(5)),
            ]);
            const access = await accessTo(api.url, undefined, patient, { ...subject, ipFamily });
            const { pods } = await access.look();
            assert.deepEqual(
                pods.map(({ missingPermissions }) => missingPermissions),
                counts,
            );
            assert.equal(pods[0]?.missingPermissionsCount, ipFamily === "ipv4" ? 2 : 1);
        });
    }

    it("tells why pods were refused in the last ten minutes, newest first", async () => {
        events["reason=FailedCreate"] = list([
            event("ds", "before", secondsAgo(300)),
            event("ds", "now", secondsAgo(2)),
            event("ds", "long ago", secondsAgo(660)),
            event("former-ds", "of a former DaemonSet", secondsAgo(1)),
        ]);
        assert.deepEqual((await look()).refusedPods, ["now", "before"]);
    });

    it("tells since when no pod could be created: since the first refusal after the newest pod", async () => {
        const now = Date.now();
        const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
        events["reason=FailedCreate"] = list([event("ds", "now", ago(2)), event("ds", "before", ago(100))]);
        const created = (seconds: number) => {
            const one = pod("a", "new");
            return { ...one, metadata: { ...one.metadata, creationTimestamp: ago(seconds) } };
        };
        const since = async (...pods: object[]) => {
            answers[inNamespace("/pods")] = list(pods);
            const { refusedSince } = await look();
            return refusedSince === undefined ? undefined : Math.round((now - refusedSince) / 10_000) * 10;
        };
        assert.equal(await since(created(300), created(200)), 100);
        assert.equal(await since(created(300), created(50)), 0);
        assert.equal(await since(created(300), created(1)), undefined);
        assert.equal(await since(), 100);
        // Equal events are one, with the times of the first and the last.
        events["reason=FailedCreate"] = list([{ ...event("ds", "again", ago(2)), firstTimestamp: ago(80), count: 7 }]);
        assert.equal(await since(created(300)), 80);
        assert.equal(await since(created(90), created(50)), 0);
        events["reason=FailedCreate"] = list([]);
        assert.equal(await since(created(300)), undefined);
    });

    it("tells the other nodes that are instances, with the pods there that use the node role", async () => {
        const providerID = (id: string) => `aws:///us-west-2a/${id}`;
        const other = (name: string, id: string) => ({ ...node(name, {}), spec: { providerID: id } });
        answers["/api/v1/nodes"] = list([
            { ...node("one"), spec: { providerID: providerID("i-1") } },
            other("windows", providerID("i-2")),
            {
                ...other("auto", providerID("i-3")),
                metadata: { name: "auto", creationTimestamp: "2020-01-01T00:00:00Z" },
            },
            other("fargate-ip-10-0-0-1", providerID("task/fargate-ip-10-0-0-1")),
            other("hybrid", "eks-hybrid:///us-west-2/prod/hybrid"),
            node("unknown", {}),
        ]);
        const withToken = { env: [{ name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "token" }] };
        const by = (name: string, on: string, more: object = {}, container: object = {}) => ({
            metadata: {
                name,
                namespace: "kube-system",
                ownerReferences: [{ kind: "DaemonSet", name: "aws-node-arm", uid: "arm", controller: true }],
                ...more,
            },
            spec: {
                nodeName: on,
                serviceAccountName: "aws-node-arm",
                containers: [{ name: "aws-node", ...container }],
            },
        });
        answers[inNamespace("/pods")] = list([
            pod("a", "new"),
            by("arm-1", "auto"),
            by("arm-2", "auto", {}, { env: [{ name: "AWS_PROFILE", value: "own" }] }),
            by("goes", "auto", { deletionTimestamp: secondsAgo(1) }),
            by("half", "windows", {}, withToken),
            by("of-a-deployment", "auto", { ownerReferences: [{ kind: "ReplicaSet", name: "x", controller: true }] }),
            by("on-a-selected-node", "one"),
            { ...by("ended", "auto"), status: { phase: "Failed" } },
        ]);
        const of = (name: string) => ({
            name,
            daemonSet: { namespace: "kube-system", name: "aws-node-arm" },
            sharesServiceAccount: false,
        });
        const { nodes, otherNodes } = await look();
        assert.deepEqual(
            nodes.map(({ instanceId }) => instanceId),
            ["i-1"],
        );
        assert.deepEqual(otherNodes, [
            { name: "windows", instanceId: "i-2", podsOnNodeRole: [of("half")] },
            {
                name: "auto",
                instanceId: "i-3",
                joinedAt: Date.parse("2020-01-01T00:00:00Z"),
                podsOnNodeRole: [of("arm-1")],
            },
        ]);
    });

    it("sees a cluster without the DaemonSet, and asks no further", async () => {
        answers[inApps("/daemonsets")] = list([]);
        answers[inNamespace("/serviceaccounts")] = list([]);
        const { daemonSet: set, serviceAccount, pods, nodes, refusedPods } = await look();
        assert.deepEqual([set, serviceAccount, pods, nodes, refusedPods], [undefined, undefined, [], [], []]);
        assert.equal(api.requests.length, 6);
    });

    it("sees the injection guard", async () => {
        const name = subject.injectionGuardName;
        const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/eks-cni-guard";
        const bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/eks-cni-guard";
        const roleArns = [subject.roleArn, "another"];
        const spec = injectionGuardSpec({ serviceAccount: subject.serviceAccount, roleArns });
        const metadata = { name, managedFields: [{ manager: subject.fieldManager, operation: "Apply" }] };
        answers[policies] = { body: { metadata, spec } };
        const unbound = { present: true, inForce: false, roleArns, unbound: true };
        assert.deepEqual((await look()).injectionGuard, unbound);
        answers[bindings] = { body: { metadata, spec: { policyName: name, validationActions: ["Deny"] } } };
        assert.deepEqual((await look()).injectionGuard, { present: true, inForce: true, roleArns });
    });

    describe("with a wait after it", () => {
        const isWatch = ({ query }: Request) => query.get("watch") === "true";
        const watches = () =>
            Object.fromEntries(
                api.requests.filter(isWatch).map(({ path, query }) => [path, Object.fromEntries(query)]),
            );
        const changeOf = (type: string) => ({ type, object: { metadata: {} } });
        const quiet: Answer = { stream: { lines: [] } };
        const watching =
            (answer: (request: Request) => ReturnType<Script>): Script =>
            (request, number) =>
                isWatch(request) ? answer(request) : scripted(request, number);
        const waitAfterLook = async (milliseconds: number) => {
            const access = await accessTo(api.url);
            await access.look();
            const started = Date.now();
            await access.change(milliseconds);
            return Date.now() - started;
        };

        it("watches what it looked at, from where it looked", async () => {
            api.script = watching(() => quiet);
            assert.ok((await waitAfterLook(100)) >= 99);
            const named = { watch: "true", fieldSelector: "metadata.name=aws-node" };
            assert.deepEqual(watches(), {
                [inNamespace("/serviceaccounts")]: { ...named, resourceVersion: "11" },
                [inApps("/daemonsets")]: { ...named, resourceVersion: "12" },
                [inNamespace("/pods")]: { watch: "true", labelSelector: "k8s-app=aws-node", resourceVersion: "13" },
            });
        });

        for (const type of ["ADDED", "MODIFIED", "DELETED"]) {
            it(`ends with ${type}`, async () => {
                api.script = watching(({ path }) =>
                    path.endsWith("/pods") ? { stream: { lines: [changeOf(type)] } } : quiet,
                );
                assert.ok((await waitAfterLook(5000)) < 2000);
            });
        }

        describe("for pods that are to become Ready", () => {
            const podOn = (nodeName: string, ready: boolean, deletionTimestamp?: string) => ({
                type: "MODIFIED",
                object: {
                    metadata: { deletionTimestamp },
                    spec: { nodeName },
                    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
                },
            });
            const waitFor = async (lines: readonly object[], readyOn: readonly string[]) => {
                api.script = watching(({ path }) =>
                    path.endsWith("/pods") ? { stream: { lines } } : { stream: { lines: [changeOf("MODIFIED")] } },
                );
                const access = await accessTo(api.url);
                await access.look();
                const started = Date.now();
                await access.change(1000, readyOn);
                return Date.now() - started < 900;
            };
            const ready = (...names: string[]) => names.map((name) => podOn(name, true));

            it("ends when the last of them is Ready", async () => {
                const others = [podOn("n3", false), ...ready("other", "n1"), podOn("n2", false)];
                assert.equal(await waitFor([...others, ...ready("n2")], ["n1", "n2"]), true);
            });

            const rows: [string, object[]][] = [
                ["one of them is not Ready", [...ready("n1"), podOn("n2", false)]],
                ["one of them is Ready twice", ready("n1", "n1")],
                ["one of them is being deleted", [...ready("n1"), podOn("n2", true, "2026-01-01T00:00:00Z")]],
                ["others are Ready", ready("n3", "n4")],
            ];
            for (const [what, lines] of rows) {
                it(`goes on while ${what}`, async () => {
                    assert.equal(await waitFor(lines, ["n1", "n2"]), false);
                });
            }
        });

        for (const type of ["BOOKMARK", "ERROR"]) {
            it(`goes on with ${type}, which is no change`, async () => {
                api.script = watching(() => ({ stream: { lines: [changeOf(type)] } }));
                assert.ok((await waitAfterLook(200)) >= 199);
            });
        }

        it("is nothing but waiting when watches are not allowed", async () => {
            api.script = watching(() => ({ status: 403, body: {} }));
            assert.ok((await waitAfterLook(200)) >= 199);
            assert.equal(api.requests.filter(isWatch).length, 3, "not asked again at once");
        });

        it("opens a stream again that has ended", async () => {
            let opened = 0;
            api.script = watching(({ path }) => {
                if (!path.endsWith("/pods")) {
                    return quiet;
                }
                opened++;
                return opened === 1
                    ? { stream: { lines: [], end: true } }
                    : { stream: { lines: [changeOf("MODIFIED")] } };
            });
            const waited = await waitAfterLook(10_000);
            assert.ok(waited >= 900 && waited < 5000, `${waited} ms`);
            assert.equal(opened, 2);
        });

        it("ends when the access is closed, and does not begin again", async () => {
            api.script = watching(() => quiet);
            const access = await accessTo(api.url);
            await access.look();
            const started = Date.now();
            const waiting = access.change(10_000);
            setTimeout(() => access.close(), 50);
            await waiting;
            await access.change(10_000);
            assert.ok(Date.now() - started < 2000);
        });

        it("closes its streams at the end", async () => {
            api.script = watching(() => quiet);
            await waitAfterLook(100);
            const deadline = Date.now() + 5000;
            while (api.open > 0 && Date.now() < deadline) {
                await new Promise((resolve) => setTimeout(resolve, 10));
            }
            assert.equal(api.open, 0);
        });

        it("is only waiting before the first look", async () => {
            const access = await accessTo(api.url);
            const started = Date.now();
            await access.change(100);
            assert.ok(Date.now() - started >= 99);
            assert.equal(api.requests.length, 0);
        });
    });
});
