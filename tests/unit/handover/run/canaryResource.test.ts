import { emergencyCommand, inAnEmergency } from "../../../../handover/model/emergency";
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { Refusal } from "../../../../handover/model/refusal";
import type { World } from "../../../../handover/model/world";
import { canary, CanaryInputs, CanaryOutputs } from "../../../../handover/run/canaryResource";
import {
    carrying,
    CNI_POLICY,
    daemonSet,
    FORMER_ROLE,
    node,
    nodeRole,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
    withoutPolicies,
} from "../support/worlds";
import { Born, Simulated, simulate } from "./simulatedCluster";

const EXPIRED = new Refusal("aws-credentials-expired", "AWS says: expired.", "They have expired.", "Log in again.");
const UNKNOWN = new Refusal("cluster-credentials-refused", "401.", "The user is unknown.", "Give another kubeconfig.");
const UNREACHABLE = new Refusal("cluster-unreachable", "No route.", "It is not reached.", "Connect.");
/** The pods under names of an earlier run. */
const ofEarlierRun = ({ cluster }: World) =>
    cluster.pods.map((one) => ({ ...one, name: `earlier-${one.node}`, uid: `earlier ${one.uid}` }));
/** The injection guard of a cluster that is handed over. */
const GUARD = { present: true, inForce: true, roleArns: [ROLE] };
const WORKS = "3 pods work with the role";
const PERSONS_ROLE = "arn:aws:iam::111122223333:role/person";
const ANNOTATED = { [ROLE_ARN]: ROLE };

const inputs: CanaryInputs = {
    subject,
    record,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
    formerAnnotations: {},
    approvedRole: "a",
    proof: "full",
    serviceAccountUid: "account",
    stableSeconds: 20,
    delivered: "d",
};
const outputs: CanaryOutputs = { shown: "it worked", rollouts: 3 };
const state = { ...inputs, ...outputs };

function rollOut(of: Simulated = {}, more: Partial<CanaryInputs> = {}) {
    const simulated = simulate(of);
    return { ...simulated, done: canary.create({ ...inputs, ...more }, simulated.operation) };
}

/** Nodes n1 to n9. */
const nine = Array.from({ length: 9 }, (_, nth) => node(`n${String(nth + 1)}`));
/** From this many new pods on, they are born like this. */
const from =
    (count: number, fate: Born) =>
    ({ name }: { readonly name: string }): Born =>
        Number(/^new(\d+)/.exec(name)?.[1]) >= count && Number(/^new(\d+)/.exec(name)?.[1]) < 100 ? fate : "works";
const ofRole =
    (fate: (pod: { readonly name: string }) => Born): Simulated["born"] =>
    (one) =>
        one.credentials.kind === "webIdentity" ? fate(one) : "works";

describe("The rollout, as a resource", () => {
    it("restarts the canary and then each other pod once, and is done when all work with the role", async () => {
        const { done, writes, end, calls } = rollOut();
        deepStrictEqual(await done, { shown: WORKS, rollouts: 1 });
        deepStrictEqual(writes(), ["restart pod-n1", "restart pod-n2", "restart pod-n3"]);
        deepStrictEqual(end(), { annotations: ANNOTATED, carriers: ["n1", "n2", "n3"] });
        strictEqual(calls.includes("prove"), false, "the credential guard has proved the role");
    });

    it("ends with the owner of the annotation that another one has written meanwhile, and leaves it as it is", async () => {
        const annotated = {
            ...serviceAccount,
            annotations: { [ROLE_ARN]: FORMER_ROLE },
            roleArnOwners: ["kubectl-annotate"],
        };
        const { done, calls, writes } = rollOut({ cluster: { serviceAccount: annotated } });
        await rejects(done, ({ code, means, fix }: Refusal) => {
            match(means, / The run leaves the annotation as it is now, and restarts no pod that works \(.+\)\.$/);
            match(fix, /^Set overrideExistingServiceAccount: true to take it over/);
            return code === "annotation-owned-by-another";
        });
        deepStrictEqual([writes(), calls.filter((call) => call.startsWith("annotate"))], [[], []]);
    });

    it("restarts nothing where each pod carries the role already", async () => {
        const { done, writes } = rollOut({ pods: pods(carrying(ROLE)) });
        deepStrictEqual(await done, { shown: WORKS, rollouts: 1 });
        deepStrictEqual(writes(), []);
    });

    it("takes as long as it has waves, each with its own limit", async () => {
        // Nine waves of about seven seconds: more than twice the limit of one pod, which is the limit between two waves.
        const { done, end } = rollOut({ nodes: nine }, { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 26 } });
        strictEqual((await done).shown, "9 pods work with the role");
        strictEqual(end().carriers.length, 9);
    });

    it("gets through a hundred nodes with OnDelete, one pod at a time, in more than 600 s with the default limits", async () => {
        const hundred = Array.from({ length: 100 }, (_, nth) => node(`n${String(nth + 1)}`));
        const onDelete = { ...daemonSet, updateStrategy: "OnDelete" as const, maxUnavailable: 1 };
        const { done, writes, seen } = rollOut({ nodes: hundred, cluster: { daemonSet: onDelete } });
        strictEqual((await done).shown, "100 pods work with the role");
        strictEqual(writes().length, 100);
        // The limit between two waves is twice canarySeconds, 600 s by default.
        ok(seen().at > seconds(2 * DEFAULT_TIMEOUTS.canarySeconds));
    });

    it("goes on when a pod of an earlier wave misses a readiness probe, long after its limit", async () => {
        const misses: Simulated["misses"] = ({ name }, at) => name === "new2-n2" && at >= 60 && at < 64;
        const short = { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 26 } };
        const { done, writes, lines } = rollOut({ nodes: nine, misses }, short);
        strictEqual((await done).shown, "9 pods work with the role");
        strictEqual(writes().length, 9);
        ok(lines.some((line) => line.includes("not Ready yet: new2-n2")));
    });

    it("watches a canary from the beginning when it misses a readiness probe, and goes on", async () => {
        const misses: Simulated["misses"] = (_, at) => at >= 18 && at < 22;
        const { done, writes } = rollOut(
            { nodes: nine.slice(0, 1), misses },
            { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 26 } },
        );
        strictEqual((await done).shown, "1 pod works with the role");
        deepStrictEqual(writes(), ["restart pod-n1"]);
    });

    it("ends at its own limit where a canary is Ready again and again, and never for long enough", async () => {
        const { done, writes, seen } = rollOut(
            { nodes: nine, misses: (_, at) => at % 12 < 4 },
            { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 26 } },
        );
        await rejects(done, ({ code, seen: cause }: Refusal) => {
            strictEqual(code, "canary-failed");
            match(cause, /^The canary failed: The rollout reached its limit of 52 s\. Last seen: canary new1-n1 /);
            return true;
        });
        deepStrictEqual(writes(), ["restart pod-n1", "annotate nothing", "restart new1-n1"]);
        ok(seen().at < seconds(120));
    });

    it("begins with the proof where the annotation is gone, as after a rollout that was taken back", async () => {
        const { done, calls, writes } = rollOut({ annotations: {} });
        await done;
        deepStrictEqual([calls[0], calls[1]], ["cluster", "prove"]);
        deepStrictEqual(writes()[0], `annotate ${ROLE}`);
    });

    it("begins with the proof where the annotation is another role's", async () => {
        const { done, calls } = rollOut({ annotations: { [ROLE_ARN]: FORMER_ROLE } });
        await done;
        ok(calls.includes("prove"));
    });

    it("changes nothing if another component's injection guard refuses pods with the role", async () => {
        const admission = { verdict: "unknown", why: "refused", anotherGuard: "eks-cni-theirs" } as const;
        const { done, writes, calls } = rollOut({ annotations: {}, admission });
        await rejects(done, { code: "another-injection-guard" });
        deepStrictEqual([writes(), calls.includes("prove")], [[], false]);
    });

    it("changes nothing if this proof fails", async () => {
        const { done, writes } = rollOut({
            annotations: {},
            proof: { verdict: "no", code: "trust-refused", why: "no", final: true },
        });
        await rejects(done, { code: "trust-refused" });
        deepStrictEqual(writes(), []);
    });

    it("names the way past this proof with a role of another owner alone", async () => {
        const proof = { verdict: "no", code: "trust-refused", why: "no", final: false } as const;
        const timeouts = { ...DEFAULT_TIMEOUTS, proofSeconds: 0 };
        for (const [ownRoleArns, way] of [
            [[ROLE], /^Fix the cause/],
            [undefined, /^Fix the cause/],
            [[], /If a policy admits only the nodes, and not the machine that runs Pulumi, set proof: "off"/],
        ] as const) {
            const known = ownRoleArns === undefined ? record : { ...record, ownRoleArns };
            await rejects(rollOut({ annotations: {}, proof }, { timeouts, record: known }).done, { fix: way });
        }
    });

    it("proves nothing if the program says so, with another cluster, or without a service account", async () => {
        const off = rollOut({ annotations: {} }, { proof: "off" });
        await off.done;
        strictEqual(off.calls.includes("prove"), false);
        for (const [cluster, code] of [
            [{ uid: "another" }, "cluster-changed"],
            [{ serviceAccount: undefined }, "service-account-missing"],
        ] as const) {
            const { done, calls } = rollOut({ annotations: {}, cluster });
            await rejects(done, { code });
            strictEqual(calls.includes("prove"), false);
        }
    });

    it("waits for a cluster that cannot be reached for a moment, at its very beginning too", async () => {
        const { done, lines } = rollOut({ look: (nth) => (nth === 1 ? UNREACHABLE : undefined) });
        strictEqual((await done).shown, WORKS);
        strictEqual(lines[0], "No route. Trying again");
    });

    it("keeps its outputs when nothing acts upon it", async () => {
        const { operation, opened } = simulate({ pods: pods(carrying(ROLE)) });
        deepStrictEqual(await canary.update(state, { ...inputs, stableSeconds: 5, proof: "off" }, operation), outputs);
        deepStrictEqual(opened, []);
        deepStrictEqual(await canary.read(state, operation), { outputs, drift: "none" });
    });

    it("has outputs of its own for the state of an earlier version, which lacks them", async () => {
        const stored = {
            ...inputs,
            shown: "s",
            carriedBefore: true,
            updateStrategy: "OnDelete",
        } as unknown as typeof state;
        const { operation } = simulate();
        deepStrictEqual((await canary.read(stored, operation)).outputs, { shown: "s", rollouts: 0 });
        deepStrictEqual(await canary.update(stored, inputs, operation), { shown: "s", rollouts: 0 });
        deepStrictEqual(await canary.update({ ...inputs } as typeof state, inputs, operation), {
            shown: "",
            rollouts: 0,
        });
        deepStrictEqual(await canary.update(stored, { ...inputs, delivered: "e" }, simulate().operation), {
            shown: WORKS,
            rollouts: 1,
        });
    });

    it("counts each rollout, so that the detachment verifies the pods again", async () => {
        for (const change of [{ delivered: "another" }, { approvedRole: "b" }]) {
            const { operation, opened } = simulate();
            deepStrictEqual(await canary.update(state, { ...inputs, ...change }, operation), {
                shown: WORKS,
                rollouts: 4,
            });
            deepStrictEqual(opened, [["nodes"]], "the roles whose policies it may have to attach");
        }
        strictEqual((await canary.update({ ...state, drift: "a reason" }, inputs, simulate().operation)).rollouts, 4);
    });

    it("runs again if the patch annotates another service account", async () => {
        const { operation } = simulate();
        strictEqual((await canary.update({ ...state, serviceAccountUid: "former" }, inputs, operation)).rollouts, 4);
        await rejects(canary.update(state, { ...inputs, serviceAccountUid: "other" }, operation), {
            code: "another-cluster",
        });
    });

    it("attaches policies again that pods on the node role miss, and goes on at once", async () => {
        const { done, writes } = rollOut({ nodeRoles: [nodeRole(withoutPolicies)] });
        await done;
        deepStrictEqual(writes(), ["attach nodes", "restart pod-n1", "restart pod-n2", "restart pod-n3"]);
    });

    it("leaves the hand-back to the credential guard", async () => {
        const { operation, opened } = simulate();
        await canary.delete(state, operation);
        deepStrictEqual(opened, []);
    });
});

describe("A rollout that fails in its canaries", () => {
    const REVERTED = { annotations: {}, carriers: [] };

    it("is taken back at the limit of one canary: the annotation leaves, and this pod alone restarts", async () => {
        const { done, writes, end, lines } = rollOut({ nodes: nine, maxUnavailable: 3, born: ofRole(() => "never") });
        await rejects(done, ({ code, seen, means }: Refusal) => {
            strictEqual(code, "canary-failed");
            match(
                seen,
                /^The canary failed: The canary reached its limit of 300 s\. Last seen: canary new1-n1 on n1 of nodes: not Ready yet\./,
            );
            match(
                means,
                /^The service account and the canaries that did not work were reverted \(the rollout is taken back\)\./,
            );
            return true;
        });
        deepStrictEqual(writes(), ["restart pod-n1", "annotate nothing", "restart new1-n1"]);
        deepStrictEqual(end(), REVERTED);
        ok(lines.some((line) => line.startsWith("the rollout failed: The canary reached its limit of 300 s.")));
    });

    it("is taken back at once where the canary complains", async () => {
        const { done, end, writes } = rollOut({ born: ofRole(() => ({ complains: "no" })) });
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(writes(), ["restart pod-n1", "annotate nothing", "restart new1-n1"]);
        deepStrictEqual(end(), REVERTED);
    });

    it("is taken back where the canary does not start for another reason, which the message has", async () => {
        const { done, end } = rollOut({ born: ofRole(() => ({ startProblem: "Unschedulable" })) });
        await rejects(done, ({ code, seen }: Refusal) => {
            return code === "canary-failed" && seen.includes("does not start: Unschedulable");
        });
        deepStrictEqual(end(), REVERTED);
    });

    it("keeps the annotation if the injection guard refuses pods without the role, and a node role lacks a policy", async () => {
        const { done, writes } = rollOut(
            {
                cluster: { injectionGuard: GUARD },
                nodeRoles: [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })],
                born: ofRole(() => "never"),
            },
            { record: { ...record, nodeRolePolicies: { ...record.nodeRolePolicies, more: [CNI_POLICY] } } },
        );
        await rejects(done, ({ code, means, fix }: Refusal) => {
            strictEqual(code, "canary-failed");
            match(means, /^The canary keeps the role, because pods cannot return to the node roles: /);
            match(fix, /^Fix the cause\. Then run pulumi up --refresh\. Or run pulumi destroy: /);
            return true;
        });
        deepStrictEqual(writes(), ["restart pod-n1"]);
    });

    it("removes the injection guard first if each node role has its policies, so that the pod can go back", async () => {
        const { done, writes, end } = rollOut({ cluster: { injectionGuard: GUARD }, born: ofRole(() => "never") });
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(writes(), ["restart pod-n1", "remove the guard", "annotate nothing", "restart new1-n1"]);
        deepStrictEqual(end(), { annotations: {}, carriers: [] });
    });

    it("keeps the annotation under the guard if it fails at once: IAM may still show a policy that was detached", async () => {
        const { done, writes } = rollOut({
            cluster: { injectionGuard: GUARD },
            born: ofRole(() => ({ complains: "no" })),
        });
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(writes(), ["restart pod-n1"]);
    });

    it("is taken back to a role that was approved before, if the injection guard refuses pods without one", async () => {
        const injectionGuard = { ...GUARD, roleArns: ["strange", FORMER_ROLE, ROLE] };
        const { done, end } = rollOut(
            {
                cluster: { injectionGuard },
                born: (one) => (JSON.stringify(one.credentials).includes(`"${ROLE}"`) ? "never" : "works"),
            },
            { record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
        );
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(end(), { annotations: { [ROLE_ARN]: FORMER_ROLE }, carriers: ["n1"] });
    });

    for (const [what, carried, finished, expected] of [
        ["is not taken back to an earlier role of its own that no pod carries: it may be deleted", ROLE, ROLE, {}],
        ["is taken back to an earlier role of its own that pods carry", FORMER_ROLE, ROLE, { [ROLE_ARN]: FORMER_ROLE }],
        [
            "is taken back to that role as long as no rollout of the present one has finished: it is not deleted",
            ROLE,
            FORMER_ROLE,
            { [ROLE_ARN]: FORMER_ROLE },
        ],
    ] as const) {
        it(what, async () => {
            const simulated = simulate({
                pods: pods(carrying(carried), pod("n3", onNodeRole)),
                born: (one) => (JSON.stringify(one.credentials).includes(`"${ROLE}"`) ? "never" : "works"),
            });
            const repair = {
                ...inputs,
                approvedRole: ROLE,
                formerAnnotations: { [ROLE_ARN]: FORMER_ROLE },
                record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE], ownRoleArns: [FORMER_ROLE, ROLE] },
            };
            const before = { ...repair, ...outputs, approvedRole: finished, drift: "a pod" };
            await rejects(canary.update(before, repair, simulated.operation), Refusal);
            deepStrictEqual(simulated.end().annotations, expected);
        });
    }

    it("is taken back if the injection guard is not in force", async () => {
        const injectionGuard = { ...GUARD, inForce: false };
        const { done, end } = rollOut({ cluster: { injectionGuard }, born: ofRole(() => "never") });
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(end(), REVERTED);
    });

    it("is taken back to a former role that the injection guard admits", async () => {
        const former = { [ROLE_ARN]: FORMER_ROLE };
        const injectionGuard = { ...GUARD, roleArns: [FORMER_ROLE, ROLE] };
        const { done, end } = rollOut(
            {
                pods: pods(carrying(FORMER_ROLE)),
                cluster: { injectionGuard },
                born: (one) => (JSON.stringify(one.credentials).includes(ROLE) ? "never" : "works"),
            },
            { formerAnnotations: former },
        );
        await rejects(done, { code: "canary-failed" });
        strictEqual(end().annotations[ROLE_ARN], FORMER_ROLE);
    });

    it("gives the former annotation back, and the pod its former role", async () => {
        const former = { [ROLE_ARN]: FORMER_ROLE };
        const { done, end } = rollOut(
            {
                pods: pods(carrying(FORMER_ROLE)),
                born: (one) => (JSON.stringify(one.credentials).includes(ROLE) ? "never" : "works"),
            },
            { formerAnnotations: former },
        );
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(end(), { annotations: former, carriers: ["n2", "n3", "n1"].sort() });
    });

    it("goes back without the account when its credentials expire, and says what fixes them", async () => {
        const { done, end, calls } = rollOut({
            account: (nth) => (nth > 1 ? EXPIRED : undefined),
            born: ofRole(() => "never"),
        });
        await rejects(done, (error: Refusal) => {
            deepStrictEqual([error.code, error.seen, error.fix], [EXPIRED.code, EXPIRED.seen, EXPIRED.fix]);
            match(
                error.means,
                /^They have expired\. The state of the canaries could not be read\. .* were reverted \(the rollout is taken back\)\./,
            );
            return true;
        });
        deepStrictEqual(end(), REVERTED);
        strictEqual(calls.filter((call) => call === "account").length, 2);
    });

    it("says that it stays where the cluster is what cannot be reached any more", async () => {
        const { done, end } = rollOut({ look: (nth) => (nth > 3 ? UNKNOWN : undefined) });
        await rejects(done, (error: Refusal) => {
            deepStrictEqual([error.code, error.seen, error.fix], [UNKNOWN.code, UNKNOWN.seen, UNKNOWN.fix]);
            match(
                error.means,
                /So the rollout was not taken back completely: pods that do not work with the role may still carry it\. The rollout had failed: 401\./,
            );
            return true;
        });
        deepStrictEqual(end(), { annotations: ANNOTATED, carriers: ["n1"] });
    });

    it("is taken back where the error is unknown", async () => {
        const { done, end } = rollOut({
            account: (nth) => (nth > 1 ? new Error("odd") : undefined),
            born: ofRole(() => "never"),
        });
        await rejects(done, { code: "canary-failed", seen: "The canary failed: odd." });
        deepStrictEqual(end(), REVERTED);
    });

    it("is taken back after a refusal that is about no API, with its reason", async () => {
        for (const code of ["policy-gone", "an-aws-thing"]) {
            const refusal = new Refusal(code, "Seen.", "Means.", "y");
            const { done, lines } = rollOut({
                account: (nth) => (nth > 1 ? refusal : undefined),
                born: ofRole(() => "never"),
            });
            await rejects(done, { code: "canary-failed", seen: "The canary failed: Seen. Means." });
            ok(lines.includes("the rollout failed: Seen. Means. Taking it back"), lines.join("\n"));
        }
    });

    it("does not know its state when STS does not answer", async () => {
        const refusal = new Refusal("sts-unreachable", "Seen.", "Means.", "y");
        const { done } = rollOut({ account: (nth) => (nth > 1 ? refusal : undefined), born: ofRole(() => "never") });
        await rejects(done, { code: "sts-unreachable" });
    });

    it("says so where taking it back reaches its limit as well", async () => {
        const of: Simulated = { pods: pods(onNodeRole, pod("n1", carrying(ROLE), starting)), ends: false };
        const { done } = rollOut(of, { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 93 } });
        await rejects(done, ({ code, seen, means, fix }: Refusal) => {
            strictEqual(code, "time-limit");
            match(seen, /^Taking the rollout back reached its limit of 93 s\./);
            match(means, /The rollout had failed: The canary reached its limit of 93 s\./);
            ok(fix.includes("timeouts.canarySeconds"));
            return true;
        });
    });

    it("passes on a failure of taking it back that is no refusal", async () => {
        const odd = new TypeError("odd");
        const { done } = rollOut({ look: (nth) => (nth > 1 ? odd : undefined) });
        await rejects(done, odd);
    });
});

describe("A rollout that is not taken back", () => {
    /** Without the injection guard. No pod works with the role, and none could with its node role. */
    const broken: Simulated = {
        nodes: [node("n1")],
        pods: [pod("n1", carrying(ROLE), starting)],
        annotations: {},
        born: () => "never",
    };
    const detached = nodeRole(withoutPolicies);
    const idle = nodeRole({ ...withoutPolicies, name: "idle", instancesOfCluster: [] });
    const repair = (of: Simulated, more: Partial<CanaryInputs> = {}) => {
        const simulated = simulate(of);
        const done = canary.update({ ...state, drift: "a reason" }, { ...inputs, ...more }, simulated.operation);
        return { ...simulated, done };
    };

    it("keeps the role where the node roles have given up the policies, though no pod works", async () => {
        const { done, end } = repair({ ...broken, nodeRoles: [detached] });
        await rejects(done, ({ code, means }: Refusal) => {
            strictEqual(code, "canary-failed");
            match(means, /^The canary keeps the role, because pods cannot return to the node roles/);
            return true;
        });
        deepStrictEqual(end(), { annotations: ANNOTATED, carriers: ["n1"] });
    });

    it("is taken back if it is the first one, though others have taken these policies", async () => {
        const { done, end } = rollOut({ ...broken, nodeRoles: [detached] });
        await rejects(done);
        deepStrictEqual(end(), { annotations: {}, carriers: [] });
    });

    it("does not say that it was taken back where the service account had this role before", async () => {
        const { done, writes } = rollOut({ born: ofRole(() => "never") }, { formerAnnotations: ANNOTATED });
        await rejects(done, ({ code, means }: Refusal) => {
            strictEqual(code, "canary-failed");
            match(means, /^The canary keeps the role, because .* or the service account had this role before\./);
            return true;
        });
        deepStrictEqual(writes(), ["restart pod-n1"]);
    });

    it("is taken back where a node role without nodes has", async () => {
        const recorded = { ...record, nodeRolePolicies: { ...record.nodeRolePolicies, idle: ["p"] } };
        const { done, end } = repair({ ...broken, nodeRoles: [nodeRole(), idle] }, { record: recorded });
        await rejects(done);
        deepStrictEqual(end(), { annotations: {}, carriers: [] });
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
            const { done, writes } = rollOut({ account: () => refusal });
            await rejects(done, refusal);
            deepStrictEqual(writes(), []);
        });
    }

    it("touches nothing while a Pod Identity association exists", async () => {
        const { done, writes } = rollOut(
            { associations: ["theirs"] },
            { subject: { ...subject, clusterName: "prod" } },
        );
        await rejects(done, { code: "pod-identity-association" });
        deepStrictEqual(writes(), []);
    });

    describe("that sees a Pod Identity association after its canary has restarted", () => {
        const associated = { associations: ["theirs"], associatedFrom: 1 };
        const named = { subject: { ...subject, clusterName: "prod" } };

        it("takes back the canary that does not work, and says so beside the advice on the association", async () => {
            const { done, end, writes } = rollOut({ ...associated, born: ofRole(() => "never") }, named);
            await rejects(done, ({ code, means, fix }: Refusal) => {
                strictEqual(code, "pod-identity-association");
                match(means, /Pods that had restarted with the role did not work yet: they restarted again, and the/);
                match(fix, /^To return to the CNI role, delete the association/);
                return true;
            });
            deepStrictEqual(writes(), ["restart pod-n1", "annotate nothing", "restart new1-n1"]);
            deepStrictEqual(end(), { annotations: {}, carriers: [] });
        });

        it("leaves the annotation and the pods that work as they are", async () => {
            const { done, end, writes } = rollOut(
                { ...associated, pods: pods(onNodeRole, pod("n1", carrying(ROLE))) },
                named,
            );
            await rejects(done, { code: "pod-identity-association" });
            deepStrictEqual(writes(), ["restart pod-n2", "restart pod-n3"]);
            deepStrictEqual(end(), { annotations: ANNOTATED, carriers: ["n2", "n3", "n1"] });
        });

        it("leaves the annotation once the canary has worked, though a pod of a wave does not work", async () => {
            const of = { nodes: nine, associations: ["theirs"], associatedFrom: 2, born: from(2, "never") };
            const { done, end, writes } = rollOut(of, named);
            await rejects(done, { code: "pod-identity-association" });
            deepStrictEqual(writes(), ["restart pod-n1", "restart pod-n2"]);
            deepStrictEqual(end(), { annotations: ANNOTATED, carriers: ["n1", "n2"] });
        });

        it("leaves the canary with the role where there is nothing to go back to", async () => {
            const of = { ...associated, born: ofRole(() => "never") };
            const { done, writes } = rollOut(of, { ...named, formerAnnotations: ANNOTATED });
            await rejects(done, { code: "pod-identity-association" });
            deepStrictEqual(writes(), ["restart pod-n1"]);
        });
    });

    it("takes a failed canary back around a role that a person annotates amid the write: the annotation stays", async () => {
        const { done, end, writes } = rollOut(
            { born: ofRole(({ name }) => (name.startsWith("new1") ? "never" : "works")), personsRole: PERSONS_ROLE },
            { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } },
        );
        await rejects(done, { code: "canary-failed" });
        deepStrictEqual(writes(), ["restart pod-n1", `annotate ${FORMER_ROLE}`, "restart new1-n1"]);
        deepStrictEqual(end().annotations, { [ROLE_ARN]: PERSONS_ROLE });
    });

    it("has nothing to take back without a kubeconfig", async () => {
        const invalid = new Refusal("kubeconfig-invalid", "No clusters.", "x", "y");
        const { done, calls } = rollOut({ look: () => invalid });
        await rejects(done, invalid);
        deepStrictEqual(calls, ["cluster"]);
    });

    it("stops where pods do not start for another reason after canaries have worked: the annotation stays, and so do the pods", async () => {
        const { done, end, writes } = rollOut({
            nodes: nine,
            maxUnavailable: 3,
            born: from(3, { startProblem: "container aws-node: ImagePullBackOff" }),
        });
        await rejects(done, ({ code, seen }: Refusal) => {
            strictEqual(code, "pods-do-not-start");
            match(seen, /new3-n3 does not start \(container aws-node: ImagePullBackOff\)/);
            return true;
        });
        strictEqual(
            writes().some((call) => call.startsWith("annotate")),
            false,
        );
        strictEqual(end().annotations[ROLE_ARN], ROLE);
        deepStrictEqual(writes(), ["restart pod-n1", "restart pod-n2", "restart pod-n3", "restart pod-n4"]);
    });

    it("waits for the verdict on a wave that begins right before its limit, and takes it back", async () => {
        // The canary is Ready after seconds, and the limit of 120 s begins. It is watched for 100 s before the wave.
        const { done, end, writes } = rollOut(
            { born: ofRole(({ name }) => (name.startsWith("new1-") ? "works" : "never")) },
            { stableSeconds: 100, timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 60 } },
        );
        await rejects(done, { code: "rollout-taken-back" });
        deepStrictEqual(writes(), ["restart pod-n1", "restart pod-n2", "annotate nothing", "restart new2-n2"]);
        deepStrictEqual(end(), { annotations: {}, carriers: ["n1"] });
    });

    it("stops at its limit after canaries have worked, where a pod never ends", async () => {
        const of: Simulated = { pods: pods(onNodeRole, pod("n1", carrying(ROLE))), ends: false };
        const { done, end, writes } = rollOut(of, { timeouts: { ...DEFAULT_TIMEOUTS, canarySeconds: 60 } });
        await rejects(done, ({ code, seen }: Refusal) => {
            strictEqual(code, "time-limit");
            match(seen, /^The rollout reached its limit of 120 s\. Last seen: /);
            return true;
        });
        strictEqual(writes().length, 1);
        strictEqual(end().annotations[ROLE_ARN], ROLE);
    });

    it("stops after canaries have worked, where AWS does not answer any more", async () => {
        const of: Simulated = {
            pods: pods(onNodeRole, pod("n1", carrying(ROLE))),
            account: (nth) => (nth > 1 ? EXPIRED : undefined),
        };
        const { done, end, writes } = rollOut({ ...of, ends: false });
        await rejects(done, EXPIRED);
        deepStrictEqual(
            writes().filter((call) => call.startsWith("annotate")),
            [],
        );
        strictEqual(end().annotations[ROLE_ARN], ROLE);
    });
});

describe("A rollout that fails in a wave", () => {
    it("is taken back: the annotation leaves, the pods of this wave restart, and those that work stay", async () => {
        const { done, writes, end } = rollOut({ nodes: nine, maxUnavailable: 3, born: ofRole(from(3, "never")) });
        await rejects(done, ({ code, seen, means, fix }: Refusal) => {
            strictEqual(code, "rollout-taken-back");
            match(
                seen,
                /^The rollout failed: new3-n3, new4-n4 on n3, n4 restarted with the role, and have not been Ready for 300 s\./,
            );
            match(
                means,
                /restarted with their former credentials \(the rollout is taken back\)\. 2 pods work with the role and keep it\./,
            );
            match(fix, /Then run pulumi up: it begins with the proof and the canaries\.$/);
            return true;
        });
        deepStrictEqual(writes(), [
            "restart pod-n1",
            "restart pod-n2",
            "restart pod-n3",
            "restart pod-n4",
            "annotate nothing",
            "restart new3-n3",
            "restart new4-n4",
        ]);
        deepStrictEqual(end(), { annotations: {}, carriers: ["n1", "n2"] });
    });

    it("is taken back for a complaint, and a pod that works keeps the role", async () => {
        const { done, end } = rollOut({ nodes: nine, born: ofRole(from(2, { complains: "ec2:CreateTags denied" })) });
        await rejects(done, ({ code, means }: Refusal) => {
            return code === "rollout-taken-back" && means.includes("1 pod works with the role and keeps it.");
        });
        deepStrictEqual(end(), { annotations: {}, carriers: ["n1"] });
    });

    it("begins with one pod at the next run, though others work that the run before restarted", async () => {
        const { done, seen } = rollOut({ nodes: nine, maxUnavailable: 3, born: ofRole(from(4, "never")) });
        await rejects(done, { code: "rollout-taken-back" });
        const next = rollOut({
            nodes: nine,
            maxUnavailable: 3,
            annotations: {},
            pods: ofEarlierRun(seen()),
            born: ofRole(() => "never"),
        });
        await rejects(next.done, { code: "rollout-taken-back" });
        strictEqual(next.writes().filter((call) => /^restart (pod|earlier)/.test(call)).length, 1);
    });

    for (const [what, look] of [
        ["", () => undefined],
        [", also if a look is not answered", (nth: number) => (nth === 2 ? UNREACHABLE : undefined)],
    ] as const) {
        it(`is taken back to the end by the next run, if it was killed meanwhile and the proof now fails${what}`, async () => {
            const refused: Simulated["proof"] = {
                verdict: "no",
                final: true,
                code: "permission-missing",
                why: "No ec2:CreateTags",
            };
            const broken = { ...starting, credentials: carrying(ROLE) };
            const left = [
                pod("n1", carrying(ROLE)),
                ...["n2", "n3", "n4"].map((name) => pod(name, carrying(ROLE), broken)),
            ];
            const others = nine.slice(4).map(({ name }) => pod(name, onNodeRole));
            const { done, end, writes } = rollOut({
                nodes: nine,
                annotations: {},
                pods: [...left, ...others],
                proof: refused,
                look,
            });
            await rejects(done, ({ code, means, fix }: Refusal) => {
                strictEqual(code, "permission-missing");
                strictEqual(
                    means,
                    "An earlier run had left pod-n2, pod-n3, pod-n4 with the role: the rollout is taken back.",
                );
                ok(fix.length > 0);
                return true;
            });
            deepStrictEqual(writes(), ["restart pod-n2", "restart pod-n3", "restart pod-n4"]);
            deepStrictEqual(end(), { annotations: {}, carriers: ["n1"] });
        });
    }

    for (const [what, more] of [
        ["node roles have given up their policies", { nodeRoles: [nodeRole(withoutPolicies)] }],
        ["the injection guard refuses pods without the role", { cluster: { injectionGuard: GUARD } }],
    ] as const) {
        it(`leaves those pods alone if the ${what}`, async () => {
            const refused: Simulated["proof"] = {
                verdict: "no",
                final: true,
                code: "permission-missing",
                why: "No",
            };
            const left = nine.map(({ name }) =>
                pod(name, carrying(ROLE), { ...starting, credentials: carrying(ROLE) }),
            );
            const { done, writes } = rollOut({ nodes: nine, annotations: {}, pods: left, proof: refused, ...more });
            await rejects(done, { code: "permission-missing", means: "Nothing on the cluster was changed." });
            deepStrictEqual(writes(), []);
        });
    }

    it("keeps the annotation if the injection guard refuses pods without the role: no pod could be created", async () => {
        const handedOver = [...nine.slice(0, 8).map(({ name }) => pod(name, carrying(ROLE))), pod("n9", onNodeRole)];
        const guarded = {
            nodes: nine,
            pods: handedOver,
            cluster: { injectionGuard: GUARD },
            nodeRoles: [nodeRole(withoutPolicies)],
            born: ofRole(() => "never"),
        };
        const { done, end } = rollOut(guarded);
        await rejects(done, ({ code, means, fix }: Refusal) => {
            return (
                code === "pods-do-not-work" &&
                means.includes("The rollout was not taken back, because pods cannot return to the node roles") &&
                fix.endsWith("Or run pulumi destroy: it moves every pod back to the node roles.")
            );
        });
        strictEqual(end().annotations[ROLE_ARN], ROLE);
    });

    it("continues at the next run, with the proof first, and restarts those alone that do not carry the role", async () => {
        const { done, seen } = rollOut({ nodes: nine, born: ofRole(from(3, "never")) });
        await rejects(done, { code: "rollout-taken-back" });
        const next = rollOut({ nodes: nine, annotations: {}, pods: seen().cluster.pods });
        strictEqual((await next.done).shown, "9 pods work with the role");
        strictEqual(next.calls[1], "prove");
        strictEqual(next.writes().filter((call) => call.startsWith("restart")).length, 7);
    });

    it("sends no pod back to a node role without the policies, on a cluster that is handed over", async () => {
        const handedOver = [
            ...nine.slice(0, 8).map(({ name }) => pod(name, carrying(ROLE))),
            pod("n9", carrying("bad")),
        ];
        const { done, end } = rollOut({
            nodes: nine,
            nodeRoles: [nodeRole(withoutPolicies)],
            pods: handedOver,
            born: ofRole(() => "never"),
        });
        await rejects(done, { code: "pods-do-not-work" });
        strictEqual(end().annotations[ROLE_ARN], ROLE);
        strictEqual(end().carriers.length, 9);
    });

    it("restores another role there, if the service account had one", async () => {
        const former = { [ROLE_ARN]: FORMER_ROLE };
        const mixed = [
            ...nine.slice(0, 8).map(({ name }) => pod(name, carrying(ROLE))),
            pod("n9", carrying(FORMER_ROLE)),
        ];
        const { done, end } = rollOut(
            {
                nodes: nine,
                nodeRoles: [nodeRole(withoutPolicies)],
                pods: mixed,
                born: (one) => (JSON.stringify(one.credentials).includes(`"${ROLE}"`) ? "never" : "works"),
            },
            { formerAnnotations: former },
        );
        await rejects(done, { code: "rollout-taken-back" });
        deepStrictEqual(end().annotations, former);
    });
});

describe("A complaint from before the role was repaired", () => {
    const complaining = (at?: number) => {
        const when = at === undefined ? {} : { missingPermissionsAt: at };
        return pods(carrying(ROLE), pod("n2", carrying(ROLE), { missingPermissions: "no", ...when }));
    };
    const update = (of: Simulated, before: Partial<typeof state> = {}) => {
        const simulated = simulate(of);
        return {
            ...simulated,
            done: canary.update({ ...state, ...before }, { ...inputs, delivered: "e" }, simulated.operation),
        };
    };
    const proofs = (calls: readonly string[]) => calls.filter((call) => call === "prove").length;

    it("does not count once the role is proved, if the pods were verified with it before", async () => {
        const { done, calls, lines } = update({ pods: complaining(seconds(-60)) });
        deepStrictEqual(await done, { shown: WORKS, rollouts: 4 });
        strictEqual(proofs(calls), 1);
        ok(lines.includes("The role has been proved since this event: only later events count"));
    });

    it("counts where the role is not proved", async () => {
        const { done } = update({
            pods: complaining(seconds(-60)),
            proof: { verdict: "undecided", why: "?", evidence: [] },
        });
        await rejects(done, { code: /canary-failed|rollout-taken-back/ });
    });

    it("does not count either for a role that was never delivered before", async () => {
        const { done, calls } = update({ pods: complaining(seconds(-1)) }, { approvedRole: "before" });
        deepStrictEqual(await done, { shown: WORKS, rollouts: 4 });
        strictEqual(proofs(calls), 1);
        const first = rollOut({ pods: complaining(seconds(-1)) });
        deepStrictEqual(await first.done, { shown: WORKS, rollouts: 1 });
        strictEqual(proofs(first.calls), 1);
    });

    it("counts for such a role, without a proof, if it is not from before the run, or if its time is not known", async () => {
        for (const at of [seconds(0), undefined]) {
            const first = rollOut({ pods: complaining(at) });
            await rejects(first.done, { code: /canary-failed|rollout-taken-back/ });
            strictEqual(proofs(first.calls), 0);
        }
    });

    it("counts if it comes after the proof, which is not repeated", async () => {
        const { done, calls } = update({ pods: complaining(seconds(3600)) });
        await rejects(done, { code: /canary-failed|rollout-taken-back/ });
        strictEqual(proofs(calls), 1);
    });
});

describe("A rollout whose refresh has shown refused pods", () => {
    const line =
        `The API server refused the pods for n1, where no pod of the CNI runs.${inAnEmergency(emergencyCommand(state.subject, state.record))} ` +
        "Run pulumi up --refresh: it makes the DaemonSet controller retry.";
    const refused: Simulated = {
        pods: pods(carrying(ROLE)).slice(1),
        cluster: { refusedPods: ["no"], refusedSince: 0 },
    };

    it("says so", async () => {
        const { operation, lines } = simulate(refused);
        deepStrictEqual(await canary.read(state, operation), { outputs, drift: line });
        deepStrictEqual(lines, [line]);
    });

    it("says nothing where none is refused, and asks AWS nothing", async () => {
        const { operation, lines, calls } = simulate({ pods: pods(carrying(ROLE)) });
        deepStrictEqual(await canary.read(state, operation), { outputs, drift: "none" });
        deepStrictEqual([lines, calls], [[], ["cluster"]]);
    });
});
