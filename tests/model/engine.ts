import { isUntried } from "../../components/live/canaryLeftOut";
import { isLeftOut } from "../../components/live/guardLeftOut";
import { isUnfinished } from "../../components/live/handOverLeftOut";
import { LIVE_CHECKS_ANNOTATION, LIVE_CHECKS_OFF } from "../../documents/serviceAccountAnnotations";
import { freeServiceAccount } from "../../handover/hooks/freeServiceAccount";
import { isRefusal } from "../../handover/model/refusal";
import { refusals } from "../../handover/model/refusals";
import type { Subject } from "../../handover/model/subject";
import { OperationContext } from "../../handover/observe/runContext";
import type { PlanInputs } from "../../handover/preview/plan";
import { addOnRole, type AddOnRoleInputs, type AddOnRoleOutputs } from "../../handover/run/addOnRoleResource";
import { canary, CanaryInputs, CanaryOutputs } from "../../handover/run/canaryResource";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../handover/run/credentialGuardResource";
import { detachment, DetachmentInputs, DetachmentOutputs } from "../../handover/run/detachmentResource";
import { changedInputs, LiveInputs, LiveResource, NO_DRIFT } from "../../handover/run/liveResource";
import {
    ACCOUNT,
    AWS_NODE,
    changesInPlace,
    checkInPlace,
    issuerOf,
    missingGrants,
    type ModelRole,
    policiesOf,
    type RoleArguments,
    suffices,
    triggerOf,
} from "./cniRole";
import { type Deletion, isKept, mayDelete } from "./deletions";
import { type Child, Flags, isLeftOutOf, positionOf, Steps } from "./engineFlags";
import { whyNotPlayed } from "./notPlayed";
import type { Run } from "./run";
import { CONTROL, isUsed, runContextOf } from "./runContext";
import type { Acting } from "./waves";
import { CANARY_SECONDS, ModelWorld, OWN_GUARD, OWN_MANAGER, ROLE_ARN, STABLE_SECONDS } from "./world";

/** The live checks, and the hook. A planted bug replaces one of them. */
export interface Resources {
    readonly credentialGuard: LiveResource<CredentialGuardInputs, CredentialGuardOutputs>;
    readonly canary: LiveResource<CanaryInputs, CanaryOutputs>;
    readonly addOnRole: LiveResource<AddOnRoleInputs, AddOnRoleOutputs>;
    readonly detachment: LiveResource<DetachmentInputs, DetachmentOutputs>;
    /** The hook of the role's updates in place. */
    readonly beforeUpdate: typeof checkInPlace;
    /** What ends an update whose flags leave out the credential guard, or another live check. */
    readonly isLeftOut: typeof isLeftOut;
    readonly isUntried: typeof isUntried;
    readonly isUnfinished: typeof isUnfinished;
    /** The hook before the association is created. */
    readonly freeServiceAccount: typeof freeServiceAccount;
    /** What the patch of the DaemonSet writes with live checks. */
    readonly noteRollout: typeof noteRollout;
}

/** It restarts no pod, and waits for none. The pod template keeps what it has. */
function noteRollout(world: ModelWorld, digest: string, manager: string): void {
    world.patched = { manager, digest };
}

export const REAL_RESOURCES: Resources = {
    credentialGuard,
    canary,
    addOnRole,
    detachment,
    beforeUpdate: checkInPlace,
    isLeftOut,
    isUntried,
    isUnfinished,
    freeServiceAccount,
    noteRollout,
};

/** The arguments in an operator's program. */
export interface Program extends RoleArguments {
    readonly roleName: string;
    /** Whether the engine makes the role's name, so that it can replace the role. */
    readonly generatedName?: boolean;
    readonly daemonSetName?: string;
    /** Whether the program names the DaemonSet and its service account as they are when the update begins. */
    readonly follows?: boolean;
    /** Whether the program gives the cluster's OIDC provider without its name, so that the component cannot look the cluster up. */
    readonly unnamedCluster?: boolean;
    readonly detachFromNodeRoles: readonly string[] | undefined;
    /** Those of detachFromNodeRoles that the program itself manages. */
    readonly ownNodeRoles?: readonly string[];
    readonly forceDestroy?: boolean;
    readonly overrideExistingServiceAccount?: boolean;
    readonly proof?: CredentialGuardInputs["proof"];
    readonly injectionGuard?: boolean;
    /** The other clusters that it names as handed over. */
    readonly handedOverClusterArns?: readonly string[];
    readonly regions?: readonly string[];
    /** Missing: none. */
    readonly maxNotReadyNodes?: number;
}

type GuardState = CredentialGuardInputs & CredentialGuardOutputs;

/** The stack's state: a resource is in it once its operation has succeeded. */
interface Stack {
    /** The program's role is the last one. Those before it were replaced, and are deleted when an update succeeds. */
    roles: string[];
    /** The trigger of the program's role, if its name is generated. */
    trigger?: string;
    /** Whether a refresh has seen that another party changed the role's trust policy. */
    trustDrifted?: boolean;
    guard?: GuardState;
    /** Those that `--replace` has replaced, and that no run has deleted yet. */
    replacedGuards: { readonly state: GuardState; readonly since: number }[];
    replacedDetachments: (DetachmentInputs & DetachmentOutputs)[];
    /** Patches in the state, also those that a refresh has found changed. */
    readonly patches: Set<Child>;
    /** The runs that replaced the roles before the last one. */
    readonly replacedIn: Map<string, number>;
    patch?: string;
    /** The service account of the patch, and the DaemonSet of the rollout. */
    patchedAccount?: string;
    /** The UID that the provider has read with the patch. */
    patchedUid?: string;
    rolledOut?: string;
    canary?: CanaryInputs & CanaryOutputs;
    rollout?: string;
    /** What the patch of the DaemonSet has written to the pod template. It keeps that when the live checks are turned on. */
    template?: string;
    addOnRole?: AddOnRoleInputs & AddOnRoleOutputs;
    /** Its `replacementTrigger` is null once an update has seen it: components/live/associationTrigger.ts. */
    association?: { readonly id: string; readonly roleArn: string; readonly trigger: number | null };
    detachment?: DetachmentInputs & DetachmentOutputs;
    /** Whether the patch says that the live checks are turned off. */
    isOff?: boolean;
    /** The component. A new program overwrites its outputs at once, and only an update that finishes writes them. */
    component?: { readonly program: Program; readonly detachedFrom?: readonly string[] };
}

export interface PartialPlanInputs extends Pick<PlanInputs, "record" | "canaryActs" | "detachFromNodeRoles"> {
    readonly inputs: CredentialGuardInputs;
}

/** The names under which the component of a stack writes to the cluster. */
export interface StackNames {
    readonly component: string;
    readonly manager: string;
    readonly injectionGuardName: string;
}

const OWN_NAMES: StackNames = {
    component: "cni",
    manager: OWN_MANAGER,
    injectionGuardName: OWN_GUARD,
};

const CLUSTER_ARN = `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/prod`;
const ROLLOUT_MILLISECONDS = 60_000;
export const TIMEOUTS = {
    proofSeconds: 20,
    canarySeconds: CANARY_SECONDS,
    verificationSeconds: 240,
    handBackSeconds: 240,
    deliverySeconds: 200,
};

/** A role of another name has another unique ID. */
const uniqueIdOf = (roleArn: string) => `AROA${roleArn.toUpperCase().replace(/[^A-Z0-9]/g, "")}`;

export const arnOf = (roleName: string) => `arn:aws:iam::${ACCOUNT}:role/${roleName}`;

/** Does what Pulumi's engine does with the component's resources, in the order of components/live/liveChecks.ts. */
export class Engine {
    private readonly stack: Stack = {
        roles: [],
        replacedGuards: [],
        replacedDetachments: [],
        patches: new Set(),
        replacedIn: new Map(),
    };
    private generatedNames = 0;
    private updates = 0;

    public constructor(
        private readonly world: ModelWorld,
        private readonly resources: Resources,
        private readonly names = OWN_NAMES,
    ) {}

    public get isEmpty(): boolean {
        return this.stack.guard === undefined && this.stack.roles.length === 0;
    }

    /** The findings of the last refresh that the next update has to repair. */
    public get drifts(): string[] {
        const { guard, canary: tried, detachment: last } = this.stack;
        return [guard, tried, last].flatMap((state) =>
            state === undefined || state.drift === NO_DRIFT ? [] : state.drift,
        );
    }

    /** The field manager of its component. */
    public get manager(): string {
        return this.names.manager;
    }

    /** The program's role. Undefined before the first update. */
    public get roleArn(): string | undefined {
        return this.stack.roles.at(-1);
    }

    /** The role that a rollout which fails gives back. Undefined: the node roles. */
    public get formerRole(): string | undefined {
        return this.stack.guard?.formerAnnotations[ROLE_ARN];
    }

    /** Whether `--replace` has replaced a credential guard that is still to be deleted: its delete hands back. */
    public get hasReplacedGuard(): boolean {
        return this.stack.replacedGuards.length > 0;
    }

    /** The record of the credential guard. Undefined if it is not in the state. */
    public get record(): CredentialGuardOutputs["record"] | undefined {
        return this.stack.guard?.record;
    }

    /** The clusters that the last update of the credential guard names as handed over. */
    public get handedOverBefore(): readonly string[] {
        return this.stack.guard?.handedOverClusterArns ?? [];
    }

    /** The outputs of the detachment. Undefined if it is not in the state. */
    public get outputs(): DetachmentOutputs | undefined {
        return this.stack.detachment;
    }

    public async up(program: Program, run: Run, flags: Flags = {}): Promise<void> {
        const { lent, elsewhere, ownNodeRoles } = this.world;
        const { otherIssuers = [] } = program;
        const { stack } = this;
        if (JSON.stringify(stack.component?.program) !== JSON.stringify(program)) {
            stack.component = { program };
        }
        elsewhere.beginUpdate(otherIssuers);
        ownNodeRoles.handsBack ||= program.detachFromNodeRoles === undefined;
        lent.updating = true;
        try {
            await this.update(program, run, flags);
            stack.component = { program, detachedFrom: stack.detachment?.detachedFrom ?? [] };
            elsewhere.endUpdate(otherIssuers, this.roleArn ?? "");
        } finally {
            lent.updating = false;
        }
    }

    private async update(program: Program, run: Run, flags: Flags): Promise<void> {
        const { world, stack } = this;
        const { ipFamily = "ipv4", unnamedCluster } = program;
        if (!unnamedCluster && ipFamily !== world.ipFamily) {
            throw new Error(`ipFamily: expected "${world.ipFamily}", the IP family of the cluster`);
        }
        const before = this.replacedRoles();
        this.updates += 1;
        const present = this.present();
        const reason = whyNotPlayed({
            flags,
            present,
            roleFails: this.failsOnNodes(program, flags),
            isUnrecorded: this.isUnrecorded(program),
            hasFormerRole: before.size > 0,
        });
        if (reason !== undefined) {
            throw new Error(`not played: ${reason}`);
        }
        const steps = new Steps(flags, present, world, run);
        const arn = await this.ownRole(program, run, steps);
        await this.liveChecks(program, arn, run, steps);
        if (program.delivery !== "eksAddon") {
            // Its delete does nothing.
            delete stack.addOnRole;
        }
        if (program.delivery !== "podIdentity") {
            // It has retainOnDelete.
            delete stack.association;
        }
        if (program.delivery !== undefined) {
            // It has retainOnDelete: the annotation stays. The engine deletes at the end of an update.
            delete stack.patch;
            delete stack.patchedAccount;
            delete stack.patchedUid;
            stack.patches.delete("patch");
        }
        await this.deleteReplaced(program, run, steps, before);
        if (steps.failed.length > 0) {
            throw steps.error;
        }
    }

    /** Whether the role that an update would deliver fails on the nodes. */
    private failsOnNodes({ roleName }: Program, flags: Flags): boolean {
        const former = this.world.cniRoles.get(this.roleArn ?? "");
        return isLeftOutOf(flags, "role") ? former?.works === false : roleName.startsWith("bad");
    }

    private isUnrecorded({ detachFromNodeRoles = [] }: Program): boolean {
        const { record } = this.stack.guard ?? {};
        const isKnown = (name: string) =>
            record?.namedNodeRoles.includes(name) && (record.nodeRolePolicies[name] ?? []).length > 0;
        return record !== undefined && !detachFromNodeRoles.every(isKnown);
    }

    /** The children in the state. */
    private present(): Set<Child> {
        const { roles, guard, patches, canary: tried, detachment: last } = this.stack;
        const hasPolicies = ({ policyArns }: ModelRole) => policyArns === undefined || policyArns.length > 0;
        const all: [Child, boolean][] = [
            ["role", roles.length > 0],
            ["policies", [...this.world.cniRoles.values()].some(hasPolicies)],
            ["guard", guard !== undefined],
            ["patch", patches.has("patch")],
            ["canary", tried !== undefined],
            ["rollout", patches.has("rollout")],
            ["detachment", last !== undefined],
        ];
        return new Set(all.flatMap(([child, isThere]) => (isThere ? [child] : [])));
    }

    /** Roles that an earlier run has replaced, and no run has deleted. */
    private replacedRoles(): ReadonlySet<string> {
        const replaced = this.stack.roles.slice(0, -1);
        replaced.forEach((arn) => this.stack.replacedIn.set(arn, this.stack.replacedIn.get(arn) ?? this.updates));
        return new Set(replaced);
    }

    private async liveChecks(program: Program, arn: string, run: Run, steps: Steps): Promise<void> {
        const { world, stack, resources, names } = this;
        const { manager } = names;
        const operation = this.operation(run);
        const common = commonInputs(program, arn, names);
        const { serviceAccountName: account = AWS_NODE, daemonSetName = AWS_NODE } = program;
        await steps.operate("guard", async (replaces) => {
            const former = replaces ? stack.guard : undefined;
            const state = replaces ? undefined : stack.guard;
            stack.guard = await operate(resources.credentialGuard, state, guardInputs(common, program), operation);
            stack.replacedGuards.push(...(former ? [{ state: former, since: this.updates }] : []));
            world.ownNodeRoles.note(program);
        });
        const approvedNow = steps.output("guard", stack.guard?.approvedRole);
        const arnNow = steps.output("role", arn);
        if (resources.isLeftOut({ approvedRole: approvedNow, arn: arnNow, uniqueId: uniqueIdOf(arn) })) {
            throw refusals.roleNotApproved(arn);
        }
        if (program.delivery !== undefined) {
            // Another resource of the program, or another tool, learns the role now.
            if (program.delivery === "external") {
                world.writer?.learn(arn);
            } else {
                world.writer?.leaveToComponent();
            }
        }
        const patches = program.delivery === undefined;
        const operatePatch = async () => {
            if (stack.patch === arn && stack.patchedAccount === account && !stack.isOff) {
                return;
            }
            const force = program.overrideExistingServiceAccount === true;
            await run.call(`patch the service account with ${arn}`, () => {
                world.createMissingAccount();
                const annotations = { [ROLE_ARN]: arn, [CONTROL]: manager };
                throwIfConflicting(world.apply(manager, annotations, { account, force, isOwnWrite: true }));
                stack.patch = arn;
                // The patch of another service account has retainOnDelete: its annotation stays.
                stack.patchedAccount = account;
                stack.patchedUid = world.accountOf(account).uid;
                delete stack.isOff;
            });
        };
        if (patches) {
            await steps.operate("patch", operatePatch);
            steps.noteCreated("patch", stack.patches);
        }
        if (program.delivery === "podIdentity") {
            await this.associate(common, arn, run, operation);
        }
        const delivered = deliveredBy(program, arn);
        const known = () => {
            const { record, approvedRole } = inState(stack.guard);
            return { record, approvedRole, delivered, stableSeconds: STABLE_SECONDS };
        };
        await steps.operate("canary", async (replaces) => {
            const { formerAnnotations } = inState(stack.guard);
            const { proof = "full" } = program;
            const serviceAccountUid = patches ? (stack.patchedUid ?? world.accountOf(account).uid) : "";
            const ofDelivery = { ...common, ...known(), proof, formerAnnotations, serviceAccountUid };
            const { overrideExistingServiceAccount = false } = program;
            const { association } = stack;
            const inputs = {
                ...ofDelivery,
                ...(program.delivery === "eksAddon" ? { overrideExistingServiceAccount } : {}),
                ...(association === undefined ? {} : { associationId: association.id }),
            };
            const state = replaces ? undefined : stack.canary;
            stack.canary = await this.while("rollout", () => operate(resources.canary, state, inputs, operation));
        });
        const triedRole = steps.output("canary", stack.canary?.approvedRole);
        const shown = steps.output("canary", stack.canary?.shown);
        if (resources.isUntried({ approvedRole: approvedNow, triedRole, shown })) {
            throw refusals.handOverUnfinished(arn);
        }
        await steps.operate("rollout", async () => {
            if (stack.rollout !== delivered || stack.rolledOut !== daemonSetName) {
                await this.noteRollout(delivered, run, daemonSetName);
            }
        });
        steps.noteCreated("rollout", stack.patches);
        if (program.delivery === "eksAddon") {
            const { record, approvedRole } = known();
            const { rollouts = 0 } = stack.canary ?? {};
            const inputs = { ...common, record, approvedRole, delivered, rollouts };
            stack.addOnRole = await operate(resources.addOnRole, stack.addOnRole, inputs, operation);
        }
        await steps.operate("detachment", async (replaces) => {
            const { detachFromNodeRoles, handedOverClusterArns, regions } = program;
            const named = {
                ...(handedOverClusterArns === undefined ? {} : { handedOverClusterArns }),
                ...(regions === undefined ? {} : { regions }),
            };
            const { rollouts = 0 } = stack.canary ?? {};
            const last: DetachmentInputs = {
                ...common,
                ...known(),
                ...named,
                rollouts: rollouts + (program.delivery === "eksAddon" ? (stack.addOnRole?.updates ?? 0) : 0),
                injectionGuard: hasInjectionGuard(program),
                maxNotReadyNodes: program.maxNotReadyNodes ?? 0,
            };
            const inputs = detachFromNodeRoles === undefined ? last : { ...last, detachFromNodeRoles };
            const former = replaces ? stack.detachment : undefined;
            const state = replaces ? undefined : stack.detachment;
            stack.detachment = await this.while("verification", () =>
                operate(resources.detachment, state, inputs, operation),
            );
            stack.replacedDetachments.push(...(former ? [former] : []));
        });
        if (resources.isUnfinished(this.outcome(steps))) {
            throw refusals.handOverUnfinished(arn);
        }
    }

    /** The provider creates no association beside another one, and updates one in place. */
    private async associate(common: LiveInputs, arn: string, run: Run, operation: OperationContext): Promise<void> {
        const { world, stack } = this;
        const { ownAssociation } = world;
        const trigger = ownAssociation.current === undefined ? world.now : null;
        if (trigger !== null && stack.association !== undefined && stack.association.trigger !== null) {
            // Replaced, and the one of before is retained.
            delete stack.association;
        }
        const { association, guard } = stack;
        if (association === undefined) {
            if (guard !== undefined) {
                await this.resources.freeServiceAccount({ ...common, record: guard.record }, operation);
            }
            await run.call(`associate ${arn}`, () => {
                stack.association = { id: ownAssociation.create(world.now, arn), roleArn: arn, trigger };
                world.changed();
            });
        } else if (association.roleArn !== arn) {
            await run.call(`associate ${arn} in place`, () => {
                ownAssociation.update(world.now, association.id, arn);
                stack.association = { ...association, roleArn: arn, trigger };
                world.changed();
            });
        } else {
            stack.association = { ...association, trigger };
        }
    }

    /**
     * The values that show whether the hand-over is finished. A detachment that is left out and is not in the state has its inputs, and no
     * outputs: pulumi pkg/resource/deploy/step.go, SameStep.Apply; @pulumi/pulumi runtime/rpc.ts, resolveOutputs.
     */
    private outcome(steps: Steps): Record<string, unknown> {
        const { guard, detachment: last } = this.stack;
        return {
            approvedRole: steps.output("guard", guard?.approvedRole),
            record: steps.output("guard", guard?.record),
            verifiedPods: steps.output("detachment", last?.verifiedPods),
            verifiedRole: last?.approvedRole ?? guard?.approvedRole,
            verifiedRecord: last?.record ?? guard?.record,
        };
    }

    /** The deletions at the end of an update. */
    private async deleteReplaced(
        program: Program,
        run: Run,
        steps: Steps,
        earlier: ReadonlySet<string>,
    ): Promise<void> {
        const { stack, updates } = this;
        const arn = this.roleArn ?? "";
        const ofRoles = stack.roles
            .slice(0, -1)
            .map((role) => ({ child: "role" as const, wasInUse: !earlier.has(role) }));
        const removed =
            this.removedPolicies(arn, program).length > 0 ? [{ child: "policies" as const, wasInUse: true }] : [];
        const ofGuards = stack.replacedGuards.map(({ since }) => ({
            child: "guard" as const,
            wasInUse: since === updates,
        }));
        const ofDetachments = stack.replacedDetachments.map(() => ({ child: "detachment" as const, wasInUse: true }));
        const attachments = ofRoles.map(({ wasInUse }) => ({ child: "policies" as const, wasInUse }));
        const may = mayDelete(steps, [...ofRoles, ...attachments, ...removed, ...ofGuards, ...ofDetachments]);
        const goes = (deletion: Deletion) => may(deletion) && !isKept(steps, deletion);
        const policies = { child: "policies" as const, wasInUse: true };
        if (goes({ child: "detachment", wasInUse: false })) {
            await this.deleteDetachments(run);
        }
        const goingRoles = stack.roles.slice(0, -1).filter((role) => {
            return goes({ child: "role", wasInUse: !earlier.has(role) });
        });
        const goingGuards = stack.replacedGuards.filter(({ since }) =>
            goes({ child: "guard", wasInUse: since === updates }),
        );
        // A guard comes before roles that were replaced with it or later. An earlier one has left its place in the state, after the guard
        // that was in use, so that the engine sees no order: pulumi pkg/resource/graph, DependenciesOf; step_generator.go, ScheduleDeletes.
        const first = Math.min(...goingGuards.map(({ since }) => since));
        const isOrdered = goingRoles.some((role) => (stack.replacedIn.get(role) ?? updates) >= first);
        if (!isOrdered) {
            await this.deleteRoles(goingRoles, run);
        }
        const handedBack = await this.deleteGuards(goingGuards, run, steps);
        if (goes(policies)) {
            await this.detachRemovedPolicies(arn, program, run);
        }
        if (isOrdered && handedBack) {
            await this.deleteRoles(goingRoles, run);
        }
    }

    private async deleteDetachments(run: Run): Promise<void> {
        const { stack, resources } = this;
        for (const state of [...stack.replacedDetachments]) {
            await resources.detachment.delete(state, this.operation(run));
            stack.replacedDetachments = stack.replacedDetachments.filter((one) => one !== state);
        }
    }

    /** Hands back at the same time with each of these guards. Returns false if one fails in a run with `--continue-on-error`. */
    private async deleteGuards(guards: Stack["replacedGuards"], run: Run, steps: Steps): Promise<boolean> {
        const { stack, resources } = this;
        const failed = await failures(
            guards.map(async (guard) => {
                await resources.credentialGuard.delete(guard.state, this.operation(run));
                stack.replacedGuards = stack.replacedGuards.filter((one) => one !== guard);
            }),
        );
        failed.forEach((error) => steps.fail("guard", error));
        return failed.length === 0;
    }

    /** Creates, replaces or updates the role, and attaches its policies. The live checks come after it. Returns the role. */
    private async ownRole(program: Program, run: Run, steps: Steps): Promise<string> {
        await steps.operate("role", () => this.operateOnRole(program, run, isLeftOutOf(steps.flags, "policies")));
        const arn = this.roleArn ?? "";
        // A role that is left out stays as an earlier program made it.
        const roleName = isLeftOutOf(steps.flags, "role") ? arn.replace(/^.*\//, "") : program.roleName;
        await steps.operate("policies", async () => {
            await this.attachPolicies(arn, { ...program, roleName }, run);
            if (steps.flags.policyMissing) {
                throw new Error("NoSuchEntity: Policy does not exist or is not attachable.");
            }
        });
        return arn;
    }

    private async operateOnRole(program: Program, run: Run, withoutPolicies: boolean): Promise<void> {
        const { world, stack, resources } = this;
        const trigger = triggerOf(program);
        const arn = this.arnFor(program, trigger);
        const role = world.cniRoles.get(arn);
        if (!stack.roles.includes(arn) || role === undefined) {
            await run.call(`create ${arn}`, () => {
                const made = newRole(program, world);
                world.cniRoles.set(arn, withoutPolicies ? { ...made, policyArns: [] } : made);
                world.createdBy.set(arn, this.names.manager);
                stack.roles.push(arn);
            });
        } else if (changesInPlace(role.of ?? {}, program)) {
            resources.beforeUpdate(arn, role.of ?? {}, program, !program.generatedName);
            await run.call(`update ${arn}`, () => this.updateInPlace(arn, role, program));
        }
        stack.roles = [...stack.roles.filter((one) => one !== arn), arn];
        stack.replacedIn.delete(arn);
        if (program.generatedName && trigger !== undefined) {
            stack.trigger = trigger;
        } else {
            delete stack.trigger;
        }
        if (stack.trustDrifted && world.broken.get(arn) === "trust-refused") {
            await run.call(`restore the trust policy of ${arn}`, () => world.broken.delete(arn));
        }
        delete stack.trustDrifted;
    }

    /**
     * The credential guard does not prove a role again whose rights alone have changed. If nothing uses it yet, since a run was killed
     * before it annotated the service account, the canary is the first to show that it does not work.
     */
    private updateInPlace(arn: string, role: ModelRole, program: Program): void {
        const { world } = this;
        const updated = { ...role, of: program };
        const account = role.of?.serviceAccountName ?? AWS_NODE;
        // Whether it trusts the service account that the DaemonSet has by then is asked for each pod.
        const suits = suffices(updated, world, program.serviceAccountName ?? AWS_NODE);
        const works = isUsed(world, arn, account) ? role.works : !program.roleName.startsWith("bad") && suits;
        world.cniRoles.set(arn, { ...updated, works });
    }

    private arnFor({ roleName, generatedName }: Program, trigger: string | undefined): string {
        const present = this.roleArn;
        const { trigger: before } = this.stack;
        // The engine takes a missing trigger for no change.
        const isSame = before === undefined || trigger === undefined || before === trigger;
        if (!generatedName) {
            return arnOf(roleName);
        }
        if (present?.startsWith(`${arnOf(roleName)}-`) && isSame) {
            return present;
        }
        this.generatedNames += 1;
        return arnOf(`${roleName}-${String(this.generatedNames)}`);
    }

    private async attachPolicies(arn: string, program: Program, run: Run): Promise<void> {
        const { cniRoles } = this.world;
        const made = newRole(program, this.world);
        const { policyArns = [], ...role } = cniRoles.get(arn) ?? made;
        const missing = policiesOf(program).filter((one) => !policyArns.includes(one));
        if (missing.length > 0) {
            await run.call(`attach ${missing.join(", ")} to ${arn}`, () =>
                cniRoles.set(arn, { ...role, policyArns: [...policyArns, ...missing] }),
            );
        }
        const now = cniRoles.get(arn);
        if (now !== undefined && made.works && suffices(now, this.world, this.world.serviceAccountName)) {
            cniRoles.set(arn, { ...now, works: true });
        }
    }

    private removedPolicies(arn: string, program: Program): string[] {
        const { policyArns = [] } = this.world.cniRoles.get(arn) ?? {};
        return policyArns.filter((one) => !policiesOf(program).includes(one));
    }

    /** The engine deletes at the end of an update. */
    private async detachRemovedPolicies(arn: string, program: Program, run: Run): Promise<void> {
        const { cniRoles } = this.world;
        const role = cniRoles.get(arn);
        const removed = this.removedPolicies(arn, program);
        if (role?.policyArns !== undefined && removed.length > 0) {
            const kept = role.policyArns.filter((one) => !removed.includes(one));
            await run.call(`detach ${removed.join(", ")} from ${arn}`, () =>
                cniRoles.set(arn, { ...role, policyArns: kept }),
            );
        }
    }

    /** An update with `liveChecks: false`: the service account is annotated first, and the live checks are deleted last. */
    public async turnOff(run: Run): Promise<void> {
        const { world, stack, resources } = this;
        const { manager } = this.names;
        const arn = this.roleArn;
        if (arn === undefined || stack.guard === undefined) {
            return;
        }
        if (world.cniRoles.get(arn)?.works !== true || !world.isKnown(arn)) {
            // Without live checks nothing is proved, so an operator must not deliver a role in this way.
            return;
        }
        if (stack.component !== undefined) {
            const { program, detachedFrom = [] } = stack.component;
            if (detachedFrom.length > 0) {
                throw refusals.turnedOffWhileDetached(detachedFrom);
            }
            stack.component = { program };
        }
        if (!stack.isOff && stack.patch !== undefined && stack.patch !== arn) {
            throw refusals.replacedAsTurnedOff(stack.patch, arn);
        }
        const turningOff = stack.isOff ? "registered" : "annotated";
        const annotations = { [ROLE_ARN]: arn, [CONTROL]: manager, [LIVE_CHECKS_ANNOTATION]: LIVE_CHECKS_OFF };
        if (turningOff === "annotated") {
            await run.call("annotate that the live checks are off", () => {
                throwIfConflicting(world.apply(manager, annotations, { isOwnWrite: true }));
                if (this.record?.approvedRoleArns.includes(arn) === false) {
                    world.roleWithoutLiveChecks = arn;
                }
            });
            await run.call("save the annotation", () => Object.assign(stack, { isOff: true, patch: arn }), false);
        } else if (stack.patch !== arn) {
            await run.call(`annotate ${arn} without live checks`, () => {
                throwIfConflicting(world.apply(manager, annotations));
                world.roleWithoutLiveChecks = arn;
                stack.patch = arn;
            });
        }
        if (stack.template !== arn) {
            await this.rollOut(arn, run);
        }
        const operation: OperationContext = { ...this.operation(run), turningOff: () => turningOff };
        if (stack.detachment !== undefined) {
            await resources.detachment.delete(stack.detachment, operation);
            delete stack.detachment;
        }
        delete stack.canary;
        await this.handBack(stack.guard, operation);
        delete stack.guard;
        await this.deleteRoles(stack.roles.slice(0, -1), run);
    }

    /** The same, by an operator who follows the advice of its refusal. */
    public async turnOffAsAdvised(run: Run): Promise<void> {
        try {
            await this.turnOff(run);
        } catch (error) {
            const { component } = this.stack;
            if (component === undefined || !isRefusal(error, "policies-detached")) {
                throw error;
            }
            this.world.note(error.message);
            await this.up(withoutDetachment(component.program), run);
            await this.turnOff(run);
        }
    }

    /** Whether the stack has no live checks, so that its destroy deletes the role under the pods: a documented limit. */
    public get isPlain(): boolean {
        return this.stack.guard === undefined && this.stack.isOff === true;
    }

    /** The input of a preview's plan. Undefined if the live checks have nothing to do. */
    public planInputs(program: Program): PartialPlanInputs | undefined {
        const { guard, canary: tried, detachment: last } = this.stack;
        const { roleName, detachFromNodeRoles } = program;
        const inputs = guardInputs(commonInputs(program, arnOf(roleName), this.names), program);
        const acts = guard === undefined || changedInputs(guard, inputs).length > 0;
        // A former run may have ended before it reached them.
        const isOutdated = (state: Pick<CanaryInputs, "approvedRole" | "record" | "drift"> | undefined) =>
            changedInputs({ ...state }, { ...state, ...guardOutputs(guard), drift: "none" }).length > 0;
        return !acts && !isOutdated(tried) && !isOutdated(last)
            ? undefined
            : {
                  inputs,
                  detachFromNodeRoles,
                  record: acts ? undefined : guard.record,
                  canaryActs: acts || isOutdated(tried),
              };
    }

    /** Saves the drift that a refresh finds, including that of the native resources, so that the next update repairs it. */
    public async refresh(run: Run): Promise<void> {
        const { world, stack, resources } = this;
        stack.trustDrifted = [...world.broken.values()].includes("trust-refused");
        if (world.ownAssociation.current?.id !== stack.association?.id) {
            delete stack.association;
        }
        if (stack.patch !== undefined) {
            const { annotations } = world.accountOf(stack.patchedAccount ?? AWS_NODE);
            if (annotations[ROLE_ARN] !== stack.patch) {
                delete stack.patch;
            }
        }
        if (world.annotations[LIVE_CHECKS_ANNOTATION] === undefined) {
            delete stack.isOff;
        }
        if (world.patched?.digest !== stack.rollout) {
            delete stack.rollout;
        }
        if (world.template !== stack.template) {
            delete stack.template;
        }
        stack.guard &&= await reread(resources.credentialGuard, stack.guard, this.operation(run));
        stack.canary &&= await reread(resources.canary, stack.canary, this.operation(run));
        stack.addOnRole &&= await reread(resources.addOnRole, stack.addOnRole, this.operation(run));
        stack.detachment &&= await reread(resources.detachment, stack.detachment, this.operation(run));
    }

    /** @param last The last child that stays. Undefined: all go. */
    public async destroy(run: Run, last?: Child): Promise<void> {
        const { world, stack, resources } = this;
        const goes = (child: Child) => last === undefined || positionOf(child) > positionOf(last);
        world.ownNodeRoles.handsBack = true;
        world.writer?.callOff();
        if (stack.isOff && goes("patch")) {
            // Without retainOnDelete, and at the same time as the first of the live checks.
            await run.call("remove the patch", () => {
                world.apply(this.names.manager, {});
                delete stack.patch;
                delete stack.isOff;
            });
        }
        if (goes("detachment")) {
            await this.deleteDetachments(run);
            if (stack.detachment !== undefined) {
                await resources.detachment.delete(stack.detachment, this.operation(run));
                delete stack.detachment;
            }
        }
        this.forgetRetained(goes);
        if (goes("rollout")) {
            delete stack.addOnRole;
        }
        if (goes("canary")) {
            delete stack.association;
        }
        if (stack.canary !== undefined && goes("canary")) {
            await resources.canary.delete(stack.canary, this.operation(run));
            delete stack.canary;
        }
        if (goes("patch")) {
            delete stack.patch;
        }
        if (goes("guard")) {
            await this.destroyGuards(run);
        }
        if (goes("role")) {
            await this.deleteRoles([...stack.roles], run);
            delete stack.component;
        }
    }

    /** They have retainOnDelete: the delete of the credential guard reverts their writes. */
    private forgetRetained(goes: (child: Child) => boolean): void {
        if (goes("rollout")) {
            delete this.stack.rollout;
            delete this.stack.template;
            this.stack.patches.delete("rollout");
        }
        if (goes("patch")) {
            this.stack.patches.delete("patch");
        }
    }

    /** A guard that was replaced goes at the same time as its successor: both have the same dependants and dependencies. */
    private async destroyGuards(run: Run): Promise<void> {
        const { world, stack, resources } = this;
        const replaced = stack.replacedGuards.map(async (guard) => {
            await resources.credentialGuard.delete(guard.state, this.operation(run));
            stack.replacedGuards = stack.replacedGuards.filter((one) => one !== guard);
        });
        const present = [stack.guard].flatMap((guard) => guard ?? []);
        const own = present.map(async (guard) => {
            // Two guards hand back at the same time, each with its own waves.
            const isAlone = replaced.length === 0;
            await (isAlone
                ? this.handBack(guard, this.operation(run))
                : resources.credentialGuard.delete(guard, this.operation(run)));
            delete stack.guard;
        });
        const [error] = await failures([...own, ...replaced]);
        if (error !== undefined) {
            throw error;
        }
        if (present.length > 0) {
            world.ownNodeRoles.endHandBack(world);
        }
    }

    private async deleteRoles(roles: readonly string[], run: Run): Promise<void> {
        for (const arn of roles) {
            await run.call(`delete ${arn}`, () => {
                this.world.cniRoles.delete(arn);
                this.stack.roles = this.stack.roles.filter((role) => role !== arn);
            });
        }
    }

    private handBack(guard: GuardState, operation: OperationContext): Promise<void> {
        return this.while("handBack", () => this.resources.credentialGuard.delete(guard, operation));
    }

    private async while<T>(acting: Acting, act: () => Promise<T>): Promise<T> {
        const { world, names } = this;
        world.setActing(acting, names.manager);
        try {
            return await act();
        } finally {
            world.setActing(undefined, names.manager);
        }
    }

    /** The patch of the DaemonSet with live checks. */
    private async noteRollout(delivered: string, run: Run, daemonSetName: string): Promise<void> {
        const { world, stack, resources } = this;
        const [roleArn = ""] = delivered.split(" ");
        // On a cluster without nodes there is no canary. The first node may join right after that look.
        if (world.cniRoles.get(roleArn)?.works === false && world.sawNodes(this.names.manager)) {
            world.problem("a rollout is noted whose canary did not work");
        }
        await run.call("patch the DaemonSet", () => {
            throwIfNoDaemonSet(world.conditions.noDaemonSet);
            resources.noteRollout(world, delivered, this.names.manager);
            stack.rollout = delivered;
            stack.rolledOut = daemonSetName;
        });
    }

    /**
     * The patch of the DaemonSet without live checks, whose provider waits for the rolling update. One that times out is in the state all the
     * same.
     */
    private async rollOut(delivered: string, run: Run): Promise<void> {
        const { world, stack } = this;
        await run.call("change the pod template", () => {
            world.template = delivered;
            world.plainTemplate = delivered;
            world.patched = { manager: this.names.manager };
            stack.template = delivered;
            delete stack.rollout;
        });
        const isDone = () =>
            world.strategy === "OnDelete" ||
            world.nodes.every(({ name }) =>
                world.pods.some((pod) => pod.node === name && pod.revision === world.revision && world.isReady(pod)),
            );
        await run.call("wait for the rollout", () => world.advance(ROLLOUT_MILLISECONDS, isDone), false);
        if (!isDone()) {
            throw new Error("the rollout timed out");
        }
    }

    /** Makes of a finished hand-over what the code of before had made: the pod template has the digest, and the canary other inputs and outputs. */
    public becomeOneOfBefore(): void {
        const { world, stack } = this;
        const { rollout, canary: tried, detachment: last } = stack;
        if (rollout === undefined || tried === undefined || last === undefined) {
            throw new Error("the hand-over is not finished");
        }
        world.template = rollout;
        world.patched = { manager: this.names.manager };
        world.pods.forEach((pod) => (pod.revision = world.revision));
        stack.template = rollout;
        delete stack.rollout;
        const canaryOfBefore = { ...tried, updateStrategy: world.strategy, carriedBefore: false };
        ["rollouts", "proof"].forEach((name) => Reflect.deleteProperty(canaryOfBefore, name));
        stack.canary = canaryOfBefore;
        stack.detachment = { ...last };
        Reflect.deleteProperty(stack.detachment, "rollouts");
        world.note("** the state is one of the code of before");
    }

    private operation(run: Run): OperationContext {
        return {
            progress: () => undefined,
            ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
            open: (inputs, roleNames) => Promise.resolve(runContextOf(this.world, run, inputs, roleNames)),
        };
    }
}

/** As the API server answers the Kubernetes provider, whose apply has changed nothing then. */
function throwIfConflicting([owner]: readonly string[]): void {
    if (owner !== undefined) {
        throw new Error(`Apply failed with 1 conflict: conflict with "${owner}"`);
    }
}

/** As the API server answers the Kubernetes provider: its apply would create the DaemonSet, and a patch has not all that one needs. */
function throwIfNoDaemonSet(isMissing = false): void {
    if (isMissing) {
        throw new Error(`DaemonSet.apps "${AWS_NODE}" is invalid: spec.template.spec.containers: Required value`);
    }
}

/** Waits for all of them, since the engine ends no operation in progress when another one fails. */
async function failures(operations: readonly Promise<void>[]): Promise<Error[]> {
    const ended = await Promise.allSettled(operations);
    return ended.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
}

/** A child before the present one, which is in the state. */
function inState<T>(state: T | undefined): T {
    if (state === undefined) {
        throw new Error("a child is operated on before one that it depends on");
    }
    return state;
}

/** Creates a resource that is not in the state, or updates it if its inputs changed, as engine and dynamic provider do. */
async function operate<I extends LiveInputs, O extends object>(
    resource: LiveResource<I, O>,
    state: (I & O) | undefined,
    inputs: I,
    operation: OperationContext,
): Promise<I & O> {
    if (state === undefined) {
        return { ...inputs, ...(await resource.create(inputs, operation)) };
    }
    // As handover/engine/liveCheckProvider.ts.
    const isComplete = resource.outputs.every((output) => Object.hasOwn(state, output));
    return changedInputs(state, inputs).length === 0 && isComplete
        ? state
        : { ...inputs, ...(await resource.update(state, inputs, operation)) };
}

async function reread<I extends LiveInputs, O extends object>(
    resource: LiveResource<I, O>,
    state: I & O,
    operation: OperationContext,
): Promise<I & O> {
    const { outputs, drift } = await resource.read(state, operation);
    return { ...state, ...outputs, drift };
}

/** The component's digest of the role and its delivery. */
export function deliveredBy({ delivery }: Pick<Program, "delivery">, arn: string): string {
    return delivery === undefined ? arn : `${arn} ${delivery}`;
}

/** Without a detachment, there is none. */
export function hasInjectionGuard({ detachFromNodeRoles, injectionGuard = true }: Program): boolean {
    return injectionGuard && detachFromNodeRoles !== undefined;
}

/** The arguments that need detachFromNodeRoles go with it. */
function withoutDetachment(program: Program): Program {
    const going = ["detachPolicyArns", "handedOverClusterArns", "regions", "injectionGuard"];
    const kept = Object.entries(program).filter(([name]) => !going.includes(name));
    return { ...(Object.fromEntries(kept) as unknown as Program), detachFromNodeRoles: undefined };
}

function newRole(program: Program, { now, ipFamily, writesLogs }: ModelWorld): ModelRole {
    const policyArns = policiesOf(program);
    const { cni, logs } = missingGrants(policyArns, ipFamily);
    const works = !program.roleName.startsWith("bad") && cni.length === 0 && (logs.length === 0 || !writesLogs);
    return { createdAt: now, works, of: program, policyArns };
}

function commonInputs(program: Program, roleArn: string, names: StackNames): LiveInputs {
    const { ipFamily = "ipv4", otherIssuers = [], forceDestroy = false } = program;
    const subject: Subject = {
        component: names.component,
        fieldManager: names.manager,
        injectionGuardName: names.injectionGuardName,
        daemonSetName: program.daemonSetName ?? AWS_NODE,
        serviceAccount: { namespace: "kube-system", name: program.serviceAccountName ?? AWS_NODE },
        ipFamily,
        issuers: [issuerOf(program), ...otherIssuers],
        roleArn,
        ...(program.unnamedCluster ? {} : { clusterName: "prod" }),
        annotations: program.delivery === "podIdentity" ? {} : { [ROLE_ARN]: roleArn },
        ...(program.delivery === undefined ? {} : { delivery: program.delivery }),
        ...(program.delivery === "podIdentity" ? { clusterArn: CLUSTER_ARN } : {}),
    };
    return { subject, timeouts: TIMEOUTS, iamPropagationSeconds: 5, forceDestroy, drift: "none" };
}

function guardOutputs(guard: CredentialGuardOutputs | undefined) {
    return { record: guard?.record, approvedRole: guard?.approvedRole };
}

function guardInputs(common: LiveInputs, program: Program): CredentialGuardInputs {
    const { detachFromNodeRoles, ownNodeRoles = [], proof = "full" } = program;
    const { overrideExistingServiceAccount = false, additionalPolicyArns = [], handedOverClusterArns } = program;
    return {
        ...common,
        proof,
        overrideExistingServiceAccount,
        additionalPolicies: additionalPolicyArns.length > 0,
        detachFromNodeRoles: detachFromNodeRoles ?? [],
        ...(ownNodeRoles.length === 0 ? {} : { ownNodeRoles }),
        ...(handedOverClusterArns === undefined ? {} : { handedOverClusterArns }),
        ...(program.regions === undefined ? {} : { regions: program.regions }),
        ...(program.maxNotReadyNodes === undefined ? {} : { maxNotReadyNodes: program.maxNotReadyNodes }),
        injectionGuard: hasInjectionGuard(program),
        policyArns: policiesOf(program),
        roleUniqueId: uniqueIdOf(common.subject.roleArn),
    };
}
