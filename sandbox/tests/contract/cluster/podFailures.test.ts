import { CoreV1Api, type V1ContainerStatus, type V1Pod, Watch } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { loadKubeconfig } from "../../../kubeconfigs";
import { agentResults, probeResults } from "../../../logs";
import { type Sandbox, startSandbox } from "../../../sandbox";

const namespace = "kube-system";
const labelSelector = "k8s-app=aws-node";

for (const agents of [true, false]) {
    describe(`Pods of aws-node that do not start, ${agents ? "with" : "without"} agents`, function () {
        this.timeout(180_000);
        let sandbox: Sandbox;
        let core: CoreV1Api;
        let nodes: string[];

        before(async () => {
            sandbox = await startSandbox({
                name: `failures-test-${process.pid}`,
                nodes: 2,
                agents,
                podReadySeconds: 0.2,
                failedStartFactor: 0.05,
                ownerPid: process.pid,
                onProgress: () => undefined,
            });
            core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        });
        beforeEach(async () => {
            nodes = Object.keys(await sandbox.nodes.subnets());
        });
        after(() => sandbox.stop());
        afterEach(() => sandbox.reset());

        const pods = async () => (await core.listNamespacedPod({ namespace, labelSelector })).items;
        const isReady = ({ status }: V1Pod) =>
            status?.conditions?.some((of) => of.type === "Ready" && of.status === "True") ?? false;
        const unreadySince = ({ status }: V1Pod) =>
            status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime?.getTime();
        const first = () => nodes[0] ?? assert.fail();
        /** Deletes the pods of both nodes, and resolves with the newcomer's name on the first one, once there is one. */
        const replaceAll = async (isNewcomer: (pod: V1Pod) => boolean): Promise<string> => {
            const before = new Set((await pods()).map(({ metadata }) => metadata?.uid));
            await core.deleteCollectionNamespacedPod({ namespace, labelSelector });
            for (;;) {
                const found = (await pods()).find((pod) => !before.has(pod.metadata?.uid) && isNewcomer(pod));
                if (found) {
                    return found.metadata?.name ?? "";
                }
                await sleep(50);
            }
        };
        const until = async (name: string, wanted: (pod: V1Pod) => boolean): Promise<V1Pod> => {
            for (;;) {
                const pod = await core.readNamespacedPod({ namespace, name });
                if (wanted(pod)) {
                    return pod;
                }
                await sleep(30);
            }
        };
        /** Every state of the pods, in order. A state that lasts for a moment is missed by a reader who asks again and again. */
        const record = async () => {
            const states: V1Pod[] = [];
            const watch = new Watch(loadKubeconfig(sandbox.kubeconfigPath));
            const path = `/api/v1/namespaces/${namespace}/pods`;
            const add = (_type: string, pod: V1Pod) => states.push(pod);
            const controller = await watch.watch(path, { labelSelector }, add, () => undefined);
            return { states, stop: () => controller.abort() };
        };
        const container = (pod: V1Pod, name = "aws-node"): V1ContainerStatus =>
            [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
                (of) => of.name === name,
            ) ?? assert.fail(`no status of ${name}`);
        const waits =
            (reason: string, name = "aws-node") =>
            (pod: V1Pod) =>
                pod.status?.containerStatuses !== undefined && container(pod, name).state?.waiting?.reason === reason;
        const onFirst = ({ spec }: V1Pod) => spec?.nodeName === first();
        const otherIsReady = async () => {
            while (!(await pods()).some((pod) => pod.spec?.nodeName === nodes[1] && isReady(pod))) {
                await sleep(50);
            }
        };
        const noCalls = (pod: V1Pod) => {
            const calls = [...agentResults(sandbox), ...probeResults(sandbox)];
            assert.deepEqual(
                calls.filter(({ uid }) => uid === pod.metadata?.uid),
                [],
            );
        };
        const end = async (name: string) => {
            await sandbox.nodes.setPodsFail(undefined);
            return until(name, isReady);
        };

        const images = [
            ["imagePull", "aws-node", "aws-node"],
            ["initImagePull", "aws-vpc-cni-init", "aws-node aws-eks-nodeagent"],
        ] as const;
        for (const [failure, lacking, unready] of images) {
            it(`wait for the image of ${lacking}, on one node alone, and start when they get it`, async () => {
                await sandbox.nodes.setPodsFail(failure, { nodes: [first()] });
                const name = await replaceAll(onFirst);
                const failed = await until(name, waits("ErrImagePull", lacking));
                const backOff = await until(name, waits("ImagePullBackOff", lacking));
                const again = await until(name, waits("ErrImagePull", lacking));
                const since = [failed, backOff, again].map(unreadySince);
                assert.deepEqual(new Set(since).size, 1, `the condition has changed: ${since.join()}`);
                for (const pod of [failed, backOff]) {
                    assert.equal(pod.status?.phase, "Pending");
                    const { restartCount, started, state, lastState } = container(pod, lacking);
                    assert.deepEqual([restartCount, started, Object.keys(state ?? {})], [0, false, ["waiting"]]);
                    assert.equal(lastState?.terminated, undefined);
                    const ready = pod.status.conditions?.find(({ type }) => type === "Ready");
                    assert.deepEqual(
                        [ready?.status, ready?.reason, ready?.message],
                        ["False", "ContainersNotReady", `containers with unready status: [${unready}]`],
                    );
                }
                assert.match(container(failed, lacking).state?.waiting?.message ?? "", /^failed to pull and unpack/);
                assert.match(
                    container(backOff, lacking).state?.waiting?.message ?? "",
                    /^Back-off pulling image "6024.*": ErrImagePull: failed to pull/,
                );
                const rest = container(backOff, "aws-eks-nodeagent").state;
                assert.equal(rest?.waiting?.reason, failure === "initImagePull" ? "PodInitializing" : undefined);
                await otherIsReady();
                noCalls(backOff);
                const started = await end(name);
                assert.deepEqual([started.status?.phase, container(started).restartCount], ["Running", 0]);
                const { reason } = started.status?.conditions?.find(({ type }) => type === "Ready") ?? {};
                assert.equal(reason ?? "", "");
            });
        }

        const crashes = [
            ["outOfMemory", 137, "OOMKilled"],
            ["exit", 1, "Error"],
        ] as const;
        for (const [failure, exitCode, reason] of crashes) {
            it(`end with ${exitCode} (${reason}) on one node alone, wait for their restart, and run when it is over`, async () => {
                await sandbox.nodes.setPodsFail(failure, { nodes: [first()] });
                const { states, stop } = await record();
                const name = await replaceAll(onFirst);
                const hasEnded = (pod: V1Pod) =>
                    pod.metadata?.name === name &&
                    pod.status?.containerStatuses !== undefined &&
                    !!container(pod).state?.terminated;
                while (!states.some(hasEnded)) {
                    await sleep(30);
                }
                stop();
                const { state, restartCount } = container(states.find(hasEnded) ?? assert.fail());
                const { exitCode: code, reason: why } = state?.terminated ?? {};
                assert.deepEqual([code, why, restartCount], [exitCode, reason, 0]);
                const looping = await until(name, waits("CrashLoopBackOff"));
                assert.equal(looping.status?.phase, "Running");
                const { lastState, state: now, restartCount: restarts, ready } = container(looping);
                assert.deepEqual(
                    [lastState?.terminated?.exitCode, lastState?.terminated?.reason, ready, restarts >= 1],
                    [exitCode, reason, false, true],
                );
                assert.match(
                    now?.waiting?.message ?? "",
                    new RegExp(
                        `^back-off ${10 * 2 ** (restarts - 1)}s restarting failed container=aws-node pod=${name}_kube-system\\(`,
                    ),
                );
                const third = await until(name, (pod) => container(pod).restartCount >= 3);
                assert.equal(third.status?.phase, "Running");
                await until(name, (pod) =>
                    /^back-off (40|80|160|300)s/.test(container(pod).state?.waiting?.message ?? ""),
                );
                await otherIsReady();
                noCalls(third);
                const started = await end(name);
                const { restartCount: count, lastState: last } = container(started);
                assert.deepEqual([count >= 4, last?.terminated?.exitCode], [true, exitCode]);
            });
        }

        it("find no room on their node, as the scheduler shows it, and start when there is some", async () => {
            await sandbox.nodes.setPodsFail("unschedulable", { nodes: [first()] });
            const unplaced = ({ status }: V1Pod) =>
                status?.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "Unschedulable") ??
                false;
            const name = await replaceAll(unplaced);
            const pod = await until(name, unplaced);
            const { status, message } = pod.status?.conditions?.find(({ type }) => type === "PodScheduled") ?? {};
            assert.deepEqual([pod.status?.phase, pod.spec?.nodeName, status], ["Pending", undefined, "False"]);
            assert.match(message ?? "", /^0\/2 nodes are available: 1 Too many pods/);
            await otherIsReady();
            await sleep(1000);
            assert.ok(unplaced(await core.readNamespacedPod({ namespace, name })));
            assert.equal((await end(name)).spec?.nodeName, first());
        });

        it("leave the pods alone that run, and are over after a reset", async () => {
            await sandbox.nodes.setPodsFail("imagePull");
            await sleep(1000);
            assert.ok((await pods()).every(isReady));
            await replaceAll(waits("ErrImagePull"));
            await sandbox.reset();
            assert.ok((await pods()).every(isReady));
        });

        it("cannot fail in another way, or on another node", async () => {
            await assert.rejects(sandbox.nodes.setPodsFail("other" as "exit"), /cannot fail by "other"/);
            await assert.rejects(sandbox.nodes.setPodsFail("exit", { nodes: ["n"] }), /has no node n/);
        });
    });
}
