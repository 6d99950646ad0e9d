import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Autonaming } from "../bridge/autoName";
import { ChangeKind, Diff } from "../bridge/diff";
import { InitializationError, Operation, Provider } from "../provider";
import { toFailure } from "./configuration";
import { receive, Secrets, send, union } from "./wire";

export async function invoke(provider: Provider, request: rpc.InvokeRequest): Promise<rpc.InvokeResponse> {
    const { properties, secrets } = receive(request.getArgs());
    const result = await provider.invoke(request.getTok(), properties);
    return new rpc.InvokeResponse().setReturn(send(result, secrets));
}

export function check(provider: Provider, request: rpc.CheckRequest): rpc.CheckResponse {
    const news = receive(request.getNews());
    const autonaming = toAutonaming(request.getAutonaming());
    const result = provider.check(typeOf(request), {
        olds: receive(request.getOlds()).properties,
        news: news.properties,
        logicalName: request.getUrn().split("::").slice(3).join("::"),
        randomSeed: request.getRandomseed_asU8(),
        ...(autonaming === undefined ? {} : { autonaming }),
    });
    return new rpc.CheckResponse()
        .setInputs(send(result.inputs, withTagsAll(news.secrets)))
        .setFailuresList(result.failures.map(toFailure));
}

function toAutonaming(options: rpc.CheckRequest.AutonamingOptions | undefined): Autonaming | undefined {
    if (options === undefined) {
        return undefined;
    }
    const { Mode } = rpc.CheckRequest.AutonamingOptions;
    const mode = options.getMode();
    return {
        mode: mode === Mode.ENFORCE ? "enforce" : mode === Mode.DISABLE ? "disable" : "propose",
        proposedName: options.getProposedName(),
    };
}

/** Secret tags are secret in `tagsAll` too. */
function withTagsAll(secrets: Secrets): Secrets {
    const tags = secrets === true ? undefined : secrets["tags"];
    return tags === undefined ? secrets : union(secrets, { tagsAll: tags });
}

export function diff(provider: Provider, request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = receive(request.getOlds()).properties;
    const news = receive(request.getNews()).properties;
    return toResponse(provider.diff(typeOf(request), olds, news, request.getIgnorechangesList()));
}

function toResponse({ changes, replaces, deleteBeforeReplace }: Diff): rpc.DiffResponse {
    const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
    const response = new rpc.DiffResponse()
        .setChanges(changes.size > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList([...new Set([...changes.keys()].map(topLevel))])
        .setReplacesList([...new Set(replaces.map(topLevel))])
        .setDeletebeforereplace(deleteBeforeReplace)
        .setHasdetaileddiff(true);
    for (const [path, { kind, replace }] of changes) {
        response.getDetaileddiffMap().set(path, new rpc.PropertyDiff().setKind(KINDS[kind][replace ? 1 : 0]));
    }
    return response;
}

const { Kind } = rpc.PropertyDiff;
const KINDS: Record<ChangeKind, [rpc.PropertyDiff.Kind, rpc.PropertyDiff.Kind]> = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
};

function topLevel(path: string): string {
    return path.replace(/[.[].*$/, "");
}

export async function create(provider: Provider, request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    const { properties, secrets } = receive(request.getProperties());
    if (request.getPreview()) {
        return new rpc.CreateResponse().setProperties(
            send(provider.previewCreate(typeOf(request), properties), secrets),
        );
    }
    const { id, state } = await keepingSecrets(secrets, provider.create(operation(request), properties));
    return new rpc.CreateResponse().setId(id).setProperties(send(state, secrets));
}

export async function read(provider: Provider, request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
    const [state, inputs] = [receive(request.getProperties()), receive(request.getInputs())];
    const found = await provider.read(operation(request), request.getId(), state.properties, inputs.properties);
    if (found === undefined) {
        return new rpc.ReadResponse();
    }
    return new rpc.ReadResponse()
        .setId(found.id)
        .setProperties(send(found.state, union(state.secrets, inputs.secrets)))
        .setInputs(send(found.inputs, inputs.secrets));
}

export async function update(provider: Provider, request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    const [olds, news] = [receive(request.getOlds()), receive(request.getNews())];
    if (request.getPreview()) {
        const state = provider.previewUpdate(typeOf(request), olds.properties, news.properties);
        return new rpc.UpdateResponse().setProperties(send(state, news.secrets));
    }
    const state = await keepingSecrets(
        news.secrets,
        provider.update(operation(request), request.getId(), olds.properties, news.properties),
    );
    return new rpc.UpdateResponse().setProperties(send(state, news.secrets));
}

export async function remove(provider: Provider, request: rpc.DeleteRequest): Promise<Empty> {
    await provider.delete(operation(request), request.getId(), receive(request.getProperties()).properties);
    return new Empty();
}

interface TypedRequest {
    getUrn(): string;
    getType(): string;
}

/** The type is in the request, or, from an older engine, at the end of the URN's types. */
function typeOf(request: TypedRequest): string {
    return request.getType() || (request.getUrn().split("::")[2]?.split("$").pop() ?? "");
}

function operation(request: TypedRequest & { getTimeout(): number }): Operation {
    return { type: typeOf(request), timeoutSeconds: request.getTimeout() };
}

/** A partial state has the same secrets as the whole state. */
async function keepingSecrets<T>(secrets: Secrets, result: Promise<T>): Promise<T> {
    try {
        return await result;
    } catch (error) {
        if (error instanceof InitializationError) {
            error.secrets = secrets;
        }
        throw error;
    }
}
