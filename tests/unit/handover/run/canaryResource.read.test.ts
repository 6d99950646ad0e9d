import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { RunContext } from "../../../../handover/observe/runContext";
import { canary, CanaryInputs, CanaryOutputs } from "../../../../handover/run/canaryResource";
import type { World } from "../../../../handover/model/world";
import { verified } from "../support/detachments";
import {
    carrying,
    FORMER_ROLE,
    node,
    NOW,
    pod,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
} from "../support/worlds";

const state: CanaryInputs & CanaryOutputs = {
    subject,
    record,
    timeouts: { proofSeconds: 1, canarySeconds: 1, verificationSeconds: 1, handBackSeconds: 1 },
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

async function refresh(cluster: Partial<World["cluster"]>, withWarnings = true, more: object = {}) {
    const lines: string[] = [];
    const warnings: string[] = [];
    const context = {
        subject,
        cluster: { look: () => Promise.resolve(verified(cluster).cluster), close: () => undefined },
        now: () => NOW,
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

    it("writes every output of the state of an earlier version", async () => {
        const early = await refresh({}, true, { shown: undefined, rollouts: undefined, carriedBefore: true });
        deepStrictEqual(early.outputs, { shown: "", rollouts: 0 });
    });

    it("looks under the names of the record", async () => {
        const renamed = { subject: { ...subject, fieldManager: "eks-cni/network/production/renamed" } };
        deepStrictEqual((await refresh({}, true, renamed)).drift, "none");
    });
});
