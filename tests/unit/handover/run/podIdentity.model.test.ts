import { deepStrictEqual, match, ok, rejects } from "node:assert/strict";
import { canary, type CanaryInputs, type CanaryOutputs } from "../../../../handover/run/canaryResource";
import {
    credentialGuard,
    type CredentialGuardInputs,
    type CredentialGuardOutputs,
} from "../../../../handover/run/credentialGuardResource";
import { detachment, type DetachmentInputs, type DetachmentOutputs } from "../../../../handover/run/detachmentResource";
import type { Subject } from "../../../../handover/model/subject";
import type { OperationContext } from "../../../../handover/observe/runContext";
import { associated } from "../support/podIdentity";
import { PodIdentityCluster } from "../support/podIdentityCluster";
import { CNI_POLICY, FORMER_ROLE, ROLE } from "../support/worlds";

const NODES = ["n1", "n2", "n3", "n4", "n5"];

const common = {
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

/** The engine, as far as a stack with an association needs it. It saves a resource before it goes on with the next one. */
class Stack {
    private guard: (CredentialGuardInputs & CredentialGuardOutputs) | undefined;
    private association: string | undefined;
    private canary: (CanaryInputs & CanaryOutputs) | undefined;
    private detachment: (DetachmentInputs & DetachmentOutputs) | undefined;
    private associations = 0;
    private role: string | undefined;

    public constructor(private readonly cluster: PodIdentityCluster) {}

    private get operation(): OperationContext {
        const { cluster } = this;
        return {
            progress: (line) => void cluster.steps.push(`  . ${line}`),
            open: ({ subject }, roleNames) =>
                Promise.resolve({
                    subject,
                    roleNames,
                    cluster: cluster.cluster(),
                    aws: cluster.aws(),
                    now: () => cluster.now,
                    sleep: (milliseconds) => cluster.sleep(milliseconds),
                    progress: (line) => void cluster.steps.push(`  . ${line}`),
                }),
        };
    }

    public async up(subject: Subject = associated): Promise<void> {
        const { cluster, operation } = this;
        const guardInputs: CredentialGuardInputs = {
            ...common,
            subject,
            roleUniqueId: `unique id of ${subject.roleArn}`,
            proof: "full",
            overrideExistingServiceAccount: false,
            detachFromNodeRoles: ["nodes"],
            detachPolicyArns: [],
            injectionGuard: true,
            policyArns: [CNI_POLICY],
            additionalPolicies: false,
        };
        const guardOutputs = this.guard
            ? await credentialGuard.update(this.guard, guardInputs, operation)
            : await credentialGuard.create(guardInputs, operation);
        this.guard = { ...guardInputs, ...guardOutputs };
        this.createAssociation(subject.roleArn);
        const { record, approvedRole, formerAnnotations } = this.guard;
        const recorded = { ...common, subject, record, approvedRole, delivered: `digest of ${subject.roleArn}` };
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
        cluster.guard = true;
        const detachmentInputs: DetachmentInputs = {
            ...recorded,
            rollouts: canaryOutputs.rollouts,
            detachFromNodeRoles: ["nodes"],
            injectionGuard: true,
            stableSeconds: 20,
            maxNotReadyNodes: 0,
        };
        const detached = this.detachment
            ? await detachment.update(this.detachment, detachmentInputs, operation)
            : await detachment.create(detachmentInputs, operation);
        this.detachment = { ...detachmentInputs, ...detached };
        // The role that this one has replaced goes last.
        record.approvedRoleArns
            .filter((arn) => arn !== subject.roleArn)
            .forEach((arn) => cluster.deletedRoles.add(arn));
        cluster.pass(60_000);
    }

    /** The provider creates no association beside another one: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html */
    private createAssociation(roleArn: string): void {
        const { cluster } = this;
        if (this.association === undefined) {
            if (cluster.association !== undefined) {
                throw new Error("ResourceInUseException");
            }
            this.associations += 1;
            cluster.associate(roleArn);
            cluster.pass(1000);
            this.association = `a-${String(this.associations)}`;
        } else if (roleArn !== this.role) {
            // In place.
            cluster.associate(roleArn);
            cluster.pass(1000);
        }
        this.role = roleArn;
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
        if (this.detachment) {
            this.detachment = { ...this.detachment, drift: (await detachment.read(this.detachment, operation)).drift };
        }
    }

    public get drifts(): (string | undefined)[] {
        return [this.guard, this.canary, this.detachment].map((one) => one?.drift);
    }

    public async destroy(): Promise<void> {
        const { operation, cluster } = this;
        if (this.detachment) {
            await detachment.delete(this.detachment, operation);
            this.detachment = undefined;
        }
        // Retained: the guard, which the engine no longer knows, and the association.
        this.canary = undefined;
        this.association = undefined;
        if (this.guard) {
            await credentialGuard.delete(this.guard, operation);
            this.guard = undefined;
        }
        cluster.roleExists = false;
        cluster.pass(60_000);
    }
}

function start(): { readonly cluster: PodIdentityCluster; readonly stack: Stack } {
    const cluster = new PodIdentityCluster(NODES);
    return { cluster, stack: new Stack(cluster) };
}

/** The run, until it is killed at this write. */
async function killed(cluster: PodIdentityCluster, at: number, run: () => Promise<void>): Promise<boolean> {
    cluster.killAt = cluster.writes + at;
    const kill = new Promise<boolean>((resolve) => {
        cluster.onKill = () => resolve(true);
    });
    const wasKilled = await Promise.race([kill, run().then(() => false)]);
    cluster.killAt = Infinity;
    return wasKilled;
}

function assertSound({ problems, steps }: PodIdentityCluster): void {
    deepStrictEqual(problems, [], steps.join("\n"));
}

function assertHandedOver(cluster: PodIdentityCluster): void {
    assertSound(cluster);
    deepStrictEqual(
        [cluster.pods.map(({ associated: one }) => one), cluster.isAttached, cluster.guard, cluster.skips],
        [NODES.map(() => true), false, true, false],
    );
}

function assertHandedBack(cluster: PodIdentityCluster): void {
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

describe("A stack with an association, on a model of cluster and account", function () {
    this.timeout(60_000);

    for (const strategy of ["RollingUpdate", "OnDelete"] as const) {
        it(`is handed over and back under ${strategy} without a gap`, async () => {
            const { cluster, stack } = start();
            cluster.strategy = strategy;
            await stack.up();
            assertHandedOver(cluster);
            const { writes } = cluster;
            await stack.up();
            deepStrictEqual(cluster.writes, writes, "the second update changes something");
            await stack.refresh();
            deepStrictEqual(stack.drifts, ["none", "none", "none"]);
            await stack.destroy();
            assertHandedBack(cluster);
        });

        for (const [command, again] of [
            ["up", "up"],
            ["up", "destroy"],
            ["destroy", "destroy"],
        ] as const) {
            it(`has no gap under ${strategy} if ${command} is killed after each of its writes, and ${again} follows`, async () => {
                let kills = 0;
                for (let write = 1; ; write += 1) {
                    const { cluster, stack } = start();
                    cluster.strategy = strategy;
                    await (command === "destroy" ? stack.up() : undefined);
                    if (!(await killed(cluster, write, () => stack[command]()))) {
                        break;
                    }
                    kills += 1;
                    // Longer than any session that an agent might keep.
                    cluster.pass(4 * 3_600_000);
                    assertSound(cluster);
                    await stack[again]();
                    (again === "up" ? assertHandedOver : assertHandedBack)(cluster);
                    await stack.destroy();
                    assertHandedBack(cluster);
                }
                ok(kills >= 5, `${String(kills)} writes`);
            });
        }

        it(`goes on under ${strategy} with up after a destroy that was killed, once destroy has finished`, async () => {
            for (let write = 1; ; write += 1) {
                const { cluster, stack } = start();
                cluster.strategy = strategy;
                await stack.up();
                if (!(await killed(cluster, write, () => stack.destroy()))) {
                    break;
                }
                if (cluster.association === undefined) {
                    await stack.up();
                } else {
                    await rejects(stack.up(), /ResourceInUse/);
                    await stack.destroy();
                    assertHandedBack(cluster);
                    cluster.roleExists = true;
                    await stack.up();
                }
                assertHandedOver(cluster);
            }
        });
    }

    it("is watched by a model that notices what must not happen", async () => {
        const [early, bare, hidden] = [start(), start(), start()];
        for (const { stack } of [early, bare, hidden]) {
            await stack.up();
        }
        // The association goes before the pods have moved.
        early.cluster.associate(undefined);
        early.cluster.pass(1000);
        // The pods move before IAM enforces the policies of the node roles.
        bare.cluster.guard = false;
        await bare.cluster.cluster().skipContainers(["aws-node"]);
        bare.cluster.pass(20_000);
        // The role goes under the pods.
        hidden.cluster.roleExists = false;
        hidden.cluster.pass(1000);
        deepStrictEqual(
            [early, bare, hidden].map(({ cluster }) => cluster.problems[0]?.replace(/^.*pod-\d+ /, "")),
            [
                "has credentials of an association that is gone",
                "uses a node role without its policies",
                "has a role that does not work",
            ],
        );
    });

    it("takes a role back that does not work on the nodes, and begins again after a refresh", async () => {
        const { cluster, stack } = start();
        cluster.roleWorks = false;
        await rejects(stack.up(), { code: "rollout-taken-back" });
        assertHandedBack(cluster);
        cluster.roleWorks = true;
        await rejects(stack.up(), { code: "association-missing" });
        await stack.refresh();
        await stack.up();
        assertHandedOver(cluster);
    });

    it("names the agent that is away on the canary's node, takes the rollout back, and goes on when the agent is there", async () => {
        const { cluster, stack } = start();
        await stack.up();
        await stack.destroy();
        cluster.roleExists = true;
        const other = new Stack(cluster);
        cluster.withoutAgent.add("n3");
        await rejects(other.up(), { code: "pod-identity-agent" });
        cluster.withoutAgent.clear();
        await other.up();
        assertHandedOver(cluster);
    });

    it("creates a lost association again, and restarts every pod", async () => {
        const { cluster, stack } = start();
        await stack.up();
        const before = cluster.pods.map(({ uid }) => uid);
        cluster.associate(undefined);
        cluster.problems.length = 0;
        await stack.refresh();
        ok(
            stack.drifts
                .slice(1)
                .every((drift) =>
                    drift?.startsWith("The service account kube-system/aws-node has no Pod Identity association."),
                ),
        );
        cluster.problems.length = 0;
        await stack.up();
        assertHandedOver(cluster);
        deepStrictEqual(
            cluster.pods.filter(({ uid }) => before.includes(uid)),
            [],
        );
        match(cluster.steps.join("\n"), /waiting until the Pod Identity association is 30 s old/);
    });

    it("hands a cluster back that has lost its association, without another restart of the pods", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.associate(undefined);
        // Only the loss itself leaves pods without a path, until they restart.
        await stack.destroy();
        cluster.problems.length = 0;
        cluster.pass(60_000);
        assertHandedBack(cluster);
        deepStrictEqual(cluster.steps.includes("skip"), false);
    });

    it("changes an association of another role back, and restarts every pod", async () => {
        const { cluster, stack } = start();
        await stack.up();
        const before = cluster.pods.map(({ uid }) => uid);
        cluster.associate(FORMER_ROLE);
        cluster.pass(60_000);
        await stack.refresh();
        ok(
            stack.drifts
                .slice(1)
                .every((drift) => drift?.startsWith("The Pod Identity association of the service account")),
        );
        // The engine updates the association in place.
        cluster.associate(ROLE);
        await stack.up();
        assertHandedOver(cluster);
        deepStrictEqual(
            cluster.pods.filter(({ uid }) => before.includes(uid)),
            [],
        );
    });

    it("moves to another role within Pod Identity without a gap, also if it is killed after each of its writes", async () => {
        const other = { ...associated, roleArn: FORMER_ROLE };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = start();
            await stack.up();
            const before = cluster.pods.map(({ uid }) => uid);
            isKilled = await killed(cluster, write, () => stack.up(other));
            cluster.pass(4 * 3_600_000);
            assertSound(cluster);
            await stack.up(other);
            assertHandedOver(cluster);
            deepStrictEqual(
                [
                    cluster.association,
                    cluster.pods.filter(({ uid }) => before.includes(uid)),
                    [...cluster.deletedRoles],
                ],
                [FORMER_ROLE, [], [ROLE]],
            );
            await stack.destroy();
            assertHandedBack(cluster);
        }
    });

    it("takes another role back that does not work: the pods go to the node roles, which hold their policies", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.roleWorks = false;
        await rejects(stack.up({ ...associated, roleArn: FORMER_ROLE }), { code: "rollout-taken-back" });
        assertHandedBack(cluster);
        cluster.roleWorks = true;
        await stack.refresh();
        await stack.up({ ...associated, roleArn: FORMER_ROLE });
        assertHandedOver(cluster);
    });

    it("refuses to move to another delivery, and destroy and up move the pods", async () => {
        const { cluster, stack } = start();
        await stack.up();
        const { delivery, ...annotating } = common.subject;
        await rejects(stack.up(annotating), { code: "delivery-not-changed" });
        deepStrictEqual(delivery, "podIdentity");
        assertHandedOver(cluster);
        await stack.destroy();
        assertHandedBack(cluster);
    });
});
