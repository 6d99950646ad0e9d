import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, ok, rejects, strictEqual, throws } from "assert";
import { secret } from "local-eks/providerClient";
import { mock } from "node:test";
import { dynamicProvider } from "../../../../handover/engine/dynamicBinding";
import { type LiveCheckName, liveCheckProvider } from "../../../../handover/engine/liveCheckProvider";
import type { OperationContext } from "../../../../handover/observe/runContext";
import { EksCniProvider } from "../../../../plugin/provider";
import { withEngine } from "../../support/standInEngine";
import { kubeconfig, ScriptedApi, subject } from "../kubernetes/support";

/** With these inputs, no operation below needs a cluster. */
const INPUTS = {
    subject: { fieldManager: "eks-cni/p/s/cni" },
    timeouts: {},
    kubeconfig: "of the cluster",
    forceDestroy: true,
    drift: "none",
    delivered: "digest",
};
/** No server listens at this address. */
const NO_SERVER = {
    subject: {
        fieldManager: "eks-cni/p/s/cni",
        serviceAccount: { namespace: "kube-system", name: "aws-node" },
        issuers: [],
    },
    kubeconfig: JSON.stringify({
        clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
        users: [{ name: "u", user: { token: "t" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
    }),
};
const RECORD = { namedNodeRoles: ["nodes"], approvedRoleArns: ["arn"], nodeRolePolicies: {} };
const OUTPUTS: Record<Exclude<LiveCheckName, "deletionOrder">, object> = {
    credentialGuard: { record: RECORD, approvedRole: "arn", formerAnnotations: {} },
    addOnRole: { told: "it has it", updates: 1, record: RECORD },
    canary: { shown: "it works", rollouts: 1, record: RECORD },
    detachment: { record: RECORD, verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] },
};

/** The operations of a live check through one binding, without its encoding. */
interface Binding {
    diff: (name: LiveCheckName, state: object, inputs: object) => Promise<boolean | undefined>;
    update: (name: LiveCheckName, state: object, inputs: object) => Promise<unknown>;
    delete: (name: LiveCheckName, state: object) => Promise<void>;
    read: (name: LiveCheckName, id: string, state: object) => Promise<{ id: unknown; props: unknown }>;
    create: (name: LiveCheckName, inputs: object) => Promise<unknown>;
}

const dynamicBinding: Binding = {
    diff: async (name, state, inputs) =>
        (
            await dynamicProvider(name).diff?.(
                "id",
                { ...state, __provider: "text of before" },
                { ...inputs, __provider: "text" },
            )
        )?.changes,
    update: async (name, state, inputs) =>
        (await dynamicProvider(name).update?.("id", state, { ...inputs, __provider: "text" }))?.outs,
    delete: async (name, state) => dynamicProvider(name).delete?.("id", state),
    read: async (name, id, state) => {
        const read = await dynamicProvider(name).read?.(id, state);
        return { id: read?.id, props: read?.props };
    },
    create: (name, inputs) => dynamicProvider(name).create(inputs),
};

function urn(name: string): string {
    const kind = name.charAt(0).toUpperCase() + name.slice(1);
    return `urn:pulumi:s::p::eks-cni:index:CniServiceAccountRole$eks-cni:index:${kind}::cni::with colons`;
}

function wrap(properties: object): object {
    return "kubeconfig" in properties
        ? { ...properties, kubeconfig: secret(properties.kubeconfig as string) }
        : properties;
}

function unwrap(properties: unknown): unknown {
    const { kubeconfig, ...rest } = properties as { kubeconfig: { value: unknown } };
    deepStrictEqual(kubeconfig, secret(kubeconfig.value as string), "the secret is returned in plain text");
    return { ...rest, kubeconfig: kubeconfig.value };
}

const plugin: pulumi.provider.Provider = new EksCniProvider();
const pluginBinding: Binding = {
    diff: async (name, state, inputs) => (await plugin.diff?.("id", urn(name), wrap(state), wrap(inputs)))?.changes,
    update: async (name, state, inputs) =>
        unwrap((await plugin.update?.("id", urn(name), wrap(state), wrap(inputs)))?.outs),
    delete: async (name, state) => plugin.delete?.("id", urn(name), wrap(state)),
    read: async (name, id, state) => {
        const read = await plugin.read?.(id, urn(name), wrap(state));
        return { id: read?.id, props: unwrap(read?.props) };
    },
    create: (name, inputs) => plugin.create?.(urn(name), wrap(inputs)) ?? Promise.reject(new Error("no create")),
};

/** The standard output of an operation: its progress, and the log, since there is no engine. */
async function outputOf(run: () => Promise<void>): Promise<string> {
    let text = "";
    const write = mock.method(process.stdout, "write", (chunk: string | Uint8Array) => {
        text += String(chunk);
        return true;
    });
    try {
        await run();
    } finally {
        write.mock.restore();
    }
    return text;
}

for (const [title, operation] of Object.entries({ "dynamic providers": dynamicBinding, "the plugin": pluginBinding })) {
    describe(`the live checks by ${title}`, () => {
        for (const name of ["credentialGuard", "canary", "detachment"] as const) {
            const state = { ...INPUTS, ...OUTPUTS[name] };

            it(`${name}: the same inputs are no difference, whatever the outputs`, async () => {
                strictEqual(await operation.diff(name, state, INPUTS), false);
            });

            it(`${name}: an output that the state of an earlier version lacks is one, whichever it is`, async () => {
                const inputs = name === "credentialGuard" ? INPUTS : { ...INPUTS, record: RECORD };
                for (const output of Object.keys(OUTPUTS[name]).filter((key) => !Object.hasOwn(inputs, key))) {
                    const without = Object.fromEntries(Object.entries(state).filter(([key]) => key !== output));
                    strictEqual(await operation.diff(name, without, inputs), true, output);
                }
            });

            it(`${name}: an input that changed is one`, async () => {
                strictEqual(await operation.diff(name, state, { ...INPUTS, drift: "a reason" }), true);
                strictEqual(await operation.diff(name, { ...state, drift: "a reason" }, INPUTS), true);
            });

            it(`${name}: a secret that changed or went is one`, async () => {
                const { kubeconfig, ...withoutKubeconfig } = INPUTS;
                strictEqual(await operation.diff(name, state, { ...INPUTS, kubeconfig: `${kubeconfig}, moved` }), true);
                strictEqual(await operation.diff(name, state, withoutKubeconfig), true);
            });

            it(`${name}: an update of how the cluster is reached keeps the outputs`, async () => {
                const news = { ...INPUTS, kubeconfig: "another", ...("record" in state ? { record: RECORD } : {}) };
                deepStrictEqual(await operation.update(name, state, news), { ...state, kubeconfig: "another" });
            });

            it(`${name}: a kubeconfig that is none is refused by create, in the words that name it`, async () => {
                await rejects(operation.create(name, { ...INPUTS, record: RECORD, detachFromNodeRoles: [] }), {
                    name: "Refusal",
                    code: "kubeconfig-invalid",
                });
            });
        }

        it("a canary is read under its own id, and a cluster without refused pods is no drift", async () => {
            const answer = (path: string) => (path.endsWith("s") ? { metadata: {}, items: [] } : { metadata: {} });
            const api = await ScriptedApi.start(({ path }) => ({ body: answer(path) }));
            try {
                const reached = JSON.stringify(kubeconfig(api.url));
                const { fieldManager, injectionGuardName } = subject;
                const record = { ...RECORD, fieldManager, injectionGuardName };
                const from = { ...INPUTS, ...OUTPUTS.canary, subject, record, kubeconfig: reached };
                const state = { ...from, drift: "a reason" };
                deepStrictEqual(await operation.read("canary", "its-id", state), {
                    id: "its-id",
                    props: { ...state, drift: "none" },
                });
            } finally {
                await api.stop();
            }
        });

        it("what is done is shown line by line", async function () {
            this.timeout(30_000);
            const text = await outputOf(() =>
                operation.delete("detachment", { ...INPUTS, ...OUTPUTS.detachment, ...NO_SERVER }),
            );
            strictEqual(text.split("\n").filter((line) => line.includes("forceDestroy is set")).length, 1, text);
            ok(text.endsWith("\n"));
        });
    });
}

describe("the drift that a refresh finds is a warning", () => {
    withEngine("127.0.0.1:1");

    /** Reads a canary whose service account is gone. Returns each warning with the resource that it belongs to, and the drift in the state. */
    async function warningsOf(binding: Binding): Promise<{ warnings: string[][]; drift: unknown }> {
        const namespace = { metadata: { uid: "cluster" } };
        const api = await ScriptedApi.start(({ path }) => ({
            body: path.endsWith("s") ? { metadata: {}, items: [] } : namespace,
        }));
        const { fieldManager, injectionGuardName } = subject;
        const record = { ...RECORD, clusterUid: "cluster", fieldManager, injectionGuardName };
        const of = { ...subject, component: "cni", fieldManager: "eks-cni/p/s/cni" };
        const cluster = JSON.stringify(kubeconfig(api.url));
        const state = { ...INPUTS, ...OUTPUTS.canary, subject: of, record, kubeconfig: cluster };
        const warnings: Promise<string[]>[] = [];
        const warn = mock.method(pulumi.log, "warn", (line: string, resource?: pulumi.Resource) => {
            const urn = new Promise<string>((resolve) => resource?.urn.apply(resolve) ?? resolve("none"));
            warnings.push(urn.then((of) => [of, line]));
            return Promise.resolve();
        });
        try {
            const { props } = await binding.read("canary", "its-id", state);
            return { warnings: await Promise.all(warnings), drift: (props as { drift: unknown }).drift };
        } finally {
            warn.mock.restore();
            await api.stop();
        }
    }

    it("on the component, by dynamic providers, besides the drift in the state", async () => {
        // The engine passes its address to the process of a dynamic provider.
        process.argv.push("127.0.0.1:1");
        const { warnings, drift } = await warningsOf(dynamicBinding).finally(() => process.argv.pop());
        strictEqual(drift, "There is no service account kube-system/aws-node.");
        deepStrictEqual(warnings, [["urn:pulumi:s::p::eks-cni:index:CniServiceAccountRole::cni", drift]]);
    });

    it("on the live check, by the plugin", async () => {
        const { warnings, drift } = await warningsOf(pluginBinding);
        deepStrictEqual(warnings, [[urn("canary"), drift]]);
    });
});

describe("the plugin", () => {
    for (const [answer, work] of Object.entries({
        "the result": () => Promise.resolve(),
        "an error": () => Promise.reject(new Error("refused")),
    })) {
        it(`sends ${answer} once the engine has received the lines before it`, async () => {
            const order: string[] = [];
            const receive = async (line: string) => {
                await new Promise((resolve) => setTimeout(resolve, 20));
                order.push(line);
            };
            const mocks = [
                mock.method(pulumi.log, "info", receive),
                mock.method(pulumi.log, "warn", receive),
                mock.method(
                    liveCheckProvider("deletionOrder"),
                    "delete",
                    (_state: object, { progress, warn }: OperationContext) => {
                        progress("a line");
                        warn?.("a warning");
                        return work();
                    },
                ),
            ];
            try {
                await plugin.delete?.("id", urn("deletionOrder"), {}).catch(() => undefined);
                order.push("answer");
            } finally {
                mocks.forEach((mocked) => {
                    mocked.mock.restore();
                });
            }
            deepStrictEqual(order, ["a line", "a warning", "answer"]);
        });
    }

    it("names the type that a newer version has written, and its own version", () => {
        const { version } = new EksCniProvider();
        throws(() => plugin.diff?.("id", urn("other"), {}, {}), {
            message:
                `eks-cni ${version} has no resource eks-cni:index:Other: a newer version has written this state. Install that version or a ` +
                "later one: npm install eks-cni@latest",
        });
        throws(
            () => plugin.diff?.("id", "urn:pulumi:s::p::other:index:Canary::cni", {}, {}),
            /no resource other:index:Canary/,
        );
    });

    it("constructs the component alone", () => {
        throws(
            () => plugin.construct?.("cni", "eks-cni:index:Canary", {}, {}),
            /has no component eks-cni:index:Canary/,
        );
    });
});

describe("the chain before the credential guard", () => {
    for (const [title, operation] of Object.entries({
        "dynamic providers": dynamicBinding,
        "the plugin": pluginBinding,
    })) {
        it(`does nothing, by ${title}`, async () => {
            strictEqual(await operation.diff("deletionOrder", {}, {}), false);
            const created = (await operation.create("deletionOrder", {})) as { id: string; outs: object };
            deepStrictEqual({ ...created }, { id: "deletion-order", outs: {} });
            await operation.delete("deletionOrder", {});
        });
    }

    it("stays as it is in an update from one binding to the other, and in a refresh", async () => {
        const provider = dynamicProvider("deletionOrder");
        deepStrictEqual(await provider.diff?.("deletion-order", {}, {}), { changes: true });
        deepStrictEqual(await provider.update?.("deletion-order", {}, {}), { outs: {} });
        deepStrictEqual(await provider.read?.("deletion-order", {}), { id: "deletion-order", props: {} });
    });
});
