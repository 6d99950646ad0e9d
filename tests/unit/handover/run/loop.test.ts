import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { AccountQuery } from "../../../../handover/aws/awsAccess";
import { Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { Step } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { RunContext } from "../../../../handover/observe/runContext";
import { Goal, reach } from "../../../../handover/run/loop";
import { attach, carrying, ISSUER, node, onNodeRole, pod, ROLE, starting, subject, world } from "../support/worlds";

const SECOND = 1000;
const OTHER_DELIVERY = { addOnRoleArn: "theirs", podIdentityRoleArns: [], unread: [] };

/** A run context that records its calls. Its clock advances by a second with each look. */
function scripted(...steps: Step[]) {
    const calls: string[] = [];
    const lines: string[] = [];
    let now = 1_700_000_000_000;
    const { cluster, account } = world(onNodeRole);
    const done = (what: string) => {
        calls.push(what);
        return Promise.resolve();
    };
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => now,
        sleep: (milliseconds: number) => {
            now += milliseconds;
            return done(`sleep ${String(milliseconds)}`);
        },
        progress: (line: string) => lines.push(line),
        cluster: {
            look: async () => {
                now += SECOND;
                await done("cluster");
                return cluster;
            },
            change: (milliseconds: number, readyOn: readonly string[] = []) =>
                done(["change", milliseconds, ...readyOn].join(" ")),
            restart: ({ name, resourceVersion }: { name: string; resourceVersion?: string }) =>
                done(`restart ${name}${resourceVersion === undefined ? "" : ` at ${resourceVersion}`}`),
            forceRestart: ({ name }: { name: string }) => done(`force ${name}`),
            wakeDaemonSet: () => done("wake"),
            annotate: (annotations: object, force: boolean) =>
                done(`annotate ${JSON.stringify(annotations)} ${String(force)}`),
            admitRoles: (roleArns: string[]) => done(`admit ${roleArns.join()}`),
            removeInjectionGuard: () => done("remove guard"),
            releaseTemplate: () => done("release template"),
            removeWakeMark: () => done("remove wake mark"),
            clustersInKubeconfig: () => ["prod"],
            releaseServiceAccount: (leaving: object, account?: object) =>
                done(
                    `release ${JSON.stringify(leaving)}${account === undefined ? "" : ` of ${JSON.stringify(account)}`}`,
                ),
        },
        aws: {
            look: async ({ searchElsewhere }: { searchElsewhere: boolean }) => {
                await done(searchElsewhere ? "account, everywhere" : "account");
                return account;
            },
            namedCluster: async (name: string) => {
                await done(`the cluster ${name}`);
                return { is: "there", issuer: ISSUER };
            },
            otherDelivery: async (name: string) => {
                await done(`other delivery of ${name}`);
                return OTHER_DELIVERY;
            },
            attach: (role: string, policy: string) => done(`attach ${role} ${policy}`),
            detach: (role: string, policy: string) => done(`detach ${role} ${policy}`),
        },
    } as unknown as RunContext;
    let decisions = 0;
    const seen: World[] = [];
    const goal: Goal = {
        what: "The work",
        limitSeconds: 60,
        limitArgument: "timeouts.canarySeconds",
        next: (observed) => {
            seen.push(observed);
            return steps[Math.min(decisions++, steps.length - 1)] ?? DONE;
        },
    };
    return { context, goal, calls, lines, seen };
}

const DONE: Step = { do: "done", why: "ready" };
const WAIT: Step = { do: "wait", why: "not yet" };
const ATTACH: Step = { do: "attach", policies: attach("a", "b"), why: "back" };
const LOOK = ["cluster", "account"];
const [policy] = attach("a").map(({ policyArn }) => policyArn);

describe("The loop", () => {
    const acts: [Step, string[]][] = [
        [WAIT, ["change 2000"]],
        [{ ...WAIT, readyOn: ["n1", "n2"] }, ["change 2000 n1 n2"]],
        [{ do: "awaitPropagation", milliseconds: 5000, why: "w" }, ["sleep 5000"]],
        [{ do: "restart", pods: [pod("n1", onNodeRole)], why: "w" }, ["restart pod-n1", "change 2000 n1"]],
        [
            {
                do: "restart",
                pods: [
                    pod("n1", onNodeRole, { resourceVersion: "7" }),
                    pod("n2", onNodeRole, { ...starting, resourceVersion: "8" }),
                ],
                why: "one may be Ready by now that was not",
            },
            ["restart pod-n1", "restart pod-n2 at 8", "change 2000 n1 n2"],
        ],
        [{ do: "forceRestart", pod: pod("n1", onNodeRole), why: "w" }, ["force pod-n1"]],
        [{ do: "wake", why: "w" }, ["wake"]],
        [{ do: "annotate", annotations: { a: "1" }, why: "w" }, ['annotate {"a":"1"} false']],
        [{ do: "annotate", annotations: { a: "1" }, force: true, why: "w" }, ['annotate {"a":"1"} true']],
        [ATTACH, [`attach a ${String(policy)}`, `attach b ${String(policy)}`]],
        [{ do: "admitRoles", roleArns: ["a", "b"], why: "w" }, ["admit a,b"]],
        [{ do: "removeInjectionGuard", why: "w" }, ["remove guard"]],
        [{ do: "releaseTemplate", why: "w" }, ["release template"]],
        [{ do: "removeWakeMark", why: "w" }, ["remove wake mark"]],
        [{ do: "releaseServiceAccount", leaving: { a: "1" }, why: "w" }, ['release {"a":"1"}']],
        [
            { do: "releaseServiceAccount", account: { namespace: "n", name: "s" }, leaving: {}, why: "w" },
            ['release {} of {"namespace":"n","name":"s"}'],
        ],
    ];
    for (const [step, expected] of acts) {
        const keeps = ["wait", "restart", "wake", "removeWakeMark"].includes(step.do);
        it(`takes the step ${step.do}, and looks again at ${keeps ? "the cluster alone until it is done" : "everything"}`, async () => {
            const { context, goal, calls } = scripted(step, DONE);
            await reach(context, goal);
            deepStrictEqual(calls, [...LOOK, ...expected, ...(keeps ? ["cluster", ...LOOK] : LOOK)]);
        });
    }

    const DETACH: Step = { ...ATTACH, do: "detach" };
    const EVERYWHERE = ["cluster", "account, everywhere", "the cluster prod", "other delivery of prod"];
    const detached = [`detach a ${String(policy)}`, `detach b ${String(policy)}`];

    it("looks at everything in every region right before it detaches, and then at this one", async () => {
        const { context, goal, calls } = scripted(DETACH, DETACH, DONE);
        await reach(context, goal);
        deepStrictEqual(calls, [...LOOK, ...EVERYWHERE, ...detached, ...LOOK]);
    });

    it("does what must come before a detachment right before this look, and before no other one", async () => {
        const { context, goal, calls } = scripted(WAIT, DETACH, DETACH, WAIT, DETACH, DETACH, DONE);
        const beforeDetachment = () => Promise.resolve(void calls.push("test"));
        await reach(context, { ...goal, beforeDetachment });
        const detachedOnce = ["test", ...EVERYWHERE, ...detached, ...LOOK];
        deepStrictEqual(calls, [
            ...LOOK,
            "change 2000",
            "cluster",
            ...detachedOnce,
            "change 2000",
            "cluster",
            ...detachedOnce,
        ]);
    });

    it("asks for further evidence after this look, if that still leads to a detachment, and decides by it", async () => {
        const undecidedActions = { actions: [], why: "", fix: "" };
        const evidence = (calls: string[]) => (seenBefore: World) => {
            calls.push("evidence");
            return Promise.resolve({ ...seenBefore, account: { ...seenBefore.account, undecidedActions } });
        };
        const asked = scripted(DETACH, DETACH, DETACH, DONE);
        await reach(asked.context, { ...asked.goal, evidence: evidence(asked.calls) });
        deepStrictEqual(asked.calls, [...LOOK, ...EVERYWHERE, "evidence", ...detached, ...LOOK]);
        deepStrictEqual(
            asked.seen.map(({ account }) => [account.otherDelivery, account.undecidedActions]),
            [
                [undefined, undefined],
                [OTHER_DELIVERY, undefined],
                [OTHER_DELIVERY, undecidedActions],
                [undefined, undefined],
            ],
        );
        const kept = scripted(DETACH, DETACH, DONE);
        const { world: last } = await reach(kept.context, { ...kept.goal, evidence: evidence(kept.calls) });
        deepStrictEqual(kept.calls, [...LOOK, ...EVERYWHERE, "evidence"]);
        deepStrictEqual(last.account.undecidedActions, undecidedActions);
        const not = scripted(DETACH, DONE);
        await reach(not.context, { ...not.goal, evidence: evidence(not.calls) });
        deepStrictEqual(not.calls, [...LOOK, ...EVERYWHERE]);
    });

    it("detaches nothing if that fails", async () => {
        const { context, goal, calls } = scripted(DETACH);
        const beforeDetachment = () => Promise.reject(refusals.cancelled());
        await rejects(reach(context, { ...goal, beforeDetachment }), refusals.cancelled());
        deepStrictEqual(calls, LOOK);
    });

    it("decides to detach by what EKS says of add-on and associations at that time", async () => {
        const { context, goal, seen } = scripted(DETACH, DETACH, DONE);
        await reach(context, goal);
        deepStrictEqual(
            seen.map(({ account }) => account.otherDelivery),
            [undefined, OTHER_DELIVERY, undefined],
        );
    });

    it("detaches nothing when that look says otherwise", async () => {
        const refusal = refusals.serviceAccountMissing(subject);
        const { context, goal, calls } = scripted(DETACH, { do: "refuse", refusal });
        await rejects(reach(context, goal), refusal);
        deepStrictEqual(calls, [...LOOK, ...EVERYWHERE]);
    });

    it("looks once before it detaches, where it has waited on an old look at the account", async () => {
        const { context, goal, calls } = scripted(WAIT, DETACH, DETACH, DONE);
        await reach(context, goal);
        deepStrictEqual(calls, [...LOOK, "change 2000", "cluster", ...EVERYWHERE, ...detached, ...LOOK]);
    });

    it("looks in every region also where only the look at this one had it detach", async () => {
        const { context, goal, calls } = scripted(WAIT, DONE, DETACH, DETACH, DONE);
        await reach(context, goal);
        deepStrictEqual(calls, [...LOOK, "change 2000", "cluster", ...LOOK, ...EVERYWHERE, ...detached, ...LOOK]);
    });

    it("looks at the account again after half a minute, whatever it waits for", async () => {
        const { context, goal, calls } = scripted(...Array.from({ length: 32 }, () => WAIT), DONE);
        await reach(context, goal);
        deepStrictEqual(calls.filter((call) => call === "account").length, 3);
    });

    it("keeps what it saw of a large account for five times as long as the look took", async () => {
        const { context, goal, calls } = scripted(...Array.from({ length: 120 }, () => WAIT), DONE);
        const look = async (query: AccountQuery) => {
            await context.sleep(20 * SECOND);
            return context.aws.look(query);
        };
        await reach({ ...context, aws: { ...context.aws, look } }, { ...goal, limitSeconds: 1000 });
        const between = calls
            .join()
            .split("account")
            .map((part) => part.split("change").length - 1);
        // The look took 21 s with that at the cluster.
        deepStrictEqual(between, [0, 106, 14, 0]);
    });

    it("does not count the time of looks that failed", async () => {
        const { context, goal, calls } = scripted(...Array.from({ length: 40 }, () => WAIT), DONE);
        let failures = 1;
        const look = async (query: AccountQuery) => {
            if (failures-- > 0) {
                await context.sleep(100 * SECOND);
                throw new Refusal("aws-unreachable", "No server answered.", "It is down.", "Run again.");
            }
            return context.aws.look(query);
        };
        await reach({ ...context, aws: { ...context.aws, look } }, { ...goal, limitSeconds: 1000 });
        strictEqual(calls.filter((call) => call === "account").length, 3);
    });

    it("looks at the account as soon as the nodes have changed, for their instances", async () => {
        const { context, goal, calls } = scripted(WAIT, DONE);
        let looks = 0;
        const look = async () => {
            const seen = await context.cluster.look();
            return looks++ === 0 ? seen : { ...seen, nodes: [...seen.nodes, node("n4")] };
        };
        await reach({ ...context, cluster: { ...context.cluster, look } }, goal);
        deepStrictEqual(calls, [...LOOK, "change 2000", ...LOOK]);
    });

    it("looks for the new instances alone when the nodes have changed, until half a minute is over", async () => {
        const { context, goal, calls } = scripted(...Array.from({ length: 40 }, () => WAIT), DONE);
        let looks = 0;
        const look = async () => {
            const seen = await context.cluster.look();
            return { ...seen, nodes: [...seen.nodes, node(`new${String(looks++)}`)] };
        };
        const aws = {
            ...context.aws,
            look: async (query: AccountQuery) => {
                const { earlier } = query;
                if (earlier === undefined) {
                    return context.aws.look(query);
                }
                const joined = query.instanceIds.filter((id) => earlier.roleOfInstance[id] === undefined);
                calls.push(`new: ${joined.join()}`);
                const roles = Object.fromEntries(query.instanceIds.map((id) => [id, "nodes"]));
                return Promise.resolve({ ...earlier, reused: true, roleOfInstance: roles });
            },
        };
        await reach({ ...context, aws, cluster: { ...context.cluster, look } }, goal);
        const asked = calls.filter((call) => call === "account" || call.startsWith("new"));
        deepStrictEqual(asked.slice(0, 3), ["account", "new: i-new1", "new: i-new2"]);
        deepStrictEqual(asked.filter((call) => call === "account").length, 3);
        deepStrictEqual([...new Set(asked.map((call) => call.split(",").length))], [1]);
    });

    it("remembers what each look shows, also the one before a detachment", async () => {
        const { context, goal } = scripted();
        const steps: Step[] = [WAIT, { ...ATTACH, do: "detach" }, WAIT, DONE];
        const counts: (number | undefined)[] = [];
        let looks = 0;
        const look = async () => {
            const seen = await context.cluster.look();
            looks += 1;
            const ready = { readySince: 1, uid: `uid ${String(looks)}`, credentials: carrying(ROLE) };
            return { ...seen, pods: [pod("n1", onNodeRole), pod("n2", onNodeRole, ready)] };
        };
        const places: unknown[] = [];
        await reach(
            { ...context, cluster: { ...context.cluster, look } },
            {
                ...goal,
                watched: { isRight: ({ credentials }) => credentials.kind === "webIdentity", stableSeconds: 0 },
                next: (world, { seen }) => {
                    counts.push(seen?.worked.size);
                    places.push(
                        [...(seen?.worked ?? [])].every((uid) => world.cluster.pods.some((one) => one.uid === uid)),
                    );
                    return steps[counts.length - 1] ?? DONE;
                },
            },
        );
        deepStrictEqual([...new Set(counts)], [1]);
        deepStrictEqual([...new Set(places)], [true]);
    });

    for (const [when, looks] of [
        ["before its first step", 1],
        ["after a step", 2],
    ] as const) {
        it(`ends without another step if the run was cancelled ${when}`, async () => {
            const RESTART: Step = { do: "restart", pods: [pod("n1", onNodeRole)], why: "w" };
            const { context, goal, calls, lines, seen } = scripted(RESTART);
            const cancelling = new AbortController();
            const look = async () => {
                const answer = await context.cluster.look();
                if (calls.filter((call) => call === "cluster").length === looks) {
                    cancelling.abort();
                }
                return answer;
            };
            const cancelled = { ...context, cluster: { ...context.cluster, look }, cancelled: cancelling.signal };
            await rejects(reach(cancelled, goal), refusals.cancelled());
            const steps = calls.filter((call) => call.startsWith("restart"));
            deepStrictEqual([steps.length, lines.length, seen.length], [looks - 1, looks - 1, looks]);
        });
    }

    it("shows a line when it changes, and only then", async () => {
        const { context, goal, lines } = scripted(WAIT, WAIT, ATTACH, ATTACH, WAIT, DONE);
        await reach(context, goal);
        deepStrictEqual(lines, ["not yet", "back", "not yet", "ready"]);
    });

    it("ends at its limit, and says what was seen last", async () => {
        const { context, goal, calls } = scripted(WAIT);
        await rejects(reach(context, goal), refusals.timeout("The work", 60, "timeouts.canarySeconds", "not yet"));
        deepStrictEqual(calls.filter((call) => call === "cluster").length, 60);
        deepStrictEqual(calls.filter((call) => call === "change 2000").length, 59, "it waited once more");
    });

    it("does not count a fixed wait for IAM, however long", async () => {
        const PROPAGATION: Step = { do: "awaitPropagation", milliseconds: 300_000, why: "IAM" };
        const waits = (count: number) => Array.from({ length: count }, () => WAIT);
        const longEnough = scripted(PROPAGATION, ...waits(58), DONE);
        deepStrictEqual((await reach(longEnough.context, longEnough.goal)).why, "ready");
        const tooLong = scripted(PROPAGATION, ...waits(59), DONE);
        await rejects(reach(tooLong.context, tooLong.goal), { code: "time-limit" });
    });

    it("does not count a fixed wait for EKS either", async () => {
        const waits = (step: Step, count: number) => Array.from({ length: count }, () => step);
        // Each look takes a second. The limit begins when the wait ends, 100 s after the first look.
        const FIXED: Step = { do: "wait", why: "EKS", until: 1_700_000_000_000 + 100_000 };
        const longEnough = scripted(...waits(FIXED, 100), ...waits(WAIT, 58), DONE);
        deepStrictEqual((await reach(longEnough.context, longEnough.goal)).why, "ready");
        const tooLong = scripted(...waits(FIXED, 100), ...waits(WAIT, 62), DONE);
        await rejects(reach(tooLong.context, tooLong.goal), { code: "time-limit" });
    });

    describe("with a measure of what is left", () => {
        /** Each look takes a second, and each wait is one look. What is left is seen at each. */
        const run = (...left: number[]) => {
            const { context, goal, calls } = scripted(WAIT);
            let looks = 0;
            const measured = {
                ...goal,
                limitSeconds: 10,
                left: () => left[Math.min(looks++, left.length - 1)] ?? 0,
            };
            return { calls, done: reach(context, measured) };
        };
        const lookedUntilTheLimit = async (...left: number[]) => {
            const { calls, done } = run(...left);
            await rejects(done, refusals.timeout("The work", 10, "timeouts.canarySeconds", "not yet"));
            return calls.filter((call) => call === "cluster").length;
        };
        const times = (count: number, value: number) => Array.from({ length: count }, () => value);

        it("has the limit from its first look where nothing is ever done", async () => {
            strictEqual(await lookedUntilTheLimit(5), 11);
        });

        it("begins the limit again each time that less is left than ever before", async () => {
            strictEqual(await lookedUntilTheLimit(...times(8, 5), ...times(8, 4), 3), 16 + 11);
        });

        it("does not begin it again when more is left, nor when as little as before is left", async () => {
            strictEqual(await lookedUntilTheLimit(5, 6, 5, 6, 5), 11);
            strictEqual(await lookedUntilTheLimit(...times(4, 5), 3, 9, 4, 3, 9), 4 + 11);
        });

        it("still ends when it is done", async () => {
            const { context, goal } = scripted(...times(15, 0).map(() => WAIT), DONE);
            let left = 99;
            strictEqual((await reach(context, { ...goal, limitSeconds: 2, left: () => left-- })).why, "ready");
        });

        it("does not shorten the wait for IAM", async () => {
            const PROPAGATION: Step = { do: "awaitPropagation", milliseconds: 300_000, why: "IAM" };
            const { context, goal } = scripted(PROPAGATION, ...times(5, 0).map(() => WAIT), DONE);
            strictEqual((await reach(context, { ...goal, limitSeconds: 10, left: () => 3 })).why, "ready");
        });
    });

    describe("that awaits the verdict on the pods that it has restarted", () => {
        const RESTART: Step = { do: "restart", pods: [pod("n1", onNodeRole)], why: "w" };
        const times = (count: number) => Array.from({ length: count }, () => WAIT);
        const ends = async (awaitsVerdict: boolean, ...steps: Step[]) => {
            const { context, goal, calls } = scripted(...steps);
            const end = await reach(context, { ...goal, limitSeconds: 10, awaitsVerdict }).then(
                ({ why }) => why,
                (error: unknown) => (error as { code: string }).code,
            );
            return [end, calls.filter((call) => call === "cluster").length];
        };

        it("ends at its limit without it", async () => {
            deepStrictEqual(await ends(false, ...times(7), RESTART, ...times(20), DONE), ["time-limit", 10]);
        });

        it("goes on for as long as the limit is, from the restart", async () => {
            // The last step is decided by a second look, which reads the account again.
            deepStrictEqual(await ends(true, ...times(7), RESTART, ...times(9), DONE), ["ready", 19]);
            deepStrictEqual(await ends(true, ...times(7), RESTART, ...times(20), DONE), ["time-limit", 18]);
        });

        it("restarts nothing more after its limit", async () => {
            deepStrictEqual(await ends(true, ...times(7), RESTART, ...times(5), RESTART, DONE), ["time-limit", 14]);
        });

        it("ends at its limit if it has restarted nothing, or long before", async () => {
            deepStrictEqual(await ends(true, ...times(30), DONE), ["time-limit", 10]);
            deepStrictEqual(await ends(true, RESTART, ...times(30), DONE), ["time-limit", 11]);
        });
    });

    describe("that restarts several pods", () => {
        const many = Array.from({ length: 45 }, (_, nth) => pod(`n${String(nth)}`, onNodeRole));
        const RESTART: Step = { do: "restart", pods: many, why: "w" };

        it("deletes them at the same time, and at most 20 at once", async () => {
            const { context, goal } = scripted(RESTART, DONE);
            let [under, most] = [0, 0];
            const [deleted, atTheSameTime]: [string[], number[]] = [[], []];
            const restart = async ({ name }: { name: string }) => {
                most = Math.max(most, ++under);
                atTheSameTime.push(under);
                await new Promise((resolve) => setImmediate(resolve));
                deleted.push(name);
                under--;
            };
            await reach({ ...context, cluster: { ...context.cluster, restart } }, goal);
            strictEqual(most, 20);
            deepStrictEqual(
                deleted,
                many.map(({ name }) => name),
            );
        });

        it("remembers each of them", async () => {
            const { context, goal } = scripted();
            const remembered: object[] = [];
            const steps: Step[] = [{ ...RESTART, pods: many.slice(0, 3) }, DONE];
            await reach(context, {
                ...goal,
                next: (_, memory) => {
                    remembered.push(memory.restarts);
                    return steps[remembered.length - 1] ?? DONE;
                },
            });
            deepStrictEqual(remembered.slice(0, 2), [{}, { n0: 1, n1: 1, n2: 1 }]);
        });

        it("ends with the failure of one of them", async () => {
            const { context, goal } = scripted(RESTART, DONE);
            const odd = new Error("odd");
            const restart = ({ name }: { name: string }) =>
                name === "pod-n7" ? Promise.reject(odd) : Promise.resolve();
            await rejects(reach({ ...context, cluster: { ...context.cluster, restart } }, goal), odd);
        });
    });

    it("gives back the policies that pods need even at its limit", async () => {
        const { context, goal, calls } = scripted(...Array.from({ length: 59 }, () => WAIT), ATTACH);
        await rejects(reach(context, { ...goal, limitSeconds: 60 }), { code: "time-limit" });
        deepStrictEqual(calls.slice(-2), [`attach a ${String(policy)}`, `attach b ${String(policy)}`]);
    });

    const passedOver = async (answer: "policyGone" | "notOfCni", warning: string) => {
        const { context, calls, lines } = scripted();
        const gone: unknown[] = [];
        const aws = {
            ...context.aws,
            attach: (role: string, arn: string, listed: readonly string[] = []) => {
                calls.push(`attach ${[role, arn, ...listed].join(" ")}`);
                return Promise.resolve(role === "a" ? answer : ("attached" as const));
            },
        };
        const steps = [ATTACH, DONE];
        const goal: Goal = {
            what: "The work",
            limitSeconds: 60,
            limitArgument: "timeouts.canarySeconds",
            next: (_, memory) => {
                gone.push(memory.gone);
                return steps[gone.length - 1] ?? DONE;
            },
        };
        await reach({ ...context, aws }, goal);
        deepStrictEqual(gone, [[], attach("a")]);
        deepStrictEqual(
            calls.filter((call) => call.startsWith("attach")),
            [`attach a ${String(policy)}`, `attach b ${String(policy)}`],
        );
        deepStrictEqual(lines, ["back", warning, "ready"]);
    };

    it("passes over a policy that no longer exists, with a warning, and tells the decision", () =>
        passedOver("policyGone", `warning: ${String(policy)} no longer exists, so a does not get it again`));

    it("passes over a recorded policy that is not one of the CNI, with a warning, and tells the decision", () =>
        passedOver(
            "notOfCni",
            `warning: ${String(policy)} does not get attached to a, although the record in the state has it: it is not a policy of the CNI alone. ` +
                "Its owner has changed it since the detachment, or another party has changed the state. If the role had it " +
                `before: aws iam attach-role-policy --role-name a --policy-arn ${String(policy)}`,
        ));

    it("remembers that a detachment may have taken place, if AWS's answer is lost", async () => {
        const { context, lines } = scripted();
        const sent: unknown[] = [];
        const detach = () => Promise.reject(new Refusal("aws-unreachable", "IAM did not answer.", "means", "fix"));
        const step: Step = { ...ATTACH, do: "detach" };
        const steps = [step, step, DONE];
        const goal: Goal = {
            what: "The work",
            limitSeconds: 60,
            limitArgument: "timeouts.canarySeconds",
            next: (_, { detachedAt, detachSentAt }) => {
                sent.push([detachedAt, detachSentAt === undefined ? undefined : detachSentAt - 1_700_000_000_000]);
                return steps[sent.length - 1] ?? DONE;
            },
        };
        await reach({ ...context, aws: { ...context.aws, detach } }, goal);
        deepStrictEqual(sent, [
            [undefined, undefined],
            [undefined, undefined],
            [undefined, 4000],
        ]);
        strictEqual(
            lines.some((line) => line.endsWith("Trying again")),
            true,
        );
    });

    it("ends with a refusal as it is", async () => {
        const refusal = refusals.serviceAccountMissing(subject);
        const { context, goal, calls } = scripted({ do: "refuse", refusal });
        await rejects(reach(context, goal), refusal);
        deepStrictEqual(calls, LOOK);
    });
});
