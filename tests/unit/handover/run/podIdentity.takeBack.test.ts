import { deepStrictEqual, match, ok, rejects } from "node:assert/strict";
import { Refusal } from "../../../../handover/model/refusal";
import type { Subject } from "../../../../handover/model/subject";
import type { AccountSeen } from "../../../../handover/model/world";
import type { AwsAccess } from "../../../../handover/aws/awsAccess";
import { associated } from "../support/podIdentity";
import { PodIdentityCluster } from "../support/podIdentityCluster";
import { assertHandedOver, common, killed, NODES, Stack } from "../support/podIdentityStack";
import { FORMER_ROLE, nodeRole, ROLE, ROLE_ARN, subject } from "../support/worlds";

/** Before the move, with a role of its own. */
const annotated = {
    ...subject,
    clusterName: "prod",
    roleArn: FORMER_ROLE,
    annotations: { [ROLE_ARN]: FORMER_ROLE },
};
const other = { ...associated, roleArn: FORMER_ROLE };
const UNREACHABLE = new Refusal("aws-unreachable", "EKS does not answer.", "", "");
/** Longer than any session that an agent might keep. */
const A_SESSION = 4 * 3_600_000;

/** A cluster on which something fails from one write on. */
class FailingCluster extends PodIdentityCluster {
    public onWrite: (what: string) => void = () => undefined;
    /** The error of the next changes of the association. */
    public changeFails: Error | undefined;
    /** The error of the next looks at the account. */
    public lookFails: Error | undefined;
    /** The roles that the caller may not pass to pods, and those that it was asked about. */
    public readonly notPassed = new Set<string>();
    public readonly askedToPass: string[] = [];
    /** A node whose role has never held the policies, and whether its instance is shutting down. */
    public bareNode: string | undefined;
    public bareNodeEnds = false;
    /** The nodes on which no association works. */
    public readonly cutOff = new Set<string>();

    public override withoutPath(one: Parameters<PodIdentityCluster["withoutPath"]>[0]): string | undefined {
        // The first pods are made before this class has its fields.
        const { cutOff } = this as { readonly cutOff?: ReadonlySet<string> };
        return one.associated && cutOff?.has(one.node) ? "cannot reach EKS Auth" : super.withoutPath(one);
    }

    public override write(what: string, act: () => void): Promise<void> {
        const done = super.write(what, act);
        this.onWrite(what);
        return done;
    }

    public override aws(): AwsAccess {
        const aws = super.aws();
        const unless = <T>(failure: Error | undefined, act: () => Promise<T>) =>
            failure === undefined ? act() : Promise.reject(failure);
        return {
            ...aws,
            look: (query) => unless(this.lookFails, async () => this.withBareNode(await aws.look(query))),
            mayPassRole: (roleArn, service) => {
                this.askedToPass.push(`${roleArn} ${service}`);
                return Promise.resolve(this.notPassed.has(roleArn) ? "denied" : "allowed");
            },
            changeAssociation: (...request) => unless(this.changeFails, () => aws.changeAssociation(...request)),
        };
    }

    private withBareNode(seen: AccountSeen): AccountSeen {
        const instance = `i-${String(this.bareNode)}`;
        return this.bareNode === undefined
            ? seen
            : {
                  ...seen,
                  roleOfInstance: { ...seen.roleOfInstance, [instance]: "bare" },
                  nodeRoles: [
                      ...seen.nodeRoles,
                      nodeRole({ name: "bare", cniPolicies: [], instancesOfCluster: [instance] }),
                  ],
                  ...(this.bareNodeEnds ? { leavingInstances: { [instance]: "shutting-down" as const } } : {}),
              };
    }

    /** The pods without a path, on other nodes than these. */
    public pathless(except: readonly string[] = []): string[] {
        return this.pods
            .filter(({ node }) => !except.includes(node))
            .flatMap((one) =>
                this.withoutPath(one) === undefined ? [] : [`${one.node} ${String(this.withoutPath(one))}`],
            );
    }

    public get uids(): string[] {
        return this.pods.map(({ uid }) => uid);
    }
}

async function begin(handsOver = true): Promise<{ readonly cluster: FailingCluster; readonly stack: Stack }> {
    const cluster = new FailingCluster(NODES);
    const stack = new Stack(cluster);
    await (handsOver ? stack.up() : undefined);
    return { cluster, stack };
}

describe("A rollout with an association that is taken back", function () {
    this.timeout(60_000);

    it("would need the right to pass the former role, too: without it, an update to another role refuses before it changes anything", async () => {
        const { cluster, stack } = await begin();
        cluster.askedToPass.length = 0;
        cluster.notPassed.add(ROLE);
        const { writes } = cluster;
        await rejects(stack.up(other), {
            code: "aws-access-denied",
            seen: new RegExp(`may not pass ${ROLE} to EKS Pod`),
        });
        deepStrictEqual(
            [cluster.askedToPass, cluster.writes, cluster.association],
            [[FORMER_ROLE, ROLE].map((arn) => `${arn} pods.eks.amazonaws.com`), writes, ROLE],
        );
    });

    for (const [what, failure] of [
        [
            "the caller may not pass the former role",
            new Refusal("aws-access-denied", "iam:PassRole is denied.", "", ""),
        ],
        [
            "the former role is gone",
            new Error("InvalidParameterException: Role provided in the request does not exist."),
        ],
    ] as const) {
        it(`moves the pods to the node roles if ${what}`, async () => {
            const { cluster, stack } = await begin();
            cluster.brokenRoles.add(FORMER_ROLE);
            cluster.changeFails = failure;
            await rejects(stack.up(other), { code: "rollout-taken-back", means: /association was deleted/ });
            cluster.pass(A_SESSION);
            deepStrictEqual([cluster.association, cluster.pathless()], [undefined, []]);
        });
    }

    for (const [what, cut] of [
        ["its agent is away", (cluster: FailingCluster) => cluster.withoutAgent],
        ["its subnet has no way to EKS Auth", (cluster: FailingCluster) => cluster.cutOff],
    ] as const) {
        it(`costs no pod of another node its path if a canary of another role fails because ${what}, also after a kill`, async () => {
            for (let write = 1, isKilled = true; isKilled; write += 1) {
                const { cluster, stack } = await begin();
                cluster.onWrite = (step) => (step === "associate" ? cut(cluster).add("n1") : undefined);
                isKilled = await killed(cluster, write, () => rejects(stack.up(other)));
                cluster.pass(A_SESSION);
                deepStrictEqual(cluster.pathless(["n1"]), [], `killed at write ${String(write)}`);
            }
        });
    }

    it("costs no pod that works its path if a wave of a first rollout fails, also after a kill", async () => {
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = await begin(false);
            const failing = ["n4", "n5"];
            failing.forEach((name) => cluster.cutOff.add(name));
            isKilled = await killed(cluster, write, () => rejects(stack.up(), { code: "rollout-taken-back" }));
            cluster.pass(A_SESSION);
            deepStrictEqual(cluster.pathless(failing), [], `killed at write ${String(write)}`);
            cluster.cutOff.clear();
            await stack.up();
            deepStrictEqual([cluster.association, cluster.isAttached, cluster.pathless()], [ROLE, false, []]);
        }
    });

    for (const strategy of ["RollingUpdate", "OnDelete"] as const) {
        it(`costs no pod its path if a wave of a move from the annotation fails under ${strategy} and the injection guard, also after a kill`, async () => {
            for (let write = 1, isKilled = true; isKilled; write += 1) {
                const { cluster, stack } = await begin(false);
                cluster.strategy = strategy;
                await stack.up(annotated);
                const failing = ["n4", "n5"];
                failing.forEach((name) => cluster.cutOff.add(name));
                isKilled = await killed(cluster, write, () => rejects(stack.up(), { code: "rollout-taken-back" }));
                cluster.pass(A_SESSION);
                // Each node gets its next pod, and none that works restarts without one.
                NODES.filter((name) => !failing.includes(name)).forEach((name) => {
                    cluster.lose(name);
                    cluster.pass(20_000);
                });
                const when = `killed at write ${String(write)}: ${cluster.steps.join("; ")}`;
                deepStrictEqual([cluster.pods.length, cluster.pathless(failing)], [NODES.length, []], when);
                cluster.cutOff.clear();
                await stack.up();
                deepStrictEqual([cluster.association, cluster.isAttached, cluster.pathless()], [ROLE, false, []], when);
                deepStrictEqual(cluster.guard, true, when);
            }
        });
    }

    it("leaves a pod without a path that is born just after the association was deleted, if it is killed there; up restarts it", async () => {
        for (let write = 1; ; write += 1) {
            const { cluster, stack } = await begin(false);
            cluster.roleWorks = false;
            ok(await killed(cluster, write, () => rejects(stack.up())), "the association was not deleted");
            if (cluster.steps.at(-1) !== "delete association") {
                continue;
            }
            cluster.roleWorks = true;
            cluster.lose("n5");
            cluster.pass(A_SESSION);
            const isBorn = (one: string) => one === "n5 has credentials of an association that is gone";
            ok(cluster.pathless().some(isBorn), cluster.pathless().join());
            await stack.refresh();
            await stack.up();
            deepStrictEqual([cluster.association, cluster.isAttached, cluster.pathless()], [ROLE, false, []]);
            return;
        }
    });

    describe("on nodes whose roles never held the policies", () => {
        const beginWith = async (subject: Subject) => {
            const { cluster, stack } = await begin(false);
            cluster.setAttached(false);
            await stack.up(subject);
            cluster.pass(A_SESSION);
            return { cluster, stack };
        };

        it("is none: a move from the annotation is refused before it changes anything", async () => {
            const { cluster, stack } = await beginWith(annotated);
            const { writes, uids } = cluster;
            await rejects(stack.up(), { code: "node-role-without-permissions" });
            deepStrictEqual([cluster.writes, cluster.uids], [writes, uids]);
            // Its advice.
            cluster.setAttached(true);
            cluster.pass(120_000);
            await stack.up();
            deepStrictEqual([cluster.association, cluster.isAttached, cluster.pathless()], [ROLE, false, []]);
        });

        it("is none either if one of them held the policies: it gets none back before the refusal", async () => {
            const { cluster, stack } = await begin(false);
            await stack.up(annotated);
            cluster.bareNode = "n5";
            const { writes } = cluster;
            const listed = { detachFromNodeRoles: ["nodes", "bare"] };
            await rejects(stack.up(associated, listed), {
                code: "node-role-without-permissions",
                seen: /^Nodes run with bare,/,
            });
            deepStrictEqual([cluster.writes, cluster.isAttached], [writes, false]);
            // No pod restarts on a node that is about to end.
            cluster.bareNodeEnds = true;
            cluster.onWrite = (what) => void (cluster.bareNode = what === "associate" ? undefined : cluster.bareNode);
            await stack.up(associated, listed);
            deepStrictEqual([cluster.association, cluster.pathless()], [ROLE, []]);
        });

        it("sends no pod over them if neither role of an association works on a node", async () => {
            const { cluster, stack } = await beginWith(associated);
            cluster.cutOff.add("n4");
            await rejects(stack.up(other), {
                code: "node-role-without-permissions",
                means: /not taken back completely/,
            });
            for (const name of NODES.filter((one) => one !== "n4")) {
                cluster.lose(name);
                cluster.pass(20_000);
            }
            deepStrictEqual(
                [cluster.pods.length, cluster.pathless(["n4"]), cluster.skips, cluster.association],
                [NODES.length, [], false, ROLE],
            );
            cluster.cutOff.clear();
            await stack.up(other);
            deepStrictEqual([cluster.association, cluster.pathless()], [FORMER_ROLE, []]);
        });
    });

    it("gives IAM time to enforce another role before the association has it, whether or not a node role gets a policy back", async () => {
        for (const detachFromNodeRoles of [["nodes"], []]) {
            const { cluster, stack } = await begin(false);
            await stack.up(associated, { detachFromNodeRoles });
            const begins = cluster.now;
            let changedAt = 0;
            cluster.onWrite = (what) => void (changedAt = what === "associate" ? cluster.now : changedAt);
            await stack.up(other, { detachFromNodeRoles });
            ok(changedAt - begins >= common.iamPropagationSeconds * 1000, cluster.steps.join("\n"));
        }
    });

    it("restarts no pod if the account could not be read: the pods would get the same credentials again", async () => {
        const { cluster, stack } = await begin();
        const before = cluster.uids;
        cluster.onWrite = (what) => (what === "associate" ? (cluster.lookFails = UNREACHABLE) : undefined);
        await rejects(stack.up(other), { code: "aws-unreachable" });
        deepStrictEqual([cluster.uids, cluster.association], [before, FORMER_ROLE]);
        cluster.onWrite = () => undefined;
        cluster.lookFails = undefined;
        await stack.up(other);
        assertHandedOver(cluster);
    });

    it("says nothing of an association that it has not deleted", async () => {
        const { cluster, stack } = await begin(false);
        cluster.onWrite = (what) => (what === "associate" ? (cluster.lookFails = UNREACHABLE) : undefined);
        await rejects(stack.up(), (error: Refusal) => {
            match(error.message, /^\[aws-unreachable\] (?!.*was deleted)/);
            return true;
        });
        deepStrictEqual(cluster.association, ROLE);
    });

    it("goes on to the former role if the program returns to it, wherever the update to the other role was killed", async () => {
        for (let write = 1, isKilled = true; isKilled; write += 1) {
            const { cluster, stack } = await begin();
            cluster.brokenRoles.add(FORMER_ROLE);
            isKilled = await killed(cluster, write, () => rejects(stack.up(other)));
            cluster.pass(A_SESSION);
            await stack.up();
            cluster.pass(60_000);
            deepStrictEqual([cluster.association, cluster.pathless()], [ROLE, []], `killed at write ${String(write)}`);
        }
    });
});
