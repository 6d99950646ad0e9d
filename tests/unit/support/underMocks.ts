import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "../../../index";
import { mock } from "node:test";
import { Lookups, LOOKUPS, mockedResource } from "./standIn";
import { decode } from "./wire";

/** A resource as it was registered with the engine. */
export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    secretInputs: string[];
    parent: string;
    /** The names of the resources that it depends on. */
    dependsOn: string[];
    /** The whole request, for options that only some tests read. */
    request: Record<string, unknown>;
}

/** The registrations of a program, and its result. */
export interface Run<T> {
    result: T | undefined;
    /** All resources, in the order of their registration. */
    resources: Registered[];
    lookups: { token: string; inputs: unknown; provider: string | undefined }[];
    /** The outputs of each component, by name. */
    outputs: Record<string, { value: Record<string, unknown>; secrets: string[] }>;
    /** The log messages, which the SDK prints since there is no engine. */
    warnings: string[];
    errors: string[];
    /** Thrown by the program itself. */
    thrown: unknown;
    /** The unhandled rejections, each once. With an engine, they are printed and fail the update. */
    rejections: unknown[];
}

export interface MockOptions {
    preview?: boolean;
    lookups?: Lookups;
    /** Additional outputs of resources, by type. */
    components?: Record<string, Record<string, unknown>>;
    project?: string;
    stack?: string;
}

/**
 * Runs a program with a single component, in its plain shape unless the arguments say otherwise. `args` is unknown, since
 * JavaScript callers can pass anything.
 */
export function construct(
    args: unknown,
    options: MockOptions = {},
    opts?: pulumi.ComponentResourceOptions,
): Promise<Run<CniServiceAccountRole>> {
    return run(() => new CniServiceAccountRole("cni", inPlainShape(args) as CniServiceAccountRoleArgs, opts), options);
}

function inPlainShape(args: unknown): unknown {
    return typeof args === "object" && args !== null && !Array.isArray(args) ? { liveChecks: false, ...args } : args;
}

/** Runs a program under mocks until all its promises have settled. */
export async function run<T>(program: () => T, options: MockOptions = {}): Promise<Run<T>> {
    const record: Run<T> = {
        result: undefined,
        resources: [],
        lookups: [],
        outputs: {},
        warnings: [],
        errors: [],
        thrown: undefined,
        rejections: [],
    };
    await pulumi.runtime.setMocks(
        mocks(record, options),
        options.project ?? "project",
        options.stack ?? "stack",
        options.preview,
    );
    listen(record);
    const stopCapture = capture(record);
    try {
        record.result = program();
    } catch (error) {
        record.thrown = error;
    }
    try {
        await settle(record);
    } finally {
        stopCapture();
    }
    return record;
}

function mocks(record: Run<unknown>, { lookups, preview = false, components = {} }: MockOptions): pulumi.runtime.Mocks {
    return {
        newResource: (args) => {
            const { id, state } = mockedResource(args, preview);
            return { id, state: preview ? state : { ...state, ...components[args.type] } };
        },
        call: ({ token, inputs, provider }) => {
            record.lookups.push({ token, inputs: inputs as unknown, provider });
            const answer = (lookups ?? LOOKUPS)[token]?.(inputs as Record<string, unknown>);
            if (answer === undefined || answer instanceof Error) {
                const error = answer ?? new Error(`no lookup of ${token} was expected`);
                // The SDK reads the message from `details`, as in a gRPC error.
                throw Object.assign(error, { details: error.message });
            }
            return answer;
        },
    };
}

/** The recorded methods of the resource monitor. The mock interface hides parents, dependencies and options. */
interface Monitor {
    registerResource(request: Request, callback: unknown): Promise<void>;
    registerResourceOutputs(request: Request, callback: unknown): void;
}
interface Request {
    toObject(): Record<string, unknown>;
    getObject(): { toJavaScript(): unknown };
    getOutputs(): { toJavaScript(): unknown };
    getUrn(): string;
}

function listen(record: Run<unknown>): void {
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const registerResource = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
        record.resources.push(registered(request));
        return registerResource(request, callback);
    };
    const registerResourceOutputs = monitor.registerResourceOutputs.bind(monitor);
    monitor.registerResourceOutputs = (request, callback) => {
        const { value, secrets } = decode(request.getOutputs().toJavaScript());
        record.outputs[nameOf(request.getUrn())] = { value: value as Record<string, unknown>, secrets };
        registerResourceOutputs(request, callback);
    };
}

function registered(request: Request): Registered {
    const rest = request.toObject();
    const { value, secrets } = decode(request.getObject().toJavaScript());
    return {
        type: String(rest["type"]),
        name: String(rest["name"]),
        inputs: value as Record<string, unknown>,
        secretInputs: secrets,
        parent: nameOf(String(rest["parent"])),
        dependsOn: (rest["dependenciesList"] as string[]).map(nameOf).sort(),
        request: rest,
    };
}

function nameOf(urn: string): string {
    return urn.split("::").at(-1) ?? "";
}

/**
 * Records unhandled rejections and warnings, which would otherwise end mocha and clutter its report. The SDK leaves the
 * outputs of a failed resource to the process's handler, as the language host's run.js expects.
 */
function capture(record: Run<unknown>): () => void {
    const others = process.listeners("unhandledRejection");
    const keep = (reason: unknown) => {
        if (!record.rejections.includes(reason)) {
            record.rejections.push(reason);
        }
    };
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", keep);
    // The SDK captures a stack for each promise, which ts-node maps to the sources. That would take most of the time of a run.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const warn = mock.method(console, "warn", (text: string) => record.warnings.push(text));
    const error = mock.method(console, "error", (text: string) => record.errors.push(text));
    return () => {
        process.off("unhandledRejection", keep);
        others.forEach((listener) => process.on("unhandledRejection", listener));
        Error.stackTraceLimit = stackTraceLimit;
        warn.mock.restore();
        error.mock.restore();
    };
}

/** Enough turns of the event loop for any program, since mocks answer at once. */
const QUIET_TURNS = 20;

/**
 * Waits until all promises have settled. A program that fails leaves some pending: the dependents of a resource that was never
 * registered wait until the process ends. A program that succeeds must leave none, or it would hang.
 */
async function settle(record: Run<unknown>): Promise<void> {
    for (let i = 0; i < QUIET_TURNS; i += 1) {
        await new Promise(setImmediate);
    }
    const { globalStore } = globalThis as unknown as { globalStore: { leakCandidates: Set<unknown> } };
    const waiting = globalStore.leakCandidates.size;
    // The SDK's exit handler would fail the process because of these promises, unless an error was logged, as the host does.
    globalStore.leakCandidates = new Set();
    if (waiting > 0 && record.rejections.length === 0 && record.thrown === undefined) {
        throw new Error(`${String(waiting)} promises never settle, and no error says why`);
    }
}
