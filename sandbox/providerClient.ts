import { ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { AWS_PROVIDER } from "./pulumiHome";

/** A property value on the wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Properties = Record<string, Json>;

/** The property as a string; throws on another type. */
export function text(value: Json | undefined): string {
    if (typeof value !== "string") {
        throw new Error(`expected a string, got ${JSON.stringify(value)}`);
    }
    return value;
}

/** The properties except one. */
export function without(properties: Properties, name: string): Properties {
    return Object.fromEntries(Object.entries(properties).filter(([key]) => key !== name));
}

/** How the engine encodes an unknown string: pulumi sdk/go/common/resource/plugin/rpc.go. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value as the engine encodes a secret: pulumi sdk/go/common/resource/plugin/rpc.go. */
export function secret(value: Json): Json {
    return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

export interface CheckOptions {
    readonly name?: string;
    readonly olds?: Properties;
    readonly seed?: string;
    readonly autonaming?: { proposedName: string; mode: rpc.CheckRequest.AutonamingOptions.Mode };
}

export interface Diff {
    readonly changes: Record<string, string>;
    readonly replaces: string[];
    readonly deleteBeforeReplace: boolean;
}

/** A client of a provider plugin, as the engine uses it: a process that prints its port, and gRPC. */
export class ProviderClient {
    private constructor(
        private readonly client: ResourceProviderClient,
        private readonly end: () => Promise<void>,
    ) {}

    /** Starts the stand-in for the AWS provider and configures it for the AWS API at `endpoint`. */
    public static async start(endpoint: string, config: Properties = {}): Promise<ProviderClient> {
        const child = spawn(AWS_PROVIDER, [], {
            stdio: ["ignore", "pipe", "inherit"],
            env: {
                PATH: process.env["PATH"],
                AWS_ACCESS_KEY_ID: "test",
                AWS_SECRET_ACCESS_KEY: "test",
                AWS_ENDPOINT_URL: endpoint,
                EKS_CNI_AWS_PROPAGATION_SECONDS: "1",
            },
        });
        const provider = await ProviderClient.of(child);
        await provider.configure({ region: "us-west-2", ...config });
        return provider;
    }

    /** Connects to any started plugin. It is not configured yet. */
    public static async of(child: ChildProcessByStdio<null, Readable, null>): Promise<ProviderClient> {
        const [line] = (await once(child.stdout, "data")) as [Buffer];
        const address = `127.0.0.1:${Number(line.toString())}`;
        const grpcClient = new ResourceProviderClient(address, grpc.credentials.createInsecure());
        return new ProviderClient(grpcClient, async () => {
            grpcClient.close();
            child.kill();
            await once(child, "exit");
        });
    }

    public stop(): Promise<void> {
        return this.end();
    }

    public async configure(config: Properties): Promise<rpc.ConfigureResponse> {
        const request = new rpc.ConfigureRequest().setArgs(Struct.fromJavaScript(config)).setAcceptsecrets(true);
        return call((done) => this.client.configure(request, done));
    }

    public async schema(): Promise<string> {
        const request = new rpc.GetSchemaRequest();
        return (await call<rpc.GetSchemaResponse>((done) => this.client.getSchema(request, done))).getSchema();
    }

    public async checkConfig(news: Properties): Promise<Record<string, string>> {
        const request = new rpc.CheckRequest().setNews(Struct.fromJavaScript(news));
        return failures(await call<rpc.CheckResponse>((done) => this.client.checkConfig(request, done)));
    }

    public async invoke(token: string, args: Properties): Promise<Properties> {
        const request = new rpc.InvokeRequest().setTok(token).setArgs(Struct.fromJavaScript(args));
        const response = await call<rpc.InvokeResponse>((done) => this.client.invoke(request, done));
        return toProperties(response.getReturn());
    }

    public async check(
        type: string,
        news: Properties,
        options: CheckOptions = {},
    ): Promise<{ inputs: Properties; failures: Record<string, string> }> {
        const request = new rpc.CheckRequest()
            .setUrn(urn(type, options.name))
            .setType(type)
            .setNews(Struct.fromJavaScript(news))
            .setOlds(Struct.fromJavaScript(options.olds ?? {}))
            .setRandomseed(Buffer.from(options.seed ?? "seed"));
        if (options.autonaming !== undefined) {
            const { proposedName, mode } = options.autonaming;
            request.setAutonaming(new rpc.CheckRequest.AutonamingOptions().setProposedName(proposedName).setMode(mode));
        }
        const response = await call<rpc.CheckResponse>((done) => this.client.check(request, done));
        return { inputs: toProperties(response.getInputs()), failures: failures(response) };
    }

    /** Checked inputs of a resource; throws when check reports a failure. */
    public async inputs(type: string, news: Properties, options: CheckOptions = {}): Promise<Properties> {
        const { inputs, failures } = await this.check(type, news, options);
        if (Object.keys(failures).length > 0) {
            throw new Error(`check failed: ${JSON.stringify(failures)}`);
        }
        return inputs;
    }

    public async diff(type: string, olds: Properties, news: Properties, ignoreChanges: string[] = []): Promise<Diff> {
        const request = new rpc.DiffRequest()
            .setId("id")
            .setUrn(urn(type))
            .setType(type)
            .setOlds(Struct.fromJavaScript(olds))
            .setNews(Struct.fromJavaScript(news))
            .setIgnorechangesList(ignoreChanges);
        const response = await call<rpc.DiffResponse>((done) => this.client.diff(request, done));
        const kinds = Object.entries(rpc.PropertyDiff.Kind);
        const changes: Record<string, string> = {};
        response.getDetaileddiffMap().forEach((detail, path) => {
            changes[path] = kinds.find(([, kind]) => kind === detail.getKind())?.[0] ?? "";
        });
        return {
            changes,
            replaces: response.getReplacesList(),
            deleteBeforeReplace: response.getDeletebeforereplace(),
        };
    }

    /** Whether there is a difference, for providers that do not report which. */
    public async changes(type: string, olds: Properties, news: Properties): Promise<boolean> {
        const request = new rpc.DiffRequest()
            .setId("id")
            .setUrn(urn(type))
            .setOlds(Struct.fromJavaScript(olds))
            .setNews(Struct.fromJavaScript(news));
        const response = await call<rpc.DiffResponse>((done) => this.client.diff(request, done));
        return response.getChanges() === rpc.DiffResponse.DiffChanges.DIFF_SOME;
    }

    public async create(type: string, inputs: Properties, preview = false): Promise<{ id: string; state: Properties }> {
        const request = new rpc.CreateRequest()
            .setUrn(urn(type))
            .setType(type)
            .setProperties(Struct.fromJavaScript(inputs))
            .setPreview(preview);
        const response = await call<rpc.CreateResponse>((done) => this.client.create(request, done));
        return { id: response.getId(), state: toProperties(response.getProperties()) };
    }

    /** A refresh if state and inputs are given, otherwise an import. */
    public async read(
        type: string,
        id: string,
        state: Properties = {},
        inputs: Properties = {},
    ): Promise<{ id: string; state: Properties; inputs: Properties }> {
        const request = new rpc.ReadRequest()
            .setId(id)
            .setUrn(urn(type))
            .setType(type)
            .setProperties(Struct.fromJavaScript(state))
            .setInputs(Struct.fromJavaScript(inputs));
        const response = await call<rpc.ReadResponse>((done) => this.client.read(request, done));
        return {
            id: response.getId(),
            state: toProperties(response.getProperties()),
            inputs: toProperties(response.getInputs()),
        };
    }

    public async update(
        type: string,
        id: string,
        olds: Properties,
        news: Properties,
        preview = false,
    ): Promise<Properties> {
        const request = new rpc.UpdateRequest()
            .setId(id)
            .setUrn(urn(type))
            .setType(type)
            .setOlds(Struct.fromJavaScript(olds))
            .setNews(Struct.fromJavaScript(news))
            .setPreview(preview);
        const response = await call<rpc.UpdateResponse>((done) => this.client.update(request, done));
        return toProperties(response.getProperties());
    }

    public async delete(type: string, id: string, state: Properties): Promise<void> {
        const request = new rpc.DeleteRequest()
            .setId(id)
            .setUrn(urn(type))
            .setType(type)
            .setProperties(Struct.fromJavaScript(state));
        await call<Empty>((done) => this.client.delete(request, done));
    }
}

function urn(type: string, name = "thing"): string {
    return `urn:pulumi:dev::project::${type}::${name}`;
}

function toProperties(struct: Struct | undefined): Properties {
    return struct?.toJavaScript() ?? {};
}

function failures(response: rpc.CheckResponse): Record<string, string> {
    return Object.fromEntries(
        response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
    );
}

/** A failed create or update that left a resource, as the engine reads it. */
export class PartialError extends Error {
    public constructor(
        message: string,
        public readonly id: string,
        public readonly state: Properties,
    ) {
        super(message);
    }
}

function call<Response>(
    start: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        start((error, response) => {
            if (error === null) {
                resolve(response);
            } else {
                reject(toError(error));
            }
        });
    });
}

function toError(error: grpc.ServiceError): Error {
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    const [detail] = bytes instanceof Buffer ? Status.deserializeBinary(Uint8Array.from(bytes)).getDetailsList() : [];
    if (detail === undefined) {
        return new Error(error.details);
    }
    const failed = rpc.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
    return new PartialError(error.details, failed.getId(), toProperties(failed.getProperties()));
}
