import assert from "node:assert/strict";
import type { CoreV1Api, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { makeContainerRestarted, makeContainerWait, makePodReady, makePodUnready } from "../../../cluster/readiness";

/** Keeps what is written. */
function coreOf(written: V1Pod[]): CoreV1Api {
    const write = ({ body }: { body: V1Pod }) => Promise.resolve(written.push(body));
    return { replaceNamespacedPodStatus: write } as unknown as CoreV1Api;
}

const podWith = (...containerStatuses: V1ContainerStatus[]): V1Pod => ({
    metadata: { name: "aws-node-1", namespace: "kube-system", uid: "uid-1" },
    status: { containerStatuses },
});
const running = (name: string): V1ContainerStatus => {
    const state = { running: { startedAt: new Date(0) } };
    return { name, ready: true, restartCount: 0, image: "", imageID: "", state };
};

describe("the status of a container that its liveness probe has killed", () => {
    it("has the exit code of a Go program without handlers of signals", async () => {
        const written: V1Pod[] = [];
        await makeContainerRestarted(coreOf(written), podWith(running("aws-node")), "aws-node", 1);
        const [status] = written[0]?.status?.containerStatuses ?? [];
        const { exitCode, reason } = status?.lastState?.terminated ?? {};
        assert.deepEqual([status?.ready, status?.restartCount, exitCode, reason], [false, 1, 2, "Error"]);
    });

    const pauses: [number, string][] = [
        [1, "10s"],
        [4, "1m20s"],
        [9, "5m0s"],
    ];
    for (const [restarts, pause] of pauses) {
        it(`waits ${pause} after ${restarts} restarts, in the kubelet's words`, async () => {
            const written: V1Pod[] = [];
            await makeContainerWait(coreOf(written), podWith(running("aws-node")), "aws-node", restarts);
            const { waiting } = written[0]?.status?.containerStatuses?.[0]?.state ?? {};
            const message = `back-off ${pause} restarting failed container=aws-node pod=aws-node-1_kube-system(uid-1)`;
            assert.deepEqual(waiting, { reason: "CrashLoopBackOff", message });
        });
    }

    it("is not written for a container that the pod has not got", async () => {
        const written: V1Pod[] = [];
        await assert.rejects(
            makeContainerWait(coreOf(written), podWith(running("other")), "aws-node", 2),
            /^Error: the pod aws-node-1 has no status of its container aws-node$/,
        );
        assert.deepEqual(written, []);
    });
});

describe("the condition Ready of a pod", () => {
    const long = new Date(0);
    const podThatIs = (status: string): V1Pod => ({
        metadata: { name: "aws-node-1", namespace: "kube-system" },
        status: { conditions: [{ type: "Ready", status, lastTransitionTime: long }] },
    });
    const readiness = ([written]: V1Pod[]) => written?.status?.conditions?.find(({ type }) => type === "Ready");
    const rows = [
        ["keeps its transition time while it says no", makePodUnready, "False", true],
        ["keeps its transition time while it says yes", makePodReady, "True", true],
        ["has a new transition time when it says no", makePodUnready, "True", false],
        ["has a new transition time when it says yes", makePodReady, "False", false],
    ] as const;
    for (const [what, make, before, isKept] of rows) {
        it(what, async () => {
            const written: V1Pod[] = [];
            await make(coreOf(written), podThatIs(before));
            assert.equal(readiness(written)?.lastTransitionTime === long, isKept);
            assert.equal(readiness(written)?.status, make === makePodReady ? "True" : "False");
        });
    }
});
