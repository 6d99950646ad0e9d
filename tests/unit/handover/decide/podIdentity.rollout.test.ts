import { deepStrictEqual } from "node:assert/strict";
import { associateAgainStep, ownAssociationStep } from "../../../../handover/decide/association";
import { nextRolloutStep } from "../../../../handover/decide/rollout";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { associated, associations, own, record, seen, withCredentials } from "../support/podIdentity";
import { refuse, restart, target as plainTarget, wait } from "../support/rollouts";
import {
    carrying,
    comparableStep,
    daemonSet,
    FORMER_ROLE,
    fresh,
    LONG_AGO,
    memoryWith,
    node,
    NOW,
    onNodeRole,
    pod,
    pods,
    ROLE,
    seconds,
    starting,
    subject,
} from "../support/worlds";

const approved = { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] };
const target = { ...plainTarget, subject: associated, record: approved, serviceAccountUid: undefined };
const FOREIGN_ROLE = "arn:aws:iam::111122223333:role/foreign";
const right = { ...withCredentials, roleArn: ROLE } as const;
const MISSING = "The service account kube-system/aws-node has no Pod Identity association.";

const rows: [string, World, object, Memory?][] = [
    [
        "restarts one pod first",
        seen(onNodeRole),
        restart("canary pod-n1 on n1 of nodes: restarts first, with the role", "pod-n1"),
    ],
    [
        "restarts nothing while the association is younger than the margin",
        seen(onNodeRole, { account: { associations: associations({ ...own, modifiedAt: seconds(-29) }) } }),
        wait("waiting until the Pod Identity association is 30 s old: EKS does not report when it is ready"),
    ],
    [
        "restarts a pod that was created before the association was ready",
        seen(onNodeRole, {
            account: { associations: associations({ ...own, modifiedAt: seconds(-60) }) },
            cluster: { pods: [pod("n1", withCredentials, { createdAt: seconds(-50) })], nodes: [node("n1")] },
        }),
        restart("canary pod-n1 on n1 of nodes: restarts first, with the role", "pod-n1"),
    ],
    [
        "counts a pod that was created after the margin",
        seen(onNodeRole, {
            account: { associations: associations({ ...own, modifiedAt: seconds(-90) }) },
            cluster: { pods: [pod("n1", withCredentials, { createdAt: seconds(-50) })], nodes: [node("n1")] },
        }),
        { do: "done", why: "1 pod works with the role" },
    ],
    [
        "names what the SDK takes for a pod with both kinds of identity",
        seen(onNodeRole, { cluster: { pods: pods(withCredentials, pod("n2", carrying(FORMER_ROLE))) } }),
        restart(`pod-n2 carries ${FORMER_ROLE}`, "pod-n2"),
        memoryWith({ restarts: { n1: 1 } }),
    ],
    [
        "restarts a pod whose containers cannot all use the credentials",
        seen(onNodeRole, {
            cluster: {
                pods: pods(withCredentials, pod("n2", { ...withCredentials, fault: "container b has no token" })),
            },
        }),
        restart("pod-n2 carries A of container aws-node, and cannot use it: container b has no token", "pod-n2"),
        memoryWith({ restarts: { n1: 1 } }),
    ],
    [
        "refuses without the association",
        seen(onNodeRole, { account: { associations: associations() } }),
        refuse("association-missing", MISSING),
    ],
    [
        "names the pods that have lost it",
        seen(withCredentials, { account: { associations: associations() } }),
        refuse("association-missing", `${MISSING} These pods have credentials of one: pod-n1, pod-n2, pod-n3.`),
    ],
    [
        "gives the association its role again, if a rollout of it was taken back, before it waits or restarts a pod",
        seen(withCredentials, {
            account: { associations: associations({ ...own, roleArn: FORMER_ROLE, modifiedAt: seconds(-29) }) },
        }),
        {
            do: "changeAssociation",
            ...{ clusterName: "prod", associationId: "a-1", roleArn: ROLE },
            why: `giving the Pod Identity association the role ${ROLE} again`,
        },
    ],
    ...(
        [
            [
                "has a fault beside it",
                [{ ...own, roleArn: FORMER_ROLE, policy: true }],
                `the role ${FORMER_ROLE}, a session policy`,
            ],
            [
                "belongs to the add-on",
                [{ ...own, roleArn: FORMER_ROLE, ownerArn: "arn:add-on" }],
                `the role ${FORMER_ROLE}, the owner arn:add-on`,
            ],
            [
                "is not the only one",
                [
                    { ...own, roleArn: FORMER_ROLE },
                    { ...own, id: "a-2" },
                ],
                `the role ${FORMER_ROLE}, a second one (a-2)`,
            ],
        ] as const
    ).map(([when, list, what]): [string, World, object] => [
        `leaves an association with a former role that ${when}`,
        seen(withCredentials, { account: { associations: associations(...list) } }),
        refuse(
            "association-differs",
            `The Pod Identity association of the service account kube-system/aws-node has ${what}. It must have the role ${ROLE} and nothing else.`,
        ),
    ]),
    ...(
        [
            [{ roleArn: FOREIGN_ROLE }, `the role ${FOREIGN_ROLE}`],
            [{ targetRoleArn: FORMER_ROLE }, `the target role ${FORMER_ROLE}`],
            [{ policy: true }, "a session policy"],
            [{ disableSessionTags: true }, "disabled session tags"],
            [{ ownerArn: "arn:add-on" }, "the owner arn:add-on"],
        ] as const
    ).map(([more, what]): [string, World, object] => [
        `refuses an association with ${what}`,
        seen(withCredentials, { account: { associations: associations({ ...own, ...more }) } }),
        refuse(
            "association-differs",
            `The Pod Identity association of the service account kube-system/aws-node has ${what}. It must have the role ${ROLE} and nothing else.`,
        ),
    ]),
    [
        "refuses if the cluster has no name under which EKS knows it",
        seen(onNodeRole, { account: { associations: { is: "unnamed", why: "No name." } } }),
        refuse("cluster-name-unknown", "No name."),
    ],
    [
        "refuses if the partition has no associations",
        seen(onNodeRole, {
            account: {
                associations: {
                    is: "unread",
                    call: { action: "eks:ListPodIdentityAssociations", cause: "unsupported", why: "No such call." },
                },
            },
        }),
        refuse("other-delivery-unread", "EKS does not know eks:ListPodIdentityAssociations: No such call."),
    ],
    [
        "counts the association from exactly the margin on",
        seen(onNodeRole, { account: { associations: associations({ ...own, modifiedAt: seconds(-30) }) } }),
        restart("canary pod-n1 on n1 of nodes: restarts first, with the role", "pod-n1"),
    ],
    [
        "refuses if the associations could not be read",
        seen(onNodeRole, {
            account: {
                associations: {
                    is: "unread",
                    call: { action: "eks:ListPodIdentityAssociations", cause: "denied", why: "No." },
                },
            },
        }),
        refuse("other-delivery-unread", "AWS rejected eks:ListPodIdentityAssociations: No."),
    ],
    [
        "lets the pods of another generation of the guard's expressions pass",
        seen(withCredentials, {
            cluster: { injectionGuard: { present: true, inForce: true, roleArns: [], otherExpressions: true } },
        }),
        {
            do: "admitRoles",
            roleArns: [],
            why: `the injection guard has other expressions than this version's: it compares pods with ${ROLE} from now on`,
        },
    ],
    [
        "removes the annotation that a hand-back has left on the pod template",
        seen(onNodeRole, { cluster: { daemonSet: { ...daemonSet, skipsContainers: true } } }),
        {
            do: "unskipContainers",
            why: "the pod template no longer excludes its containers from the webhook: the DaemonSet's rolling update restarts the pods",
        },
    ],
    [
        "names the agent, and not the role, for a canary that does not become Ready without one",
        seen(onNodeRole, {
            cluster: {
                agentsReadyOn: ["n2", "n3"],
                pods: pods(onNodeRole, pod("n1", withCredentials, { ...starting, createdAt: LONG_AGO })),
            },
        }),
        refuse("pod-identity-agent", "The EKS Pod Identity Agent is not Ready on these nodes: n1."),
    ],
    [
        "waits for a canary without an agent within its limit",
        seen(onNodeRole, {
            cluster: {
                agentsReadyOn: ["n2", "n3"],
                pods: pods(onNodeRole, pod("n1", withCredentials, { ...starting, createdAt: NOW })),
            },
        }),
        wait("canary pod-n1 on n1 of nodes: not Ready yet"),
    ],
];

/** A fleet of ten nodes, so many pods of which this run has restarted: one after another, or side by side. */
function waveAfter(restarted: number, everySeconds = 5): unknown {
    const names = Array.from({ length: 10 }, (_, i) => `n${String(i)}`);
    const look = seen(onNodeRole, {
        cluster: {
            nodes: names.map((name) => node(name)),
            agentsReadyOn: names,
            daemonSet: { ...daemonSet, maxUnavailable: 10 },
            // In no order, as a LIST may show them.
            pods: [...names].reverse().map((name, j) => {
                const i = names.length - 1 - j;
                const born = {
                    createdAt: seconds(-100 + everySeconds * i),
                    readySince: seconds(-95 + everySeconds * i),
                };
                return i < restarted ? pod(name, withCredentials, born) : pod(name, onNodeRole);
            }),
        },
    });
    const restarts = Object.fromEntries(names.slice(0, restarted).map((name) => [name, 1]));
    const step = nextRolloutStep({ ...target, canarySeconds: 1e9 }, look, memoryWith({ restarts }));
    return step.do === "restart" ? step.pods.length : comparableStep(step);
}

describe("A rollout with an association", () => {
    for (const [title, look, expected, memory = fresh] of rows) {
        it(title, () => {
            const canarySeconds = title.includes("without one") || title.includes("within its limit") ? 300 : 1e9;
            // The run has begun before these pods.
            const from = { ...memory, startedAt: LONG_AGO };
            deepStrictEqual(comparableStep(nextRolloutStep({ ...target, canarySeconds }, look, from)), expected);
        });
    }

    it("restarts the first three pods one after another, and then as many as have worked", () => {
        deepStrictEqual(
            [1, 2, 3, 4].map((restarted) => waveAfter(restarted)),
            [1, 1, 3, 4],
        );
    });

    it("counts pods that were born side by side as one: a webhook that flaps gives them all the same", () => {
        deepStrictEqual(
            [3, 5].map((restarted) => waveAfter(restarted, 1)),
            [1, 1],
        );
        deepStrictEqual(waveAfter(4, 4), 1, "two of them, since each next one is born before the one before is Ready");
        deepStrictEqual(waveAfter(5, 4), 5, "three of them");
    });

    it("gives no association a role with another delivery", () => {
        const look = seen(withCredentials, {
            account: { associations: associations({ ...own, roleArn: FORMER_ROLE }) },
        });
        deepStrictEqual(
            [subject, associated].map((one) => associateAgainStep(one, approved, look)?.do),
            [undefined, "changeAssociation"],
        );
        deepStrictEqual(
            associateAgainStep(associated, approved, seen(onNodeRole, { account: { associations: associations() } })),
            undefined,
        );
    });

    it("goes on if this look has not read the associations", () => {
        deepStrictEqual(
            ownAssociationStep(associated, { ...seen(onNodeRole), account: { roleOfInstance: {}, nodeRoles: [] } }),
            undefined,
        );
    });

    it("counts the pods with the role alone as done", () => {
        deepStrictEqual(comparableStep(nextRolloutStep({ ...target, canarySeconds: 1e9 }, seen(right), fresh)), {
            do: "done",
            why: "3 pods work with the role",
        });
    });
});
