import type { AwsAccess } from "../aws/awsAccess";
import type { ClusterAccess } from "../kubernetes/clusterAccess";
import { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { freshMemory, Memory, remember, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, World } from "../model/world";

/** What a run works on: a cluster, an account, and the clock. */
export interface Site {
    readonly subject: Subject;
    readonly cluster: ClusterAccess;
    readonly aws: AwsAccess;
    readonly roleNames: readonly string[];
    readonly now: () => number;
    readonly sleep: (milliseconds: number) => Promise<void>;
    /** A line for whoever waits. */
    readonly progress: (line: string) => void;
    /** When nobody waits for it any more: nothing else is begun. */
    readonly cancelled?: AbortSignal;
}

export interface Goal {
    /** What is being done, for the message of a run that takes too long. */
    readonly what: string;
    /** The next safe step: a pure function of what is seen. */
    readonly next: (world: World, memory: Memory) => Step;
    readonly limitSeconds: number;
    /** The name of the limit among the component's `timeouts`. */
    readonly limitArgument: string;
}

/** A run that has reached its goal. */
export interface Reached {
    readonly world: World;
    readonly memory: Memory;
    readonly why: string;
}

/** Steps that neither change the account nor end the run. */
const MOVES_ON_AN_OLD_LOOK: readonly Step["do"][] = ["wait", "restart", "wake", "removeWakeMark"];

/** What is waited for may be in the account: an instance that never joins ends, a policy is shown at last. */
const KEEP_ACCOUNT_MILLISECONDS = 30_000;

/** How long to sleep at most before the next look, when nothing is heard of a change. */
const LOOK_AT_LEAST_EVERY_MILLISECONDS = 2000;

/**
 * Looks, asks for the next safe step, takes it, and looks again, until there is nothing left to do: it never assumes where a
 * former run stopped.
 */
export async function reach(site: Site, goal: Goal): Promise<Reached> {
    const startedAt = site.now();
    const deadline = startedAt + goal.limitSeconds * 1000;
    let memory = freshMemory(startedAt);
    let shown = "";
    const patience = new Patience(site);
    const lookAnew = (searchElsewhere: boolean) => patience.with(() => look(site, { searchElsewhere }));
    let world = await lookAnew(false);
    let accountAt = world.at;
    for (;;) {
        let step = goal.next(world, memory);
        if (step.do !== "detach" && world.account.reused && !MOVES_ON_AN_OLD_LOOK.includes(step.do)) {
            world = await lookAnew(false);
            step = goal.next(world, memory);
        }
        if (step.do === "detach") {
            // Somebody elsewhere may live off the role. That takes calls in every region, so it is asked right before this alone.
            world = await lookAnew(true);
            step = goal.next(world, memory);
        }
        accountAt = world.account.reused ? accountAt : world.at;
        if (step.do === "refuse") {
            throw step.refusal;
        }
        if (site.cancelled?.aborted) {
            throw refusals.cancelled();
        }
        if (step.why !== shown) {
            site.progress(step.why);
            shown = step.why;
        }
        if (step.do === "done") {
            return { world, memory, why: step.why };
        }
        if (site.now() >= deadline) {
            if (step.do === "attach") {
                // Somebody needs it, whatever the time.
                await take(site, step);
            }
            throw refusals.timeout(goal.what, goal.limitSeconds, goal.limitArgument, step.why);
        }
        if (await patience.through(() => take(site, step))) {
            memory = remember(memory, step, site.now());
        }
        const [before, last] = [world, step];
        const isOld = site.now() - accountAt >= KEEP_ACCOUNT_MILLISECONDS;
        world = await (isOld ? lookAnew(false) : patience.with(() => lookAgain(site, before, last)));
    }
}

/** What may pass by itself: an API server that restarts, calls that come too often. */
const PASSING = ["cluster-unreachable", "cluster-throttled", "aws-throttled", "aws-unreachable"];
/** How long it is waited for, each time. The clients have tried for a minute by then. */
const PATIENT_FOR_MILLISECONDS = 180_000;
const TRY_EVERY_MILLISECONDS = 2000;

/** Waits for what may pass by itself, within bounds. */
class Patience {
    private failingSince: number | undefined;

    public constructor(private readonly site: Site) {}

    /** Asks until there is an answer. */
    public async with<T>(ask: () => Promise<T>): Promise<T> {
        for (;;) {
            try {
                const answer = await ask();
                this.failingSince = undefined;
                return answer;
            } catch (error) {
                await this.pause(error);
            }
        }
    }

    /** Whether it went through. What did not is not tried again as it is: the world may have changed meanwhile. */
    public async through(act: () => Promise<void>): Promise<boolean> {
        try {
            await act();
            return true;
        } catch (error) {
            await this.pause(error);
            return false;
        }
    }

    private async pause(error: unknown): Promise<void> {
        if (this.site.cancelled?.aborted) {
            throw refusals.cancelled();
        }
        const now = this.site.now();
        this.failingSince ??= now;
        if (!isRefusal(error, ...PASSING) || now - this.failingSince >= PATIENT_FOR_MILLISECONDS) {
            throw error;
        }
        this.site.progress(`${error.seen} Tries again`);
        await this.site.sleep(TRY_EVERY_MILLISECONDS);
    }
}

/**
 * A look at the cluster costs little and one at the account many calls, and while pods restart the account stays as it is.
 * So that one is looked at again only after a step that changes it, or when other nodes are there; and always right before a
 * step that follows from it.
 */
async function lookAgain(site: Site, { account, cluster: before }: World, last: Step): Promise<World> {
    const cluster = await site.cluster.look();
    return MOVES_ON_AN_OLD_LOOK.includes(last.do) && instanceIds(cluster).join() === instanceIds(before).join()
        ? { at: site.now(), cluster, account: { ...account, reused: true } }
        : lookAtAccount(site, cluster, false);
}

/** One look at everything, and at who uses the node roles in other regions if that is asked for. */
export async function look(site: Site, { searchElsewhere }: { readonly searchElsewhere: boolean }): Promise<World> {
    return lookAtAccount(site, await site.cluster.look(), searchElsewhere);
}

/** The account is asked for what the cluster's nodes are. */
async function lookAtAccount(
    { aws, subject, roleNames, now }: Site,
    cluster: ClusterSeen,
    searchElsewhere: boolean,
): Promise<World> {
    const account = await aws.look({
        instanceIds: instanceIds(cluster),
        roleNames: roleNames,
        ipFamily: subject.ipFamily,
        searchElsewhere,
        ...(subject.clusterName === undefined ? {} : { clusterName: subject.clusterName }),
    });
    return { at: now(), cluster, account };
}

function instanceIds({ nodes }: ClusterSeen): string[] {
    return nodes.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId])).sort();
}

async function take({ cluster, aws, sleep }: Site, step: Step): Promise<void> {
    switch (step.do) {
        case "wait":
            return cluster.change(LOOK_AT_LEAST_EVERY_MILLISECONDS);
        case "settle":
            return sleep(step.milliseconds);
        case "restart":
            return cluster.restart(step.pod);
        case "forceRestart":
            return cluster.forceRestart(step.pod);
        case "wake":
            return cluster.wakeDaemonSet();
        case "removeWakeMark":
            return cluster.removeWakeMark();
        case "annotate":
            return cluster.annotate(step.annotations, true);
        case "attach":
            return forEach(step.policies, ({ roleName, policyArn }) => aws.attach(roleName, policyArn));
        case "detach":
            return forEach(step.policies, ({ roleName, policyArn }) => aws.detach(roleName, policyArn));
        case "removeInjectionGuard":
            return cluster.removeInjectionGuard();
        case "releaseTemplate":
            return cluster.releaseTemplate();
        case "releaseServiceAccount":
            return cluster.releaseServiceAccount(step.leaving);
        case "done":
        case "refuse":
            return;
    }
}

/** One after another: a failure leaves the rest as it was, and says so. */
async function forEach<T>(things: readonly T[], act: (thing: T) => Promise<unknown>): Promise<void> {
    for (const thing of things) {
        await act(thing);
    }
}

/** Whether an error is one of ours, with a code. */
export function isRefusal(error: unknown, ...codes: string[]): error is Refusal {
    return error instanceof Refusal && (codes.length === 0 || codes.includes(error.code));
}
