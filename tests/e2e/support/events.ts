import * as assert from "assert";
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** These change nothing. `replace` only announces a create-replacement and a delete-replaced. */
const NOT_STEPS = ["same", "read", "refresh", "replace"];

/** Records the engine's events of an operation, in their order. Pass `onEvent` to the operation. */
export function recordEvents() {
    const steps: string[] = [];
    const diagnostics: string[] = [];
    const record = (phase: string, step: { op: string; urn: string } | undefined) => {
        if (step !== undefined && !NOT_STEPS.includes(step.op)) {
            steps.push(`${phase} ${step.op} ${nameOf(step.urn)}`);
        }
    };
    return {
        /** `begin`, `end` or `fail`, the engine's name of the operation, and the resource's name. */
        steps,
        diagnostics,
        onEvent: (event: EngineEvent): void => {
            record("begin", event.resourcePreEvent?.metadata);
            record("end", event.resOutputsEvent?.metadata);
            record("fail", event.resOpFailedEvent?.metadata);
            if (event.diagnosticEvent !== undefined) {
                diagnostics.push(`${event.diagnosticEvent.severity}: ${event.diagnosticEvent.message}`);
            }
        },
        /** The finished steps, sorted. The engine reports a component's end twice: when it is registered, and with outputs. */
        done: (): string[] => {
            const ended = steps.filter((step) => step.startsWith("end ")).map((step) => step.slice("end ".length));
            return [...new Set(ended)].sort();
        },
    };
}

/** Records the warnings of an operation, each after the name of the resource that it belongs to. Pass `onEvent` to the operation. */
export function recordWarnings() {
    const warnings: string[] = [];
    return {
        warnings,
        onEvent: ({ diagnosticEvent }: EngineEvent): void => {
            if (diagnosticEvent?.severity === "warning") {
                warnings.push(`${nameOf(diagnosticEvent.urn ?? "")}: ${diagnosticEvent.message}`);
            }
        },
    };
}

export function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}

/** Asserts that each step ended before the next one began. */
export function assertOrder(steps: readonly string[], ...expected: string[]): void {
    for (const [first, second] of expected.slice(1).map((step, i) => [expected[i] ?? "", step] as const)) {
        const [end, begin] = [steps.indexOf(`end ${first}`), steps.indexOf(`begin ${second}`)];
        assert.ok(
            end !== -1 && begin !== -1 && end < begin,
            `"${first}" was not ended before "${second}" began, in\n${steps.join("\n")}`,
        );
    }
}

/** Asserts that the diagnostics have a match for each pattern, in this order. */
export function assertShown(diagnostics: readonly string[], ...patterns: RegExp[]): void {
    let from = 0;
    for (const pattern of patterns) {
        const at = diagnostics.findIndex((line, i) => i >= from && pattern.test(line));
        assert.ok(at !== -1, `${String(pattern)} is not shown, or not in its place, in\n${diagnostics.join("\n")}`);
        from = at;
    }
}
