import type { V1Affinity, V1NodeSelectorTerm, V1PodSpec, V1Taint, V1Toleration } from "@kubernetes/client-node";
import type { Plain } from "local-eks/kubernetes";
import * as assert from "node:assert/strict";
import { type Placement, selectsNode, taintsWithoutAgent } from "../../../../handover/kubernetes/scheduling";

const node: Placement = {
    name: "ip-10-0-1-4",
    labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", cores: "8", change: "-3" },
    taints: [],
};

const affinityOf = (nodeSelectorTerms: V1NodeSelectorTerm[]): V1Affinity => ({
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});
const selects = (more: Plain<Partial<V1PodSpec>>, on: Partial<Placement> = {}) =>
    selectsNode({ containers: [], ...more }, { ...node, ...on });
const expression = (key: string, operator: string, ...values: string[]) =>
    selects({ affinity: affinityOf([{ matchExpressions: [{ key, operator, values }] }]) });

describe("A DaemonSet", () => {
    it("selects each node when it asks for nothing", () => {
        assert.equal(selects({}), true);
        assert.equal(selects({ affinity: {} }), true);
        assert.equal(selects({ affinity: { nodeAffinity: {} } }), true);
    });

    it("selects the nodes that have all labels of its nodeSelector", () => {
        assert.equal(selects({ nodeSelector: { cores: "8", "kubernetes.io/os": "linux" } }), true);
        assert.equal(selects({ nodeSelector: { cores: "8", "kubernetes.io/os": "windows" } }), false);
        assert.equal(selects({ nodeSelector: { gpu: "" } }), false);
    });

    it("selects only the node that its template names", () => {
        assert.equal(selects({ nodeName: "ip-10-0-1-4" }), true);
        assert.equal(selects({ nodeName: "ip-10-0-1-5" }), false);
        assert.equal(selects({ nodeName: "" }), true);
    });

    const expressions: [string, string, string[], boolean][] = [
        ["cores", "In", ["4", "8"], true],
        ["cores", "In", ["4"], false],
        ["gpu", "In", ["", "8"], false],
        ["cores", "NotIn", ["4"], true],
        ["cores", "NotIn", ["4", "8"], false],
        ["gpu", "NotIn", ["8"], true],
        ["cores", "Exists", [], true],
        ["gpu", "Exists", [], false],
        ["cores", "DoesNotExist", [], false],
        ["gpu", "DoesNotExist", [], true],
        ["cores", "Gt", ["7"], true],
        ["cores", "Gt", ["8"], false],
        ["cores", "Gt", ["9"], false],
        ["cores", "Lt", ["9"], true],
        ["cores", "Lt", ["8"], false],
        ["cores", "Lt", ["10"], true],
        ["gpu", "Lt", ["9"], false],
        ["gpu", "Gt", ["0"], false],
        ["kubernetes.io/os", "Gt", ["0"], false],
        ["change", "Gt", ["-4"], true],
        ["change", "Lt", ["+2"], true],
        ["cores", "Lt", ["nine"], false],
        ["cores", "Lt", ["9x"], false],
        ["cores", "Lt", ["x9"], false],
        ["cores", "Lt", ["9e9"], false],
        ["cores", "Lt", ["0x9"], false],
        ["cores", "Lt", [], false],
        ["cores", "Like", ["8"], false],
    ];
    for (const [key, operator, values, expected] of expressions) {
        it(`${expected ? "selects" : "leaves out"} a node by ${key} ${operator} [${values.join(", ")}]`, () =>
            assert.equal(expression(key, operator, ...values), expected));
    }

    const linux = { key: "kubernetes.io/os", operator: "In", values: ["linux"] };
    const windows = { key: "kubernetes.io/os", operator: "In", values: ["windows"] };
    const byName = (...values: string[]) => [{ key: "metadata.name", operator: "In", values }];

    it("takes the expressions of a term together, and its terms as alternatives", () => {
        assert.equal(selects({ affinity: affinityOf([{ matchExpressions: [linux, windows] }]) }), false);
        const terms = [{ matchExpressions: [windows] }, { matchExpressions: [linux] }];
        assert.equal(selects({ affinity: affinityOf(terms) }), true);
    });

    it("takes the fields of a term together with its expressions", () => {
        assert.equal(selects({ affinity: affinityOf([{ matchFields: byName("ip-10-0-1-4") }]) }), true);
        assert.equal(selects({ affinity: affinityOf([{ matchFields: byName("ip-10-0-1-5") }]) }), false);
        const both = [{ matchFields: byName("ip-10-0-1-4"), matchExpressions: [windows] }];
        assert.equal(selects({ affinity: affinityOf(both) }), false);
    });

    it("knows no field but the name", () => {
        const matchFields = [{ key: "spec.unschedulable", operator: "In", values: ["ip-10-0-1-4"] }];
        assert.equal(selects({ affinity: affinityOf([{ matchFields }]) }), false);
    });

    it("selects nothing by a term without requirements, nor without terms", () => {
        assert.equal(selects({ affinity: affinityOf([{}]) }), false);
        assert.equal(selects({ affinity: affinityOf([{ matchExpressions: [], matchFields: [] }]) }), false);
        assert.equal(selects({ affinity: affinityOf([]) }), false);
    });

    it("leaves out what aws-node's own affinity leaves out: Fargate, Auto Mode, hybrid nodes and Windows", () => {
        // Source: amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml
        const affinity = affinityOf([
            {
                matchExpressions: [
                    linux,
                    { key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] },
                    { key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate", "hybrid", "auto"] },
                ],
            },
        ]);
        assert.equal(selects({ affinity }), true);
        for (const type of ["fargate", "hybrid", "auto"]) {
            const labels = { ...node.labels, "eks.amazonaws.com/compute-type": type };
            assert.equal(selects({ affinity }, { labels }), false, type);
        }
        assert.equal(selects({ affinity }, { labels: { ...node.labels, "kubernetes.io/os": "windows" } }), false);
    });

    const taint = (more: Partial<V1Taint> = {}): V1Taint => ({
        key: "team",
        value: "a",
        effect: "NoSchedule",
        ...more,
    });
    const tolerations: [string, V1Toleration, V1Taint, boolean][] = [
        ["everything", { operator: "Exists" }, taint(), true],
        ["the key", { key: "team", operator: "Exists" }, taint(), true],
        ["another key", { key: "other", operator: "Exists" }, taint(), false],
        ["the key with that effect", { key: "team", operator: "Exists", effect: "NoSchedule" }, taint(), true],
        ["the key with another effect", { key: "team", operator: "Exists", effect: "NoExecute" }, taint(), false],
        ["the value", { key: "team", operator: "Equal", value: "a" }, taint(), true],
        ["the value, without naming an operator", { key: "team", value: "a" }, taint(), true],
        ["another value", { key: "team", operator: "Equal", value: "b" }, taint(), false],
        ["no value, where there is one", { key: "team", operator: "Equal" }, taint(), false],
        ["no value, where there is none", { key: "team" }, taint({ value: undefined }), true],
        ["something unknown", { key: "team", operator: "Lt", value: "a" }, taint(), false],
        [
            "another effect of NoExecute",
            { key: "team", effect: "NoSchedule", operator: "Exists" },
            taint({ effect: "NoExecute" }),
            false,
        ],
    ];
    for (const [what, toleration, on, expected] of tolerations) {
        it(`${expected ? "selects" : "leaves out"} a tainted node (${on.effect}) when it tolerates ${what}`, () =>
            assert.equal(selects({ tolerations: [toleration] }, { taints: [on] }), expected));
    }

    it("leaves out a node with a taint that it does not tolerate, of several", () => {
        const taints = [taint(), taint({ key: "gpu" })];
        assert.equal(selects({ tolerations: [{ key: "team", operator: "Exists" }] }, { taints }), false);
        const both = [
            { key: "team", operator: "Exists" },
            { key: "gpu", operator: "Exists" },
        ];
        assert.equal(selects({ tolerations: both }, { taints }), true);
        assert.equal(selects({}, { taints: [taint()] }), false);
    });

    it("does not care for a preference", () => {
        assert.equal(selects({}, { taints: [taint({ effect: "PreferNoSchedule" })] }), true);
    });

    for (const [condition, effect] of [
        ["not-ready", "NoExecute"],
        ["unreachable", "NoExecute"],
        ["disk-pressure", "NoSchedule"],
        ["memory-pressure", "NoSchedule"],
        ["pid-pressure", "NoSchedule"],
        ["unschedulable", "NoSchedule"],
    ] as const) {
        it(`selects a node that is ${condition}, which its controller tolerates for it`, () => {
            const taints = [{ key: `node.kubernetes.io/${condition}`, effect }];
            assert.equal(selects({}, { taints }), true);
            const worse = effect === "NoExecute" ? "NoSchedule" : "NoExecute";
            assert.equal(selects({}, { taints: [{ key: `node.kubernetes.io/${condition}`, effect: worse }] }), false);
        });
    }

    it("selects a node without a network only when its pods are on the host's", () => {
        const taints = [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }];
        assert.equal(selects({ hostNetwork: true }, { taints }), true);
        assert.equal(selects({ hostNetwork: false }, { taints }), false);
        assert.equal(selects({}, { taints }), false);
    });
});

describe("The agent of Pod Identity", () => {
    const everything: V1Toleration[] = [{ operator: "Exists" }];
    const joining = "node.kubernetes.io/not-ready:NoSchedule";
    const critical = { key: "CriticalAddonsOnly", operator: "Exists" };
    const notReady = { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoSchedule" };
    const keptAway = (agent: V1Toleration[] | undefined, taints: V1Taint[] = [], cni = everything) =>
        taintsWithoutAgent({ containers: [], tolerations: agent }, { containers: [], tolerations: cni }, taints);

    const anyTaint = ["*:NoSchedule", "*:NoExecute"];
    const rows: [string, string[], string[]][] = [
        ["is kept away from a node that joins, without tolerations", keptAway(undefined), [joining, ...anyTaint]],
        ["is kept away from it, when it tolerates something else", keptAway([critical]), [joining, ...anyTaint]],
        [
            "is kept away from it, when it tolerates that nodes are not Ready while it runs",
            keptAway([{ ...notReady, effect: "NoExecute" }]),
            [joining, ...anyTaint],
        ],
        [
            "is kept away from it, when it tolerates a value of the taint",
            keptAway([{ key: notReady.key, operator: "Equal", value: "true" }]),
            [joining, ...anyTaint],
        ],
        ["is kept away by startup taints, when it tolerates this taint", keptAway([critical, notReady]), anyTaint],
        ["is so, when it tolerates the key without a value", keptAway([{ key: notReady.key }]), anyTaint],
        [
            "is kept away by those of the other effect, when it tolerates each taint of one",
            keptAway([{ operator: "Exists", effect: "NoSchedule" }]),
            ["*:NoExecute"],
        ],
        [
            "is kept away by startup taints of the effect that the CNI tolerates alone",
            keptAway([notReady], [], [{ operator: "Exists", effect: "NoSchedule" }]),
            ["*:NoSchedule"],
        ],
        [
            "gets there, when it tolerates each taint of either effect",
            keptAway([
                { operator: "Exists", effect: "NoSchedule" },
                { operator: "Exists", effect: "NoExecute" },
            ]),
            [],
        ],
        ["gets there, when it tolerates everything", keptAway(everything, [{ key: "team", effect: "NoExecute" }]), []],
        ["is kept away from no node on which the CNI does not run either", keptAway([], [], []), []],
        [
            "is kept away by each other taint that the CNI tolerates, told once",
            keptAway(
                [notReady],
                [
                    { key: "team", value: "a", effect: "NoSchedule" },
                    { key: "startup", effect: "NoExecute" },
                    { key: "team", value: "a", effect: "NoSchedule" },
                    { key: "team", value: "", effect: "NoSchedule" },
                    { key: "team", value: "b", effect: "PreferNoSchedule" },
                ],
            ),
            [...anyTaint, "team=a:NoSchedule", "startup:NoExecute", "team:NoSchedule"],
        ],
        [
            "is not kept away by a taint that the CNI does not tolerate",
            keptAway(
                [notReady],
                [
                    { key: "team", effect: "NoSchedule" },
                    { key: "gpu", effect: "NoSchedule" },
                ],
                [notReady, { key: "gpu", operator: "Exists" }],
            ),
            ["gpu:NoSchedule"],
        ],
    ];
    for (const [what, seen, expected] of rows) {
        it(what, () => assert.deepEqual(seen, expected));
    }
});
