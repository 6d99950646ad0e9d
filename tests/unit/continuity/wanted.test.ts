import * as assert from "assert";
import type { PodSnapshot, Snapshot } from "../../continuity/state/snapshot";
import { differencesAfterHandBack, differencesAfterHandOver } from "../../continuity/state/wanted";
import { ACCOUNT, CNI_POLICY, iam, nodeRole, role, ROLE } from "./world";

const ANNOTATION = "eks.amazonaws.com/role-arn";
const WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

function podOf(name: string, more: Partial<PodSnapshot> = {}): PodSnapshot {
    return {
        name: `aws-node-${name}`,
        node: "n1",
        ready: true,
        roleArn: undefined,
        containerCredentials: false,
        ...more,
    };
}

function before(more: Partial<Snapshot> = {}): Snapshot {
    return {
        iam: iam([nodeRole({ attachedPolicyArns: [WORKER, CNI_POLICY] })]),
        serviceAccount: { annotations: { team: "network" }, managers: ["eks"] },
        daemonSet: { annotations: {}, managers: ["eks", "kube-controller-manager"] },
        templateAnnotations: {},
        admissionPolicies: ["theirs"],
        admissionPolicyBindings: ["theirs"],
        admittedRoles: [],
        associations: [],
        pods: [podOf("a")],
        ...more,
    };
}

function handedOver(more: Partial<Snapshot> = {}): Snapshot {
    return before({
        iam: iam([nodeRole({ attachedPolicyArns: [WORKER] }), role("cni")]),
        serviceAccount: { annotations: { team: "network", [ANNOTATION]: ROLE }, managers: ["eks", "eks-cni/a"] },
        templateAnnotations: { "eks-cni/delivered": "1" },
        admissionPolicyBindings: ["theirs", "ours"],
        pods: [podOf("b", { roleArn: ROLE })],
        ...more,
    });
}

describe("after the hand-back", () => {
    const cases: [string, Partial<Snapshot>, string[]][] = [
        ["nothing differs", {}, []],
        [
            "a role is left over",
            { iam: iam([...Object.values(before().iam.roles), role("cni")]) },
            ["role left over: cni"],
        ],
        [
            "a node role lost its policy",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER] })]) },
            [`policy of the role nodes lost: ${CNI_POLICY}`],
        ],
        [
            "a node role got more than it had",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER, CNI_POLICY, "arn:x"] })]) },
            ["policy of the role nodes left over: arn:x"],
        ],
        ["a role is gone", { iam: iam([]) }, ["role lost: nodes"]],
        [
            "the annotation is there",
            { serviceAccount: { annotations: { team: "network", [ANNOTATION]: ROLE }, managers: ["eks"] } },
            [`annotation of the service account left over: ${ANNOTATION}`],
        ],
        [
            "another owner's annotation is lost",
            { serviceAccount: { annotations: {}, managers: ["eks"] } },
            ["annotation of the service account lost: team"],
        ],
        [
            "another owner's annotation has changed",
            { serviceAccount: { annotations: { team: "x" }, managers: ["eks"] } },
            ["annotation of the service account changed: team from network to x"],
        ],
        [
            "a field manager of the component owns something",
            { daemonSet: { annotations: {}, managers: ["eks", "eks-cni/p/s/cni"] } },
            ["the field manager eks-cni/p/s/cni still owns fields of the DaemonSet"],
        ],
        [
            "the template is annotated",
            { templateAnnotations: { x: "1" } },
            ["annotation of the pod template left over: x"],
        ],
        ["the guard is there", { admissionPolicies: ["ours", "theirs"] }, ["admission policy left over: ours"]],
        ["a pod carries the role", { pods: [podOf("a", { roleArn: ROLE })] }, [`pod aws-node-a still carries ${ROLE}`]],
        ["a pod is not Ready", { pods: [podOf("a", { ready: false })] }, ["pod aws-node-a on n1 is not Ready"]],
        ["an association is there", { associations: [ROLE] }, [`Pod Identity association left over: ${ROLE}`]],
        [
            "a pod still has container credentials",
            { pods: [podOf("a", { containerCredentials: true })] },
            ["pod aws-node-a still has container credentials"],
        ],
    ];
    cases.forEach(([what, more, expected]) => {
        it(`is seen: ${what}`, () =>
            assert.deepStrictEqual(differencesAfterHandBack(before(), before(more)), expected));
    });
});

describe("after the hand-over", () => {
    const wanted = { roleArn: ROLE, by: "annotation", ipFamily: "ipv4", detachFromNodeRoles: ["nodes"] } as const;
    const cases: [string, Partial<Snapshot>, string[]][] = [
        ["all is as wanted", {}, []],
        [
            "the node role kept its policy",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER, CNI_POLICY] }), role("cni")]) },
            [`policy of the role nodes left over: ${CNI_POLICY}`],
        ],
        [
            "the node role lost another policy",
            { iam: iam([nodeRole({ attachedPolicyArns: [] }), role("cni")]) },
            [`policy of the role nodes lost: ${WORKER}`],
        ],
        [
            "a former role is left over",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER] }), role("cni"), role("old")]) },
            ["role left over: old"],
        ],
        [
            "the role is missing",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER] })]) },
            [`the role ${ROLE} does not exist`],
        ],
        [
            "the role has no policy",
            { iam: iam([nodeRole({ attachedPolicyArns: [WORKER] }), role("cni", { attachedPolicyArns: [] })]) },
            [`policy of the role cni lost: ${CNI_POLICY}`],
        ],
        [
            "the service account names nothing",
            { serviceAccount: before().serviceAccount },
            ["the service account names undefined"],
        ],
        ["a pod missed out", { pods: [podOf("b")] }, ["pod aws-node-b carries no role"]],
        [
            "the template excludes containers",
            { templateAnnotations: { "eks.amazonaws.com/skip-containers": "aws-node" } },
            ["the pod template still excludes containers from the webhook"],
        ],
        ["the guard is missing", { admissionPolicyBindings: ["theirs"] }, ["there is no injection guard"]],
    ];
    cases.forEach(([what, more, expected]) => {
        it(`is seen: ${what}`, () =>
            assert.deepStrictEqual(differencesAfterHandOver(before(), handedOver(more), wanted), expected));
    });

    it("is complete with a role that existed before", () => {
        const roles = (policies: string[]) => [nodeRole({ attachedPolicyArns: policies }), role("cni")];
        const existing = before({ iam: iam(roles([WORKER, CNI_POLICY])) });
        assert.deepStrictEqual(differencesAfterHandOver(existing, handedOver(), wanted), []);
        const lost = handedOver({ iam: iam([nodeRole({ attachedPolicyArns: [WORKER] }), role("other")]) });
        assert.deepStrictEqual(differencesAfterHandOver(existing, lost, wanted), [
            "role left over: other",
            "role lost: cni",
            `the role ${ROLE} does not exist`,
        ]);
    });

    describe("on IPv6", () => {
        const policy = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
        const [ofNodes, own] = [policy("AmazonEKS_CNI_IPv6_Policy"), policy("cni-1")];
        const state = (ofNode: string[], ofRole: string[], arns: string[]) => ({
            ...iam([nodeRole({ attachedPolicyArns: ofNode }), role("cni", { attachedPolicyArns: ofRole })]),
            policies: Object.fromEntries(
                arns.map((arn) => [
                    arn,
                    { arn, document: "{}", versionIds: ["v1"], defaultVersionId: "v1", attachmentCount: 1 },
                ]),
            ),
        });
        const cases: [string, string[], string[], string[], string[]][] = [
            ["all is as wanted", [], [own], [ofNodes, own], []],
            [
                "the node role kept its policy",
                [ofNodes],
                [own],
                [ofNodes, own],
                [`policy of the role nodes left over: ${ofNodes}`],
            ],
            [
                "the role has no policy",
                [],
                [],
                [ofNodes],
                ["policy of the role cni lost: one that the component creates"],
            ],
            ["a former policy is left over", [], [own], [ofNodes, own, `${own}-old`], [`policy left over: ${own}-old`]],
            ["the policy of the nodes is gone", [], [own], [own], [`policy lost: ${ofNodes}`]],
        ];
        for (const [what, ofNode, ofRole, arns, expected] of cases) {
            it(`is seen: ${what}`, () => {
                const existing = {
                    ...state([ofNodes], [], [ofNodes]),
                    roles: iam([nodeRole({ attachedPolicyArns: [ofNodes] })]).roles,
                };
                const now = handedOver({ iam: state(ofNode, ofRole, arns) });
                const on = { ...wanted, ipFamily: "ipv6" } as const;
                assert.deepStrictEqual(differencesAfterHandOver(before({ iam: existing }), now, on), expected);
            });
        }
    });

    describe("with an association", () => {
        const associated = (more: Partial<Snapshot> = {}) =>
            handedOver({
                serviceAccount: before().serviceAccount,
                associations: [ROLE],
                pods: [podOf("b", { containerCredentials: true })],
                ...more,
            });
        const ofAssociations: [string, Partial<Snapshot>, string[]][] = [
            ["all is as wanted", {}, []],
            [
                "the association has another role",
                { associations: [`${ROLE}-2`] },
                [`Pod Identity association left over: ${ROLE}-2`, `Pod Identity association lost: ${ROLE}`],
            ],
            [
                "the service account still names a role",
                { serviceAccount: handedOver().serviceAccount },
                [`the service account names ${ROLE}`],
            ],
            ["a pod missed out", { pods: [podOf("b")] }, ["pod aws-node-b has no container credentials"]],
            [
                "a pod has both",
                { pods: [podOf("b", { containerCredentials: true, roleArn: ROLE })] },
                [`pod aws-node-b carries ${ROLE}`],
            ],
        ];
        for (const [what, more, expected] of ofAssociations) {
            it(`is seen: ${what}`, () => {
                const by = { ...wanted, by: "association" } as const;
                assert.deepStrictEqual(differencesAfterHandOver(before(), associated(more), by), expected);
            });
        }
    });
});
