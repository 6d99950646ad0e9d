import type { Subject } from "../../handover/model/subject";
import { OperationContext } from "../../handover/observe/runContext";
import type { PlanInputs } from "../../handover/preview/plan";
import { canary, CanaryInputs, CanaryOutputs } from "../../handover/run/canaryResource";
import {
    credentialGuard,
    CredentialGuardInputs,
    CredentialGuardOutputs,
} from "../../handover/run/credentialGuardResource";
import { detachment, DetachmentInputs, DetachmentOutputs } from "../../handover/run/detachmentResource";
import { changedInputs, LiveInputs, LiveResource } from "../../handover/run/liveResource";
import type { Run } from "./run";
import { ACCOUNT, CONTROL, ISSUER, runContextOf } from "./runContext";
import { FOREIGN_OWNER, ModelWorld, ROLE_ARN } from "./world";

/** The live checks. A planted bug replaces one of them. */
export interface Resources {
    readonly credentialGuard: LiveResource<CredentialGuardInputs, CredentialGuardOutputs>;
    readonly canary: LiveResource<CanaryInputs, CanaryOutputs>;
    readonly detachment: LiveResource<DetachmentInputs, DetachmentOutputs>;
}

export const REAL_RESOURCES: Resources = { credentialGuard, canary, detachment };

/** The arguments in an operator's program. */
export interface Program {
    readonly roleName: string;
    readonly detachFromNodeRoles: readonly string[] | undefined;
    /** The issuers of other clusters. */
    readonly otherIssuers?: readonly string[];
    readonly forceDestroy?: boolean;
    readonly overrideExistingServiceAccount?: boolean;
    readonly proof?: CredentialGuardInputs["proof"];
    readonly additionalPolicies?: boolean;
    readonly ipFamily?: Subject["ipFamily"];
    readonly injectionGuard?: boolean;
    readonly detachPolicyArns?: readonly string[];
}

/** The stack's state: a resource is in it once its operation has succeeded. */
interface Stack {
    /** The program's role is the last one. Those before it were replaced, and are deleted when an update succeeds. */
    roles: string[];
    guard?: CredentialGuardInputs & CredentialGuardOutputs;
    patch?: string;
    canary?: CanaryInputs & CanaryOutputs;
    rollout?: string;
    /** The role that it admits. */
    injectionGuard?: string;
    detachment?: DetachmentInputs & DetachmentOutputs;
}

export interface PartialPlanInputs extends Pick<
    PlanInputs,
    "record" | "canaryActs" | "delivered" | "detachFromNodeRoles"
> {
    readonly inputs: CredentialGuardInputs;
}

const MANAGER = "eks-cni/network/production/cni";
const ROLLOUT_MILLISECONDS = 60_000;
export const TIMEOUTS = {
    proofSeconds: 20,
    canarySeconds: 120,
    verificationSeconds: 120,
    handBackSeconds: 240,
};

export const arnOf = (roleName: string) => `arn:aws:iam::${ACCOUNT}:role/${roleName}`;

/** Does what Pulumi's engine does with the component's resources, in the order of components/live/liveChecks.ts. */
export class Engine {
    private readonly stack: Stack = { roles: [] };

    public constructor(
        private readonly world: ModelWorld,
        private readonly resources: Resources,
    ) {}

    public get isEmpty(): boolean {
        return this.stack.guard === undefined && this.stack.roles.length === 0;
    }

    public async up(program: Program, run: Run): Promise<void> {
        const { world, stack, resources } = this;
        const operation = this.operation(run);
        const arn = arnOf(program.roleName);
        if (!stack.roles.includes(arn)) {
            await run.call(`create ${arn}`, () => {
                world.cniRoles.set(arn, { createdAt: world.now, works: !program.roleName.startsWith("bad") });
                stack.roles.push(arn);
            });
        }
        stack.roles = [...stack.roles.filter((role) => role !== arn), arn];
        const common = commonInputs(program);
        const guard = await operate(resources.credentialGuard, stack.guard, guardInputs(common, program), operation);
        stack.guard = guard;
        if (stack.patch !== arn) {
            const isForced = program.overrideExistingServiceAccount === true;
            if (!isForced && world.owner === FOREIGN_OWNER && world.annotations[ROLE_ARN] !== arn) {
                throw new Error(`Apply failed with 1 conflict: conflict with "${FOREIGN_OWNER}"`);
            }
            await run.call(`patch the service account with ${arn}`, () => {
                world.annotate({ ...world.annotations, [ROLE_ARN]: arn, [CONTROL]: MANAGER }, MANAGER);
                stack.patch = arn;
            });
        }
        const delivered = arn;
        const { record, approvedRole, formerAnnotations } = guard;
        const known = { record, approvedRole, delivered, stableSeconds: 13 };
        const canaryInputs = { ...common, ...known, formerAnnotations, serviceAccountUid: "service-account" };
        stack.canary = await operate(resources.canary, stack.canary, canaryInputs, operation);
        if (stack.rollout !== delivered && !stack.canary.carriedBefore) {
            await this.rollOut(delivered, run);
        }
        const injectionGuard = hasInjectionGuard(program);
        if (injectionGuard && stack.injectionGuard !== arn) {
            const what = stack.injectionGuard === undefined ? "create" : "update";
            await run.call(`${what} the injection guard`, () => {
                world.guard = [arn];
                stack.injectionGuard = arn;
            });
        }
        const { detachFromNodeRoles, detachPolicyArns } = program;
        const named = detachPolicyArns === undefined ? {} : { detachPolicyArns };
        const last: DetachmentInputs = { ...common, ...known, ...named, injectionGuard, maxNotReadyNodes: 0 };
        const detachmentInputs = detachFromNodeRoles === undefined ? last : { ...last, detachFromNodeRoles };
        stack.detachment = await operate(resources.detachment, stack.detachment, detachmentInputs, operation);
        // It has retainOnDelete: without detachFromNodeRoles it leaves the state, but stays in the cluster.
        if (!injectionGuard) {
            delete stack.injectionGuard;
        }
        await this.deleteRoles(stack.roles.slice(0, -1), run);
    }

    /** The input of a preview's plan. Undefined if the live checks have nothing to do. */
    public planInputs(program: Program): PartialPlanInputs | undefined {
        const { guard, canary: tried, detachment: last, roles } = this.stack;
        const { roleName, detachFromNodeRoles } = program;
        const inputs = guardInputs(commonInputs(program), program);
        const acts = guard === undefined || changedInputs(guard, inputs).length > 0;
        // A former run may have ended before it reached them.
        const isOutdated = (state: Pick<CanaryInputs, "approvedRole" | "record" | "drift"> | undefined) =>
            changedInputs({ ...state }, { ...state, ...guardOutputs(guard), drift: "none" }).length > 0;
        const known = roles.includes(arnOf(roleName));
        return !acts && !isOutdated(tried) && !isOutdated(last)
            ? undefined
            : {
                  inputs,
                  detachFromNodeRoles,
                  record: acts ? undefined : guard.record,
                  canaryActs: acts || isOutdated(tried),
                  delivered: known ? arnOf(roleName) : undefined,
              };
    }

    /** Saves the drift that a refresh finds, including that of the native resources, so that the next update repairs it. */
    public async refresh(run: Run): Promise<void> {
        const { world, stack, resources } = this;
        if (world.guard?.join() !== stack.injectionGuard) {
            delete stack.injectionGuard;
        }
        if (world.annotations[ROLE_ARN] !== stack.patch) {
            delete stack.patch;
        }
        if (world.template !== stack.rollout) {
            delete stack.rollout;
        }
        stack.guard &&= await reread(resources.credentialGuard, stack.guard, this.operation(run));
        stack.detachment &&= await reread(resources.detachment, stack.detachment, this.operation(run));
    }

    public async destroy(run: Run): Promise<void> {
        const { stack, resources } = this;
        if (stack.detachment !== undefined) {
            await resources.detachment.delete(stack.detachment, this.operation(run));
            delete stack.detachment;
        }
        // They have retainOnDelete: the delete of the credential guard reverts their writes.
        delete stack.injectionGuard;
        delete stack.rollout;
        if (stack.canary !== undefined) {
            await resources.canary.delete(stack.canary, this.operation(run));
            delete stack.canary;
        }
        delete stack.patch;
        if (stack.guard !== undefined) {
            await resources.credentialGuard.delete(stack.guard, this.operation(run));
            delete stack.guard;
        }
        await this.deleteRoles([...stack.roles], run);
    }

    private async deleteRoles(roles: readonly string[], run: Run): Promise<void> {
        for (const arn of roles) {
            await run.call(`delete ${arn}`, () => {
                this.world.cniRoles.delete(arn);
                this.stack.roles = this.stack.roles.filter((role) => role !== arn);
            });
        }
    }

    /** The provider waits for the rollout. A rollout that times out is in the state all the same. */
    private async rollOut(delivered: string, run: Run): Promise<void> {
        const { world, stack } = this;
        if (world.cniRoles.get(delivered)?.works === false) {
            world.problem("the rollout begins with a role whose canary did not work");
        }
        await run.call("patch the DaemonSet", () => {
            world.template = delivered;
            stack.rollout = delivered;
        });
        const isDone = () =>
            world.strategy === "OnDelete" ||
            world.nodes.every(({ name }) =>
                world.pods.some((pod) => pod.node === name && pod.template === delivered && world.isReady(pod)),
            );
        await run.call("wait for the rollout", () => world.advance(ROLLOUT_MILLISECONDS, isDone), false);
        if (!isDone()) {
            throw new Error("the rollout timed out");
        }
    }

    private operation(run: Run): OperationContext {
        return {
            progress: () => undefined,
            ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
            open: (inputs, roleNames) => Promise.resolve(runContextOf(this.world, run, inputs, roleNames)),
        };
    }
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
    return changedInputs(state, inputs).length === 0
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

function hasInjectionGuard({ detachFromNodeRoles, injectionGuard = true }: Program): boolean {
    return injectionGuard && detachFromNodeRoles !== undefined;
}

function commonInputs({ roleName, ipFamily = "ipv4", otherIssuers = [], forceDestroy = false }: Program): LiveInputs {
    const roleArn = arnOf(roleName);
    const subject: Subject = {
        component: "cni",
        fieldManager: MANAGER,
        injectionGuardName: "guard",
        daemonSetName: "aws-node",
        serviceAccount: { namespace: "kube-system", name: "aws-node" },
        ipFamily,
        issuers: [ISSUER, ...otherIssuers],
        roleArn,
        clusterName: "prod",
        annotations: { [ROLE_ARN]: roleArn },
    };
    return { subject, timeouts: TIMEOUTS, iamPropagationSeconds: 5, forceDestroy, drift: "none" };
}

function guardOutputs(guard: CredentialGuardOutputs | undefined) {
    return { record: guard?.record, approvedRole: guard?.approvedRole };
}

function guardInputs(common: LiveInputs, program: Program): CredentialGuardInputs {
    const { roleName, detachFromNodeRoles, detachPolicyArns = [], proof = "full" } = program;
    const { overrideExistingServiceAccount = false, additionalPolicies = false } = program;
    return {
        ...common,
        proof,
        overrideExistingServiceAccount,
        additionalPolicies,
        detachFromNodeRoles: detachFromNodeRoles ?? [],
        detachPolicyArns,
        injectionGuard: hasInjectionGuard(program),
        policyArns: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"],
        roleUniqueId: roleName,
    };
}
