import type { Refusal } from "../model/refusal";
import { freshMemory, Memory, remember, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import { withAdmitted, withAnnotations, withAssociation, withoutPodIdentity, worldAfter } from "./forecastWorld";

/** The steps of one decision until it is done, assuming that each step works. */
export interface ForecastPart {
    readonly steps: readonly Step[];
    /** The condition that it waits for, if that needs an action of the user. */
    readonly stuck: string | undefined;
    readonly refusal: Refusal | undefined;
}

const NO_STEPS: ForecastPart = { steps: [], stuck: undefined, refusal: undefined };

/** More steps than any decision needs: a few of its own, and a few per pod. */
const STEPS_WHATEVER_THE_SIZE = 50;
const STEPS_A_POD = 4;
/** Consecutive waits: for something that only takes time, for a pod to become Ready, and for that pod to be stable. */
const MOST_WAITS = 3;

/**
 * So many waves show how the others go. Those are simulated many at a time: each decision reads every pod, and there may be a wave for each. Their
 * decision takes maxUnavailable for the size of a wave alone. That of the detachment also takes it for a limit of NotReady nodes.
 */
const WAVES_ONE_BY_ONE = 20;
const WAVES_AT_A_TIME = 100;

/** A simulated update: the loop of run/loop.ts, in which each step works and no call is made. */
export class Forecast {
    public readonly refusals: Refusal[] = [];
    /** Whether it waits for something that does not happen by itself. */
    public isStuck = false;

    private memory: Memory;

    public constructor(public world: World) {
        this.memory = freshMemory(world.at);
    }

    /** Asks for the next step until there is none. Once the forecast is stuck, no further part is started. */
    public through(next: (world: World, memory: Memory) => Step): ForecastPart {
        this.memory = freshMemory(this.world.at);
        return this.part(next, Infinity);
    }

    /** The waves after the canaries, with the memory of these: the update runs both in one loop. */
    public waves(next: (world: World, memory: Memory) => Step): ForecastPart {
        return this.part(next, WAVES_ONE_BY_ONE);
    }

    private part(next: (world: World, memory: Memory) => Step, oneByOne: number): ForecastPart {
        if (this.isStuck) {
            return NO_STEPS;
        }
        const part = this.follow(next, oneByOne);
        this.isStuck = part.stuck !== undefined;
        this.refusals.push(...(part.refusal === undefined ? [] : [part.refusal]));
        return part;
    }

    /** Simulates what the credential guard does before the service account gets another role. */
    public admit(roleArn: string): void {
        this.world = { ...this.world, cluster: withAdmitted(this.world.cluster, roleArn) };
    }

    /** Simulates that the engine creates the association, or changes it back. */
    public associate({ roleArn, clusterName = "" }: Subject): void {
        const { at, account } = this.world;
        this.world = { ...this.world, account: withAssociation(account, roleArn, clusterName, at) };
    }

    /** Simulates that the credential guard moves the pods from the association to the node roles. */
    public leavePodIdentity(): void {
        this.world = withoutPodIdentity(this.world);
    }

    /** Simulates a patch that the Kubernetes provider applies between the live checks. */
    public patchServiceAccount(annotations: Readonly<Record<string, string>>): void {
        this.world = { ...this.world, cluster: withAnnotations(this.world.cluster, annotations) };
    }

    /** Simulates that EKS, or another writer, delivers the role by the time that the policies are detached. */
    public deliver({ roleArn, delivery, addOnDelivered }: Subject): void {
        const { account } = this.world;
        const { otherDelivery } = account;
        if (otherDelivery !== undefined && (delivery !== undefined || addOnDelivered === true)) {
            const addOnRoleArn = otherDelivery.addOnRoleArn && roleArn;
            this.world = { ...this.world, account: { ...account, otherDelivery: { ...otherDelivery, addOnRoleArn } } };
        }
    }

    /** @param oneByOne After so many waves, the others are simulated many at a time. */
    private follow(next: (world: World, memory: Memory) => Step, oneByOne: number): ForecastPart {
        const maxSteps = STEPS_WHATEVER_THE_SIZE + STEPS_A_POD * this.world.cluster.pods.length;
        const steps: Step[] = [];
        let waits = 0;
        let waves = 0;
        /** Of the largest wave. */
        let size = 0;
        for (;;) {
            const isHurried = waves >= oneByOne;
            const step = isHurried
                ? wholeWaves(next(withLargerWaves(this.world, size), this.memory), size)
                : next(this.world, this.memory);
            if (step.do === "done") {
                return { steps, stuck: undefined, refusal: undefined };
            }
            if (step.do === "refuse") {
                return { steps, stuck: undefined, refusal: step.refusal };
            }
            waits = step.do === "wait" ? waits + 1 : 0;
            if (waits > MOST_WAITS || steps.length >= maxSteps) {
                return { steps, stuck: step.why, refusal: undefined };
            }
            if (step.do === "restart") {
                waves += 1;
                size = isHurried ? size : Math.max(size, step.pods.length);
            }
            steps.push(...inWaves(step, size));
            this.world = worldAfter(this.world, step, waits > 1);
            this.memory = remember(this.memory, step, this.world.at);
        }
    }
}

function withLargerWaves(world: World, size: number): World {
    const { daemonSet } = world.cluster;
    if (daemonSet === undefined) {
        return world;
    }
    const maxUnavailable = daemonSet.maxUnavailable + (WAVES_AT_A_TIME - 1) * size;
    return { ...world, cluster: { ...world.cluster, daemonSet: { ...daemonSet, maxUnavailable } } };
}

/** The rest of the pods, fewer than a wave, comes with the next step. */
function wholeWaves(step: Step, size: number): Step {
    return step.do === "restart" && step.pods.length > size
        ? { ...step, pods: step.pods.slice(0, step.pods.length - (step.pods.length % size)) }
        : step;
}

/** The waves that the step stands for. */
function inWaves(step: Step, size: number): Step[] {
    return step.do === "restart"
        ? Array.from({ length: Math.ceil(step.pods.length / size) }, (_, nth) => ({
              ...step,
              pods: step.pods.slice(nth * size, (nth + 1) * size),
          }))
        : [step];
}
