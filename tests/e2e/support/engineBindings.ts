import * as grpc from "@grpc/grpc-js";
import { spawn } from "child_process";
import * as path from "path";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { runtime } from "@pulumi/pulumi";
import type { Sandbox } from "local-eks";
import { type Json, type Properties, ProviderClient, secret } from "local-eks/providerClient";

const ROOT = path.resolve(__dirname, "../../..");
const SDK = path.join(ROOT, "node_modules/@pulumi/pulumi/cmd");

export type Kind = "CredentialGuard" | "Canary" | "Detachment";

/** One of the two engine bindings, called as the engine calls it: in a process of its own, over gRPC. */
export interface EngineBinding {
    readonly create: (kind: Kind, inputs: Properties) => Promise<{ id: string; state: Properties }>;
    readonly diff: (kind: Kind, state: Properties, inputs: Properties) => Promise<boolean>;
    readonly update: (kind: Kind, state: Properties, inputs: Properties) => Promise<Properties>;
    readonly read: (kind: Kind, state: Properties) => Promise<{ id: string; state: Properties }>;
    readonly delete: (kind: Kind, state: Properties) => Promise<void>;
    /** The messages that were shown to the operator since the last call. */
    readonly shown: () => string[];
    readonly stop: () => Promise<void>;
}

/** As an engine under load: a plugin must wait for its lines, or its result arrives before them. */
const LOG_MILLISECONDS = 50;

const ID = "eks-cni/bindings/test/cni";
const SECRETS = ["kubeconfig", "aws"];

/** How one binding encodes the engine's properties. */
interface Wire {
    readonly type: (kind: Kind) => string;
    readonly sent: (kind: Kind, properties: Properties) => Properties;
    readonly received: (properties: Properties) => Properties;
}

/** Dynamic providers: the engine sends secrets in plain text, and the code of the provider that is in the state. */
const dynamicWire: Wire = {
    type: (kind) => `pulumi-nodejs:dynamic/eks-cni:${kind}`,
    sent: (kind, properties) => ({
        ...properties,
        __provider: `exports.handler = () => require("eks-cni/handover").dynamicProvider("${kind.charAt(0).toLowerCase()}${kind.slice(1)}");`,
    }),
    received: (properties) => Object.fromEntries(Object.entries(properties).filter(([name]) => name !== "__provider")),
};

/** The plugin: the engine wraps secrets. A value that the plugin returns unwrapped would be in the state in plain text. */
const pluginWire: Wire = {
    type: (kind) => `eks-cni:index:${kind}`,
    sent: (_kind, properties) => mapped(properties, (name, value) => (SECRETS.includes(name) ? secret(value) : value)),
    received: (properties) =>
        mapped(properties, (name, value) => {
            const isSecret = typeof value === "object" && value !== null && runtime.isRpcSecret(value);
            if (isSecret !== SECRETS.includes(name)) {
                throw new Error(`${name} came back ${SECRETS.includes(name) ? "in the clear" : "as a secret"}`);
            }
            return SECRETS.includes(name) ? (runtime.unwrapRpcSecret(value) as Json) : value;
        }),
};

function mapped(properties: Properties, map: (name: string, value: Json) => Json): Properties {
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, map(name, value)]));
}

/** The engine starts it in the program's folder, where it finds the package, and shows its standard output. */
export async function dynamicBinding(sandbox: Sandbox): Promise<EngineBinding> {
    const shown: string[] = [];
    const child = spawn(process.execPath, [path.join(SDK, "dynamic-provider/index.js"), "127.0.0.1:1"], {
        stdio: ["ignore", "pipe", "inherit"],
        cwd: ROOT,
        env: sandbox.environment,
    });
    const client = await ProviderClient.of(child);
    child.stdout.on("data", (data: Buffer) => shown.push(...data.toString().split("\n").filter(Boolean)));
    await client.configure({});
    return binding(client, dynamicWire, shown, () => client.stop());
}

/** The engine starts it as PulumiPlugin.yaml says, and shows its log messages next to the resource. */
export async function pluginBinding(sandbox: Sandbox): Promise<EngineBinding> {
    const shown: string[] = [];
    const { address, close } = await engine(({ message, urn }) =>
        shown.push(`${urn.split("::").at(-1) ?? ""}: ${message}`),
    );
    const child = spawn(process.execPath, [path.join(SDK, "run-plugin"), ROOT, address], {
        stdio: ["ignore", "pipe", "inherit"],
        cwd: sandbox.directory,
        env: { ...sandbox.environment, PULUMI_NODEJS_TYPESCRIPT: "true" },
    });
    const client = await ProviderClient.of(child);
    await client.configure({});
    return binding(client, pluginWire, shown, async () => {
        await client.stop();
        close();
    });
}

function binding(
    client: ProviderClient,
    { type, sent, received }: Wire,
    shown: string[],
    stop: EngineBinding["stop"],
): EngineBinding {
    return {
        create: async (kind, inputs) => {
            const { id, state } = await client.create(type(kind), sent(kind, inputs));
            return { id, state: received(state) };
        },
        diff: (kind, state, inputs) => client.changes(type(kind), sent(kind, state), sent(kind, inputs)),
        update: async (kind, state, inputs) =>
            received(await client.update(type(kind), ID, sent(kind, state), sent(kind, inputs))),
        read: async (kind, state) => {
            const read = await client.read(type(kind), ID, sent(kind, state));
            return { id: read.id, state: received(read.state) };
        },
        delete: (kind, state) => client.delete(type(kind), ID, sent(kind, state)),
        shown: () => shown.splice(0),
        stop,
    };
}

/** The part of the engine's gRPC server that a plugin calls while it serves resources. */
async function engine(onLog: (log: LogRequest.AsObject) => void): Promise<{ address: string; close: () => void }> {
    const server = new grpc.Server();
    server.addService(EngineService, {
        log: ({ request }: { request: LogRequest }, done: grpc.sendUnaryData<Empty>) => {
            setTimeout(() => {
                onLog(request.toObject());
                done(null, new Empty());
            }, LOG_MILLISECONDS);
        },
    });
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error === null ? resolve(bound) : reject(error),
        );
    });
    return { address: `127.0.0.1:${String(port)}`, close: () => server.forceShutdown() };
}
