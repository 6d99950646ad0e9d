import { Watched, withSeen } from "../decide/seen";
import { withAssociatedRole } from "../model/associatedRole";
import { attachCommand } from "../model/attachCommand";
import { refusals } from "../model/refusals";
import { freshMemory, Memory, remember, rememberFailed, RolePolicy, Step, type StepResult } from "../model/steps";
import type { Timeouts } from "../model/subject";
import type { PodSeen, World } from "../model/world";
import { instanceIds, look, lookAtAccount, lookBeforeDetachment } from "../observe/look";
import type { RunContext } from "../observe/runContext";
import { TransientRetry } from "./transientRetry";
import { updateAddOn } from "./updateAddOn";

export interface Goal {
    /** The activity, as the subject of the message when the run reaches its limit. */
    readonly what: string;
    /** Decides the next safe step: a pure function of the observation. */
    readonly next: (world: World, memory: Memory) => Step;
    readonly limitSeconds: number;
    /**
     * How much is left to do. The limit begins again whenever less is left than ever before, so that each wave has the full limit.
     * Undefined: the limit is for the whole run.
     */
    readonly left?: (world: World) => number;
    /**
     * Whether the limit waits for the pods that the run has restarted last, for as long as the limit is. Without a verdict, they would be left without
     * a path until the next run. No other pod restarts meanwhile. Missing: it does not.
     */
    readonly awaitsVerdict?: boolean;
    /** The argument that sets the limit. */
    readonly limitArgument: `timeouts.${keyof Timeouts}`;
    /** The evidence that each look may add to the memory. Undefined in a run that gives no pod the role. */
    readonly watched?: Watched;
    /** Called right before the last look before a detachment. */
    readonly beforeDetachment?: () => Promise<void>;
    /** Adds to that look what only costly calls show. Called only if the look still leads to a detachment, which is then decided once more. */
    readonly evidence?: (world: World) => Promise<World>;
}

/** A run that has reached its goal. */
export interface Reached {
    readonly world: World;
    readonly memory: Memory;
    readonly why: string;
}

/** Steps that do not depend on the account, so that they may follow from an earlier look at it. */
const INDEPENDENT_OF_ACCOUNT: readonly Step["do"][] = [
    "wait",
    "restart",
    "wake",
    "removeWakeMark",
    "createInjectionGuard",
];

/** A wait may depend on the account: an instance that never joins is terminated, or IAM shows a policy late. */
const KEEP_ACCOUNT_MILLISECONDS = 30_000;

/** A look at a large account takes long. Then it is kept for this many times as long, so that most of a wave's time is the pods'. */
const KEEP_ACCOUNT_TIMES = 5;

/** The longest sleep before the next look, when the watches report no change. */
const LOOK_AT_LEAST_EVERY_MILLISECONDS = 2000;

/**
 * Looks, decides the next safe step, takes it, and looks again, until no step remains. It never assumes where an earlier run
 * stopped.
 *
 * The limit does not count fixed waits: those for IAM (`iamPropagationSeconds`), however long they are, and those until EKS knows an association.
 */
export async function reach(context: RunContext, goal: Goal): Promise<Reached> {
    const startedAt = context.now();
    let deadline = startedAt + goal.limitSeconds * 1000;
    let least = Infinity;
    let restartedAt = -Infinity;
    let memory = freshMemory(startedAt);
    let shown = "";
    const retry = new TransientRetry(context);
    let keepAccount = KEEP_ACCOUNT_MILLISECONDS;
    // The time of failed attempts says nothing about the size of the account.
    const lookAtAll = () =>
        retry.read(async () => {
            const began = context.now();
            const seen = await look(context, { searchElsewhere: false });
            keepAccount = Math.max(KEEP_ACCOUNT_MILLISECONDS, KEEP_ACCOUNT_TIMES * (seen.at - began));
            return seen;
        });
    const decide = (seen: World) => {
        memory = withSeen(memory, seen, goal.watched);
        return goal.next(seen, memory);
    };
    let world = await lookAtAll();
    let accountAt = world.at;
    for (;;) {
        let step = decide(world);
        if (step.do !== "detach" && world.account.reused && !INDEPENDENT_OF_ACCOUNT.includes(step.do)) {
            world = await lookAtAll();
            step = decide(world);
        }
        if (step.do === "detach") {
            // Instances elsewhere may use the role, and an add-on or an association may give aws-node another one. That takes many
            // calls, in every region, so they are made only right before a detachment.
            await goal.beforeDetachment?.();
            world = await retry.read(() => lookBeforeDetachment(context));
            step = decide(world);
            const { evidence } = goal;
            if (step.do === "detach" && evidence !== undefined) {
                const seen = world;
                world = await retry.read(() => evidence(seen));
                step = decide(world);
            }
        }
        accountAt = world.account.reused ? accountAt : world.at;
        if (step.do === "refuse") {
            throw step.refusal;
        }
        if (context.cancelled?.aborted) {
            throw refusals.cancelled();
        }
        if (step.why !== shown) {
            context.progress(step.why);
            shown = step.why;
        }
        if (step.do === "done") {
            return { world, memory, why: step.why };
        }
        const left = goal.left?.(world) ?? Infinity;
        if (left < least) {
            deadline = Math.max(deadline, context.now() + goal.limitSeconds * 1000);
            least = left;
        }
        if (step.do === "wait" && step.until !== undefined) {
            deadline = Math.max(deadline, step.until + goal.limitSeconds * 1000);
        }
        const isUndecided = goal.awaitsVerdict === true && context.now() < restartedAt + goal.limitSeconds * 1000;
        if (context.now() >= deadline && !(isUndecided && step.do === "wait")) {
            if (step.do === "attach") {
                // A pod needs the policy, so it is attached even after the limit.
                await take(context, step);
            }
            throw refusals.timeout(goal.what, goal.limitSeconds, goal.limitArgument, step.why);
        }
        const next = step;
        restartedAt = step.do === "restart" ? context.now() : restartedAt;
        let result: StepResult = NOTHING_MORE;
        const write = async () => {
            result = await take(context, next);
        };
        if (await retry.write(write)) {
            memory = remember(memory, step, context.now(), result);
            deadline += step.do === "awaitPropagation" ? step.milliseconds : 0;
        } else {
            memory = rememberFailed(memory, step, context.now());
        }
        const before = world;
        const isOld = context.now() - accountAt >= keepAccount;
        world = await (isOld ? lookAtAll() : retry.read(() => lookAgain(context, before, next)));
    }
}

/**
 * A look at the cluster is cheap, a look at the account takes many calls, and pod restarts do not change the account. So the
 * account is read again only after a step that changes it, and before each step that depends on it. When the nodes have changed, the instances of
 * the new ones are read: otherwise a large fleet, on which a node joins or leaves during each look, would be read from the beginning each time.
 */
async function lookAgain(context: RunContext, { account, cluster: before }: World, last: Step): Promise<World> {
    const cluster = await context.cluster.look();
    if (!INDEPENDENT_OF_ACCOUNT.includes(last.do)) {
        return lookAtAccount(context, cluster, false);
    }
    return instanceIds(cluster).join() === instanceIds(before).join()
        ? { at: context.now(), cluster: withAssociatedRole(cluster, account), account: { ...account, reused: true } }
        : lookAtAccount(context, cluster, false, account);
}

/** The steps that do something, even if it is only to wait. */
type Taken = Exclude<Step, { do: "done" | "refuse" }>;

const NOTHING_MORE: StepResult = {};

async function take(context: RunContext, step: Taken): Promise<StepResult> {
    switch (step.do) {
        case "attach":
            return { gone: await attachAll(context, step.policies) };
        case "updateAddOn":
            return { addOnUpdate: await updateAddOn(context, step.update, step.limitSeconds) };
        default:
            await change(context, step);
            return NOTHING_MORE;
    }
}

type Changing = Exclude<Taken, { do: "attach" | "updateAddOn" }>;

async function change({ cluster, aws, sleep }: RunContext, step: Changing): Promise<void> {
    switch (step.do) {
        case "wait":
            return cluster.change(LOOK_AT_LEAST_EVERY_MILLISECONDS, step.readyOn);
        case "awaitPropagation":
            return sleep(step.milliseconds);
        case "restart":
            await atTheSameTime(step.pods, (pod) => cluster.restart(unlessReady(pod)));
            // A look before the new pods are Ready would only see that they are not.
            return cluster.change(
                LOOK_AT_LEAST_EVERY_MILLISECONDS,
                step.pods.map(({ node }) => node),
            );
        case "forceRestart":
            return cluster.forceRestart(step.pod);
        case "wake":
            return cluster.wakeDaemonSet();
        case "removeWakeMark":
            return cluster.removeWakeMark();
        case "annotate":
            return cluster.annotate(step.annotations, step.force ?? false);
        case "detach":
            return forEach(step.policies, ({ roleName, policyArn }) => aws.detach(roleName, policyArn));
        case "admitRoles":
            return cluster.admitRoles(step.roleArns);
        case "createInjectionGuard":
            return cluster.createInjectionGuard(step.roleArns);
        case "removeInjectionGuard":
            return cluster.removeInjectionGuard();
        case "releaseTemplate":
            return cluster.releaseTemplate();
        case "skipContainers":
            return cluster.skipContainers(step.containers);
        case "unskipContainers":
            return cluster.skipContainers([]);
        case "changeAssociation":
            return aws.changeAssociation(step.clusterName, step.associationId, step.roleArn);
        case "deleteAssociation":
            return aws.deleteAssociation(step.clusterName, step.associationId);
        case "releaseServiceAccount":
            return cluster.releaseServiceAccount(step.leaving, step.account);
        case "removeRole":
            return cluster.removeRole();
        case "releaseLeft":
            return cluster.releaseLeft();
    }
}

/**
 * A pod that was not Ready restarts in addition to the wave, since it has nothing to lose (decide/fleet.ts, restartWrong). But the look may be many
 * seconds old, and the pod may be Ready by now. So it restarts only if it has not changed since the look.
 */
function unlessReady(pod: PodSeen) {
    return pod.ready ? { ...pod, resourceVersion: undefined } : pod;
}

/** A policy that its owners have deleted, or one that the detachment never takes, must not keep a node role from getting the others. */
async function attachAll(context: RunContext, policies: readonly RolePolicy[]): Promise<RolePolicy[]> {
    const gone: RolePolicy[] = [];
    await forEach(policies, async (policy) => {
        const { roleName, policyArn } = policy;
        const answer = await context.aws.attach(roleName, policyArn);
        if (answer === "policyGone" || answer === "notOfCni") {
            gone.push(policy);
            context.progress(`warning: ${answer === "policyGone" ? policyGone(policy) : notOfCni(policy)}`);
        }
    });
    return gone;
}

const policyGone = ({ roleName, policyArn }: RolePolicy) =>
    `${policyArn} no longer exists, so ${roleName} does not get it again`;

/** The state is plain data, and its record decides what is attached: docs/security.md. */
const notOfCni = ({ roleName, policyArn }: RolePolicy) =>
    `${policyArn} does not get attached to ${roleName}, although the record in the state has it: it is not a policy of the CNI alone. ` +
    `Its owner has changed it since the detachment, or another party has changed the state. If the role had it before: ${attachCommand(roleName, policyArn)}`;

/** How many requests are under way at the same time: a wave of a large cluster has hundreds of pods. */
const AT_A_TIME = 20;

async function atTheSameTime<T>(things: readonly T[], act: (thing: T) => Promise<unknown>): Promise<void> {
    for (let first = 0; first < things.length; first += AT_A_TIME) {
        await Promise.all(things.slice(first, first + AT_A_TIME).map(act));
    }
}

/** One after another: after a failure the rest stays as it was, and the error names the cause. */
async function forEach<T>(things: readonly T[], act: (thing: T) => Promise<unknown>): Promise<void> {
    for (const thing of things) {
        await act(thing);
    }
}
