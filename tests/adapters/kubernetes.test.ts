import {
    AdmissionregistrationV1Api,
    AppsV1Api,
    CoreV1Api,
    type CoreV1Event,
    KubeConfig,
    PatchStrategy,
    RbacAuthorizationV1Api,
    setHeaderOptions,
    type V1Node,
} from "@kubernetes/client-node";
import { type Sandbox, startSandbox } from "local-eks";
import type { Plain } from "local-eks/kubernetes";
import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { injectionGuardSpec } from "../../documents/injectionGuard";
import { SKIP_WEBHOOK_LABEL } from "../../documents/serviceAccountAnnotations";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import { type ClusterSettings, DEFAULT_SETTINGS } from "../../handover/kubernetes/clusterSettings";
import { connectCluster } from "../../handover/kubernetes/connectCluster";
import { Refusal } from "../../handover/model/refusal";
import type { Subject } from "../../handover/model/subject";
import type { ClusterSeen } from "../../handover/model/world";

const nodes = 12;
const namespace = "kube-system";
const serviceAccount = { namespace, name: "aws-node" };
const ROLE_ARN = "eks.amazonaws.com/role-arn";
const roleArn = "arn:aws:iam::111122223333:role/cni";

const subject: Subject = {
    component: "cni",
    fieldManager: "eks-cni-tests",
    serviceAccount,
    daemonSetName: "aws-node",
    injectionGuardName: "eks-cni-tests",
    ipFamily: "ipv4",
    roleArn,
    issuers: ["oidc.eks.us-west-2.amazonaws.com/id/1"],
    annotations: { [ROLE_ARN]: roleArn },
};

const settings: ClusterSettings = { ...DEFAULT_SETTINGS, pageSize: 2 };

describe("The hand-over's access to a cluster", function () {
    this.timeout(120_000);
    let sandbox: Sandbox;
    let kubeconfig: string;
    let core: CoreV1Api;
    let apps: AppsV1Api;
    let admission: AdmissionregistrationV1Api;
    let rbac: RbacAuthorizationV1Api;
    let access: ClusterAccess;

    before(async () => {
        const name = `handover-k8s-${process.pid}`;
        sandbox = await startSandbox({
            name,
            nodes,
            podReadySeconds: 0.5,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        kubeconfig = readFileSync(sandbox.kubeconfigPath, "utf8");
        const config = new KubeConfig();
        config.loadFromString(kubeconfig);
        core = config.makeApiClient(CoreV1Api);
        apps = config.makeApiClient(AppsV1Api);
        admission = config.makeApiClient(AdmissionregistrationV1Api);
        rbac = config.makeApiClient(RbacAuthorizationV1Api);
        access = await connectCluster({ kubeconfig }, subject, settings);
    });
    after(() => sandbox.stop());

    const asApply = setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply);
    const asMerge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

    const liveServiceAccount = () => core.readNamespacedServiceAccount(serviceAccount);
    const liveDaemonSet = () => apps.readNamespacedDaemonSet({ namespace, name: "aws-node" });
    const livePods = async () => (await core.listNamespacedPod({ namespace, labelSelector: "k8s-app=aws-node" })).items;
    const annotateAs = (fieldManager: string, annotations: Record<string, string | null>) =>
        core.patchNamespacedServiceAccount(
            { ...serviceAccount, body: { metadata: { annotations } }, fieldManager },
            asMerge,
        );
    /** Writes as the Kubernetes provider does for a ServiceAccountPatch with a fixed field manager. */
    const applyAsProgram = (annotations: Record<string, string>) =>
        core.patchNamespacedServiceAccount(
            {
                ...serviceAccount,
                body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "aws-node", annotations } },
                fieldManager: subject.fieldManager,
                force: true,
            },
            asApply,
        );
    const patchDaemonSet = (body: object) =>
        apps.patchNamespacedDaemonSet({ namespace, name: "aws-node", body, fieldManager: "tests" }, asMerge);

    async function until(condition: (seen: ClusterSeen) => boolean, seconds = 30): Promise<ClusterSeen> {
        const deadline = Date.now() + seconds * 1000;
        for (;;) {
            const seen = await access.look();
            if (condition(seen)) {
                return seen;
            }
            assert.ok(Date.now() < deadline, `timed out after ${seconds} s: ${JSON.stringify(seen)}`);
            await access.change(1000);
        }
    }
    const settled = ({ daemonSet, nodes: selected, pods }: ClusterSeen) =>
        daemonSet?.observed === true &&
        pods.length === selected.length &&
        pods.every(({ ready, terminating }) => ready && !terminating);

    async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
        const error: unknown = await promise.then(
            () => undefined,
            (reason: unknown) => reason,
        );
        assert.ok(error instanceof Refusal, String(error));
        return error;
    }

    afterEach(async () => {
        await access.releaseServiceAccount({});
        await annotateAs("tests", { [ROLE_ARN]: null });
        await until(settled);
    });

    describe("looks, and", () => {
        it("tells which cluster it is, and its version", async () => {
            const { metadata } = await core.readNamespace({ name: namespace });
            assert.deepEqual(await access.identity(), { uid: metadata?.uid, version: { major: 1, minor: 34 } });
            assert.equal((await access.look()).uid, metadata?.uid);
        });

        it("sees every pod and node once, whatever the size of a page", async () => {
            const pages = await access.look();
            const whole = await (await connectCluster({ kubeconfig }, subject)).look();
            const live = await livePods();
            assert.equal(live.length, nodes);
            assert.deepEqual(
                pages.pods.map(({ name, uid, node }) => ({ name, uid, node })).sort(byName),
                live
                    .map(({ metadata, spec }) => ({
                        name: metadata?.name ?? "",
                        uid: metadata?.uid ?? "",
                        node: spec?.nodeName ?? "",
                    }))
                    .sort(byName),
            );
            assert.deepEqual(pages.nodes, whole.nodes);
            assert.equal(new Set(pages.nodes.map(({ instanceId }) => instanceId)).size, nodes);
            pages.nodes.forEach(({ ready, instanceId }) => assert.ok(ready && /^i-[0-9a-f]+$/.test(instanceId ?? "")));
        });

        it("sees pods of the current template, Ready, without an identity", async () => {
            const now = Date.now();
            for (const pod of (await access.look()).pods) {
                assert.ok(pod.readySince !== undefined && pod.readySince >= pod.createdAt && pod.readySince <= now);
                const { ready, current, terminating, credentials, restarts, missingPermissions } = pod;
                assert.deepEqual(
                    { ready, current, terminating, credentials, restarts, missingPermissions },
                    {
                        ready: true,
                        current: true,
                        terminating: false,
                        restarts: 0,
                        credentials: { kind: "nodeRole" },
                        missingPermissions: undefined,
                    },
                );
            }
        });

        it("sees the DaemonSet's settings, with its share of pods that may be missing", async () => {
            const { daemonSet, serviceAccount: account, injectionGuard, refusedPods } = await access.look();
            assert.equal(daemonSet?.updateStrategy, "RollingUpdate");
            assert.equal(daemonSet.maxUnavailable, 2, "10 % of 12 nodes");
            assert.equal(daemonSet.observed, true);
            assert.match(daemonSet.images["aws-node"] ?? "", /amazon-k8s-cni:v1/);
            assert.ok(daemonSet.nodeAgentArguments.includes("--enable-cloudwatch-logs=false"));
            assert.deepEqual(account, {
                uid: (await liveServiceAccount()).metadata?.uid,
                annotations: {},
                roleArnOwners: [],
            });
            assert.deepEqual(injectionGuard, { present: false, inForce: false });
            assert.deepEqual(refusedPods, []);
        });

        it("sees neither service account nor DaemonSet where there is none", async () => {
            const elsewhere = { ...subject, serviceAccount: { namespace: "default", name: "missing" } };
            const seen = await (await connectCluster({ kubeconfig }, elsewhere)).look();
            assert.equal(seen.serviceAccount, undefined);
            assert.equal(seen.daemonSet, undefined);
            assert.deepEqual([seen.pods, seen.nodes, seen.refusedPods], [[], [], []]);
        });

        it("leaves out nodes that the DaemonSet does not select, and pods that only look like its own", async () => {
            const fargate: Plain<V1Node> = {
                metadata: {
                    name: "fargate-ip-10-0-9-9",
                    labels: {
                        "kubernetes.io/os": "linux",
                        "kubernetes.io/arch": "amd64",
                        "eks.amazonaws.com/compute-type": "fargate",
                    },
                },
            };
            await core.createNode({ body: fargate });
            const stray = { name: "stray", labels: { "k8s-app": "aws-node" } };
            const [container] = [{ name: "main", image: "main" }];
            // The DaemonSet's controller adopts a pod with its labels and without an owner. This pod has another owner.
            const owner = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "x", controller: true };
            await core.createNamespacedPod({
                namespace,
                body: { metadata: { ...stray, ownerReferences: [owner] }, spec: { containers: [container] } },
            });
            try {
                const seen = await access.look();
                assert.equal(seen.nodes.length, nodes);
                assert.ok(!seen.nodes.some(({ name }) => name.startsWith("fargate")));
                assert.equal(seen.pods.length, nodes);
                assert.ok(!seen.pods.some(({ name }) => name === "stray"));
            } finally {
                await core.deleteNode({ name: "fargate-ip-10-0-9-9" });
                await core
                    .deleteNamespacedPod({ namespace, name: "stray", gracePeriodSeconds: 0 })
                    .catch(() => undefined);
            }
        });

        it("agrees with the DaemonSet's controller about which nodes it selects", async () => {
            const [first = "", second = ""] = (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? "");
            const before = (await liveDaemonSet()).spec?.template.spec;
            await core.patchNode({ name: first, body: { metadata: { labels: { rack: "5" } } } }, asMerge);
            await core.patchNode({ name: second, body: { metadata: { labels: { rack: "7" } } } }, asMerge);
            await core.patchNode(
                { name: second, body: { spec: { taints: [{ key: "own", effect: "NoSchedule" }] } } },
                asMerge,
            );
            const requirements = [{ key: "rack", operator: "Lt", values: ["9"] }];
            try {
                await patchDaemonSet({
                    spec: {
                        template: {
                            spec: {
                                tolerations: null,
                                affinity: {
                                    nodeAffinity: {
                                        requiredDuringSchedulingIgnoredDuringExecution: {
                                            nodeSelectorTerms: [{ matchExpressions: requirements }],
                                        },
                                    },
                                },
                            },
                        },
                    },
                });
                const seen = await until(
                    ({ daemonSet, pods }) =>
                        daemonSet?.observed === true && pods.length === 1 && pods.every(({ current }) => current),
                );
                assert.deepEqual(
                    [seen.nodes.map(({ name }) => name), seen.pods.map(({ node }) => node)],
                    [[first], [first]],
                );
                assert.equal((await liveDaemonSet()).status?.desiredNumberScheduled, 1);
            } finally {
                await core.patchNode({ name: second, body: { spec: { taints: null } } }, asMerge);
                await patchDaemonSet({
                    spec: { template: { spec: { tolerations: before?.tolerations, affinity: before?.affinity } } },
                });
                await until((now) => settled(now) && now.pods.length === nodes && now.pods.every((pod) => pod.current));
            }
        });

        it("tells pods of the current template from those of an older one, and back again", async () => {
            await patchDaemonSet({ spec: { updateStrategy: { type: "OnDelete", rollingUpdate: null } } });
            const { maxUnavailable, updateStrategy } = (await until(settled)).daemonSet ?? {};
            assert.deepEqual([updateStrategy, maxUnavailable], ["OnDelete", 1]);
            await patchDaemonSet({ spec: { template: { metadata: { annotations: { "test/new": "1" } } } } });
            try {
                const changed = await until(({ daemonSet }) => daemonSet?.observed === true);
                assert.equal(changed.daemonSet?.templateAnnotations["test/new"], "1");
                assert.ok(changed.pods.every(({ current }) => !current));
                const [one] = changed.pods;
                assert.ok(one);
                await access.restart(one);
                const restarted = await until((seen) => settled(seen) && !seen.pods.some(({ uid }) => uid === one.uid));
                assert.deepEqual(
                    restarted.pods.filter(({ current }) => current).map(({ node }) => node),
                    [one.node],
                );
            } finally {
                await patchDaemonSet({ spec: { template: { metadata: { annotations: null } } } });
            }
            const back = await until(({ daemonSet }) => daemonSet?.observed === true);
            assert.equal(
                back.pods.filter(({ current }) => current).length,
                nodes - 1,
                "the older revision is the newest again",
            );
            await patchDaemonSet({
                spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } },
            });
            await until((seen) => settled(seen) && seen.pods.every(({ current }) => current));
        });

        it("reports the newest message about missing permissions with its pod", async () => {
            const [one, other] = (await access.look()).pods;
            assert.ok(one && other);
            const events = [
                ["first", one, "MissingIAMPermissions", 60],
                ["latest", one, "MissingIAMPermissions", 10],
                ["middle", one, "MissingIAMPermissions", 30],
                ["unrelated", other, "Unhealthy", 1],
            ] as const;
            for (const [name, { name: podName, uid }, reason, secondsAgo] of events) {
                const body: Plain<CoreV1Event> = {
                    metadata: { name: `tests-${name}` },
                    involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name: podName, uid },
                    reason,
                    message: name,
                    lastTimestamp: new Date(Date.now() - secondsAgo * 1000),
                };
                await core.createNamespacedEvent({ namespace, body });
            }
            const seen = await access.look();
            assert.deepEqual(
                seen.pods
                    .filter((pod) => pod.missingPermissions !== undefined)
                    .map((pod) => [pod.uid, pod.missingPermissions]),
                [[one.uid, "latest"]],
            );
        });

        it("returns early from waiting when a pod changes, and not before", async () => {
            const [one] = (await access.look()).pods;
            assert.ok(one);
            const quiet = Date.now();
            await access.change(700);
            assert.ok(Date.now() - quiet >= 690, "nothing had changed");
            const started = Date.now();
            const waiting = access.change(20_000);
            await sleep(300);
            await access.restart(one);
            await waiting;
            assert.ok(Date.now() - started < 5000);
            assert.ok(Date.now() - started >= 300);
        });

        it("does not miss what changed between the look and the waiting", async () => {
            const [one] = (await access.look()).pods;
            assert.ok(one);
            await access.restart(one);
            await until(({ pods }) => !pods.some(({ uid }) => uid === one.uid));
            await access.look();
            await annotateAs("tests", { "eks.amazonaws.com/audience": "x" });
            await sleep(500);
            const started = Date.now();
            await access.change(20_000);
            assert.ok(Date.now() - started < 5000);
            await annotateAs("tests", { "eks.amazonaws.com/audience": null });
        });

        it("waits for a whole burst of changes", async () => {
            await until(settled);
            const waiting = access.change(20_000);
            for (let count = 0; count < 3; count++) {
                await annotateAs("tests", { "eks.amazonaws.com/audience": `x${count}` });
            }
            await waiting;
            const { serviceAccount: account } = await access.look();
            assert.equal(account?.annotations["eks.amazonaws.com/audience"], "x2");
            await annotateAs("tests", { "eks.amazonaws.com/audience": null });
        });

        it("stops waiting when it is closed", async () => {
            const another = await connectCluster({ kubeconfig }, subject);
            await another.look();
            const started = Date.now();
            const waiting = another.change(20_000);
            await sleep(200);
            another.close();
            await waiting;
            await another.change(20_000);
            assert.ok(Date.now() - started < 2000);
        });

        it("waits its time when no watch is allowed, and when it has not looked", async () => {
            const limited = await connectCluster({ kubeconfig: await limitedKubeconfig() }, subject);
            const started = Date.now();
            await limited.change(600);
            assert.ok(Date.now() - started >= 590);
        });
    });

    /** A user that may only get namespaces. */
    async function limitedKubeconfig(): Promise<string> {
        const name = "limited";
        const { status } = await core
            .createNamespacedServiceAccount({ namespace: "default", body: { metadata: { name } } })
            .catch(() => undefined)
            .then(() =>
                core.createNamespacedServiceAccountToken({
                    namespace: "default",
                    name,
                    body: { spec: { audiences: [], expirationSeconds: 600 } },
                }),
            );
        const rules = [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get"] }];
        const subjects = [{ kind: "ServiceAccount", name, namespace: "default" }];
        const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
        await rbac.createClusterRole({ body: { metadata: { name }, rules } }).catch(() => undefined);
        await rbac.createClusterRoleBinding({ body: { metadata: { name }, subjects, roleRef } }).catch(() => undefined);
        const config = new KubeConfig();
        config.loadFromString(kubeconfig);
        const cluster = config.getCurrentCluster();
        assert.ok(cluster);
        config.loadFromClusterAndUser(cluster, { name, token: status?.token });
        return config.exportConfig();
    }

    describe("is refused, and", () => {
        it("names the right that is missing", async () => {
            const limited = await connectCluster({ kubeconfig: await limitedKubeconfig() }, subject);
            assert.equal((await limited.identity()).version.minor, 34);
            const refusal = await refusalOf(limited.look());
            assert.equal(refusal.code, "cluster-access-denied");
            assert.match(refusal.seen, /forbids `(list|get) [a-z.]+/);
            const restart = await refusalOf(limited.restart({ name: "x", uid: "x" }));
            assert.match(restart.seen, /forbids `delete pods x` in kube-system: pods "x" is forbidden: User /);
        });

        it("names the credentials that the cluster does not know", async () => {
            const config = new KubeConfig();
            config.loadFromString(kubeconfig);
            const cluster = config.getCurrentCluster();
            assert.ok(cluster);
            config.loadFromClusterAndUser(cluster, { name: "stranger", token: "not-a-token" });
            const stranger = await connectCluster({ kubeconfig: config.exportConfig() }, subject);
            const refusal = await refusalOf(stranger.identity());
            assert.equal(refusal.code, "cluster-credentials-refused");
            assert.doesNotMatch(refusal.message, /not-a-token/);
        });

        it("reports at once when another server has the address", async () => {
            const config = new KubeConfig();
            config.loadFromString(kubeconfig);
            const cluster = config.getCurrentCluster();
            assert.ok(cluster);
            config.loadFromClusterAndUser(
                { ...cluster, caData: undefined, caFile: undefined, skipTLSVerify: false },
                { name: "me" },
            );
            const other = await connectCluster({ kubeconfig: config.exportConfig() }, subject);
            const started = Date.now();
            const refusal = await refusalOf(other.identity());
            assert.ok(Date.now() - started < 5000);
            assert.equal(refusal.code, "cluster-unreachable");
            assert.match(refusal.means, /certificate/);
        });
    });

    describe("writes, and", () => {
        it("sets the annotation, and removes it again with all of the component's fields", async () => {
            await access.annotate(subject.annotations, false);
            const seen = await access.look();
            assert.deepEqual(seen.serviceAccount?.annotations, { [ROLE_ARN]: roleArn });
            assert.deepEqual(seen.serviceAccount.roleArnOwners, [subject.fieldManager]);
            await access.releaseServiceAccount({});
            const { metadata } = await liveServiceAccount();
            assert.equal(metadata?.annotations, undefined);
            assert.ok(!metadata?.managedFields?.some(({ manager }) => manager === subject.fieldManager));
        });

        it("gives a new pod its role", async () => {
            await access.annotate(subject.annotations, false);
            await sleep(1000); // The webhook learns of the change through a watch.
            const [one] = (await access.look()).pods;
            assert.ok(one);
            await access.restart(one);
            const seen = await until(({ pods }) => pods.length === nodes && !pods.some(({ uid }) => uid === one.uid));
            const replaced = seen.pods.find(({ node }) => node === one.node);
            assert.deepEqual(replaced?.credentials, { kind: "webIdentity", roleArn, regionalSts: "regional" });
            await access.releaseServiceAccount({});
            await sleep(1000);
            await access.forceRestart(replaced);
        });

        it("keeps the control annotations of the program's patch while it annotates, and takes them off at the end", async () => {
            const control = {
                "pulumi.com/patchFieldManager": subject.fieldManager,
                "pulumi.com/patchForce": "true",
            };
            await applyAsProgram({
                ...subject.annotations,
                ...control,
                "eks.amazonaws.com/sts-regional-endpoints": "true",
            });
            const newArn = "arn:aws:iam::111122223333:role/new";
            await access.annotate({ [ROLE_ARN]: newArn }, false);
            assert.deepEqual((await liveServiceAccount()).metadata?.annotations, { ...control, [ROLE_ARN]: newArn });
            await access.releaseServiceAccount({});
            assert.equal((await liveServiceAccount()).metadata?.annotations, undefined);
        });

        it("does not take an annotation from its owner, and names it", async () => {
            const former = "arn:aws:iam::111122223333:role/eksctl";
            await annotateAs("kubectl-annotate", { [ROLE_ARN]: former });
            const refusal = await refusalOf(access.annotate(subject.annotations, false));
            assert.equal(refusal.code, "annotation-owned-by-another");
            assert.match(refusal.seen, /of kube-system\/aws-node belongs to "kubectl-annotate"\.$/);
            assert.match(refusal.fix, /overrideExistingServiceAccount/);
            const { serviceAccount: account } = await access.look();
            assert.deepEqual([account?.annotations[ROLE_ARN], account?.roleArnOwners], [former, ["kubectl-annotate"]]);
        });

        it("overrides an annotation's owner on request, and leaves the former value to another owner", async () => {
            const former = "arn:aws:iam::111122223333:role/eksctl";
            await annotateAs("kubectl-annotate", { [ROLE_ARN]: former });
            await access.annotate(subject.annotations, true);
            assert.deepEqual((await access.look()).serviceAccount?.roleArnOwners, [subject.fieldManager]);
            await access.annotate({ [ROLE_ARN]: former }, false);
            await access.releaseServiceAccount({ [ROLE_ARN]: former });
            const { serviceAccount: account } = await access.look();
            assert.deepEqual(account?.annotations, { [ROLE_ARN]: former });
            assert.deepEqual(account.roleArnOwners, ["eks-cni-hand-back"]);
        });

        it("leaves what another manager applied as well", async () => {
            await access.annotate(subject.annotations, false);
            await core.patchNamespacedServiceAccount(
                {
                    ...serviceAccount,
                    body: { apiVersion: "v1", kind: "ServiceAccount", metadata: { annotations: subject.annotations } },
                    fieldManager: "helm",
                },
                asApply,
            );
            await access.releaseServiceAccount({});
            const { serviceAccount: account } = await access.look();
            assert.deepEqual([account?.annotations, account?.roleArnOwners], [subject.annotations, ["helm"]]);
        });

        it("creates neither a service account nor a DaemonSet by an apply", async () => {
            const name = "not-there";
            const elsewhere = { ...subject, serviceAccount: { namespace: "default", name }, daemonSetName: name };
            const nowhere = await connectCluster({ kubeconfig }, elsewhere);
            const refusal = await refusalOf(nowhere.annotate(subject.annotations, true));
            assert.equal(refusal.code, "service-account-missing");
            assert.equal((await refusalOf(nowhere.requestToken())).code, "service-account-missing");
            await nowhere.releaseServiceAccount(subject.annotations);
            await nowhere.releaseTemplate();
            await nowhere.wakeDaemonSet();
            await nowhere.removeWakeMark();
            const seen = await nowhere.look();
            assert.deepEqual([seen.serviceAccount, seen.daemonSet], [undefined, undefined]);
        });

        it("removes the rollout annotation from the template, and the wake annotation, and nothing else", async () => {
            const before = await liveDaemonSet();
            const template = { metadata: { annotations: { "eks-cni/rollout": "1" } } };
            const metadata = {
                name: "aws-node",
                annotations: { "pulumi.com/patchFieldManager": subject.fieldManager },
            };
            await apps.patchNamespacedDaemonSet(
                {
                    namespace,
                    name: "aws-node",
                    fieldManager: subject.fieldManager,
                    body: { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec: { template } },
                },
                asApply,
            );
            await until((seen) => settled(seen) && seen.pods.every(({ current }) => current));
            assert.equal((await access.look()).daemonSet?.woken, false);
            await access.wakeDaemonSet();
            assert.equal((await access.look()).daemonSet?.woken, true);
            const woken = await liveDaemonSet();
            assert.match(woken.metadata?.annotations?.["eks-cni/woken-at"] ?? "", /^\d{4}-/);
            assert.equal(
                woken.metadata?.managedFields?.find(({ manager }) => manager === "eks-cni-wake")?.operation,
                "Update",
            );
            await access.releaseTemplate();
            await access.removeWakeMark();
            assert.equal((await access.look()).daemonSet?.woken, false);
            const after = await liveDaemonSet();
            assert.deepEqual(after.spec, before.spec);
            assert.deepEqual(
                withoutGeneration(after.metadata?.annotations),
                withoutGeneration(before.metadata?.annotations),
            );
            await until((seen) => settled(seen) && seen.pods.every(({ current }) => current));
        });

        it("restarts neither a pod that is gone nor another one of its name", async () => {
            const [one] = (await access.look()).pods;
            assert.ok(one);
            await access.restart({ name: "gone", uid: one.uid });
            await access.restart({ name: one.name, uid: "00000000-0000-0000-0000-000000000000" });
            await access.forceRestart({ name: one.name, uid: "00000000-0000-0000-0000-000000000000" });
            const still = (await access.look()).pods.find(({ uid }) => uid === one.uid);
            assert.equal(still?.terminating, false);
        });

        it("restarts no pod that has changed since the look, if the restart is for the pod as it was", async () => {
            const [one] = (await access.look()).pods;
            assert.ok(one?.resourceVersion);
            const { name, uid } = one;
            await core.patchNamespacedPod(
                { namespace, name, body: { metadata: { labels: { changed: "" } } } },
                asMerge,
            );
            await access.restart(one);
            const { metadata } = await core.readNamespacedPod({ namespace, name });
            assert.deepEqual([metadata?.uid, metadata?.deletionTimestamp], [uid, undefined]);
        });

        it("force-deletes a pod from the API on request if its kubelet does not answer", async () => {
            const [one] = (await access.look()).pods;
            assert.ok(one);
            await sandbox.nodes.stopKubelet(one.node);
            await access.restart({ name: one.name, uid: one.uid });
            const { metadata } = await core.readNamespacedPod({ namespace, name: one.name });
            assert.ok(metadata?.deletionTimestamp, "without its kubelet, the pod must stay in the API");
            await access.forceRestart(one);
            await assert.rejects(core.readNamespacedPod({ namespace, name: one.name }), { code: 404 });
            await sandbox.nodes.startKubelet(one.node);
            await until(settled);
        });

        it("asks for a token that STS takes, for ten minutes", async () => {
            const token = await access.requestToken();
            const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Claims;
            assert.deepEqual(claims.aud, ["sts.amazonaws.com"]);
            assert.equal(claims.iss, sandbox.issuer);
            assert.equal(claims.sub, "system:serviceaccount:kube-system:aws-node");
            assert.equal(claims.exp - claims.iat, 600);
        });
    });

    describe("with an injection guard", () => {
        const name = subject.injectionGuardName;
        const [one, another] = [subject.roleArn, `${subject.roleArn}-2`];
        const none = { present: false, inForce: false };
        const inForce = async () => (await until(({ injectionGuard }) => injectionGuard.inForce)).injectionGuard;
        /** Of another party, which creates by POST. */
        const theirs = {
            metadata: { name },
            spec: injectionGuardSpec({ serviceAccount: subject.serviceAccount, roleArns: [another] }),
        };
        afterEach(() => access.removeInjectionGuard());

        it("creates it, and sees what it refuses, and the pod that the controller creates when it is woken", async () => {
            await access.createInjectionGuard([another]);
            await inForce();
            await sleep(1500); // The API server learns of policies through a watch.
            const [first] = (await access.look()).pods;
            assert.ok(first);
            await access.restart(first);
            const refused = await until(({ refusedPods }) => refusedPods.length > 0);
            assert.match(refused.refusedPods[0] ?? "", /eks-cni: refused a pod/);
            await sleep(5000);
            await access.removeInjectionGuard();
            assert.deepEqual((await access.look()).injectionGuard, none);
            await sleep(1500);
            const started = Date.now();
            await access.wakeDaemonSet();
            await until(settled);
            assert.ok(Date.now() - started < 10_000);
            await access.removeWakeMark();
        });

        it("creates what is missing of it, and removes it also when only a part is there, and when nothing is", async () => {
            await access.createInjectionGuard([one]);
            await admission.deleteValidatingAdmissionPolicy({ name });
            assert.deepEqual((await access.look()).injectionGuard, { present: true, inForce: false });
            await access.createInjectionGuard([one]);
            assert.deepEqual(await inForce(), { present: true, inForce: true, roleArns: [one] });
            await admission.deleteValidatingAdmissionPolicyBinding({ name });
            const unbound = { present: true, inForce: false, roleArns: [one], unbound: true };
            assert.deepEqual((await access.look()).injectionGuard, unbound);
            await access.createInjectionGuard([one]);
            assert.deepEqual(await inForce(), { present: true, inForce: true, roleArns: [one] });
            await admission.deleteValidatingAdmissionPolicyBinding({ name });
            await access.removeInjectionGuard();
            await access.removeInjectionGuard();
            assert.deepEqual((await access.look()).injectionGuard, none);
        });

        it("changes the roles that it admits, and shows by dry runs when the API server knows them", async () => {
            await access.createInjectionGuard([one]);
            assert.deepEqual((await inForce()).roleArns, [one]);
            await sleep(1500);
            assert.deepEqual(await access.testAdmission(one), { verdict: "admitted" });
            assert.deepEqual(await access.testAdmission(another), { verdict: "refused" });
            assert.deepEqual(await access.testAdmission(undefined), { verdict: "refused" });
            await access.admitRoles([one, another]);
            assert.deepEqual((await inForce()).roleArns, [one, another]);
            await sleep(1500);
            assert.deepEqual(await access.testAdmission(another), { verdict: "admitted" });
            const { items } = await core.listNamespacedPod({ namespace, labelSelector: SKIP_WEBHOOK_LABEL });
            assert.deepEqual(items, [], "a dry run has created a pod");
        });

        it("tells another component's from its own, by a dry run", async () => {
            const asThey = await connectCluster(
                { kubeconfig },
                { ...subject, injectionGuardName: "eks-cni-theirs" },
                settings,
            );
            await access.createInjectionGuard([another]);
            await inForce();
            await sleep(1500);
            assert.deepEqual(await access.testAdmission(one), { verdict: "refused" });
            const answer = await asThey.testAdmission(one);
            assert.equal(answer.verdict === "unknown" && answer.anotherGuard, name);
            assert.deepEqual(await asThey.testAdmission(another), { verdict: "admitted" });
            asThey.close();
        });

        it("does not take one with a faulty expression for one in force, and takes such a change back", async () => {
            await access.createInjectionGuard([one]);
            const spec = {
                failurePolicy: "Ignore",
                validations: [{ expression: "object.spec.nothingOfThisName == 'x'" }],
            };
            const asMerge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
            await admission.patchValidatingAdmissionPolicy({ name, body: { spec } }, asMerge);
            await sleep(3000);
            assert.deepEqual((await access.look()).injectionGuard, {
                present: true,
                inForce: false,
                roleArns: [],
                otherExpressions: true,
            });
            await access.admitRoles([one]);
            assert.deepEqual(await inForce(), { present: true, inForce: true, roleArns: [one] });
        });

        it("refuses one that another party has created, and neither changes nor removes it", async () => {
            await admission.createValidatingAdmissionPolicy({ body: theirs, fieldManager: "their-tool" });
            try {
                // The control plane writes the status.
                const read = async () => {
                    const { metadata, spec } = await admission.readValidatingAdmissionPolicy({ name });
                    return [metadata?.uid, metadata?.generation, spec];
                };
                const before = await read();
                assert.deepEqual((await access.look()).injectionGuard, { ...none, othersManagers: ["their-tool"] });
                await assert.rejects(access.createInjectionGuard([one]), { code: "injection-guard-of-another" });
                await access.admitRoles([one]);
                await access.removeInjectionGuard();
                assert.deepEqual(await read(), before);
                await assert.rejects(admission.readValidatingAdmissionPolicyBinding({ name }), { code: 404 });
            } finally {
                await admission.deleteValidatingAdmissionPolicy({ name });
            }
        });
    });
});

interface Claims {
    readonly aud: readonly string[];
    readonly iss: string;
    readonly sub: string;
    readonly iat: number;
    readonly exp: number;
}

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

/** Without the template's generation, which the API server adds itself. */
const withoutGeneration = (annotations: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith("deprecated.daemonset")));
