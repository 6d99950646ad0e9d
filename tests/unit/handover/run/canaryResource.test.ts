import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { Refusal } from "../../../../handover/model/refusal";
import type { CredentialSource, NodeRoleSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { canary, CanaryInputs, CanaryOutputs } from "../../../../handover/run/canaryResource";
import {
    carrying,
    FORMER_ROLE,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    starting,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const EXPIRED = new Refusal("aws-credentials-expired", "AWS says: expired.", "They have expired.", "Log in again.");
const UNKNOWN = new Refusal("cluster-credentials-refused", "401.", "The user is unknown.", "Give another kubeconfig.");

const inputs: CanaryInputs = {
    subject,
    record,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    formerAnnotations: {},
    approvedRole: "a",
    serviceAccountUid: "account",
    stableSeconds: 20,
    delivered: "d",
};

/** A run context with an existing canary pod. Looks at the cluster and the account fail when a test says so. */
function contextWith(failures: {
    account?: (nth: number) => Error | undefined;
    cluster?: (nth: number) => Error | undefined;
    /** The credentials of the other pods. */
    others?: CredentialSource;
    nodeRoles?: readonly NodeRoleSeen[];
    /** Whether the canary pod becomes Ready. */
    starts?: false;
    /** Whether a pod that is deleted ends. */
    ends?: false;
}) {
    const [calls, lines]: [string[], string[]] = [[], []];
    const opened: (readonly string[])[] = [];
    let now = NOW;
    let annotations: Readonly<Record<string, string>> = { [ROLE_ARN]: ROLE };
    let canaryPod = pod("n1", carrying(ROLE), failures.starts === false ? starting : { readySince: NOW });
    const nth = (what: string) => calls.push(what) && calls.filter((call) => call === what).length;
    const answer = <T>(error: Error | undefined, value: () => T): Promise<T> =>
        error === undefined ? Promise.resolve(value()) : Promise.reject(error);
    const { others = onNodeRole, nodeRoles = [nodeRole()] } = failures;
    const seen = () => world(others, { at: now, cluster: { pods: pods(others, canaryPod) }, account: { nodeRoles } });
    const context = {
        subject,
        roleNames: [],
        now: () => now,
        progress: (line: string) => lines.push(line),
        sleep: () => Promise.resolve(),
        cluster: {
            look: () =>
                answer(failures.cluster?.(nth("cluster")), () => ({
                    ...seen().cluster,
                    serviceAccount: { uid: "account", annotations, roleArnOwners: [] },
                })),
            annotate: (newAnnotations: Readonly<Record<string, string>>) => {
                nth("annotate");
                annotations = newAnnotations;
                return Promise.resolve();
            },
            restart: () => {
                nth("restart");
                canaryPod = failures.ends === false ? { ...canaryPod, terminating: true } : pod("n1", onNodeRole);
                return Promise.resolve();
            },
            change: () => {
                // Longer than a look at the account is reused.
                now += 31_000;
                return Promise.resolve();
            },
            close: () => undefined,
        },
        aws: { look: () => answer(failures.account?.(nth("account")), () => seen().account) },
    } as unknown as RunContext;
    const operation = {
        progress: () => undefined,
        open: (_: unknown, roleNames: readonly string[]) => {
            opened.push(roleNames);
            return Promise.resolve(context);
        },
    };
    return {
        calls,
        lines,
        opened,
        operation,
        run: (more: Partial<CanaryInputs> = {}) => canary.create({ ...inputs, ...more }, operation),
        end: () => ({ annotations, carries: canaryPod.credentials.kind === "webIdentity" }),
    };
}

describe("The canary, as a resource", () => {
    it("is done when its pod has worked for long enough", async () => {
        const { run, end } = contextWith({});
        deepStrictEqual((await run()).shown, "a pod with the role works on a node of the node role");
        deepStrictEqual(end(), { annotations: { [ROLE_ARN]: ROLE }, carries: true });
    });

    it("tells the rollout where every pod has carried the role since before, and says nothing otherwise", async () => {
        const shown = {
            shown: "a pod with the role works on a node of the node role",
            updateStrategy: "RollingUpdate" as const,
        };
        const before = { record: { ...record, originalAnnotations: { [ROLE_ARN]: ROLE } } };
        deepStrictEqual(await contextWith({ others: carrying(ROLE) }).run(before), { ...shown, carriedBefore: true });
        deepStrictEqual(await contextWith({ others: carrying(ROLE) }).run(), { ...shown, carriedBefore: false });
        deepStrictEqual(await contextWith({}).run(before), { ...shown, carriedBefore: false });
    });

    it("keeps its outputs when nothing acts upon it", async () => {
        const outputs = { shown: "s", updateStrategy: "RollingUpdate" as const, carriedBefore: true as const };
        const operation = { progress: () => undefined };
        deepStrictEqual(
            await canary.update({ ...inputs, ...outputs }, { ...inputs, stableSeconds: 5 }, operation),
            outputs,
        );
        deepStrictEqual(await canary.read({ ...inputs, ...outputs }, contextWith({}).operation), {
            outputs,
            drift: "none",
        });
    });

    it("reads the state of an earlier version, which may lack that output", async () => {
        const stored = { ...inputs, shown: "s" } as CanaryInputs & CanaryOutputs;
        const { outputs } = await canary.read(stored, contextWith({}).operation);
        deepStrictEqual(outputs, { shown: "s", carriedBefore: false });
    });

    it("goes back without the account when its credentials expire, and says what fixes them", async () => {
        const { run, end, calls } = contextWith({ account: (nth) => (nth > 1 ? EXPIRED : undefined) });
        await rejects(run(), (error: Refusal) => {
            deepStrictEqual([error.code, error.seen, error.fix], [EXPIRED.code, EXPIRED.seen, EXPIRED.fix]);
            match(
                error.means,
                /^They have expired\. The canary's state could not be read\. .* were reverted \(everything is as before\)\./,
            );
            return true;
        });
        deepStrictEqual(end(), { annotations: {}, carries: false });
        deepStrictEqual(calls.filter((call) => call === "account").length, 2);
    });

    it("says that it stays where the cluster is what cannot be reached any more", async () => {
        const { run, end } = contextWith({ cluster: (nth) => (nth > 1 ? UNKNOWN : undefined) });
        await rejects(run(), (error: Refusal) => {
            deepStrictEqual([error.code, error.seen, error.fix], [UNKNOWN.code, UNKNOWN.seen, UNKNOWN.fix]);
            match(error.means, /the canary was not reverted: one pod of each node role may carry the role/);
            return true;
        });
        deepStrictEqual(end(), { annotations: { [ROLE_ARN]: ROLE }, carries: true });
    });

    describe("on a cluster that is handed over", () => {
        const nodeRoles = [nodeRole(withoutPolicies)];
        const account = (nth: number) => (nth > 1 ? new Error("odd") : undefined);
        const kept = { annotations: { [ROLE_ARN]: ROLE }, carries: true };

        it("sends no pod back to a node role without the policies", async () => {
            const { run, end } = contextWith({ account, nodeRoles, others: carrying(ROLE) });
            await rejects(run({ stableSeconds: 7200 }), { code: "canary-failed" });
            deepStrictEqual(end(), kept);
        });

        it("restores another role, if the service account had one", async () => {
            const former = { [ROLE_ARN]: FORMER_ROLE };
            const { run, end } = contextWith({ account, nodeRoles, others: carrying(FORMER_ROLE) });
            await rejects(run({ formerAnnotations: former, stableSeconds: 7200 }), { code: "canary-failed" });
            deepStrictEqual(end(), { annotations: former, carries: false });
        });

        it("reverts as usual while no pod works with the role", async () => {
            const { run, end } = contextWith({ account, nodeRoles, starts: false });
            await rejects(run(), { code: "canary-failed" });
            deepStrictEqual(end(), { annotations: {}, carries: false });
        });

        it("reverts nothing if it has not seen the node roles, and the record names some", async () => {
            const unseen = contextWith({ account: () => EXPIRED });
            await rejects(unseen.run(), { code: EXPIRED.code });
            deepStrictEqual(unseen.end(), kept);
            const unnamed = contextWith({ account: () => EXPIRED });
            await rejects(unnamed.run({ record: { ...record, namedNodeRoles: [] } }), { code: EXPIRED.code });
            deepStrictEqual(unnamed.end(), { annotations: {}, carries: false });
        });
    });

    it("runs again if the patch annotates another service account", async () => {
        const outputs = { shown: "s", carriedBefore: false };
        const { operation } = contextWith({});
        const state = { ...inputs, ...outputs, serviceAccountUid: "former" };
        const { shown } = await canary.update(state, inputs, operation);
        strictEqual(shown, "a pod with the role works on a node of the node role");
        await rejects(canary.update({ ...inputs, ...outputs }, { ...inputs, serviceAccountUid: "other" }, operation), {
            code: "another-cluster",
        });
    });

    it("has failed, and is reverted, where the error is unknown", async () => {
        const { run, end } = contextWith({ account: (nth) => (nth > 1 ? new Error("odd") : undefined) });
        await rejects(run(), { code: "canary-failed", seen: "The canary failed: odd." });
        deepStrictEqual(end(), { annotations: {}, carries: false });
    });

    for (const code of [
        "cluster-changed",
        "another-cluster",
        "service-account-missing",
        "daemon-set-missing",
        "cancelled",
    ]) {
        it(`touches nothing after ${code}`, async () => {
            const refusal = new Refusal(code, "Seen.", "x", "y");
            const { run, calls } = contextWith({ account: (nth) => (nth > 1 ? refusal : undefined) });
            await rejects(run(), refusal);
            deepStrictEqual(
                calls.filter((call) => call === "annotate" || call === "restart"),
                [],
            );
        });
    }

    it("has nothing to revert without a kubeconfig", async () => {
        const invalid = new Refusal("kubeconfig-invalid", "No clusters.", "x", "y");
        const { run, calls } = contextWith({ cluster: () => invalid });
        await rejects(run(), invalid);
        deepStrictEqual(calls, ["cluster"]);
    });

    it("has failed after a refusal that is about no API, with its reason", async () => {
        for (const code of ["policy-gone", "an-aws-thing"]) {
            const refusal = new Refusal(code, "Seen.", "Means.", "y");
            const { run, lines } = contextWith({ account: (nth) => (nth > 1 ? refusal : undefined) });
            await rejects(run(), { code: "canary-failed", seen: "The canary failed: Seen. Means." });
            deepStrictEqual(lines[1], "the canary failed: Seen. Means. Reverting it");
        }
    });

    it("does not know its state when STS does not answer", async () => {
        const refusal = new Refusal("sts-unreachable", "Seen.", "Means.", "y");
        const { run } = contextWith({ account: (nth) => (nth > 1 ? refusal : undefined) });
        await rejects(run(), { code: "sts-unreachable" });
    });

    it("fails at its limit, and so does the revert", async () => {
        const timeouts = { ...DEFAULT_TIMEOUTS, canarySeconds: 93 };
        const { run } = contextWith({ starts: false });
        await rejects(
            run({ timeouts }),
            ({ code, seen }: Refusal) =>
                code === "canary-failed" &&
                seen.startsWith("The canary failed: The canary did not finish within 93 s."),
        );
        const stuck = contextWith({ starts: false, ends: false });
        await rejects(
            stuck.run({ timeouts }),
            ({ code, seen, means, fix }: Refusal) =>
                code === "time-limit" &&
                seen.startsWith("Reverting the canary did not finish within 93 s.") &&
                means.endsWith("Nothing that pods need was taken away. The next run continues from here.") &&
                fix.includes("timeouts.canarySeconds"),
        );
    });

    it("passes on a failure of the revert that is no refusal", async () => {
        const odd = new TypeError("odd");
        const { run } = contextWith({ cluster: (nth) => (nth > 1 ? odd : undefined) });
        await rejects(run(), odd);
    });

    it("runs for the names and the cluster of the record", async () => {
        const { run, opened } = contextWith({});
        await run();
        deepStrictEqual(opened, [[]]);
    });

    it("runs again for another role, and for another delivery of the same one", async () => {
        const before = { ...inputs, shown: "s", carriedBefore: true };
        for (const change of [{ delivered: "another" }, { approvedRole: "b" }]) {
            const { operation, calls, opened } = contextWith({ account: () => undefined, cluster: () => undefined });
            const { shown } = await canary.update(before, { ...inputs, ...change }, operation);
            deepStrictEqual(shown, "a pod with the role works on a node of the node role");
            deepStrictEqual([calls[0], calls[1], opened], ["cluster", "account", [[]]]);
        }
    });

    it("leaves the hand-back to the credential guard", async () => {
        const { operation, opened } = contextWith({});
        await canary.delete({ ...inputs, shown: "s", carriedBefore: false }, operation);
        deepStrictEqual(opened, []);
    });
});

describe("A canary whose refresh has shown refused pods", () => {
    /** A cluster that is handed over, and whose first node has no pod until the controller is woken. */
    function refusing(refused: boolean) {
        const calls: string[] = [];
        let now = NOW;
        let woken = !refused;
        const all = pods(carrying(ROLE));
        const seen = () => ({ pods: woken ? all : all.slice(1), refusedPods: refused ? ["no"] : [] });
        const context = {
            subject,
            roleNames: [],
            now: () => now,
            progress: (line: string) => calls.push(line),
            sleep: () => Promise.resolve(),
            cluster: {
                look: () => Promise.resolve(world(carrying(ROLE), { cluster: seen() }).cluster),
                wakeDaemonSet: () => {
                    calls.push("wake");
                    woken = true;
                    return Promise.resolve();
                },
                change: () => Promise.resolve((now += 2000)),
                close: () => undefined,
            },
            aws: { look: () => Promise.reject(new Error("the account was read")) },
        } as unknown as RunContext;
        return { calls, operation: { progress: () => undefined, open: () => Promise.resolve(context) } };
    }
    const state = { ...inputs, shown: "it worked", carriedBefore: false };
    const line = "The API server refused the pods for n1. The next update makes the DaemonSet controller retry.";

    it("says so, and shows nothing otherwise", async () => {
        const { calls, operation } = refusing(true);
        const outputs = { shown: "it worked", carriedBefore: false };
        deepStrictEqual(await canary.read(state, operation), { outputs, drift: line });
        deepStrictEqual(calls, [line]);
        const none = refusing(false);
        deepStrictEqual(await canary.read(state, none.operation), { outputs, drift: "none" });
        deepStrictEqual(none.calls, []);
    });

    it("makes the controller retry, and tries no role and reverts nothing", async () => {
        const { calls, operation } = refusing(true);
        deepStrictEqual(await canary.update({ ...state, drift: line }, inputs, operation), {
            shown: "it worked",
            carriedBefore: false,
        });
        deepStrictEqual(
            calls.filter((call) => call === "wake"),
            ["wake"],
        );
    });
});
