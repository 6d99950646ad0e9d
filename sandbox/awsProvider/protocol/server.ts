import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { packageSchema } from "../packageSchema";
import { InitializationError, Provider } from "../provider";
import * as configuration from "./configuration";
import * as operations from "./operations";
import { send } from "./wire";

/** The gRPC service of a resource provider (pulumi/pulumi proto/pulumi/provider.proto) over one `Provider`. */
export function service(provider: Provider, version: string): IResourceProviderServer {
    return {
        ...unimplemented(),
        getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
        getSchema: unary(() => new rpc.GetSchemaResponse().setSchema(JSON.stringify(packageSchema(version)))),
        attach: unary(() => new Empty()),
        cancel: unary(() => {
            provider.cancel();
            return new Empty();
        }),
        checkConfig: unary(configuration.checkConfig),
        diffConfig: unary(configuration.diffConfig),
        configure: unary((request: rpc.ConfigureRequest) => configuration.configure(provider, request)),
        invoke: unary((request: rpc.InvokeRequest) => operations.invoke(provider, request)),
        check: unary((request: rpc.CheckRequest) => operations.check(provider, request)),
        diff: unary((request: rpc.DiffRequest) => operations.diff(provider, request)),
        create: unary((request: rpc.CreateRequest) => operations.create(provider, request)),
        read: unary((request: rpc.ReadRequest) => operations.read(provider, request)),
        update: unary((request: rpc.UpdateRequest) => operations.update(provider, request)),
        delete: unary((request: rpc.DeleteRequest) => operations.remove(provider, request)),
    };
}

type Unimplemented = Pick<
    IResourceProviderServer,
    "handshake" | "parameterize" | "call" | "list" | "construct" | "getMapping" | "getMappings"
>;

/** The engine works without each of these. */
function unimplemented(): Unimplemented {
    const refuse =
        (method: string) =>
        (_call: unknown, callback: grpc.sendUnaryData<never>): void => {
            const details = `the stand-in for the AWS provider does not implement ${method}`;
            callback({ code: grpc.status.UNIMPLEMENTED, details });
        };
    return {
        handshake: refuse("Handshake"),
        parameterize: refuse("Parameterize"),
        call: refuse("Call"),
        list: (call) => {
            const details = "the stand-in for the AWS provider does not implement List";
            call.emit("error", { code: grpc.status.UNIMPLEMENTED, details });
        },
        construct: refuse("Construct"),
        getMapping: refuse("GetMapping"),
        getMappings: refuse("GetMappings"),
    };
}

function unary<Request, Response>(
    handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        Promise.resolve(call.request)
            .then(handle)
            .then(
                (response) => callback(null, response),
                (error: unknown) => callback(toStatus(error)),
            );
    };
}

/** The engine prints `details`; a stack trace would only hide the message. */
function toStatus(error: unknown): Partial<grpc.StatusObject> {
    const details = error instanceof Error ? error.message : String(error);
    const code = grpc.status.UNKNOWN;
    return error instanceof InitializationError
        ? { code, details, metadata: initializationDetails(error) }
        : { code, details };
}

/** `grpc-status-details-bin` carries a google.rpc.Status; pulumi sdk/nodejs/provider/server.ts does the same. */
function initializationDetails(error: InitializationError): grpc.Metadata {
    const failure = new rpc.ErrorResourceInitFailed()
        .setId(error.id)
        .setProperties(send(error.state, error.secrets))
        .setReasonsList([error.reason]);
    const detail = new Any();
    detail.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(error.reason).setDetailsList([detail]);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return metadata;
}
