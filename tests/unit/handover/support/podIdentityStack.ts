import { deepStrictEqual } from "node:assert/strict";
import { addOnRole, type AddOnRoleInputs, type AddOnRoleOutputs } from "../../../../handover/run/addOnRoleResource";
import { canary, type CanaryInputs, type CanaryOutputs } from "../../../../handover/run/canaryResource";
import {
    credentialGuard,
    type CredentialGuardInputs,
    type CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import { detachment, type DetachmentInputs, type DetachmentOutputs } from "../../../../handover/run/detachmentResource";
import { freeServiceAccount } from "../../../../handover/hooks/freeServiceAccount";
import type { Subject } from "../../../../handover/model/subject";
import type { OperationContext } from "../../../../handover/observe/runContext";
import { associated } from "./podIdentity";
import { PodIdentityCluster } from "./podIdentityCluster";
import { CNI_POLICY, ROLE_ARN } from "./worlds";

export const NODES = ["n1", "n2", "n3", "n4", "n5"];

export const common = {
    subject: associated,
    timeouts: {
        proofSeconds: 60,
        canarySeconds: 120,
        verificationSeconds: 600,
        handBackSeconds: 900,
        deliverySeconds: 60,
    },
    iamPropagationSeconds: 30,
    forceDestroy: false,
    drift: "none",
};

/** The engine, as far as a stack needs it whose pods move between an annotation and an association. It saves a resource before it goes on with the next one. */
export class Stack {
    private guard: (CredentialGuardInputs & CredentialGuardOutputs) | undefined;
    private association: string | undefined;
    private canary: (CanaryInputs & CanaryOutputs) | undefined;
    private addOnRole: (AddOnRoleInputs & AddOnRoleOutputs) | undefined;
    private detachment: (DetachmentInputs & DetachmentOutputs) | undefined;
    private associations = 0;
    private role: string | undefined;
    /** The `replacementTrigger` of the association. */
    private trigger: number | null = null;
    /** The annotation in the patch of the service account. */
    private patch: string | undefined;

    public constructor(private readonly cluster: PodIdentityCluster) {}

    private get operation(): OperationContext {
        const { cluster } = this;
        return {
            progress: (line) => void cluster.steps.push(`  . ${line}`),
            open: ({ subject }, roleNames) =>
                Promise.resolve({
                    subject,
                    roleNames,
                    cluster: cluster.cluster(subject.delivery),
                    aws: cluster.aws(),
                    now: () => cluster.now,
                    sleep: (milliseconds) => cluster.sleep(milliseconds),
                    progress: (line) => void cluster.steps.push(`  . ${line}`),
                }),
        };
    }

    public async up(subject: Subject = associated, more: Partial<CredentialGuardInputs> = {}): Promise<void> {
        const { cluster, operation } = this;
        const guardInputs: CredentialGuardInputs = {
            ...common,
            subject,
            roleUniqueId: `unique id of ${subject.roleArn}`,
            proof: "full",
            overrideExistingServiceAccount: false,
            detachFromNodeRoles: ["nodes"],
            injectionGuard: true,
            policyArns: [CNI_POLICY],
            additionalPolicies: false,
            ...more,
        };
        const guardOutputs = this.guard
            ? await credentialGuard.update(this.guard, guardInputs, operation)
            : await credentialGuard.create(guardInputs, operation);
        this.guard = { ...guardInputs, ...guardOutputs };
        await this.deliver(subject);
        const { record, approvedRole, formerAnnotations } = this.guard;
        const recorded = { ...common, subject, record, approvedRole, delivered: digestOf(subject) };
        const canaryInputs: CanaryInputs = {
            ...recorded,
            formerAnnotations,
            proof: "full",
            serviceAccountUid: "",
            stableSeconds: 20,
            ...(this.association === undefined ? {} : { associationId: this.association }),
        };
        const canaryOutputs = this.canary
            ? await canary.update(this.canary, canaryInputs, operation)
            : await canary.create(canaryInputs, operation);
        this.canary = { ...canaryInputs, ...canaryOutputs };
        if (subject.delivery === "eksAddon") {
            const inputs: AddOnRoleInputs = { ...recorded, rollouts: canaryOutputs.rollouts };
            const told = this.addOnRole
                ? await addOnRole.update(this.addOnRole, inputs, operation)
                : await addOnRole.create(inputs, operation);
            this.addOnRole = { ...inputs, ...told };
        }
        const detachmentInputs: DetachmentInputs = {
            ...recorded,
            rollouts: canaryOutputs.rollouts + (subject.delivery === "eksAddon" ? (this.addOnRole?.updates ?? 0) : 0),
            detachFromNodeRoles: ["nodes"],
            injectionGuard: true,
            stableSeconds: 20,
            maxNotReadyNodes: 0,
        };
        const detached = this.detachment
            ? await detachment.update(this.detachment, detachmentInputs, operation)
            : await detachment.create(detachmentInputs, operation);
        this.detachment = { ...detachmentInputs, ...detached };
        // What the program no longer has goes last. Both are retained: nothing is written.
        this.association = subject.delivery === "podIdentity" ? this.association : undefined;
        this.patch = subject.delivery === undefined ? this.patch : undefined;
        this.addOnRole = subject.delivery === "eksAddon" ? this.addOnRole : undefined;
        // So does the role that this one has replaced.
        record.approvedRoleArns
            .filter((arn) => arn !== subject.roleArn)
            .forEach((arn) => cluster.deletedRoles.add(arn));
        cluster.pass(60_000);
    }

    private async deliver(subject: Subject): Promise<void> {
        if (subject.delivery === "podIdentity") {
            await this.createAssociation(subject);
        } else if (subject.delivery === undefined && subject.annotations[ROLE_ARN] !== this.patch) {
            const { [ROLE_ARN]: roleArn } = subject.annotations;
            await this.cluster.write("patch the service account", () => this.cluster.annotate(roleArn));
            this.patch = roleArn;
        }
    }

    /** The provider creates no association beside another one: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html */
    private async createAssociation(subject: Subject): Promise<void> {
        const { cluster } = this;
        const { roleArn } = subject;
        const trigger = cluster.association === undefined ? cluster.now : null;
        if (trigger !== null && this.trigger !== null) {
            // Replaced, and the one of before is retained.
            this.association = undefined;
        }
        if (this.association === undefined) {
            const { guard, operation } = this;
            if (guard !== undefined) {
                await freeServiceAccount({ ...common, subject, record: guard.record }, operation);
            }
            if (cluster.association !== undefined) {
                throw new Error("ResourceInUseException");
            }
            // The engine saves what it has created before it can be killed. A create that was killed is a pending one, which a refresh imports.
            await cluster.write("associate", () => {
                this.associations += 1;
                cluster.associate(roleArn);
                this.association = `a-${String(this.associations)}`;
                this.trigger = trigger;
                this.role = roleArn;
            });
        } else if (roleArn !== this.role) {
            if (cluster.association === undefined) {
                throw new Error("NotFoundException");
            }
            // In place.
            await cluster.write("associate", () => cluster.associate(roleArn));
        }
        [this.role, this.trigger] = [roleArn, trigger];
    }

    public async refresh(): Promise<void> {
        if (this.cluster.association === undefined) {
            this.association = undefined;
        }
        const { operation } = this;
        if (this.guard) {
            this.guard = { ...this.guard, drift: (await credentialGuard.read(this.guard, operation)).drift };
        }
        if (this.canary) {
            this.canary = { ...this.canary, drift: (await canary.read(this.canary, operation)).drift };
        }
        if (this.addOnRole) {
            this.addOnRole = { ...this.addOnRole, drift: (await addOnRole.read(this.addOnRole, operation)).drift };
        }
        if (this.detachment) {
            this.detachment = { ...this.detachment, drift: (await detachment.read(this.detachment, operation)).drift };
        }
    }

    public get drifts(): string[] {
        return [this.guard, this.canary, this.addOnRole, this.detachment].flatMap((one) =>
            one === undefined ? [] : [one.drift],
        );
    }

    public async destroy(): Promise<void> {
        const { operation, cluster } = this;
        if (this.detachment) {
            await detachment.delete(this.detachment, operation);
            this.detachment = undefined;
        }
        [this.canary, this.addOnRole] = [undefined, undefined];
        // Retained.
        [this.association, this.patch] = [undefined, undefined];
        if (this.guard) {
            await credentialGuard.delete(this.guard, operation);
            this.guard = undefined;
        }
        cluster.roleExists = false;
        cluster.pass(60_000);
    }
}

const digestOf = ({ roleArn, delivery }: Subject) => `digest of ${roleArn} ${String(delivery)}`;

export function start(): { readonly cluster: PodIdentityCluster; readonly stack: Stack } {
    const cluster = new PodIdentityCluster(NODES);
    return { cluster, stack: new Stack(cluster) };
}

/** The run, until it is killed at this write. */
export async function killed(cluster: PodIdentityCluster, at: number, run: () => Promise<void>): Promise<boolean> {
    cluster.killAt = cluster.writes + at;
    const kill = new Promise<boolean>((resolve) => {
        cluster.onKill = () => resolve(true);
    });
    const wasKilled = await Promise.race([kill, run().then(() => false)]);
    cluster.killAt = Infinity;
    return wasKilled;
}

export function assertSound({ problems, steps }: PodIdentityCluster): void {
    deepStrictEqual(problems, [], steps.join("\n"));
}

export function assertHandedOver(cluster: PodIdentityCluster): void {
    assertSound(cluster);
    deepStrictEqual(
        [cluster.pods.map(({ associated: one }) => one), cluster.isAttached, cluster.guard, cluster.skips],
        [NODES.map(() => true), false, true, false],
    );
}

export function assertHandedBack(cluster: PodIdentityCluster): void {
    assertSound(cluster);
    deepStrictEqual(
        [
            cluster.pods.map(({ associated: one }) => one),
            cluster.isAttached,
            cluster.guard,
            cluster.skips,
            cluster.association,
        ],
        [NODES.map(() => false), true, false, false, undefined],
    );
}
