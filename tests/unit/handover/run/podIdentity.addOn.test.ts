import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import type { Subject } from "../../../../handover/model/subject";
import { associated } from "../support/podIdentity";
import type { PodIdentityCluster } from "../support/podIdentityCluster";
import {
    assertHandedBack,
    assertHandedOver,
    assertSound,
    killed,
    NODES,
    type Stack,
    start,
} from "../support/podIdentityStack";
import { FORMER_ROLE, ROLE, ROLE_ARN, subject } from "../support/worlds";

/** The same component with another delivery has another role. */
const byAddOn: Subject = {
    ...subject,
    clusterName: "prod",
    delivery: "eksAddon",
    roleArn: FORMER_ROLE,
    annotations: { [ROLE_ARN]: FORMER_ROLE },
};
const A_SESSION = 4 * 3_600_000;
/** How EKS removes a role of the add-on: AWS does not document it. */
const BEHAVIOURS = ["releases", "wipes", "leaves"] as const;

function assertByAddOn(cluster: PodIdentityCluster, roleArn: string): void {
    assertSound(cluster);
    deepStrictEqual(
        [
            cluster.pods.map(({ webRole }) => webRole),
            cluster.annotation,
            cluster.addOnRole,
            cluster.association,
            cluster.isAttached,
            [cluster.guard, cluster.guardRoles],
            cluster.skips,
        ],
        [NODES.map(() => roleArn), roleArn, roleArn, undefined, false, [true, [roleArn]], false],
    );
}

function assertAssociated(cluster: PodIdentityCluster): void {
    assertHandedOver(cluster);
    deepStrictEqual(
        [cluster.association, cluster.annotation, cluster.addOnRole, cluster.guardRoles],
        [ROLE, undefined, undefined, []],
    );
}

function assertBack(cluster: PodIdentityCluster): void {
    assertHandedBack(cluster);
    deepStrictEqual([cluster.annotation, cluster.addOnRole], [undefined, undefined]);
}

function stay(cluster: PodIdentityCluster): void {
    cluster.pass(A_SESSION);
    NODES.slice(0, 2).forEach((name) => cluster.lose(name));
    cluster.pass(60_000);
    assertSound(cluster);
}

async function begin(
    addOn: PodIdentityCluster["addOn"],
    strategy: PodIdentityCluster["strategy"],
    first: Subject,
): Promise<{ readonly cluster: PodIdentityCluster; readonly stack: Stack }> {
    const { cluster, stack } = start();
    [cluster.addOn, cluster.strategy] = [addOn, strategy];
    await stack.up(first);
    return { cluster, stack };
}

const writesSince = ({ steps }: PodIdentityCluster, from: number) =>
    steps.slice(from).filter((step) => !step.startsWith("  . ") && !step.startsWith("restart"));

describe("A stack that moves between the managed add-on and Pod Identity", function () {
    this.timeout(240_000);

    it("takes the role from the add-on once each pod has the credentials of the association", async () => {
        const { cluster, stack } = await begin("releases", "RollingUpdate", byAddOn);
        assertByAddOn(cluster, FORMER_ROLE);
        const before = cluster.steps.length;
        await stack.up(associated);
        assertAssociated(cluster);
        deepStrictEqual(writesSince(cluster, before), [
            "attach to nodes",
            "associate",
            "admit ",
            "update the add-on without a role",
            "detach from nodes",
        ]);
    });

    it("goes over the node roles to the add-on, which gets the role last", async () => {
        const { cluster, stack } = await begin("releases", "RollingUpdate", associated);
        const before = cluster.steps.length;
        await stack.up(byAddOn);
        assertByAddOn(cluster, FORMER_ROLE);
        deepStrictEqual(writesSince(cluster, before), [
            "attach to nodes",
            "remove guard",
            "skip",
            "delete association",
            "annotate",
            "unskip",
            "update the add-on with the role",
            "release the annotation",
            "create the guard",
            "detach from nodes",
        ]);
    });

    for (const addOn of BEHAVIOURS) {
        describe(`whose role EKS removes as one that ${addOn}`, () => {
            for (const [first, second, assertMoved] of [
                [byAddOn, associated, assertAssociated],
                [
                    associated,
                    byAddOn,
                    (cluster: PodIdentityCluster) => {
                        assertByAddOn(cluster, FORMER_ROLE);
                    },
                ],
            ] as const) {
                const what = `from ${String(first.delivery)} to ${String(second.delivery)}`;
                it(`has nothing left to do after the move ${what}, and destroy takes it back`, async () => {
                    const { cluster, stack } = await begin(addOn, "OnDelete", first);
                    await stack.up(second);
                    assertMoved(cluster);
                    const { writes } = cluster;
                    await stack.up(second);
                    deepStrictEqual(cluster.writes, writes, "the second update changes something");
                    await stack.refresh();
                    deepStrictEqual(
                        stack.drifts.filter((drift) => drift !== "none"),
                        [],
                    );
                    await stack.destroy();
                    assertBack(cluster);
                });

                for (const again of ["up", "destroy"] as const) {
                    it(`has no gap if the move ${what} is killed after each of its writes, and ${again} follows`, async () => {
                        let kills = 0;
                        for (let write = 1; ; write += 1) {
                            const { cluster, stack } = await begin(
                                addOn,
                                write % 2 === 0 ? "OnDelete" : "RollingUpdate",
                                first,
                            );
                            if (!(await killed(cluster, write, () => stack.up(second)))) {
                                break;
                            }
                            kills += 1;
                            stay(cluster);
                            await (again === "up" ? stack.up(second) : stack.destroy());
                            (again === "up" ? assertMoved : assertBack)(cluster);
                        }
                        ok(kills >= 8, `${String(kills)} writes`);
                    });
                }

                it(`has no gap if the move ${what} is killed, and pods end by themselves meanwhile`, async () => {
                    for (let write = 1, isKilled = true; isKilled; write += 1) {
                        const { cluster, stack } = await begin(addOn, "RollingUpdate", first);
                        cluster.churnEvery = 17_000;
                        isKilled = await killed(cluster, write, () => stack.up(second));
                        cluster.pass(300_000);
                        await stack.up(second);
                        cluster.churnEvery = undefined;
                        cluster.pass(60_000);
                        assertMoved(cluster);
                    }
                });
            }
        });
    }

    it("goes back to the add-on's role if the new one does not work in pods", async () => {
        const { cluster, stack } = await begin("releases", "RollingUpdate", byAddOn);
        cluster.brokenRoles.add(ROLE);
        await rejects(stack.up(associated), { code: "rollout-taken-back" });
        cluster.brokenRoles.clear();
        cluster.pass(60_000);
        assertSound(cluster);
        deepStrictEqual(
            [cluster.pods.map(({ webRole }) => webRole), cluster.association, cluster.addOnRole, cluster.isAttached],
            [NODES.map(() => FORMER_ROLE), undefined, FORMER_ROLE, true],
        );
        await stack.up(associated);
        assertAssociated(cluster);
    });

    it("moves to and fro, also over the annotation", async () => {
        const named = (of: Subject, name: string): Subject => ({
            ...of,
            roleArn: `${ROLE}-${name}`,
            ...(of.delivery === "podIdentity" ? {} : { annotations: { [ROLE_ARN]: `${ROLE}-${name}` } }),
        });
        const { delivery, ...annotated } = byAddOn;
        const { cluster, stack } = await begin("releases", "RollingUpdate", named(byAddOn, "1"));
        ok(delivery === "eksAddon");
        for (const next of [
            named(associated, "2"),
            named(byAddOn, "3"),
            named(associated, "4"),
            named(associated, "5"),
            named(annotated, "6"),
            named(byAddOn, "7"),
            named(associated, "8"),
        ]) {
            await stack.up(next);
            assertSound(cluster);
            deepStrictEqual(
                [cluster.association, cluster.annotation, cluster.addOnRole, cluster.isAttached],
                [
                    next.delivery === "podIdentity" ? next.roleArn : undefined,
                    next.delivery === "podIdentity" ? undefined : next.roleArn,
                    next.delivery === "eksAddon" ? next.roleArn : undefined,
                    false,
                ],
            );
        }
        await stack.destroy();
        assertBack(cluster);
    });
});
