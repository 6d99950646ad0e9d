/** Plays a history of a cluster whose managed add-on, an association, or another writer, gives the pods their role. */
import { attempt } from "./attempt";
import { Engine, hasInjectionGuard, type Program, REAL_RESOURCES, type Resources } from "./engine";
import { type Fault, injectFault } from "./faults";
import { type AddOnBehaviour, ModelAddOn } from "./managedAddOn";
import type { ModelRun } from "./modelRun";
import { Run } from "./run";
import { leaveAnnotation, takeAnnotation, type Taking, TOOL, writeSameRole } from "./takingTool";
import { ENFORCEMENT_MILLISECONDS, type ModelPod, ModelWorld, OWN_MANAGER, ROLE_ARN } from "./world";
import { ModelWriter, type WriterKind } from "./writer";

/** A role of another owner, with which the pods work before the component comes. */
export const THEIRS = "arn:aws:iam::111122223333:role/theirs";

/** Events of the add-on's owner, and of another tool that writes the annotation. `addOnRemoved`: it is deleted without `preserve`. */
export type AddOnEvent =
    | { readonly kind: "addOnUpgraded" | "addOnDeleted" | "addOnRemoved" | "addOnCreated" | "addOnLosesItsRole" }
    | { readonly kind: "annotationTaken"; readonly taking: Taking }
    | { readonly kind: "annotationLeft" };

export interface DeliveryTurn {
    readonly do: "up" | "upAfterRefresh" | "destroy" | "nothing";
    readonly program: Program;
    readonly killedAt?: number | undefined;
    readonly events?: readonly { readonly after: number; readonly event: AddOnEvent | Fault }[];
    /** How long it is until the next command: `atOnce` while EKS still carries out an update, `long` after every session has ended. */
    readonly waits?: "atOnce" | "soon" | "long";
}

export interface DeliveryScenario {
    /** Missing: the cluster has no managed add-on. */
    readonly addOn?: AddOnBehaviour;
    /** Missing: no other tool delivers the role. */
    readonly writer?: { readonly kind: WriterKind; readonly delayMilliseconds: number };
    /** Whether the add-on, or the other tool, has given the pods a role before. */
    readonly hadRole?: boolean;
    /** Whether the node roles have lost the policy before. Only together with a role. */
    readonly detached?: boolean;
    /** How late the parts of EKS see an association. Missing: some seconds. */
    readonly associationLagMilliseconds?: number;
    readonly nodes: readonly string[];
    readonly strategy: "RollingUpdate" | "OnDelete";
    readonly maxUnavailable: number;
    readonly turns: readonly DeliveryTurn[];
    readonly last: Program;
}

const IDLE_MILLISECONDS = 20_000;
/** Longer than a session of the agent, or of a token, in the model's scale. */
const SESSION_MILLISECONDS = 120_000;
const WAITS = { atOnce: 1000, soon: IDLE_MILLISECONDS, long: SESSION_MILLISECONDS } as const;
const SETTLE_MILLISECONDS = 90_000;
const TRIES = 5;
const OWNED = "[annotation-owned-by-another]";
/** A refusal, or the answer of the API server, or of EKS, to a resource of the program, which has an advice: components/failures/failureAdvice.ts. */
const SAYS_WHY = /\[[a-z-]+\]|Apply failed with|Required value$|^UpdatePodIdentityAssociation, ResourceNotFound/;

export async function playDeliveries(of: DeliveryScenario, resources: Resources = REAL_RESOURCES): Promise<ModelRun> {
    const { world, began } = begin(of);
    const engine = new Engine(world, resources);
    for (const turn of of.turns) {
        await playTurn(world, engine, turn);
    }
    world.note("== all events end");
    world.cancelScheduled();
    world.advance(IDLE_MILLISECONDS);
    createAgain(world, true);
    world.advance(IDLE_MILLISECONDS);
    let { last } = of;
    await reach(
        world,
        "the hand-over",
        (run) => upAfterRefresh(engine, last, run),
        () => handedOver(world, engine, last),
        (message) => (last = following(message, last)),
    );
    if (last.delivery === undefined) {
        world.writer?.letGo();
        world.advance(IDLE_MILLISECONDS);
        // It may have taken the annotation of all owners.
        await attempt(world, () => upAfterRefresh(engine, last, new Run(world)));
    }
    await checkQuiet(world, engine, last);
    await reach(
        world,
        "the hand-back",
        (run) => engine.destroy(run),
        () => handedBack(world, began),
        (message) => (message.includes(OWNED) ? stopDelivering(world) : undefined),
    );
    return { problems: world.problems, log: world.log, seen: new Set(world.log.map(kindOf)) };
}

/** A second update without a change, and a refresh before it, find nothing to do. */
async function checkQuiet(world: ModelWorld, engine: Engine, last: Program): Promise<void> {
    const { pods } = world;
    const failed = await attempt(world, () => upAfterRefresh(engine, last, new Run(world)));
    if (failed !== "" || world.pods.some((pod) => !pods.includes(pod))) {
        world.problem(`a second update finds something to do: ${failed}`);
    }
}

/** The facts that a hand-back must restore. */
interface Began {
    readonly roleArn: string | undefined;
    readonly addOnRoleArn: string | undefined;
    readonly attached: readonly string[];
}

function begin(of: DeliveryScenario): { world: ModelWorld; began: Began } {
    const world = new ModelWorld();
    world.strategy = of.strategy;
    world.maxUnavailable = of.maxUnavailable;
    world.ownAssociation.lagMilliseconds = of.associationLagMilliseconds ?? world.ownAssociation.lagMilliseconds;
    const roleArn = of.hadRole ? THEIRS : undefined;
    if (roleArn !== undefined) {
        world.cniRoles.set(roleArn, { createdAt: 0, works: true });
        world.createdBy.set(roleArn, "another owner");
    }
    if (of.addOn !== undefined) {
        world.managedAddOn = new ModelAddOn(world, of.addOn, roleArn);
    }
    if (of.writer !== undefined) {
        world.writer = new ModelWriter(world, of.writer.kind, of.writer.delayMilliseconds);
    }
    ["a", "b", ...of.nodes].forEach((role) => world.join(role, !of.detached));
    world.advance(6000);
    return {
        world,
        began: {
            roleArn: world.annotations[ROLE_ARN],
            addOnRoleArn: world.managedAddOn?.roleArn,
            attached: world.nodeRoles.filter((role) => world.isAttached(role)),
        },
    };
}

async function playTurn(world: ModelWorld, engine: Engine, turn: DeliveryTurn): Promise<void> {
    const { program, killedAt, events = [], waits = "soon" } = turn;
    let isRunning = turn.do !== "nothing";
    const happen = (event: AddOnEvent | Fault) => {
        inject(world, event);
        world.note(`** ${event.kind} ${isRunning ? "during a command" : "between the commands"}`);
    };
    events.forEach(({ after, event }) => world.later(world.now + after, () => happen(event)));
    const killed = killedAt === undefined ? "" : `, killed at moment ${String(killedAt)}`;
    world.note(`== ${turn.do} ${program.roleName} ${program.delivery ?? "serviceAccountPatch"}${killed}`);
    const run = new Run(world, killedAt);
    const acts = {
        up: () => engine.up(program, run),
        upAfterRefresh: () => upAfterRefresh(engine, program, run),
        destroy: () => engine.destroy(run),
        nothing: () => Promise.resolve(),
    };
    const failed = await attempt(world, acts[turn.do]);
    isRunning = false;
    if (failed !== "" && !run.wasKilled && !SAYS_WHY.test(failed)) {
        world.problem(`a run fails without a message of its own: ${failed}`);
    }
    world.advance(WAITS[waits]);
    if (failed === "" && turn.do.startsWith("up") && program.delivery === undefined) {
        // The component owns the annotation, too: then its owner takes it out of the other tool.
        world.writer?.letGo();
    }
}

async function upAfterRefresh(engine: Engine, program: Program, run: Run): Promise<void> {
    await engine.refresh(run);
    await engine.up(program, run);
}

function inject(world: ModelWorld, event: AddOnEvent | Fault): void {
    const { managedAddOn } = world;
    switch (event.kind) {
        case "addOnUpgraded":
            managedAddOn?.upgrade();
            break;
        case "addOnDeleted":
            managedAddOn?.deleteWithPreserve();
            break;
        case "addOnRemoved":
            managedAddOn?.delete();
            break;
        case "addOnCreated":
            createAgain(world, false);
            break;
        case "addOnLosesItsRole":
            loseRole(world);
            break;
        case "annotationTaken":
            takeAnnotation(world, event.taking);
            break;
        case "annotationLeft":
            if (mayStartWithoutRole(world)) {
                leaveAnnotation(world);
            }
            break;
        default:
            injectFault(world, event);
    }
}

/**
 * A program with an aws.eks.Addon that states no role. Its owner does it to the component's role, and only if no pod can start without a path: without
 * the injection guard, not while a run may detach the policies.
 */
function loseRole(world: ModelWorld): void {
    const { managedAddOn } = world;
    const isAttached = world.nodeRoles.every((role) => world.isAttached(role));
    const isSafe = (isAttached && !world.lent.updating) || !world.admits(undefined);
    if (managedAddOn?.exists && managedAddOn.roleArn !== THEIRS && isSafe) {
        world.note("** another program takes the add-on's role away");
        const configurationValues = managedAddOn.configuration;
        const clientRequestToken = `another program at ${String(world.now)}`;
        managedAddOn.update({ clusterName: "prod", roleArn: undefined, configurationValues, clientRequestToken });
    }
}

/**
 * The add-on's owner creates it again. If the plugin is gone, and its new pods could start without a path, the owner states the role that the pods had,
 * as the messages say.
 *
 * @param isLast Whether there is no later chance: the owner of the node roles attaches the policies if the role no longer exists.
 */
function createAgain(world: ModelWorld, isLast: boolean): void {
    const { managedAddOn } = world;
    if (managedAddOn === undefined || managedAddOn.exists) {
        return;
    }
    if (!world.conditions.noDaemonSet || mayStartWithoutRole(world)) {
        managedAddOn.createAgain();
        return;
    }
    const { annotatedBefore = "" } = managedAddOn;
    if (world.cniRoles.get(annotatedBefore)?.works && world.isKnown(annotatedBefore)) {
        managedAddOn.createAgain(annotatedBefore);
    } else if (isLast) {
        world.nodeRoles.forEach((role) => world.setAttached(role, true));
        world.advance(IDLE_MILLISECONDS);
        managedAddOn.createAgain();
    }
}

/** The program after the operator has done what a message says about another writer of the annotation. */
function following(message: string, program: Program): Program {
    const isOverriding = message.includes(OWNED) || message.includes("Apply failed with");
    return {
        ...program,
        ...(isOverriding ? { overrideExistingServiceAccount: true } : {}),
        ...(message.includes("[add-on-owns-the-role]") ? { delivery: "eksAddon" as const } : {}),
    };
}

/** What a hand-back says about an annotation that outlives the role: its owner removes it, or takes the role from the add-on. */
function stopDelivering(world: ModelWorld): void {
    leaveAnnotation(world);
    const { managedAddOn } = world;
    if (managedAddOn?.exists && managedAddOn.wasCreatedWithRole && managedAddOn.roleArn !== undefined) {
        managedAddOn.updateByAnother(undefined);
    }
}

/** Whether a pod that starts without a role has a path, or is refused. */
function mayStartWithoutRole(world: ModelWorld): boolean {
    const before = world.now - ENFORCEMENT_MILLISECONDS;
    return (
        !world.admits(undefined) ||
        world.nodeRoles.every((role) => world.isAttached(role) && world.wasAttached(role, before))
    );
}

async function reach(
    world: ModelWorld,
    what: string,
    act: (run: Run) => Promise<void>,
    missing: () => string | undefined,
    change: (message: string) => void,
): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
        world.note(`== ${what}`);
        const failed = await attempt(world, () => act(new Run(world)));
        follow(world, failed, change);
        world.advance(failed === "" ? SETTLE_MILLISECONDS : IDLE_MILLISECONDS);
        const lacks = failed === "" ? missing() : failed;
        if (lacks === undefined) {
            return;
        }
        if (tries === TRIES) {
            world.problem(`${what} is not reached: ${lacks}`);
        }
    }
}

/**
 * The operator does what a message says.
 *
 * @param change What the operator changes in the program, or in what another tool delivers.
 */
function follow(world: ModelWorld, message: string, change: (message: string) => void): void {
    if (/\[(add-on|service-account|daemon-set)-missing\]|Required value$/.test(message)) {
        createAgain(world, true);
    }
    if (message.includes("Give both the same role")) {
        writeSameRole(world, world.managedAddOn?.roleArn);
    }
    change(message);
    if (message.includes("[node-role-without-permissions]")) {
        world.nodeRoles.forEach((role) => world.setAttached(role, true));
        world.advance(IDLE_MILLISECONDS);
    }
}

function handedOver(world: ModelWorld, engine: Engine, program: Program): string | undefined {
    const arn = engine.roleArn ?? "";
    const { managedAddOn, annotations } = world;
    const { owners: all, appliers } = world.accountOf(world.serviceAccountName);
    const owners = all.filter((owner) => owner !== TOOL);
    const isOfAssociation = program.delivery === "podIdentity";
    const isRight = (pod: ModelPod) => pod.roleArn === arn && pod.associated === isOfAssociation && world.isReady(pod);
    const wrong = world.nodes.filter(({ name }) => !world.pods.some((pod) => pod.node === name && isRight(pod)));
    const listed = program.detachFromNodeRoles ?? [];
    const attached = listed.filter((role) => world.isAttached(role));
    const isOfAddOn = program.delivery === "eksAddon";
    const mayKeepOwn = managedAddOn?.behaviour.writes === "update";
    const isShared = mayKeepOwn || !appliers.includes("eks");
    return firstOf([
        [wrong.length > 0, `nodes without a Ready pod with the role: ${wrong.map(({ name }) => name).join(", ")}`],
        [
            annotations[ROLE_ARN] !== (isOfAssociation ? undefined : arn),
            `the service account is annotated with ${String(annotations[ROLE_ARN])}`,
        ],
        [attached.length > 0, `${attached.join(", ")} still hold the policy`],
        [
            world.guard?.join() !== (hasInjectionGuard(program) ? (isOfAssociation ? "" : arn) : undefined),
            "the injection guard is not as expected",
        ],
        ...ofAssociation(world, isOfAssociation ? arn : undefined),
        [isOfAddOn && managedAddOn?.roleArn !== arn, "the add-on does not have the role"],
        [isOfAddOn && !isShared && owners.join() !== "eks", `the annotation belongs to ${owners.join(", ")}`],
        [
            // A tool that has taken the annotation has ended the component's part, and so has the end of the service account. What EKS has
            // written since then is EKS's own.
            isOfAddOn && isShared && !owners.includes(OWN_MANAGER) && !mayBeLost(world),
            `the component has left the annotation to ${owners.join()}`,
        ],
        [
            (program.delivery === undefined || isOfAssociation) &&
                world.writer === undefined &&
                managedAddOn?.roleArn === arn &&
                // Its owner may have stated the role as it created the add-on again.
                !managedAddOn.wasCreatedWithRole,
            "the add-on still has the role",
        ],
        [
            program.delivery === "external" && (owners.length === 0 || owners.includes(OWN_MANAGER)),
            `the annotation belongs to ${owners.join(", ")}`,
        ],
        [lostConfiguration(world), "the configuration of the add-on has changed"],
    ]);
}

function handedBack(world: ModelWorld, { roleArn, addOnRoleArn, attached }: Began): string | undefined {
    const { annotations, managedAddOn } = world;
    const { owners } = world.accountOf(world.serviceAccountName);
    // EKS may have restarted a pod while the annotation was gone: it works with the node role, which has got its policies back by then.
    const isRight = (pod: ModelPod) => pod.roleArn === roleArn || pod.roleArn === undefined;
    const wrong = world.pods.filter((pod) => !isRight(pod) || !world.isReady(pod));
    const lost = attached.filter((role) => !world.isAttached(role));
    return firstOf([
        [wrong.length > 0, `pods that are not as before: ${wrong.map(({ name }) => name).join(", ")}`],
        [
            annotations[ROLE_ARN] !== roleArn && !(mayBeLost(world) && annotations[ROLE_ARN] === undefined),
            `the service account is annotated with ${String(annotations[ROLE_ARN])}`,
        ],
        [
            managedAddOn?.exists === true && !mayHave(managedAddOn, addOnRoleArn),
            `the add-on has ${String(managedAddOn?.roleArn)}`,
        ],
        [owners.includes(OWN_MANAGER), "the component still owns the annotation"],
        [lost.length > 0, `${lost.join(", ")} have lost the policy`],
        [world.guard !== undefined, "the injection guard still exists"],
        ...ofAssociation(world, undefined),
        [[...world.cniRoles.keys()].some((arn) => arn !== THEIRS), "a role still exists"],
        [lostConfiguration(world), "the configuration of the add-on has changed"],
    ]);
}

/** @param roleArn The role of the association. Undefined: there is to be none. */
function ofAssociation({ ownAssociation, skipsContainers }: ModelWorld, roleArn: string | undefined) {
    const { current } = ownAssociation;
    return [
        [current?.roleArn !== roleArn, `the association has ${current?.roleArn ?? "no role"}`],
        [skipsContainers, "the pod template excludes its containers from the webhook"],
    ] satisfies [boolean, string][];
}

/** Whether another party has removed an annotation, or has overwritten it with a role that does not work. */
function mayBeLost({ wasAnnotationTaken, managedAddOn }: ModelWorld): boolean {
    return wasAnnotationTaken || managedAddOn?.wasRemoved === true;
}

/** One that its owner has created again has none, unless the component gives it the one that the first one had. */
function mayHave({ roleArn, wasDeleted }: ModelAddOn, began: string | undefined): boolean {
    return roleArn === began || (wasDeleted && roleArn === undefined);
}

function lostConfiguration({ managedAddOn }: ModelWorld): boolean {
    return managedAddOn !== undefined && managedAddOn.configuration === undefined;
}

function firstOf(findings: readonly [boolean, string][]): string | undefined {
    return findings.find(([found]) => found)?.[1];
}

/** Without names and numbers. */
function kindOf(line: string): string {
    return line
        .slice(10)
        .replace(/\b(pod|n)\d+\b/g, "$1")
        .replace(/\d+/g, "#");
}
