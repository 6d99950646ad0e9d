import { deepStrictEqual, match, rejects } from "node:assert/strict";
import { Refusal } from "../../../../handover/model/refusal";
import type { AwsAccess } from "../../../../handover/aws/awsAccess";
import { associated } from "../support/podIdentity";
import { PodIdentityCluster } from "../support/podIdentityCluster";
import { assertHandedOver, killed, NODES, Stack } from "../support/podIdentityStack";
import { FORMER_ROLE, ROLE } from "../support/worlds";

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
            look: (query) => unless(this.lookFails, () => aws.look(query)),
            mayPassRole: (roleArn, service) => {
                this.askedToPass.push(`${roleArn} ${service}`);
                return Promise.resolve(this.notPassed.has(roleArn) ? "denied" : "allowed");
            },
            changeAssociation: (...request) => unless(this.changeFails, () => aws.changeAssociation(...request)),
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
