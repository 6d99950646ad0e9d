/** What the runs of a simulation did: the steps of each resource, the refusals, and what was perturbed. */
import { isRefusal } from "../../handover/model/refusal";
import type { Step } from "../../handover/model/steps";
import type { LiveInputs, LiveResource } from "../../handover/run/liveResource";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import type { Resources } from "../model/engine";
import { opening } from "../model/plantedRolloutBugs";
import type { Situation } from "./situations";

export type Counts = Record<string, number>;

/** Each part counts how often something occurred. */
export class Trace {
    public readonly steps: Counts = {};
    public readonly refusals: Counts = {};
    public readonly perturbed: Counts = {};
    public readonly situations: Counts = {};
    /** The highest numbers of a run. */
    public readonly most: Counts = {};

    public step(what: string): void {
        add(this.steps, what);
    }

    public refused(error: unknown): void {
        codesOf(error).forEach((code) => add(this.refusals, code));
    }

    public perturbs(what: string): void {
        add(this.perturbed, what);
    }

    public reach(what: Situation): void {
        add(this.situations, what);
    }

    public atMost(what: string, value: number): void {
        this.most[what] = Math.max(this.most[what] ?? 0, value);
    }

    /** Adds what another trace has counted. */
    public join(other: Pick<Trace, "steps" | "refusals" | "perturbed" | "situations" | "most">): void {
        (["steps", "refusals", "perturbed", "situations"] as const).forEach((part) =>
            Object.entries(other[part]).forEach(([what, count]) => add(this[part], what, count)),
        );
        Object.entries(other.most).forEach(([what, value]) => this.atMost(what, value));
    }
}

function add(counts: Counts, what: string, count = 1): void {
    counts[what] = (counts[what] ?? 0) + count;
}

/** Several refusals at once have their codes in their message. */
export function codesOf(error: unknown): string[] {
    const message = error instanceof Error ? error.message : String(error);
    return isRefusal(error) ? [error.code] : [...message.matchAll(/\[([a-z0-9-]+)\]/g)].map(([, code = ""]) => code);
}

/** The step of the loop that each call takes. */
const STEP_OF_CALL: Readonly<Record<string, Step["do"]>> = {
    annotate: "annotate",
    restart: "restart",
    forceRestart: "forceRestart",
    releaseTemplate: "releaseTemplate",
    releaseServiceAccount: "releaseServiceAccount",
    wakeDaemonSet: "wake",
    removeWakeMark: "removeWakeMark",
    admitRoles: "admitRoles",
    createInjectionGuard: "createInjectionGuard",
    removeInjectionGuard: "removeInjectionGuard",
    change: "wait",
    attach: "attach",
    detach: "detach",
};

/** The same resources, whose operations are counted. `around` changes the run context of each operation. */
export function traced(resources: Resources, trace: Trace, around: (context: RunContext) => RunContext): Resources {
    const of = <I extends LiveInputs, O extends object>(
        name: string,
        resource: LiveResource<I, O>,
    ): LiveResource<I, O> => {
        const counted = async <T>(
            what: string,
            inputs: LiveInputs,
            operation: OperationContext,
            act: (operation: OperationContext) => Promise<T>,
        ): Promise<T> => {
            const transition = `${name}.${what}`;
            const opened = opening(operation, (context) => counting(around(context), transition, inputs, trace));
            try {
                const result = await act(opened);
                trace.step(`${transition}: done`);
                return result;
            } catch (error) {
                trace.refused(error);
                throw error;
            }
        };
        return {
            ...resource,
            create: (inputs, operation) =>
                counted("create", inputs, operation, (opened) => resource.create(inputs, opened)),
            update: (state, inputs, operation) =>
                counted("update", inputs, operation, (opened) => resource.update(state, inputs, opened)),
            delete: (state, operation) =>
                counted("delete", state, operation, (opened) => resource.delete(state, opened)),
            read: (state, operation) => counted("read", state, operation, (opened) => resource.read(state, opened)),
        };
    };
    return {
        ...resources,
        credentialGuard: of("credentialGuard", resources.credentialGuard),
        canary: of("canary", resources.canary),
        detachment: of("detachment", resources.detachment),
    };
}

function counting(
    context: RunContext,
    transition: string,
    { iamPropagationSeconds }: LiveInputs,
    trace: Trace,
): RunContext {
    const counted = <A extends object>(access: A): A =>
        Object.fromEntries(
            Object.entries(access).map(([name, call]) => {
                const step = STEP_OF_CALL[name];
                return step === undefined
                    ? [name, call as unknown]
                    : [
                          name,
                          (...given: unknown[]) => {
                              trace.step(`${transition}: ${step}`);
                              return (call as (...given: unknown[]) => unknown)(...given);
                          },
                      ];
            }),
        ) as A;
    return {
        ...context,
        cluster: counted(context.cluster),
        aws: counted(context.aws),
        sleep: (milliseconds) => {
            if (milliseconds === iamPropagationSeconds * 1000) {
                trace.step(`${transition}: awaitPropagation`);
            }
            return context.sleep(milliseconds);
        },
    };
}
