import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "../../../index";
import { mock } from "node:test";
import { Lookups, LOOKUPS, made } from "./standIn";
import { decode } from "./wire";

/** A resource as it was registered with the engine. */
export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    secretInputs: string[];
    parent: string;
    /** The names of the resources that it waits for. */
    dependsOn: string[];
    /** All of the request, for the options that only some tests look at. */
    request: Record<string, unknown>;
}

/** What a program did, and what it ended with. */
export interface Run<T> {
    result: T | undefined;
    /** All resources, in the order of their registration. */
    resources: Registered[];
    lookups: { token: string; inputs: unknown; provider: string | undefined }[];
    /** The outputs of each component, by name. */
    outputs: Record<string, { value: Record<string, unknown>; secrets: string[] }>;
    /** What the SDK and the component print, without an engine to hand it to. */
    warnings: string[];
    errors: string[];
    /** Thrown by the program itself. */
    thrown: unknown;
    /** The rejections that nobody handled, each once: what the engine prints, and fails the update with. */
    rejections: unknown[];
}

export interface World {
    preview?: boolean;
    lookups?: Lookups;
    /** What remote components, by their type, make of their inputs. */
    components?: Record<string, Record<string, unknown>>;
    project?: string;
    stack?: string;
}

/**
 * Constructs one component as the only thing in a program, in its plain shape unless the arguments say otherwise. JavaScript
 * callers can pass anything, so `args` is unknown.
 */
export function construct(
    args: unknown,
    world: World = {},
    opts?: pulumi.ComponentResourceOptions,
): Promise<Run<CniServiceAccountRole>> {
    return run(() => new CniServiceAccountRole("cni", inPlainShape(args) as CniServiceAccountRoleArgs, opts), world);
}

function inPlainShape(args: unknown): unknown {
    return typeof args === "object" && args !== null && !Array.isArray(args) ? { liveChecks: false, ...args } : args;
}

/** Runs a program under mocks until nothing is left to happen. */
export async function run<T>(program: () => T, world: World = {}): Promise<Run<T>> {
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
        mocks(record, world),
        world.project ?? "project",
        world.stack ?? "stack",
        world.preview,
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

function mocks(record: Run<unknown>, { lookups, preview = false, components = {} }: World): pulumi.runtime.Mocks {
    return {
        newResource: (args) => {
            const { id, state } = made(args, preview);
            return { id, state: preview ? state : { ...state, ...components[args.type] } };
        },
        call: ({ token, inputs, provider }) => {
            record.lookups.push({ token, inputs: inputs as unknown, provider });
            const answer = (lookups ?? LOOKUPS)[token]?.(inputs as Record<string, unknown>);
            if (answer === undefined || answer instanceof Error) {
                const error = answer ?? new Error(`no lookup of ${token} was expected`);
                // As gRPC has it: the SDK reads the engine's words from there.
                throw Object.assign(error, { details: error.message });
            }
            return answer;
        },
    };
}

/** The parts of the engine's monitor that are listened to. The mock interface hides parents, dependencies and options. */
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
 * Keeps unhandled rejections and warnings, which would otherwise end mocha and clutter its report. The SDK leaves the
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
    // The SDK keeps a stack with each promise, which ts-node maps to the sources: most of the time of a run.
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

/** Turns of the event loop without which nothing under mocks, where all answers are there at once, takes longer. */
const QUIET_TURNS = 20;

/**
 * Until nothing moves any more. A program that fails leaves promises behind (what depends on a resource that was never
 * registered waits for ever, until the process ends); one that does not fail must leave none, or it would hang.
 */
async function settle(record: Run<unknown>): Promise<void> {
    for (let i = 0; i < QUIET_TURNS; i += 1) {
        await new Promise(setImmediate);
    }
    const { globalStore } = globalThis as unknown as { globalStore: { leakCandidates: Set<unknown> } };
    const waiting = globalStore.leakCandidates.size;
    // What is left there makes the SDK's own exit handler fail the process, unless an error was logged, as the host does.
    globalStore.leakCandidates = new Set();
    if (waiting > 0 && record.rejections.length === 0 && record.thrown === undefined) {
        throw new Error(`${String(waiting)} promises wait for ever, and nothing says why`);
    }
}
