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
    serviceAccountUid: "account",
    stableSeconds: 20,
    delivered: "d",
};

/** A context where all that waits waits for good, and which tells what was done. */
function scripted(cancelling: AbortController, cancelAt: string) {
    const calls: string[] = [];
    const { cluster, account } = world(onNodeRole);
    const did = <T>(what: string, answer: T): Promise<T> => {
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
            look: () => did("cluster", cluster),
            restart: () => did("restart", undefined),
            annotate: () => did("annotate", undefined),
            change: () => did("wait", undefined).then(() => new Promise(() => undefined)),
            close: () => void did("close", undefined),
        },
        aws: { look: () => did("account", account) },
    } as unknown as RunContext;
    const operation = {
        progress: () => undefined,
        cancelled: cancelling.signal,
        open: () => Promise.resolve(context),
    };
    return { calls, operation };
}

/** What is begun in the background shows within these turns. */
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

    it("does not wait for what waits, and lets go of the cluster", async () => {
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
        // Nobody answers there.
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
