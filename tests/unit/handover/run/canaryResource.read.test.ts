import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { RunContext } from "../../../../handover/observe/runContext";
import { canary, CanaryInputs, CanaryOutputs } from "../../../../handover/run/canaryResource";
import type { World } from "../../../../handover/model/world";
import { verified } from "../support/detachments";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    node,
    nodeRole,
    NOW,
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

const state: CanaryInputs & CanaryOutputs = {
    subject,
    record,
    // The pods that are starting are younger than the limit of a canary.
    timeouts: { proofSeconds: 1, canarySeconds: 7200, verificationSeconds: 1, handBackSeconds: 1 },
    iamPropagationSeconds: 0,
    forceDestroy: false,
    drift: "none",
    formerAnnotations: {},
    approvedRole: ROLE,
    proof: "off",
    serviceAccountUid: "account",
    stableSeconds: 1,
    delivered: "digest",
    shown: "it works",
    rollouts: 2,
};

async function refresh(
    cluster: Partial<World["cluster"]>,
    withWarnings = true,
    more: object = {},
    account?: Partial<World["account"]>,
) {
    const lines: string[] = [];
    const warnings: string[] = [];
    const context = {
        subject,
        now: () => NOW,
        aws: {
            look: () =>
                account === undefined
                    ? Promise.reject(new Error("the account is looked at"))
                    : Promise.resolve(verified(cluster, account).account),
        },
        cluster: { look: () => Promise.resolve(verified(cluster).cluster), close: () => undefined },
        progress: (line: string) => lines.push(line),
        ...(withWarnings && { warn: (line: string) => warnings.push(line) }),
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    return { ...(await canary.read({ ...state, ...more }, operation)), lines, warnings };
}

describe("A refresh of the canary", () => {
    const outputs = { shown: "it works", rollouts: 2 };
    const changed = {
        serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE } },
        pods: [pod("n1", carrying(FORMER_ROLE)), pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE))],
    };

    it("says nothing where all is as the last update left it", async () => {
        deepStrictEqual(await refresh({}), { outputs, drift: "none", lines: [], warnings: [] });
    });

    it("shows the whole drift as one warning, and returns the same text", async () => {
        const { drift, lines, warnings } = await refresh(changed);
        match(
            drift,
            /instead of .* 1 of 3 pods does not carry .* Run pulumi up --refresh: it puts the annotation back, and restarts this pod\.$/,
        );
        deepStrictEqual([lines, warnings], [[], [drift]]);
    });

    it("shows it as a line where the binding has no warnings", async () => {
        const { drift, lines, warnings } = await refresh(changed, false);
        deepStrictEqual([lines, warnings], [[drift], []]);
    });

    for (const [what, cluster, pending, expected] of [
        [
            "shows that a killed repair is not finished while a pod is not Ready",
            { pods: [pod("n1", carrying(ROLE)), pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE), starting)] },
            "1 pod does not carry the role",
            "Since the last refresh, no update has seen these pods work, and they are not Ready: pod-n3. Run pulumi up --refresh: it finishes the repair.",
        ],
        [
            "says nothing about the pods of another cluster",
            { uid: "another", pods: [pod("n1", carrying(ROLE), starting)] },
            "1 pod does not carry the role",
            "none",
        ],
        ["takes a killed repair for finished when each pod is Ready", {}, "1 pod does not carry the role", "none"],
        [
            "does not wait for the pod of a NotReady node, or for one that ends",
            {
                nodes: [node("n1"), node("n2"), node("n3", { ready: false })],
                pods: [
                    pod("n1", carrying(ROLE)),
                    pod("n2", carrying(ROLE)),
                    pod("n2", carrying(ROLE), { ...starting, name: "old", terminating: true }),
                    pod("n3", carrying(ROLE), starting),
                ],
            },
            "1 pod does not carry the role",
            "none",
        ],
        [
            "says nothing about a pod that is starting if no repair is pending",
            { pods: [pod("n1", carrying(ROLE)), pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE), starting)] },
            "none",
            "none",
        ],
    ] as const) {
        it(what, async () => {
            const { drift } = await refresh(cluster, true, { drift: pending });
            strictEqual(drift, expected);
        });
    }

    describe("that finds a pod with the role which has not worked for as long as a canary may take", () => {
        const limit = { timeouts: { ...state.timeouts, canarySeconds: 300 } };
        const silent = (more: object = {}) => ({
            pods: pods(carrying(ROLE), pod("n3", carrying(ROLE), { ...starting, createdAt: seconds(-300), ...more })),
        });
        const inSubnets = (...ids: string[]) => ({
            networkOfInstance: Object.fromEntries(
                ids.map((subnetId, nth) => [`i-n${String(nth + 1)}`, { subnetId, securityGroupIds: [] }]),
            ),
        });
        const apart = inSubnets("s1", "s1", "s3");

        it("says so, if no other pod in its subnet works: the next update takes it back", async () => {
            const { drift } = await refresh(silent(), true, limit, apart);
            strictEqual(
                drift,
                `pod-n3 on n3 (s3) carries ${ROLE}, and has not been Ready for 300 s. No other pod in the same subnets works with it. ` +
                    "Run pulumi up --refresh: it takes the rollout back if these pods still cannot use the role.",
            );
        });

        it("says nothing if another pod there works, or if a policy has left a node role", async () => {
            const together = inSubnets("s1", "s3", "s3");
            const detached = { ...apart, nodeRoles: [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })] };
            const two = { ...limit, record: { ...record, nodeRolePolicies: { more: [CNI_POLICY] } } };
            strictEqual((await refresh(silent(), true, limit, together)).drift, "none");
            strictEqual((await refresh(silent(), true, two, detached)).drift, "none");
        });

        for (const [what, cluster] of [
            ["is younger", silent({ createdAt: seconds(-299) })],
            ["does not start for a reason of its own", silent({ startProblem: "Unschedulable" })],
            ["is ending", silent({ terminating: true })],
            ["is on a NotReady node", { ...silent(), nodes: [node("n1"), node("n2"), node("n3", { ready: false })] }],
            ["is of another cluster", { ...silent(), uid: "another" }],
        ] as const) {
            it(`does not even look at the account if the pod ${what}`, async () => {
                strictEqual((await refresh(cluster, true, limit)).drift, "none");
            });
        }
    });

    it("writes every output of the state of an earlier version", async () => {
        const early = await refresh({}, true, { shown: undefined, rollouts: undefined, carriedBefore: true });
        deepStrictEqual(early.outputs, { shown: "", rollouts: 0 });
    });

    it("looks under the names of the record", async () => {
        const renamed = { subject: { ...subject, fieldManager: "eks-cni/network/production/renamed" } };
        deepStrictEqual((await refresh({}, true, renamed)).drift, "none");
    });
});
