import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Step } from "../../../../handover/model/steps";
import type { ClusterSeen, World } from "../../../../handover/model/world";
import { withAdmitted, withAnnotations, worldAfter } from "../../../../handover/preview/forecastWorld";
import {
    attach,
    carrying,
    CNI_POLICY,
    daemonSet,
    FORMER_ROLE,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    OTHER_POLICY,
    pod,
    pods,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    terminating,
    withoutPolicies,
    world,
} from "../support/worlds";

const LATER = NOW + 3_600_000;
const WAIT: Step = { do: "wait", why: "w" };
const onDelete = { ...daemonSet, updateStrategy: "OnDelete" as const };

/** A pod that has been created in place of the one on this node. */
const next = (on: string, credentials = carrying(ROLE)) =>
    pod(on, credentials, {
        name: `the next pod of ${on}`,
        uid: `${on} ${String(LATER)}`,
        createdAt: LATER,
        readySince: LATER,
    });
const regional = (roleArn: string) => ({ ...carrying(roleArn), regionalSts: "regional" as const });

/** What a step changes in the cluster. */
function clusterAfter(step: Step, cluster: Partial<ClusterSeen> = {}, waitedBefore?: boolean) {
    const before = world(onNodeRole, { cluster: { daemonSet: onDelete, ...cluster } });
    const { at, cluster: after, account } = worldAfter(before, step, waitedBefore);
    strictEqual(at, LATER);
    deepStrictEqual(account, before.account);
    return differences(before.cluster, after);
}

function differences(before: ClusterSeen, after: ClusterSeen): object {
    const same = new Map(Object.entries(before).map(([key, value]) => [key, JSON.stringify(value)]));
    return Object.fromEntries(Object.entries(after).filter(([key, value]) => same.get(key) !== JSON.stringify(value)));
}

describe("The world after a step of the forecast", () => {
    const [n1, n2, n3] = ["n1", "n2", "n3"].map((name) => pod(name, onNodeRole));
    const rows: [string, Step, object, Partial<ClusterSeen>?][] = [
        ["is the same after a wait", WAIT, {}],
        [
            "has other annotations of the webhook, and the others as before",
            { do: "annotate", annotations: { [ROLE_ARN]: FORMER_ROLE }, why: "w" },
            { serviceAccount: { ...serviceAccount, annotations: { own: "1", [ROLE_ARN]: FORMER_ROLE } } },
            { serviceAccount: { ...serviceAccount, annotations: { [REGIONAL]: "true", own: "1" } } },
        ],
        [
            "has no annotation without a service account",
            { do: "annotate", annotations: { [ROLE_ARN]: ROLE }, why: "w" },
            {},
            { serviceAccount: undefined },
        ],
        [
            "has a new pod on the node after a restart",
            { do: "restart", pods: [pod("n2", onNodeRole)], why: "w" },
            { pods: [n1, next("n2", regional(ROLE)), n3] },
        ],
        [
            "has a new pod on each node after a restart of several",
            { do: "restart", pods: [pod("n3", onNodeRole), pod("n1", onNodeRole)], why: "w" },
            { pods: [next("n1", regional(ROLE)), n2, next("n3", regional(ROLE))] },
        ],
        [
            "has one after a forced restart, too",
            { do: "forceRestart", pod: pod("n3", onNodeRole), why: "w" },
            { pods: [n1, n2, next("n3", regional(ROLE))] },
        ],
        [
            "has a pod without a role where the service account has no annotation",
            { do: "restart", pods: [pod("n2", onNodeRole)], why: "w" },
            { pods: [n1, next("n2", onNodeRole), n3] },
            { serviceAccount: { ...serviceAccount, annotations: {} } },
        ],
        [
            "has a pod without a role where there is no service account",
            { do: "restart", pods: [pod("n2", onNodeRole)], why: "w" },
            { pods: [n1, next("n2", onNodeRole), n3] },
            { serviceAccount: undefined },
        ],
        [
            "has a pod that uses the STS of each region only unless the annotation says no",
            { do: "restart", pods: [pod("n2", onNodeRole)], why: "w" },
            { pods: [n1, next("n2", carrying(ROLE)), n3] },
            { serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } } },
        ],
        [
            "has no mark of a wake once it is removed",
            { do: "removeWakeMark", why: "w" },
            { daemonSet: { ...onDelete, woken: false } },
            { daemonSet: { ...onDelete, woken: true } },
        ],
        ["has none without a DaemonSet", { do: "removeWakeMark", why: "w" }, {}, { daemonSet: undefined }],
        [
            "has an injection guard that admits other roles",
            { do: "admitRoles", roleArns: [ROLE, FORMER_ROLE], why: "w" },
            { injectionGuard: { present: true, inForce: true, roleArns: [ROLE, FORMER_ROLE] } },
            { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } },
        ],
        [
            "has none once it is removed",
            { do: "removeInjectionGuard", why: "w" },
            { injectionGuard: { present: false, inForce: false } },
            { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } },
        ],
        ["is seen a while later, too", WAIT, { seenAt: LATER }, { seenAt: NOW - 5000 }],
        [
            "has an injection guard in force, if there is one",
            WAIT,
            { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } },
            { injectionGuard: { present: true, inForce: false, roleArns: [ROLE] } },
        ],
    ];
    for (const [what, step, expected, cluster] of rows) {
        it(what, () => deepStrictEqual(clusterAfter(step, cluster), expected));
    }
});

describe("The policies after a step of the forecast", () => {
    const gpu = nodeRole({ name: "gpu", ...withoutPolicies });
    const before = world(onNodeRole, { account: { nodeRoles: [nodeRole(), gpu] } });
    const held = ({ account }: World) =>
        account.nodeRoles.map(({ name, cniPolicies }) => [name, ...cniPolicies.map(({ arn }) => arn)]);

    it("are attached to the roles that the step names", () => {
        const after = worldAfter(before, { do: "attach", policies: attach("gpu"), why: "w" });
        deepStrictEqual(held(after), [
            ["nodes", CNI_POLICY],
            ["gpu", CNI_POLICY],
        ]);
        deepStrictEqual(after.account.nodeRoles[1]?.cniPolicies, [{ arn: CNI_POLICY, kind: "cni", sufficient: true }]);
        deepStrictEqual(differences(before.cluster, after.cluster), {});
    });

    it("are detached from those alone", () => {
        const both = worldAfter(before, { do: "attach", policies: attach("gpu"), why: "w" });
        const policies = [...attach("nodes"), { roleName: "gpu", policyArn: OTHER_POLICY }];
        deepStrictEqual(held(worldAfter(both, { do: "detach", policies, why: "w" })), [["nodes"], ["gpu", CNI_POLICY]]);
    });
});

describe("The pods that a forecast settles", () => {
    const podsAfter = (cluster: Partial<ClusterSeen>, waitedBefore?: boolean) => {
        const { pods: seen = "the same" } = clusterAfter(WAIT, cluster, waitedBefore) as { pods?: ClusterSeen["pods"] };
        return seen;
    };
    const withTemplate = { ...daemonSet, updateStrategy: "RollingUpdate" as const };
    const old = { current: false };

    it("are those of a rolling update, on each Ready node", () => {
        const seen = {
            daemonSet: withTemplate,
            nodes: [node("n1"), node("n2", { ready: false }), node("n3")],
            pods: ["n1", "n2", "n3"].map((name) => pod(name, onNodeRole, name === "n3" ? {} : old)),
        };
        const [, n2, n3] = seen.pods;
        deepStrictEqual(podsAfter(seen), [next("n1", regional(ROLE)), n2, n3]);
        strictEqual(podsAfter({ ...seen, daemonSet: onDelete }), "the same");
        strictEqual(podsAfter({ ...seen, daemonSet: undefined }), "the same");
    });

    it("are without those that terminate, unless their node does not respond", () => {
        const seen = pods(onNodeRole, pod("n1", onNodeRole, terminating), pod("n2", onNodeRole, terminating));
        deepStrictEqual(podsAfter({ pods: seen, nodes: [node("n1"), node("n2", { ready: false }), node("n3")] }), [
            pod("n3", onNodeRole),
            pod("n2", onNodeRole, terminating),
            next("n1", regional(ROLE)),
        ]);
    });

    it("become Ready at the second wait in a row, unless their node does not respond", () => {
        const seen = pods(onNodeRole, pod("n1", onNodeRole, starting), pod("n2", onNodeRole, starting));
        const cluster = { pods: seen, nodes: [node("n1"), node("n2", { ready: false }), node("n3")] };
        strictEqual(podsAfter(cluster), "the same");
        strictEqual(podsAfter(cluster, false), "the same");
        deepStrictEqual(podsAfter(cluster, true), [
            pod("n3", onNodeRole),
            pod("n1", onNodeRole, { readySince: LATER }),
            pod("n2", onNodeRole, starting),
        ]);
    });

    it("come to each Ready node that has none, unless the injection guard refuses them", () => {
        const seen = { pods: pods(onNodeRole).slice(1), refusedPods: ["refused"] };
        const guard = (...roleArns: string[]) => ({
            ...seen,
            injectionGuard: { present: true, inForce: true, roleArns },
        });
        const whole = { pods: [...seen.pods, next("n1", regional(ROLE))], refusedPods: [] };
        deepStrictEqual(clusterAfter(WAIT, seen), whole);
        deepStrictEqual(clusterAfter(WAIT, guard(ROLE)), whole);
        deepStrictEqual(clusterAfter(WAIT, guard(FORMER_ROLE)), {});
        const unread = { ...seen, injectionGuard: { present: true, inForce: true } };
        deepStrictEqual(clusterAfter(WAIT, unread), whole);
    });

    it("come where no pod was refused yet, although the guard will refuse the webhook's", () => {
        const seen = {
            pods: pods(onNodeRole).slice(1),
            injectionGuard: { present: true, inForce: true, roleArns: [FORMER_ROLE] },
        };
        deepStrictEqual(clusterAfter(WAIT, seen), { pods: [...seen.pods, next("n1", regional(ROLE))] });
    });

    it("stay refused where the service account has no annotation, or is gone", () => {
        const seen = {
            pods: pods(onNodeRole).slice(1),
            refusedPods: ["refused"],
            injectionGuard: { present: true, inForce: true, roleArns: [ROLE] },
        };
        for (const account of [undefined, { ...serviceAccount, annotations: {} }]) {
            deepStrictEqual(clusterAfter(WAIT, { ...seen, serviceAccount: account }), {});
        }
    });
});

describe("What the resources between the live checks change in a forecast", () => {
    const { cluster } = world(carrying(ROLE), {
        cluster: { injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } },
    });

    it("is the annotations of the service account, if there is one", () => {
        deepStrictEqual(differences(cluster, withAnnotations(cluster, { [ROLE_ARN]: FORMER_ROLE })), {
            serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE } },
        });
        const without = { ...cluster, serviceAccount: undefined };
        deepStrictEqual(withAnnotations(without, { [ROLE_ARN]: ROLE }), without);
    });

    it("is a new injection guard", () => {
        const without = { ...cluster, injectionGuard: { present: false, inForce: false } };
        const step = { do: "createInjectionGuard", roleArns: [FORMER_ROLE], why: "" } as const;
        const { injectionGuard } = worldAfter({ ...world(carrying(ROLE)), cluster: without }, step).cluster;
        deepStrictEqual(injectionGuard, { present: true, inForce: true, roleArns: [FORMER_ROLE] });
    });

    it("is another role that the injection guard admits, if there is one", () => {
        const { injectionGuard } = withAdmitted(cluster, FORMER_ROLE);
        deepStrictEqual(injectionGuard, { present: true, inForce: true, roleArns: [ROLE, FORMER_ROLE] });
        deepStrictEqual(withAdmitted(cluster, ROLE), cluster);
        const without = { ...cluster, injectionGuard: { present: false, inForce: false } };
        deepStrictEqual(withAdmitted(without, ROLE), without);
    });
});
