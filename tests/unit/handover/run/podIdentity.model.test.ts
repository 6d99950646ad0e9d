import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { Refusal } from "../../../../handover/model/refusal";
import { associated } from "../support/podIdentity";
import {
    assertHandedBack,
    assertHandedOver,
    assertSound,
    killed,
    NODES,
    Stack,
    start,
} from "../support/podIdentityStack";
import { FORMER_ROLE, ROLE, subject } from "../support/worlds";

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
            ["destroy", "up"],
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
    }

    it("has no gap if up follows a destroy that was killed, and pods end by themselves meanwhile", async () => {
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = start();
            await stack.up();
            isKilled = await killed(cluster, write, () => stack.destroy());
            cluster.churnEvery = 17_000;
            cluster.pass(300_000);
            cluster.roleExists = true;
            await stack.up();
            cluster.churnEvery = undefined;
            cluster.pass(60_000);
            assertHandedOver(cluster);
        }
    });

    it("is handed over and back with another DaemonSet of the same service account, as the refusals advise", async () => {
        const { cluster, stack } = start();
        cluster.startOther();
        cluster.pass(5000);
        await rejects(stack.up(), { code: "node-role-in-use", fix: /Then restart them, which gives them the role/ });
        cluster.startOther();
        cluster.pass(60_000);
        await stack.up();
        assertHandedOver(cluster);
        await rejects(stack.destroy(), { code: "role-still-carried", fix: /skip-containers/ });
        // A restart alone gives it the credentials again.
        cluster.startOther();
        cluster.pass(60_000);
        await rejects(stack.destroy(), { code: "role-still-carried" });
        cluster.otherSkips = true;
        cluster.startOther();
        cluster.pass(60_000);
        await stack.destroy();
        assertHandedBack(cluster);
        cluster.otherSkips = false;
        cluster.startOther();
        cluster.pass(60_000);
        assertHandedBack(cluster);
    });

    for (const pause of [0, 60_000]) {
        it(`is not handed back while another party gives its association another role, ${pause === 0 ? "just now" : "with pods that have it"}, and goes on as the refusal advises`, async () => {
            const { cluster, stack } = start();
            await stack.up();
            cluster.rolesOfOthers.add(FORMER_ROLE);
            cluster.associate(FORMER_ROLE);
            cluster.lose("n1");
            cluster.pass(pause);
            const [writes, before] = [cluster.writes, cluster.pods.map(({ uid }) => uid)];
            const command = `aws eks update-pod-identity-association --cluster-name prod --association-id a-1 --role-arn ${ROLE}. `;
            for (const attempt of [1, 2]) {
                await rejects(
                    stack.destroy(),
                    ({ code, fix }: Refusal) => code === "association-differs" && fix.includes(command),
                    `attempt ${String(attempt)}`,
                );
            }
            deepStrictEqual([cluster.writes, cluster.pods.map(({ uid }) => uid)], [writes, before]);
            cluster.associate(ROLE);
            await stack.destroy();
            assertHandedBack(cluster);
        });
    }

    it("leaves an association of another party where it is, and EKS refuses the new one", async () => {
        const { cluster, stack } = start();
        await stack.up();
        const before = cluster.pods.map(({ uid }) => uid);
        await killed(cluster, 1, () => stack.destroy());
        cluster.associate(FORMER_ROLE);
        await rejects(stack.up(), /ResourceInUse/);
        deepStrictEqual([cluster.association, cluster.pods.map(({ uid }) => uid)], [FORMER_ROLE, before]);
    });

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

    for (const [how, refreshes] of [
        ["the next up", false],
        ["a refresh", true],
    ] as const) {
        it(`takes a role back that does not work on the nodes, and begins again with ${how}`, async () => {
            const { cluster, stack } = start();
            cluster.roleWorks = false;
            for (const attempt of [1, 2]) {
                await rejects(stack.up(), { code: "rollout-taken-back" }, `attempt ${String(attempt)}`);
                assertHandedBack(cluster);
                await (refreshes ? stack.refresh() : undefined);
            }
            cluster.roleWorks = true;
            await stack.up();
            assertHandedOver(cluster);
        });
    }

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
                    drift.startsWith("The service account kube-system/aws-node has no Pod Identity association."),
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
                .every((drift) => drift.startsWith("The Pod Identity association of the service account")),
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

    it("gives the association its former role back if another role does not work, and the next up needs no refresh", async () => {
        const other = { ...associated, roleArn: FORMER_ROLE };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = start();
            await stack.up();
            cluster.brokenRoles.add(FORMER_ROLE);
            isKilled = await killed(cluster, write, () =>
                rejects(stack.up(other), { code: "rollout-taken-back", means: /has its former role .* again/ }),
            );
            if (!isKilled) {
                deepStrictEqual([cluster.association, cluster.isAttached, [...cluster.deletedRoles]], [ROLE, true, []]);
                ok(cluster.pods.every(({ associated: has, readySince }) => has && readySince !== undefined));
            }
            await rejects(stack.up(other), { code: "rollout-taken-back", means: /has its former role .* again/ });
            strictEqual(cluster.association, ROLE);
            cluster.brokenRoles.clear();
            cluster.pass(60_000);
            assertSound(cluster);
            await stack.up(other);
            assertHandedOver(cluster);
            strictEqual(cluster.association, FORMER_ROLE);
            await stack.destroy();
            assertHandedBack(cluster);
        }
    });

    it("refuses another role whose session EC2 refuses before any pod restarts, and gives the association its former role back", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.eksAuthAnswers = true;
        cluster.brokenRoles.add(FORMER_ROLE);
        const before = cluster.pods.map(({ uid }) => uid);
        const other = { ...associated, roleArn: FORMER_ROLE };
        await rejects(stack.up(other), {
            code: "permission-missing",
            means: /^The Pod Identity association had the role already\. It has its former role .* again/,
        });
        deepStrictEqual([cluster.association, cluster.isAttached], [ROLE, true]);
        ok(cluster.pods.every(({ associated: has }) => has));
        ok(
            cluster.pods.every(({ uid }) => !before.includes(uid)),
            "a pod may have fetched a session of the other role",
        );
        cluster.brokenRoles.clear();
        await stack.up(other);
        assertHandedOver(cluster);
        ok(
            cluster.steps.some((step) =>
                step.endsWith(`proof: EKS Auth gives a pod a session of ${FORMER_ROLE}, which has the permissions`),
            ),
        );
    });

    it("refuses a node role that the program names and no node uses, if it does not let the agent get credentials", async () => {
        const { cluster, stack } = start();
        cluster.rolesWithoutAgent.add("idle");
        const more = { detachFromNodeRoles: ["nodes", "idle"] };
        await rejects(stack.up(associated, more), {
            code: "pod-identity-agent",
            seen: "The node role idle does not allow eks-auth:AssumeRoleForPodIdentity (according to IAM's policy simulator).",
        });
        strictEqual(cluster.association, undefined);
        cluster.rolesWithoutAgent.clear();
        await stack.up(associated, more);
        assertHandedOver(cluster);
    });

    it("asks EKS Auth for no session before a first move, which the canary confines", async () => {
        const { cluster, stack } = start();
        cluster.eksAuthAnswers = true;
        await stack.up();
        assertHandedOver(cluster);
        deepStrictEqual(
            cluster.steps.filter((step) => step.includes("EKS Auth")),
            [],
        );
    });

    it("leaves another role to the canary where this machine may not ask EKS Auth", async () => {
        const { cluster, stack } = start();
        await stack.up();
        await stack.up({ ...associated, roleArn: FORMER_ROLE });
        ok(
            cluster.steps.some((step) =>
                step.endsWith("proof: undecided, the canary decides (EKS Auth answered AccessDeniedException: no)"),
            ),
        );
    });

    it("moves the pods to the node roles, which hold their policies, if the former role does not help them either", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.roleWorks = false;
        // A second update has seen the association.
        await rejects(stack.up({ ...associated, roleArn: FORMER_ROLE }), { code: "rollout-taken-back" });
        assertSound(cluster);
        deepStrictEqual(
            [cluster.pods.map(({ associated: one }) => one), cluster.association, cluster.isAttached],
            [NODES.map(() => false), undefined, true],
        );
        deepStrictEqual([cluster.guard, cluster.skips], [false, false]);
        cluster.roleWorks = true;
        await rejects(stack.up({ ...associated, roleArn: FORMER_ROLE }), { code: "association-missing" });
        await stack.refresh();
        await stack.up({ ...associated, roleArn: FORMER_ROLE });
        assertHandedOver(cluster);
    });

    it("refuses to move to another writer, and names the way over the annotation", async () => {
        const { cluster, stack } = start();
        await stack.up();
        await rejects(stack.up({ ...subject, delivery: "external" }), {
            code: "delivery-not-changed",
            fix: /Set delivery: "serviceAccountPatch" and run pulumi up.*Then set delivery: "external"/,
        });
        assertHandedOver(cluster);
        await stack.destroy();
        assertHandedBack(cluster);
    });
});
