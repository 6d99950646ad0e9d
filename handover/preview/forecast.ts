import type { Refusal } from "../model/refusal";
import { freshMemory, Memory, remember, Step } from "../model/steps";
import type { World } from "../model/world";
import { withAnnotations, withInjectionGuard, withNewTemplate, worldAfter } from "./forecastWorld";

/** What one decision asks for, if each of its steps works, until it has nothing left to do. */
export interface ForecastPart {
    readonly steps: readonly Step[];
    /** What it waits for that does not come by itself. */
    readonly stuck: string | undefined;
    readonly refusal: Refusal | undefined;
}

const NO_STEPS: ForecastPart = { steps: [], stuck: undefined, refusal: undefined };

/** More than any decision asks for: a few steps of its own, and a few for each pod. */
const STEPS_WHATEVER_THE_SIZE = 50;
const STEPS_A_POD = 4;
/** One after another: for what only takes its time, for a pod to become Ready, and for that one to take its time. */
const MOST_WAITS = 3;

/** An update in imagination: the loop of loop.ts, where each step works and costs nothing. */
export class Forecast {
    public readonly refusals: Refusal[] = [];
    /** Whether it waits for what does not come by itself. */
    public isStuck = false;

    public constructor(public world: World) {}

    /** Asks for the next step until there is none. After what does not come by itself, nothing else is begun. */
    public through(next: (world: World, memory: Memory) => Step): ForecastPart {
        if (this.isStuck) {
            return NO_STEPS;
        }
        const part = this.follow(next);
        this.isStuck = part.stuck !== undefined;
        this.refusals.push(...(part.refusal === undefined ? [] : [part.refusal]));
        return part;
    }

    /** What a resource of Pulumi's own does between the live checks. */
    public patchServiceAccount(annotations: Readonly<Record<string, string>>): void {
        this.world = { ...this.world, cluster: withAnnotations(this.world.cluster, annotations) };
    }

    public patchTemplate(): void {
        this.world = worldAfter(
            { ...this.world, cluster: withNewTemplate(this.world.cluster) },
            { do: "wait", why: "the rolling update" },
        );
    }

    public makeInjectionGuard(): void {
        this.world = { ...this.world, cluster: withInjectionGuard(this.world.cluster) };
    }

    private follow(next: (world: World, memory: Memory) => Step): ForecastPart {
        const most = STEPS_WHATEVER_THE_SIZE + STEPS_A_POD * this.world.cluster.pods.length;
        const steps: Step[] = [];
        let memory = freshMemory(this.world.at);
        let waits = 0;
        for (;;) {
            const step = next(this.world, memory);
            if (step.do === "done") {
                return { steps, stuck: undefined, refusal: undefined };
            }
            if (step.do === "refuse") {
                return { steps, stuck: undefined, refusal: step.refusal };
            }
            waits = step.do === "wait" ? waits + 1 : 0;
            if (waits > MOST_WAITS || steps.length >= most) {
                return { steps, stuck: step.why, refusal: undefined };
            }
            steps.push(step);
            this.world = worldAfter(this.world, step, waits > 1);
            memory = remember(memory, step, this.world.at);
        }
    }
}
