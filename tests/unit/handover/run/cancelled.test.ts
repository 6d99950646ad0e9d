import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { refusals } from "../../../../handover/model/refusals";
import { type RunContext, withRunContext } from "../../../../handover/observe/runContext";
import { canary, CanaryInputs } from "../../../../handover/run/canaryResource";
import { EksCniProvider } from "../../../../plugin/provider";
import { onNodeRole, record, subject, world } from "../support/worlds";

const inputs: CanaryInputs = {
    subject,
    record,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    formerAnnotations: {},
    approvedRole: "a",
    proof: "full",
    serviceAccountUid: "account",
    stableSeconds: 20,
    delivered: "d",
};

/** A run context that records its calls, and in which a wait never ends. */
function scripted(cancelling: AbortController, cancelAt: string) {
    const calls: string[] = [];
    const { cluster, account } = world(onNodeRole);
    const noteCall = <T>(what: string, answer: T): Promise<T> => {
        calls.push(what);
        if (what === cancelAt) {
            cancelling.abort();
        }
        return Promise.resolve(answer);
    };
    const context = {
        subject,
        roleNames: [],
        now: Date.now,
        progress: () => undefined,
        cancelled: cancelling.signal,
        cluster: {
            look: () => noteCall("cluster", cluster),
            clustersInKubeconfig: () => [],
            restart: () => noteCall("restart", undefined),
            annotate: () => noteCall("annotate", undefined),
            change: () => noteCall("wait", undefined).then(() => new Promise(() => undefined)),
            close: () => void noteCall("close", undefined),
        },
        aws: { look: () => noteCall("account", account) },
    } as unknown as RunContext;
    const operation = {
        progress: () => undefined,
        cancelled: cancelling.signal,
        open: () => Promise.resolve(context),
    };
    return { calls, operation };
}

/** Enough turns of the event loop for calls that start in the background. */
const turns = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
    }
};

describe("A run that is cancelled", () => {
    it("begins with no other step, and takes nothing back", async () => {
        for (const cancelAt of ["account", "restart"]) {
            const { calls, operation } = scripted(new AbortController(), cancelAt);
            await rejects(canary.create(inputs, operation), refusals.cancelled());
            await turns();
            const writes = calls.filter((call) => ["restart", "annotate"].includes(call));
            deepStrictEqual(writes, cancelAt === "restart" ? ["restart"] : [], calls.join());
        }
    });

    it("does not wait for a pending call, and closes the access to the cluster", async () => {
        const cancelling = new AbortController();
        const { calls, operation } = scripted(cancelling, "never");
        const waiting = withRunContext(inputs, [], operation, (context) => context.cluster.change(1));
        setImmediate(() => cancelling.abort());
        await rejects(waiting, refusals.cancelled());
        deepStrictEqual(calls, ["wait", "close"]);
    });

    it("is one by the plugin as soon as the engine says so", async () => {
        const plugin = new EksCniProvider();
        const urn = "urn:pulumi:s::p::eks-cni:index:CniServiceAccountRole$eks-cni:index:Canary::cni";
        // No server answers at this address.
        const cluster = { server: "http://192.0.2.1:9", "insecure-skip-tls-verify": true };
        const kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": "c",
            clusters: [{ name: "c", cluster }],
            users: [{ name: "c", user: { token: "t" } }],
            contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
        });
        const creating = plugin.create(urn, { ...inputs, kubeconfig });
        setTimeout(() => void plugin.cancel(), 50);
        await rejects(creating, refusals.cancelled());
    });
});
