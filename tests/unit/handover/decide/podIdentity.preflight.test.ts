import { deepStrictEqual, match } from "node:assert/strict";
import { preflightRefusals } from "../../../../handover/decide/preflightRefusals";
import {
    changesPodIdentity,
    leavesPodIdentity,
    podIdentityMoveRefusal,
} from "../../../../handover/decide/podIdentityMoves";
import type { Preflight } from "../../../../handover/model/preflight";
import type { OtherDelivery } from "../../../../handover/model/otherDelivery";
import type { Subject } from "../../../../handover/model/subject";
import { associated, associations, own, seen, withCredentials } from "../support/podIdentity";
import { passingPreflight, type Reason, reasons } from "../support/preflights";
import {
    daemonSet,
    FORMER_ROLE,
    nodeRole,
    onNodeRole,
    otherNode,
    podOnNodeRole,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    subject,
} from "../support/worlds";

const JOINING = "node.kubernetes.io/not-ready:NoSchedule";
const passing: Partial<Preflight> = { subject: associated, world: seen(onNodeRole, { account: {} }) };
const other: OtherDelivery = {
    clusterName: "prod",
    addOnRoleArn: undefined,
    podIdentityRoleArns: [],
    unread: [],
};
const ofCluster = (cluster: Parameters<typeof seen>[1]) => ({ world: seen(onNodeRole, cluster) });
const withImage = (tag: string) =>
    ofCluster({ cluster: { daemonSet: { ...daemonSet, images: { "aws-node": `cni:${tag}` } } } });
const onPlatform = (minor: number, platformVersion?: string): Partial<Preflight> => ({
    clusterVersion: { major: 1, minor },
    injectionGuard: false,
    ...(platformVersion === undefined ? {} : { platformVersion }),
});

const rows: [string, Partial<Preflight>, Reason[]][] = [
    ["passes", {}, []],
    [
        "takes pods of another DaemonSet with the service account: no association gives them the role yet",
        {
            detachFromNodeRoles: ["nodes"],
            world: seen(onNodeRole, {
                cluster: { otherNodes: [otherNode(podOnNodeRole("arm-1", true))] },
                account: {
                    nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", "i-n2", "i-n3", "i-n4"] })],
                    associations: associations(),
                },
            }),
        },
        [],
    ],
    [
        "refuses nodes without a Ready agent",
        ofCluster({ cluster: { agentsReadyOn: ["n2"] } }),
        [["pod-identity-agent", "The EKS Pod Identity Agent is not Ready on these nodes: n1, n3."]],
    ],
    [
        "refuses an agent that does not start on each node on which the CNI does",
        ofCluster({ cluster: { taintsWithoutAgent: [JOINING, "team=a:NoSchedule"] } }),
        [
            [
                "pod-identity-agent",
                `The DaemonSet kube-system/eks-pod-identity-agent does not tolerate ${JOINING}, team=a:NoSchedule, and aws-node does.`,
            ],
        ],
    ],
    [
        "refuses nothing for it once the association is the component's, so that the update repairs",
        { ownAssociation: true, ...ofCluster({ cluster: { taintsWithoutAgent: [JOINING] } }) },
        [],
    ],
    [
        "refuses node roles that do not let the agent get credentials, and goes on where this is unknown",
        { agentRights: { a: "denied", b: "unknown", c: "allowed" } },
        [
            [
                "pod-identity-agent",
                "The node role a does not allow eks-auth:AssumeRoleForPodIdentity (according to IAM's policy simulator).",
            ],
        ],
    ],
    [
        "refuses a plugin just below the version",
        withImage("v1.15.4-eksbuild.1"),
        [["cni-too-old", "aws-node runs version 1.15.4."]],
    ],
    ["takes the first version", withImage("v1.15.5"), []],
    ["takes an image without a version", withImage("latest"), []],
    [
        "refuses a cluster just below the version",
        onPlatform(23),
        [["cluster-too-old", "The cluster runs Kubernetes 1.23."]],
    ],
    ["takes a platform version with Pod Identity", onPlatform(28, "eks.4"), []],
    [
        "refuses a platform version without it",
        onPlatform(28, "eks.3"),
        [["cluster-too-old", "The cluster runs the platform version eks.3 of Kubernetes 1.28."]],
    ],
    ["takes every platform version of a newer cluster", onPlatform(29, "eks.1"), []],
    ["takes a platform version that EKS does not say", onPlatform(24), []],
    ["takes one of two digits", onPlatform(25, "eks.10"), []],
    [
        "refuses one below one of two digits",
        onPlatform(24, "eks.12"),
        [["cluster-too-old", "The cluster runs the platform version eks.12 of Kubernetes 1.24."]],
    ],
    ["takes a later patch of two digits", withImage("v1.15.10"), []],
    ["takes a plugin whose version has no v", withImage("1.15.5"), []],
    [
        "refuses an older one whose version has no v",
        withImage("1.9.15"),
        [["cni-too-old", "aws-node runs version 1.9.15."]],
    ],
    [
        "takes every minor version of a later major one",
        { clusterVersion: { major: 2, minor: 3 }, injectionGuard: false, platformVersion: "eks.1" },
        [],
    ],
    [
        "refuses a role annotation, which it would not move",
        ofCluster({
            cluster: {
                serviceAccount: {
                    ...serviceAccount,
                    roleArnOwners: ["eksctl"],
                    annotations: { [ROLE_ARN]: FORMER_ROLE },
                },
            },
        }),
        [["delivery-not-changed", `The service account kube-system/aws-node is annotated with ${FORMER_ROLE}.`]],
    ],
    [
        "refuses an association of another party",
        { otherDelivery: { ...other, podIdentityRoleArns: [FORMER_ROLE] } },
        [["pod-identity-association", `The service account has a Pod Identity association with ${FORMER_ROLE}.`]],
    ],
    [
        "takes the component's own once it is approved, and its pods",
        {
            world: seen(withCredentials),
            ownAssociation: true,
            otherDelivery: { ...other, podIdentityRoleArns: [ROLE] },
        },
        [],
    ],
    [
        "refuses what the engine's update would leave in the component's own association",
        {
            world: seen(withCredentials, {
                account: { associations: associations({ ...own, roleArn: FORMER_ROLE, policy: true }) },
            }),
            ownAssociation: true,
        },
        [
            [
                "association-differs",
                `The Pod Identity association of the service account kube-system/aws-node has a session policy. It must have the role ${ROLE} and nothing else.`,
            ],
        ],
    ],
    [
        "leaves it to the engine's update to change another role, or sessions without tags",
        {
            world: seen(withCredentials, {
                account: { associations: associations({ ...own, roleArn: FORMER_ROLE, disableSessionTags: true }) },
            }),
            ownAssociation: true,
        },
        [],
    ],
    [
        "goes on where the associations could not be read, or are none",
        {
            world: seen(withCredentials, { account: { associations: { is: "unnamed", why: "no name." } } }),
            ownAssociation: true,
        },
        [],
    ],
    [
        "goes on without one",
        { world: seen(onNodeRole, { account: { associations: associations() } }), ownAssociation: true },
        [],
    ],
    [
        "looks at no association that is not the component's",
        { world: seen(onNodeRole, { account: { associations: associations({ ...own, policy: true }) } }) },
        [],
    ],
    [
        "refuses roles that the caller may not pass",
        { rolesNotPassed: [ROLE, FORMER_ROLE] },
        [
            [
                "aws-access-denied",
                `The identity that the live checks use may not pass ${ROLE}, ${FORMER_ROLE} to EKS Pod Identity (iam:PassRole, according to IAM's policy simulator).`,
            ],
        ],
    ],
    [
        "refuses an add-on with a role, which it would not move either",
        { otherDelivery: { ...other, addOnRoleArn: FORMER_ROLE } },
        [["add-on-owns-the-role", `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}.`]],
    ],
    [
        "takes an audience annotation, which concerns web identity alone",
        ofCluster({
            cluster: {
                serviceAccount: {
                    ...serviceAccount,
                    roleArnOwners: [],
                    annotations: { "eks.amazonaws.com/audience": "x" },
                },
            },
        }),
        [],
    ],
    [
        "takes the component's own exclusion of containers, and refuses another one",
        ofCluster({
            cluster: {
                daemonSet: {
                    ...daemonSet,
                    skipsContainers: true,
                    templateAnnotations: { "eks.amazonaws.com/skip-containers": "a" },
                },
            },
        }),
        [],
    ],
];

describe("The preflight for Pod Identity", () => {
    for (const [title, change, expected] of rows) {
        it(title, () => deepStrictEqual(reasons({ ...passing, ...change }), expected));
    }

    it("explains a startup taint where the agent does not tolerate each, and only there", () => {
        const means = (taint: string) =>
            preflightRefusals({
                ...passingPreflight,
                ...passing,
                ...ofCluster({ cluster: { taintsWithoutAgent: [taint] } }),
            }).map((refusal) => refusal.means);
        const noAgent = "A node with this taint gets no agent, so its aws-node pod gets no credentials.";
        deepStrictEqual(means("*:NoExecute"), [
            `${noAgent} * stands for any other key, such as that of a node group's startup taint.`,
        ]);
        deepStrictEqual(means("team:NoExecute"), [noAgent]);
    });

    it("names what is needed, and the way out", () => {
        const fixed = (change: Partial<Preflight>) =>
            preflightRefusals({ ...passingPreflight, ...passing, ...change }).map(
                ({ means, fix }) => `${means} ${fix}`,
            );
        const faulty = seen(withCredentials, { account: { associations: associations({ ...own, policy: true }) } });
        const told = [
            fixed(onPlatform(23)),
            fixed(onPlatform(28, "eks.3")),
            fixed(withImage("v1.15.4")),
            fixed({ world: faulty, ownAssociation: true }),
        ];
        [
            /needs Kubernetes 1\.24 or later/,
            /needs eks\.4 or later/,
            /needs version 1\.15\.5 or later/,
            /Run pulumi destroy: it moves/,
        ].forEach((words, i) => match(told[i]?.join() ?? "", words));
    });

    it("asks for none of that with another delivery", () => {
        const world = seen(onNodeRole, {
            cluster: { agentsReadyOn: [] },
        });
        deepStrictEqual(reasons({ world, agentRights: { nodes: "denied" } }), []);
    });
});

describe("An update to another delivery or role", () => {
    const unannotatedBefore = { originalAnnotations: {} };
    const byAddOn = { ...subject, delivery: "eksAddon" as const };
    const moves: [string, string | undefined, Subject, Subject][] = [
        ["is none for the same", undefined, associated, associated],
        ["is made as before without Pod Identity", undefined, subject, byAddOn],
        ["is made to another role within it", undefined, associated, { ...associated, roleArn: FORMER_ROLE }],
        ["is made from the annotation to it", undefined, subject, associated],
        ["is made from the add-on to it", undefined, byAddOn, associated],
        ["is made from it to the add-on", undefined, associated, byAddOn],
        [
            "is refused from another writer to it",
            "The delivery changes from external to podIdentity.",
            { ...subject, delivery: "external" },
            associated,
        ],
        [
            "is refused from it to another writer",
            "The delivery changes from podIdentity to external.",
            associated,
            { ...subject, delivery: "external" },
        ],
        [
            "is refused to another service account within it",
            'The service account changes while the delivery is "podIdentity".',
            associated,
            { ...associated, serviceAccount: { namespace: "kube-system", name: "cni" } },
        ],
    ];
    for (const [title, expected, before, after] of moves) {
        it(title, () => deepStrictEqual(podIdentityMoveRefusal(before, after, unannotatedBefore)?.seen, expected));
    }

    it("is refused to it if a hand-back could not restore what the service account had before", () => {
        const had = { originalAnnotations: { [ROLE_ARN]: FORMER_ROLE } };
        deepStrictEqual(
            [
                podIdentityMoveRefusal(subject, associated, had)?.seen,
                podIdentityMoveRefusal(byAddOn, associated, { originalAnnotations: {}, addOnRoleArn: FORMER_ROLE })
                    ?.seen,
                podIdentityMoveRefusal(associated, associated, had),
                podIdentityMoveRefusal(subject, associated, { originalAnnotations: { [REGIONAL]: "true" } }),
            ],
            [
                `The service account kube-system/aws-node had an annotation with ${FORMER_ROLE} before the component came.`,
                `The managed add-on had the role ${FORMER_ROLE} before the component came.`,
                undefined,
                undefined,
            ],
        );
    });

    it("is made from it to the annotation, whatever the service account had before", () => {
        const had = { originalAnnotations: { [ROLE_ARN]: FORMER_ROLE } };
        deepStrictEqual(
            [unannotatedBefore, had].map((one) => podIdentityMoveRefusal(associated, subject, one)),
            [undefined, undefined],
        );
    });

    it("leaves Pod Identity only from it", () => {
        deepStrictEqual(
            [
                [associated, subject],
                [subject, associated],
                [associated, associated],
                [subject, byAddOn],
            ].map(([before, after]) => leavesPodIdentity(before as Subject, after as Subject)),
            [true, false, false, false],
        );
    });

    it("moves the pods only if exactly one of the two deliveries is Pod Identity", () => {
        deepStrictEqual(
            [
                [subject, associated],
                [associated, subject],
                [associated, associated],
                [subject, byAddOn],
            ].map(([before, after]) => changesPodIdentity(before as Subject, after as Subject)),
            [true, true, false, false],
        );
    });
});
