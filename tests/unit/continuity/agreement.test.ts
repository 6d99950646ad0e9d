import * as assert from "assert";
import * as fc from "fast-check";
import { codeOf } from "../../continuity/agreement/codes";
import { type ComparedState, comparedStateOfSandbox } from "../../continuity/agreement/comparedState";
import { type Course, faults, onDelete, operators, silence } from "../../continuity/agreement/courses";
import { kindsOf, runOnModel } from "../../continuity/agreement/modelRun";
import type { Snapshot } from "../../continuity/state/snapshot";
import { runOnWorld } from "../../model/modelRun";
import { scenario } from "../../model/scenarios";
import { CNI_POLICY, iam, role } from "./world";

const NODES = 3;
const COURSES: Record<string, Course> = { operators, faults, silence, onDelete };

const onNodeRole: ComparedState = {
    annotated: undefined,
    pods: { "": NODES },
    notReady: 0,
    template: "as before",
    isNoted: false,
    injectionGuard: undefined,
    nodeRoleHoldsPolicy: true,
    roles: [],
};
const handedOver = (name: string): ComparedState => ({
    annotated: name,
    pods: { [name]: NODES },
    notReady: 0,
    template: "as before",
    isNoted: true,
    injectionGuard: [name],
    nodeRoleHoldsPolicy: false,
    roles: [name],
});

/**
 * Transitions that random play reaches and no course has. The scenario pod-identity-after-guard plays those of Pod Identity, and scenarios of
 * the rollout play subnets without STS and pods that do not start. The sandbox updates recorded states of the code of before.
 */
const NOT_REPLAYED = [
    /^killed /,
    /^\*\* association/,
    /with pod identity$/,
    /^\*\* subnet/,
    /^\*\* image/,
    /of the code of before$/,
];

describe("what the model and the sandbox are to agree upon", () => {
    for (const [name, course] of Object.entries(COURSES)) {
        it(`ends as it began: ${name}`, async () => {
            const last = (await runOnModel(course, NODES)).at(-1);
            assert.deepStrictEqual([last?.ended, last?.state], ["done", onNodeRole]);
        });
    }

    it("is how each turn ends, and what is there then", async () => {
        const [failed, up] = await runOnModel(operators, NODES);
        assert.deepStrictEqual([failed?.ended, failed?.state], ["canary-failed", { ...onNodeRole, roles: ["bad"] }]);
        assert.deepStrictEqual([up?.ended, up?.state], ["done", handedOver("cni")]);
    });

    it("has each node that joins and that is lost, on clusters larger than those of random play", async () => {
        const states = (await runOnModel(operators, 12)).map(({ state }) => state.pods);
        assert.deepStrictEqual(states.slice(3, 6), [{ cni: 12 }, { cni: 13 }, { cni: 12 }]);
    });

    it("is a kill right before the call that is named", async () => {
        const results = await runOnModel(faults, NODES);
        const killed = results.filter(({ ended }) => ended === "killed").map(({ state }) => state.pods);
        assert.deepStrictEqual(killed, [{ cni: NODES - 1, next: 1 }, { next: NODES }, { next: NODES }]);
    });

    it("are all kinds of transition that random play takes, but for those that are named here", async () => {
        const courses = await Promise.all(Object.values(COURSES).map((course) => runOnModel(course, NODES)));
        const replayed = new Set(courses.flat().flatMap(({ kinds }) => kinds));
        const taken = new Set<string>();
        for (const one of fc.sample(scenario, { seed: 1, numRuns: 40 })) {
            kindsOf((await runOnWorld(one)).log.map((line) => line.slice(10))).forEach((kind) =>
                taken.add(ofOneRole(kind)),
            );
        }
        const all = new Set([...replayed].map(ofOneRole));
        const missing = [...taken].filter((kind) => !all.has(kind) && !NOT_REPLAYED.some((known) => known.test(kind)));
        assert.deepStrictEqual(missing, []);
        assert.ok(taken.size > 20);
    }).timeout(60_000);
});

/** Treats the model's second node role like the first. */
function ofOneRole(kind: string): string {
    return kind.replace(/^(attach to|detach from|\*\* nodeJoins) b$/, "$1 a");
}

describe("what is seen of a sandbox", () => {
    const none = { annotations: {}, managers: [] };
    const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
        iam: iam([role("sandbox-nodes")]),
        serviceAccount: none,
        daemonSet: none,
        templateAnnotations: {},
        admissionPolicies: [],
        admissionPolicyBindings: [],
        admittedRoles: [],
        associations: [],
        pods: [],
        ...more,
    });
    const arn = "arn:aws:iam::111122223333:role/path/cni";
    const pod = (roleArn: string | undefined, ready = true) => ({
        name: "p",
        node: "n",
        ready,
        roleArn,
        containerCredentials: false,
    });

    it("is as before where nothing has changed", () => {
        assert.deepStrictEqual(comparedStateOfSandbox(snapshot(), snapshot({ pods: [pod(undefined)] })), {
            ...onNodeRole,
            pods: { "": 1 },
        });
    });

    it("is each thing that a hand-over changes", () => {
        const after = snapshot({
            iam: iam([role("sandbox-nodes", { attachedPolicyArns: [] }), role("cni")]),
            serviceAccount: { ...none, annotations: { "eks.amazonaws.com/role-arn": arn } },
            templateAnnotations: { "eks-cni/delivered": "1" },
            daemonSet: { ...none, annotations: { "eks-cni/delivered": "1" } },
            admissionPolicies: ["guard"],
            admittedRoles: [arn],
            pods: [pod(arn), pod(arn, false), pod(undefined)],
        });
        assert.deepStrictEqual(comparedStateOfSandbox(snapshot(), after), {
            ...handedOver("cni"),
            template: "changed",
            pods: { "": 1, cni: 2 },
            notReady: 1,
        });
    });

    it("is not another policy of the node role", () => {
        const other = snapshot({ iam: iam([role("sandbox-nodes", { attachedPolicyArns: [`${CNI_POLICY}2`] })]) });
        assert.strictEqual(comparedStateOfSandbox(snapshot(), other).nodeRoleHoldsPolicy, false);
    });
});

describe("the code of a run that was stopped", () => {
    it("is the first in brackets", () => {
        assert.strictEqual(codeOf("error: [canary-failed] [time-limit]"), "canary-failed");
    });

    it("is none where there is none", () => {
        assert.strictEqual(codeOf("error: [diff] x"), "without a code");
    });
});
