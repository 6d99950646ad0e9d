import { AwsClients } from "./aws/clients";
import { parseConfig, ProviderConfig } from "./aws/config";
import { retryWhen } from "./aws/retry";
import { check, CheckRequest, CheckResult } from "./bridge/check";
import { diff, Diff } from "./bridge/diff";
import { importInputs, refreshInputs } from "./bridge/inputs";
import { isInput, Schema } from "./bridge/schema";
import { UNKNOWN, Value, ValueMap } from "./bridge/values";
import { functionOf } from "./functions";
import { resourceTypeOf } from "./resources";
import { Context, ResourceType } from "./resources/resourceType";
import type { Secrets } from "./protocol/wire";

export interface Operation {
    readonly type: string;
    readonly timeoutSeconds: number;
}

export interface ReadResult {
    readonly id: string;
    readonly state: ValueMap;
    readonly inputs: ValueMap;
}

/** A resource that exists but is not in the wanted state: the engine keeps it in the state and tries again. */
export class InitializationError extends Error {
    public constructor(
        public readonly id: string,
        public readonly state: ValueMap,
        public readonly reason: string,
        cause: unknown,
    ) {
        super(reason, { cause });
    }

    /** The secret parts of the state, for the protocol. */
    public secrets: Secrets = {};
}

/** terraform-provider-aws internal/service/iam/wait.go, propagationTimeout. Tests that wait for it shorten it. */
const PROPAGATION_SECONDS = 120;
export const PROPAGATION_VARIABLE = "EKS_CNI_AWS_PROPAGATION_SECONDS";

/** The operations of a provider, with plain values; the protocol folder encodes them. */
export class Provider {
    private configured: { config: ProviderConfig; aws: AwsClients } | undefined;
    private readonly cancellation = new AbortController();

    public constructor(private readonly environment: NodeJS.ProcessEnv) {}

    public configure(raw: ValueMap): void {
        const config = parseConfig(raw, this.environment);
        this.configured = { config, aws: new AwsClients(config) };
    }

    public cancel(): void {
        this.cancellation.abort(new Error("cancelled"));
    }

    public async invoke(token: string, args: ValueMap): Promise<ValueMap> {
        return functionOf(token).invoke(this.context(0), args);
    }

    public check(type: string, request: Omit<CheckRequest, "defaultTags" | "region">): CheckResult {
        const { defaultTags, region } = this.configuration().config;
        return check(resourceTypeOf(type).schema, { ...request, defaultTags, region });
    }

    public diff(type: string, olds: ValueMap, news: ValueMap, ignoreChanges: readonly string[]): Diff {
        const { schema, deleteBeforeReplace } = resourceTypeOf(type);
        return diff(schema, {
            olds,
            news,
            ignoreChanges,
            alwaysDeleteBeforeReplace: deleteBeforeReplace === true,
        });
    }

    /** In a preview: known inputs, and unknown for the attributes that AWS will set. */
    public previewCreate(type: string, inputs: ValueMap): ValueMap {
        const state: ValueMap = {};
        for (const [key, property] of Object.entries(resourceTypeOf(type).schema)) {
            const value = inputs[key];
            if (value !== undefined) {
                state[key] = previewNested(value, property.properties);
            } else if (property.output === true || property.computed === true) {
                state[key] = UNKNOWN;
            }
        }
        return state;
    }

    /** In a preview of an update: the attributes that AWS set are kept, except those that the changes affect. */
    public previewUpdate(type: string, olds: ValueMap, news: ValueMap): ValueMap {
        const state: ValueMap = { ...olds };
        for (const [key, property] of Object.entries(resourceTypeOf(type).schema)) {
            const value = news[key];
            if (isInput(property) && value !== undefined) {
                state[key] = previewNested(value, property.properties);
            } else if (isInput(property) && property.computed !== true) {
                Reflect.deleteProperty(state, key);
            }
        }
        return state;
    }

    public async create(operation: Operation, inputs: ValueMap): Promise<{ id: string; state: ValueMap }> {
        const type = resourceTypeOf(operation.type);
        const context = this.context(operation.timeoutSeconds);
        let id: string | undefined;
        try {
            await type.create(context, inputs, (made) => {
                id = made;
            });
            if (id === undefined) {
                throw new Error(`creating ${type.label}: no id`);
            }
            return { id, state: await readNew(type, context, id, inputs) };
        } catch (error) {
            if (id === undefined) {
                throw error;
            }
            throw await initializationError(type, context, id, inputs, error);
        }
    }

    /** Undefined when the resource does not exist. */
    public async read(
        operation: Operation,
        id: string,
        state: ValueMap,
        inputs: ValueMap,
    ): Promise<ReadResult | undefined> {
        const type = resourceTypeOf(operation.type);
        const isImport = Object.keys(inputs).length === 0;
        const prior = Object.keys(state).length === 0 ? undefined : state;
        const actual = await type.read(this.context(operation.timeoutSeconds), id, prior);
        if (actual === undefined) {
            return undefined;
        }
        const actualInputs = isImport ? importInputs(actual, type.schema) : refreshInputs(inputs, actual, type.schema);
        const actualId = (prior === undefined && type.importedId?.(id)) || id;
        return { id: actualId, state: actual, inputs: actualInputs };
    }

    public async update(operation: Operation, id: string, olds: ValueMap, news: ValueMap): Promise<ValueMap> {
        const type = resourceTypeOf(operation.type);
        const context = this.context(operation.timeoutSeconds);
        const { changes } = this.diff(operation.type, olds, news, []);
        const changed = [...changes.keys()];
        const has = (...properties: string[]): boolean =>
            properties.some((property) => changed.some((path) => isInside(path, property)));
        try {
            await type.update(context, id, { olds, news, has });
            return await readNew(type, context, id, news);
        } catch (error) {
            throw await initializationError(type, context, id, { ...olds, ...news }, error);
        }
    }

    public async delete(operation: Operation, id: string, state: ValueMap): Promise<void> {
        await resourceTypeOf(operation.type).delete(this.context(operation.timeoutSeconds), id, state);
    }

    private configuration(): { config: ProviderConfig; aws: AwsClients } {
        if (this.configured === undefined) {
            throw new Error("the provider is not configured");
        }
        return this.configured;
    }

    private context(timeoutSeconds: number): Context {
        const seconds = Number(this.environment[PROPAGATION_VARIABLE] ?? PROPAGATION_SECONDS);
        return {
            ...this.configuration(),
            timeoutMilliseconds: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined,
            signal: this.cancellation.signal,
            propagationMilliseconds: seconds * 1000,
        };
    }
}

function isInside(path: string, property: string): boolean {
    return path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`);
}

/** Nested defaults are a record for check and not part of the state. Nested computed values are not known yet. */
function previewNested(value: Value, schema: Schema | undefined): Value {
    if (schema === undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
        return value;
    }
    const state: ValueMap = {};
    for (const [key, property] of Object.entries(schema)) {
        const nested = value[key];
        if (nested !== undefined) {
            state[key] = previewNested(nested, property.properties);
        } else if (property.output === true || property.computed === true) {
            state[key] = UNKNOWN;
        }
    }
    return state;
}

class NotVisibleYet extends Error {}

/** A new resource may not be visible yet (internal/tfresource/retry.go, RetryWhenNewResourceNotFound). */
async function readNew(type: ResourceType, context: Context, id: string, prior: ValueMap): Promise<ValueMap> {
    return retryWhen(
        { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
        async () => {
            const state = await type.read(context, id, prior);
            if (state === undefined) {
                throw new NotVisibleYet(`reading ${type.label} (${id}): couldn't find resource`);
            }
            return state;
        },
        (error) => error instanceof NotVisibleYet,
    );
}

async function initializationError(
    type: ResourceType,
    context: Context,
    id: string,
    prior: ValueMap,
    error: unknown,
): Promise<InitializationError> {
    const reason = error instanceof Error ? error.message : String(error);
    const state = await type.read(context, id, prior).catch(() => undefined);
    return new InitializationError(id, state ?? prior, reason, error);
}
