import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { LEAVING_MANAGER } from "../../../../handover/model/fieldManagers";
import type { Subject } from "../../../../handover/model/subject";
import { associated } from "../support/podIdentity";
import type { PodIdentityCluster } from "../support/podIdentityCluster";
import { assertHandedBack, assertHandedOver, assertSound, killed, NODES, start } from "../support/podIdentityStack";
import { FORMER_ROLE, ROLE, ROLE_ARN, subject } from "../support/worlds";

/** The same component with another delivery has another role. */
const annotated: Subject = {
    ...subject,
    clusterName: "prod",
    roleArn: FORMER_ROLE,
    annotations: { [ROLE_ARN]: FORMER_ROLE },
};

/** That of another tool, before the component came. */
const EARLIER_ROLE = FORMER_ROLE.replace("eksctl", "earlier");

/** Longer than a session that an agent keeps, at any scale of an organization. */
const A_SESSION = 4 * 3_600_000;

function assertAnnotated(cluster: PodIdentityCluster, roleArn: string): void {
    assertSound(cluster);
    deepStrictEqual(
        [
            cluster.pods.map(({ webRole }) => webRole),
            cluster.annotation,
            cluster.association,
            cluster.isAttached,
            [cluster.guard, cluster.guardRoles],
            cluster.skips,
        ],
        [NODES.map(() => roleArn), roleArn, undefined, false, [true, [roleArn]], false],
    );
}

function assertAssociated(cluster: PodIdentityCluster): void {
    assertHandedOver(cluster);
    deepStrictEqual(
        [cluster.association, cluster.annotation, cluster.guardRoles, cluster.deletedRoles.has(FORMER_ROLE)],
        [ROLE, undefined, [], true],
    );
}

/** The time between a kill and the next run: pods restart, and have a path. */
function stay(cluster: PodIdentityCluster): void {
    cluster.pass(A_SESSION);
    NODES.slice(0, 2).forEach((name) => cluster.lose(name));
    cluster.pass(60_000);
    assertSound(cluster);
    deepStrictEqual(cluster.pods.length, NODES.length, "a node has no pod");
}

/** The steps of a run after this one, without what it said. */
const writesSince = ({ steps }: PodIdentityCluster, from: number) =>
    steps.slice(from).filter((step) => !step.startsWith("  . ") && !step.startsWith("restart"));

describe("A stack that leaves Pod Identity beside another DaemonSet of the same service account", function () {
    this.timeout(120_000);

    it("keeps the association and its role until that DaemonSet's pods use the role of their node, as the refusals advise", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.startOther();
        cluster.pass(60_000);
        await rejects(stack.up(annotated), { code: "role-still-carried", fix: /skip-containers/ });
        deepStrictEqual([cluster.association, cluster.deletedRoles.size], [ROLE, 0]);
        cluster.otherSkips = true;
        cluster.startOther();
        cluster.pass(60_000);
        await rejects(stack.up(annotated), { code: "node-role-in-use", fix: /skip-containers, remove it/ });
        cluster.otherSkips = false;
        cluster.startOther();
        cluster.pass(60_000);
        await stack.up(annotated);
        assertAnnotated(cluster, FORMER_ROLE);
    });

    it("changes the association's role, and keeps the former one until those pods have restarted", async () => {
        const { cluster, stack } = start();
        await stack.up();
        cluster.startOther();
        cluster.pass(60_000);
        const another: Subject = { ...associated, roleArn: FORMER_ROLE };
        await rejects(stack.up(another), { code: "role-still-carried", fix: /Then restart them/ });
        deepStrictEqual(cluster.deletedRoles.size, 0);
        cluster.startOther();
        cluster.pass(60_000);
        await stack.up(another);
        deepStrictEqual([cluster.association, [...cluster.deletedRoles]], [FORMER_ROLE, [ROLE]]);
        assertHandedOver(cluster);
    });
});

describe("A stack that moves from the annotation to Pod Identity", function () {
    this.timeout(120_000);

    const moved = async (strategy: PodIdentityCluster["strategy"]) => {
        const { cluster, stack } = start();
        cluster.strategy = strategy;
        await stack.up(annotated);
        assertAnnotated(cluster, FORMER_ROLE);
        return { cluster, stack };
    };

    for (const strategy of ["RollingUpdate", "OnDelete"] as const) {
        it(`attaches, associates, moves the pods, releases and detaches under ${strategy}, in this order`, async () => {
            const { cluster, stack } = await moved(strategy);
            const before = cluster.steps.length;
            await stack.up();
            assertAssociated(cluster);
            deepStrictEqual(writesSince(cluster, before), [
                "attach to nodes",
                "associate",
                "admit ",
                "release the annotation",
                "detach from nodes",
            ]);
            const { writes } = cluster;
            await stack.up();
            deepStrictEqual(cluster.writes, writes, "the second update changes something");
            await stack.refresh();
            deepStrictEqual(stack.drifts, ["none", "none", "none"]);
            await stack.destroy();
            assertHandedBack(cluster);
        });

        for (const again of ["up", "destroy"] as const) {
            it(`has no gap under ${strategy} if it is killed after each of its writes, and ${again} follows`, async () => {
                let kills = 0;
                for (let write = 1; ; write += 1) {
                    const { cluster, stack } = await moved(strategy);
                    if (!(await killed(cluster, write, () => stack.up()))) {
                        break;
                    }
                    kills += 1;
                    stay(cluster);
                    await stack[again]();
                    (again === "up" ? assertAssociated : assertHandedBack)(cluster);
                    deepStrictEqual(cluster.annotation, undefined);
                }
                ok(kills >= 7, `${String(kills)} writes`);
            });
        }
    }

    it("has no gap if it is killed, and pods end by themselves meanwhile", async () => {
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = await moved(write % 2 === 0 ? "OnDelete" : "RollingUpdate");
            cluster.churnEvery = 17_000;
            isKilled = await killed(cluster, write, () => stack.up());
            cluster.pass(300_000);
            await stack.up();
            cluster.churnEvery = undefined;
            cluster.pass(60_000);
            assertAssociated(cluster);
        }
    });

    it("goes back to the annotation if the new role does not work in pods", async () => {
        const { cluster, stack } = await moved("RollingUpdate");
        cluster.brokenRoles.add(ROLE);
        await rejects(stack.up(), { code: "rollout-taken-back" });
        cluster.brokenRoles.clear();
        assertSound(cluster);
        deepStrictEqual(
            [cluster.pods.map(({ webRole }) => webRole), cluster.association, cluster.annotation, cluster.isAttached],
            [NODES.map(() => FORMER_ROLE), undefined, FORMER_ROLE, true],
        );
        await stack.up();
        assertAssociated(cluster);
    });

    it("does not move a service account that was annotated before, and does so after its advice", async () => {
        const { cluster, stack } = start();
        const restartEach = () => {
            NODES.forEach((name) => {
                cluster.lose(name);
                cluster.pass(20_000);
            });
        };
        cluster.rolesOfOthers.add(EARLIER_ROLE);
        cluster.annotate(EARLIER_ROLE, "eksctl");
        cluster.pass(20_000);
        restartEach();
        await stack.up(annotated, { overrideExistingServiceAccount: true });
        assertAnnotated(cluster, FORMER_ROLE);
        const { writes } = cluster;
        await rejects(stack.up(), { code: "delivery-not-changed" });
        deepStrictEqual(cluster.writes, writes, "the refused update changes something");

        // The run of destroy also attaches the policy to the node role.
        await stack.destroy();
        assertHandedBack(cluster);
        deepStrictEqual(
            [cluster.annotation, cluster.pods.map(({ webRole }) => webRole)],
            [EARLIER_ROLE, NODES.map(() => EARLIER_ROLE)],
        );
        cluster.pass(120_000);
        cluster.annotate(undefined, "eksctl");
        cluster.annotate(undefined, LEAVING_MANAGER);
        cluster.pass(20_000);
        restartEach();
        cluster.roleExists = true;
        await stack.up();
        assertHandedOver(cluster);
        deepStrictEqual([cluster.association, cluster.annotation], [ROLE, undefined]);
        await stack.destroy();
        assertHandedBack(cluster);
    });

    it("moves with one role that trusts both, and keeps it", async () => {
        const both = { ...annotated, roleArn: ROLE, annotations: { [ROLE_ARN]: ROLE } };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = start();
            await stack.up(both);
            isKilled = await killed(cluster, write, () => stack.up(associated));
            stay(cluster);
            await stack.up(associated);
            assertHandedOver(cluster);
            deepStrictEqual(cluster.annotation, undefined);
        }
    });
});

describe("A stack that moves from Pod Identity to the annotation", function () {
    this.timeout(120_000);

    const moved = async (strategy: PodIdentityCluster["strategy"]) => {
        const { cluster, stack } = start();
        cluster.strategy = strategy;
        await stack.up(associated);
        assertHandedOver(cluster);
        return { cluster, stack };
    };

    for (const strategy of ["RollingUpdate", "OnDelete"] as const) {
        it(`goes over the node roles under ${strategy}, in this order`, async () => {
            const { cluster, stack } = await moved(strategy);
            const before = cluster.steps.length;
            await stack.up(annotated);
            assertAnnotated(cluster, FORMER_ROLE);
            deepStrictEqual(writesSince(cluster, before), [
                "attach to nodes",
                "remove guard",
                "skip",
                "delete association",
                "patch the service account",
                "unskip",
                "create the guard",
                "detach from nodes",
            ]);
            const { writes } = cluster;
            await stack.up(annotated);
            deepStrictEqual(cluster.writes, writes, "the second update changes something");
            await stack.refresh();
            deepStrictEqual(stack.drifts, ["none", "none", "none"]);
            await stack.destroy();
            assertHandedBack(cluster);
        });

        for (const again of ["up", "destroy"] as const) {
            it(`has no gap under ${strategy} if it is killed after each of its writes, and ${again} follows`, async () => {
                let kills = 0;
                for (let write = 1; ; write += 1) {
                    const { cluster, stack } = await moved(strategy);
                    if (!(await killed(cluster, write, () => stack.up(annotated)))) {
                        break;
                    }
                    kills += 1;
                    stay(cluster);
                    if (again === "up") {
                        await stack.up(annotated);
                        assertAnnotated(cluster, FORMER_ROLE);
                    } else {
                        await stack.destroy();
                        assertHandedBack(cluster);
                        deepStrictEqual(cluster.annotation, undefined);
                    }
                }
                ok(kills >= 8, `${String(kills)} writes`);
            });
        }
    }

    it("leaves the pods on the node roles if the new role does not work in pods, and goes on later", async () => {
        const { cluster, stack } = await moved("RollingUpdate");
        cluster.brokenRoles.add(FORMER_ROLE);
        await rejects(stack.up(annotated), { code: "canary-failed" });
        cluster.brokenRoles.clear();
        cluster.pass(60_000);
        assertSound(cluster);
        deepStrictEqual(
            [cluster.pods.map(({ webRole }) => webRole), cluster.association, cluster.isAttached],
            [NODES.map(() => undefined), undefined, true],
        );
        await stack.up(annotated);
        assertAnnotated(cluster, FORMER_ROLE);
    });

    it("gets back from a move to Pod Identity that was killed", async () => {
        const third = { ...annotated, roleArn: `${ROLE}-3`, annotations: { [ROLE_ARN]: `${ROLE}-3` } };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = start();
            await stack.up(annotated);
            isKilled = await killed(cluster, write, () => stack.up(associated));
            stay(cluster);
            await stack.up(third);
            assertAnnotated(cluster, third.roleArn);
        }
    });

    it("moves with one role that trusts both, and keeps it", async () => {
        const both = { ...annotated, roleArn: ROLE, annotations: { [ROLE_ARN]: ROLE } };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = await moved("RollingUpdate");
            isKilled = await killed(cluster, write, () => stack.up(both));
            stay(cluster);
            await stack.up(both);
            assertAnnotated(cluster, ROLE);
        }
    });

    it("gives the pods the association again if the node roles do not work", async () => {
        const { cluster, stack } = await moved("OnDelete");
        cluster.nodeRolesWork = false;
        await rejects(stack.up(annotated), { code: "former-credentials-fail" });
        cluster.nodeRolesWork = true;
        cluster.pass(60_000);
        deepStrictEqual(
            [cluster.pods.map(({ associated: one }) => one), cluster.association, cluster.skips],
            [NODES.map(() => true), ROLE, false],
        );
        await stack.up(annotated);
        assertAnnotated(cluster, FORMER_ROLE);
    });

    it("gives up a move that was killed, with a refresh: the engine has the association that is gone", async () => {
        const third = { ...associated, roleArn: `${ROLE}-3` };
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = await moved("RollingUpdate");
            isKilled = await killed(cluster, write, () => stack.up(annotated));
            stay(cluster);
            cluster.churnEvery = 17_000;
            await stack.refresh();
            await stack.up(third);
            cluster.churnEvery = undefined;
            cluster.pass(60_000);
            assertHandedOver(cluster);
            deepStrictEqual(
                [cluster.association, cluster.annotation, cluster.guardRoles],
                [third.roleArn, undefined, []],
            );
        }
    });

    for (const again of ["the same", "another"] as const) {
        it(`has no gap if it is killed, ${again} role follows, and pods end by themselves meanwhile`, async () => {
            const third =
                again === "the same"
                    ? annotated
                    : { ...annotated, roleArn: `${ROLE}-3`, annotations: { [ROLE_ARN]: `${ROLE}-3` } };
            for (let write = 1, isKilled = true; isKilled; write += 1) {
                const { cluster, stack } = await moved(write % 2 === 0 ? "OnDelete" : "RollingUpdate");
                cluster.churnEvery = 17_000;
                isKilled = await killed(cluster, write, () => stack.up(annotated));
                cluster.pass(300_000);
                await stack.up(third);
                cluster.churnEvery = undefined;
                cluster.pass(60_000);
                assertAnnotated(cluster, third.roleArn);
            }
        });
    }

    it("does not come back over an association that another party has created since", async () => {
        const { cluster, stack } = start();
        await stack.up();
        await stack.up(annotated);
        cluster.associate(EARLIER_ROLE);
        const back: Subject = { ...associated, roleArn: `${ROLE}-2` };
        await rejects(stack.up(back), (error: Error) => /\[pod-identity-association\]/.test(error.message));
        deepStrictEqual(
            [cluster.association, cluster.pods.map(({ webRole }) => webRole)],
            [EARLIER_ROLE, NODES.map(() => FORMER_ROLE)],
        );
        // As the refusal advises.
        cluster.associate(undefined);
        cluster.pass(A_SESSION);
        await stack.up(back);
        assertHandedOver(cluster);
    });

    it("moves to and fro", async () => {
        const { cluster, stack } = start();
        const named = (delivery: Subject, name: string) => ({
            ...delivery,
            roleArn: `${ROLE}-${name}`,
            ...(delivery.delivery === undefined ? { annotations: { [ROLE_ARN]: `${ROLE}-${name}` } } : {}),
        });
        await stack.up(named(annotated, "1"));
        await stack.up(named(associated, "2"));
        assertHandedOver(cluster);
        await stack.up(named(annotated, "3"));
        assertAnnotated(cluster, `${ROLE}-3`);
        await stack.up(named(associated, "4"));
        assertHandedOver(cluster);
        await stack.destroy();
        assertHandedBack(cluster);
    });
});
