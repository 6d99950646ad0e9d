import { deepStrictEqual, match } from "node:assert/strict";
import { ROLLOUT_ANNOTATION } from "../../../../documents/serviceAccountAnnotations";
import { type HandBackTarget, nextHandBackStep, nextReturnStep } from "../../../../handover/decide/handBack";
import { nextAssociationTakeBackStep, podsToReturn } from "../../../../handover/decide/takeBackAssociation";
import type { Memory } from "../../../../handover/model/steps";
import type { CredentialSource, World } from "../../../../handover/model/world";
import { ATTACH, AWAIT_PROPAGATION, REMOVE_GUARD, wait } from "../support/handBacks";
import {
    associated,
    associations,
    handBackTarget as target,
    own,
    record,
    seen,
    unannotated,
    withCredentials,
} from "../support/podIdentity";
import {
    carrying,
    comparableStep,
    daemonSet,
    FORMER_ROLE,
    LONG_AGO,
    MANAGER,
    memoryWith,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    otherAssociated,
    otherCarrier,
    pod,
    pods,
    ROLE,
    ROLE_ARN,
    seconds,
    starting,
    terminating,
    withoutPolicies,
} from "../support/worlds";

const begun = memoryWith({ startedAt: LONG_AGO, propagatedAt: seconds(-60) });
const forgotten = memoryWith({ startedAt: LONG_AGO, propagatedAt: seconds(-60), associationChangedAt: seconds(-31) });
const images = { "aws-vpc-cni-init": "init:v1", "aws-node": "cni:v1.19.0", "aws-eks-nodeagent": "agent:v1" };
const skipping = { ...daemonSet, images, skipsContainers: true as const };
const none = { associations: associations() };
const old = { current: false };
const SKIP = {
    do: "skipContainers",
    containers: ["aws-eks-nodeagent", "aws-node", "aws-vpc-cni-init"],
    why: "excluding the containers of the pod template from the webhook: the pods restart with the roles of their nodes",
};
const DELETE = {
    do: "deleteAssociation",
    associationId: "a-1",
    clusterName: "prod",
    why: "no pod has credentials of the Pod Identity association: deleting it",
};
const UNSKIP = {
    do: "unskipContainers",
    why: "the pod template no longer excludes its containers from the webhook: the pods restart once more",
};
const DONE = { do: "done", why: "3 pods use their former credentials again; none carries the role" };
const FOREIGN = {
    refuse: "association-differs",
    seen: `The Pod Identity association of the service account kube-system/aws-node has the role ${FORMER_ROLE}, which this component never gave it.`,
};
const guard = { present: true, inForce: true, roleArns: [] };
const withImages = { daemonSet: { ...daemonSet, images } };

const rows: [string, World, object, Memory?][] = [
    [
        "attaches the policies first",
        seen(withCredentials, {
            cluster: { injectionGuard: guard },
            account: { nodeRoles: [nodeRole(withoutPolicies)] },
        }),
        ATTACH,
    ],
    ["waits for IAM", seen(withCredentials, { cluster: { injectionGuard: guard } }), AWAIT_PROPAGATION, memoryWith({})],
    ["removes the guard", seen(withCredentials, { cluster: { injectionGuard: guard } }), REMOVE_GUARD],
    [
        "then excludes all containers of the template, init containers too",
        seen(withCredentials, { cluster: withImages }),
        SKIP,
    ],
    [
        "waits while the rolling update restarts the pods",
        seen(withCredentials, {
            cluster: { daemonSet: skipping, pods: pods(onNodeRole, pod("n3", withCredentials, old)) },
        }),
        wait("1 of 3 pods has not restarted yet"),
    ],
    [
        "restarts the pods itself under OnDelete, one of each node role first",
        seen(withCredentials, { cluster: { daemonSet: { ...skipping, updateStrategy: "OnDelete" } } }),
        { do: "restart", pods: ["pod-n1"], why: "pod-n1 restarts first" },
    ],
    [
        "keeps the association while a pod with its credentials is terminating",
        seen(onNodeRole, {
            cluster: {
                daemonSet: skipping,
                pods: [...pods(onNodeRole), pod("n3", withCredentials, { ...terminating, uid: "old" })],
            },
        }),
        wait("3 of 3 pods are Ready (still terminating: pod-n3)"),
    ],
    [
        "deletes the association when no pod has its credentials",
        seen(onNodeRole, { cluster: { daemonSet: skipping } }),
        DELETE,
    ],
    [
        "keeps it while a pod of another DaemonSet has its credentials, which a restart would only renew",
        seen(onNodeRole, { cluster: { daemonSet: skipping, otherCarriers: [otherAssociated("arm", LONG_AGO)] } }),
        {
            refuse: "role-still-carried",
            seen: "Other pods carry a role that is about to be deleted: arm.",
        },
    ],
    [
        "deletes it under the name by which EKS knows the cluster, also if the template is not excluded any more",
        seen(onNodeRole, { cluster: { daemonSet: { ...daemonSet, images }, pods: [], nodes: [] } }),
        SKIP,
    ],
    [
        "waits until the webhook forgets it",
        seen(onNodeRole, { cluster: { daemonSet: skipping }, account: none }),
        wait("waiting until the webhook forgets the Pod Identity association"),
        memoryWith({ startedAt: LONG_AGO, propagatedAt: seconds(-60), associationChangedAt: seconds(-29) }),
    ],
    [
        "waits as long if an earlier run may just have deleted it",
        seen(onNodeRole, { cluster: { daemonSet: skipping }, account: none }),
        wait("waiting until the webhook forgets the Pod Identity association"),
        memoryWith({ startedAt: seconds(-29), propagatedAt: seconds(-60) }),
    ],
    [
        "then no longer excludes the containers",
        seen(onNodeRole, { cluster: { daemonSet: skipping }, account: none }),
        UNSKIP,
        forgotten,
    ],
    [
        "waits for the second restart",
        seen(onNodeRole, { account: none, cluster: { pods: pods(onNodeRole, pod("n3", onNodeRole, old)) } }),
        wait("1 of 3 pods has not restarted yet"),
        forgotten,
    ],
    ["is done when every pod uses its node's role", seen(onNodeRole, { account: none }), DONE, forgotten],
    [
        "restarts the pods without the template if the association is gone already",
        seen(withCredentials, { account: none }),
        { do: "restart", pods: ["pod-n1"], why: "pod-n1 restarts first" },
    ],
    [
        "deletes no association of another party",
        seen(onNodeRole, { account: { associations: associations({ ...own, roleArn: FORMER_ROLE }) } }),
        DONE,
        forgotten,
    ],
    [
        "moves nothing while the association has a role of another party, not even the guard",
        seen(withCredentials, {
            cluster: { injectionGuard: guard },
            account: { associations: associations({ ...own, roleArn: FORMER_ROLE, modifiedAt: seconds(-100) }) },
        }),
        FOREIGN,
    ],
    [
        "leaves it where it is if every pod has that role already: none restarts",
        seen(withCredentials, { account: { associations: associations({ ...own, roleArn: FORMER_ROLE }) } }),
        { do: "done", why: "3 pods use their former credentials again; none carries the role" },
    ],
    [
        "does not change the pod template, which keeps the pods from that role",
        seen(onNodeRole, {
            cluster: { daemonSet: skipping },
            account: { associations: associations({ ...own, roleArn: FORMER_ROLE }) },
        }),
        FOREIGN,
        forgotten,
    ],
    [
        "goes on if an add-on owns the association of another role",
        seen(onNodeRole, {
            cluster: { daemonSet: skipping },
            account: { associations: associations({ ...own, roleArn: FORMER_ROLE, ownerArn: "arn:add-on" }) },
        }),
        UNSKIP,
        forgotten,
    ],
    [
        "refuses if the associations could not be read",
        seen(withCredentials, {
            account: {
                associations: {
                    is: "unread",
                    call: { action: "eks:ListPodIdentityAssociations", cause: "denied", why: "No." },
                },
            },
        }),
        { refuse: "other-delivery-unread", seen: "AWS rejected eks:ListPodIdentityAssociations: No." },
    ],
    [
        "refuses if the name of the cluster is unknown",
        seen(withCredentials, { account: { associations: { is: "unnamed", why: "No name." } } }),
        { refuse: "cluster-name-unknown", seen: "No name." },
    ],
    [
        "stops if a pod does not work with its node's role, while others have the association",
        seen(withCredentials, {
            cluster: { daemonSet: skipping, pods: pods(withCredentials, pod("n1", onNodeRole, starting)) },
        }),
        {
            refuse: "former-credentials-fail",
            seen: "pod-n1 on n1 restarted with the role of its node, and is not Ready.",
        },
    ],
];

describe("The hand-back from an association", () => {
    for (const [title, look, step, memory = begun] of rows) {
        it(title, () => deepStrictEqual(comparableStep(nextHandBackStep(target, look, memory)), step));
    }

    it("without a record of an association touches none", () => {
        const { podIdentityDelivered, ...before } = record;
        const step = nextHandBackStep({ ...target, record: before }, seen(onNodeRole), begun);
        deepStrictEqual([podIdentityDelivered, step.do], [true, "done"]);
    });

    it("gives pods that do not work with their node's role the association again", () => {
        const failed = pods(withCredentials, pod("n1", onNodeRole, starting));
        const excluded = seen(withCredentials, { cluster: { daemonSet: skipping, pods: failed } });
        const { do: first } = nextReturnStep(target, excluded, begun);
        const back = seen(withCredentials, { cluster: { pods: failed } });
        deepStrictEqual(
            [first, comparableStep(nextReturnStep(target, back, begun))],
            ["unskipContainers", { do: "restart", pods: ["pod-n1"], why: "pod-n1 returns to the role" }],
        );
    });
});

describe("The way out that the hand-back names for the pods of another DaemonSet", () => {
    const fixOf = (account: Partial<World["account"]>, daemonSetSeen = skipping, of = target) => {
        const otherCarriers = [otherAssociated("arm", LONG_AGO), otherCarrier("arm-2", ROLE)];
        const look = seen(onNodeRole, { cluster: { daemonSet: daemonSetSeen, otherCarriers }, account });
        const step = nextHandBackStep(of, look, begun);
        return step.do === "refuse" ? step.refusal.fix : step.do;
    };

    it("excludes their containers from the webhook while the association exists", () =>
        match(fixOf({}), /"eks\.amazonaws\.com\/skip-containers":"aws-node,aws-vpc-cni-init"/));

    it("is a restart when it is gone", () =>
        match(fixOf(none), /Then restart them, and run the same command again: kubectl rollout restart/));
});

describe("An update that leaves Pod Identity and turns the live checks off", () => {
    const off: HandBackTarget = {
        ...target,
        subject: { ...associated, annotations: { [ROLE_ARN]: FORMER_ROLE } },
        turningOff: "annotated",
    };
    const turnedOff = {
        ...unannotated,
        annotations: { [ROLE_ARN]: FORMER_ROLE, "eks-cni/live-checks": "off" },
        roleArnOwners: [MANAGER],
    };
    const step = (credentials: CredentialSource, account: Partial<World["account"]> = {}, of = off) =>
        comparableStep(
            nextHandBackStep(of, seen(credentials, { cluster: { serviceAccount: turnedOff }, account }), begun),
        );
    const STAYS =
        "This update changes the delivery from podIdentity, and turns the live checks off. But the service account kube-system/aws-node still has its Pod Identity association.";

    it("refuses while pods have its credentials, and while it exists", () =>
        deepStrictEqual(
            [step(withCredentials, none), step(onNodeRole)],
            [
                {
                    refuse: "delivery-not-changed",
                    seen: `${STAYS} These pods have its credentials: pod-n1, pod-n2, pod-n3.`,
                },
                { refuse: "delivery-not-changed", seen: STAYS },
            ],
        ));

    it("goes on without it, and if an association was never the component's", () => {
        const done = {
            do: "done",
            why: "the live checks are turned off: annotation, pods and role stay as they are",
        };
        const { podIdentityDelivered, ...never } = record;
        deepStrictEqual(
            [step(carrying(FORMER_ROLE), none), step(onNodeRole, {}, { ...off, record: never })],
            [done, done],
        );
        deepStrictEqual(podIdentityDelivered, true);
    });
});

describe("A failed rollout with an association", () => {
    const association = { id: "a-1", clusterName: "prod", roleArn: ROLE, modifiedAt: seconds(-60) };
    const deleted = memoryWith({ startedAt: LONG_AGO, associationChangedAt: NOW });
    const broken = pods(onNodeRole, pod("n1", withCredentials, starting), pod("n2", withCredentials));
    const back = (look: World, memory: Memory, more: object = {}) =>
        comparableStep(nextAssociationTakeBackStep({ ...target, association, ...more }, look, memory));

    it("deletes the association first, if no pod works with it", () => {
        const gone = pods(onNodeRole, pod("n1", withCredentials, starting), pod("n2", withCredentials, terminating));
        deepStrictEqual(back(seen(onNodeRole, { cluster: { pods: gone } }), memoryWith({})), {
            do: "deleteAssociation",
            ...{ clusterName: "prod", associationId: "a-1" },
            why: "deleting the Pod Identity association",
        });
    });

    it("moves the pods over the pod template, if one works with it, and then deletes it", () => {
        const all = { ...skipping, updateStrategy: "OnDelete" as const };
        const working = seen(onNodeRole, { cluster: { ...withImages, pods: broken } });
        const skipped = (...list: Parameters<typeof pods>) =>
            seen(onNodeRole, { cluster: { daemonSet: all, pods: pods(...list) } });
        deepStrictEqual(
            [
                back(working, memoryWith({})),
                back(skipped(onNodeRole, pod("n2", withCredentials)), memoryWith({})),
                (back(skipped(onNodeRole), memoryWith({ startedAt: LONG_AGO })) as { do: string }).do,
                back(skipped(onNodeRole), memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-30) })),
            ],
            [
                SKIP,
                { do: "restart", pods: ["pod-n2"], why: `pod-n2 carries ${ROLE} by its association` },
                "deleteAssociation",
                UNSKIP,
            ],
        );
    });

    it("changes nothing else of the pod template", () => {
        const patched = { ...skipping, patchFieldManager: MANAGER, templateAnnotations: { [ROLLOUT_ANNOTATION]: "1" } };
        const look = seen(onNodeRole, { cluster: { daemonSet: patched } });
        deepStrictEqual((back(look, memoryWith({ startedAt: LONG_AGO })) as { do: string }).do, "deleteAssociation");
    });

    it("waits for the rolling update that gives the pods the template of before", () => {
        const rolling = (strategy: "RollingUpdate" | "OnDelete") =>
            seen(onNodeRole, {
                cluster: {
                    daemonSet: { ...daemonSet, updateStrategy: strategy },
                    pods: pods(onNodeRole, pod("n2", onNodeRole, old)),
                },
            });
        deepStrictEqual(
            [back(rolling("RollingUpdate"), deleted), back(rolling("OnDelete"), deleted)],
            [wait("not reverted yet: pod-n2"), { do: "done", why: "the rollout is taken back" }],
        );
    });

    it("then restarts the pods that do not work at once, and those that work when the webhook has forgotten it", () => {
        const look = seen(onNodeRole, { cluster: { pods: broken } });
        const n1Back = pods(onNodeRole, pod("n2", withCredentials));
        const later = memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-30) });
        deepStrictEqual(
            [
                back(look, deleted),
                ...[deleted, later].map((memory) => back(seen(onNodeRole, { cluster: { pods: n1Back } }), memory)),
            ],
            [
                { do: "restart", pods: ["pod-n1"], why: "pod-n1 returns to its node's role" },
                wait("waiting until the webhook forgets the association, before these pods restart: pod-n2"),
                { do: "restart", pods: ["pod-n2"], why: "pod-n2 returns to its node's role" },
            ],
        );
    });

    it("is taken back when no pod has its credentials", () =>
        deepStrictEqual(back(seen(onNodeRole), deleted), { do: "done", why: "the rollout is taken back" }));

    it("removes a guard that refuses pods on the node roles, if nothing relies on it", () => {
        const look = seen(onNodeRole, { cluster: { injectionGuard: guard } });
        deepStrictEqual(
            [back(look, deleted, { removesGuard: true }), back(look, deleted)].map(
                (step) => (step as { do: string }).do,
            ),
            ["removeInjectionGuard", "done"],
        );
    });

    describe("that had another role before", () => {
        const changed = memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-30) });
        const failed = { ...association, modifiedAt: seconds(-90) };
        const former = { association: failed, formerRoleArn: FORMER_ROLE };
        const inThis = (...changes: readonly object[]) =>
            seen(withCredentials, { cluster: { pods: pods(withCredentials, ...(changes as never[])) } });
        const older = (name: string) => pod(name, withCredentials, { createdAt: LONG_AGO });
        const since = (name: string, createdAt: number, more: object = {}) =>
            pod(name, withCredentials, { createdAt, ...more });
        const before = inThis(older("n1"), older("n2"), older("n3"));

        it("gives it that role again first, and waits until EKS Auth knows it", () =>
            deepStrictEqual(
                [
                    back(before, memoryWith({}), former),
                    back(before, memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-29) }), former),
                ],
                [
                    {
                        do: "changeAssociation",
                        ...{ clusterName: "prod", associationId: "a-1", roleArn: FORMER_ROLE },
                        why: `giving the Pod Identity association its former role again: ${FORMER_ROLE}`,
                    },
                    wait(
                        "waiting until EKS Auth gives the former role again, before these pods restart: pod-n1, pod-n2, pod-n3",
                    ),
                ],
            ));

        it("restarts a pod that does not work at once, and only once until then", () => {
            const young = memoryWith({ startedAt: LONG_AGO, associationChangedAt: seconds(-10) });
            const failing = (createdAt: number) => inThis(since("n1", createdAt, starting), older("n2"), older("n3"));
            deepStrictEqual(
                [back(failing(seconds(-11)), young, former), back(failing(seconds(-10)), young, former)],
                [
                    { do: "restart", pods: ["pod-n1"], why: "pod-n1 gets the former role again" },
                    wait(
                        "waiting until EKS Auth gives the former role again, before these pods restart: pod-n1, pod-n2, pod-n3",
                    ),
                ],
            );
        });

        it("does not give it that role twice, and counts from the time of the change that an earlier run made", () => {
            const has = (modifiedAt: number) => ({
                ...former,
                association: { ...failed, roleArn: FORMER_ROLE, modifiedAt },
            });
            deepStrictEqual(
                [seconds(-29), seconds(-30)].map(
                    (modifiedAt) => (back(before, memoryWith({}), has(modifiedAt)) as { do: string }).do,
                ),
                ["wait", "restart"],
            );
        });

        it("first restarts the pods that do not work, and those from the time of the role that failed", () => {
            const broken = inThis(since("n1", LONG_AGO, starting), since("n2", failed.modifiedAt), older("n3"));
            const [atOnce, later] = [
                back(broken, changed, former),
                back(
                    inThis(since("n1", NOW), since("n2", NOW, starting), older("n3")),
                    { ...changed, restarts: { n2: 1 } },
                    former,
                ),
            ];
            deepStrictEqual(
                [atOnce, later],
                [
                    { do: "restart", pods: ["pod-n1"], why: "pod-n1 gets the former role again" },
                    wait("waiting until the first pods work with the former role, before these restart: pod-n3"),
                ],
            );
        });

        it("takes pods that work, and are from the time of the role that failed, before older ones", () => {
            const at = (createdAt: number, more: object = {}) =>
                (
                    back(inThis(older("n1"), since("n2", createdAt), older("n3")), changed, {
                        ...former,
                        ...more,
                    }) as { pods: string[] }
                ).pods;
            const hasIt = { association: { ...failed, roleArn: FORMER_ROLE } };
            deepStrictEqual(
                [at(failed.modifiedAt), at(failed.modifiedAt - 1), at(failed.modifiedAt, hasIt)],
                [["pod-n2"], ["pod-n1"], ["pod-n1"]],
            );
        });

        it("waits for the pods that it has restarted alone, unless they do not start for another reason", () => {
            const startProblem = "ImagePullBackOff";
            const look = (more: object) =>
                inThis(since("n1", NOW), since("n2", NOW, { ...starting, ...more }), older("n3"));
            const touched = { ...changed, restarts: { n2: 1 } };
            deepStrictEqual(
                [
                    back(look({}), touched, former),
                    back(look({}), changed, former),
                    back(look({ startProblem }), touched, former),
                ].map((step) => (step as { do: string }).do),
                ["wait", "wait", "wait"],
            );
            // The budget is used up by the pod that is not Ready, so the reasons differ alone.
            deepStrictEqual(
                [look({}), look({ startProblem })].map((of) => (back(of, touched, former) as { why: string }).why),
                [
                    "waiting until the first pods work with the former role, before these restart: pod-n3",
                    "1 pod to restart, 1 starting",
                ],
            );
        });

        it("restarts one pod in each place first, and the others when a pod works there", () => {
            const account = {
                ...seen(onNodeRole).account,
                roleOfInstance: { "i-n1": "a", "i-n2": "b", "i-n3": "b" },
            };
            const restarted = (...list: Parameters<typeof pods>[1][]) => {
                const look = seen(withCredentials, {
                    cluster: {
                        daemonSet: { ...daemonSet, maxUnavailable: 3 },
                        pods: pods(withCredentials, ...(list as never[])),
                    },
                });
                const step = back(look, changed, { ...former, account }) as { pods?: string[]; why: string };
                return step.pods ?? step.why;
            };
            const bad = (name: string) => since(name, failed.modifiedAt);
            deepStrictEqual(
                [
                    restarted(older("n1"), older("n2"), older("n3")),
                    restarted(older("n1"), since("n2", NOW), older("n3")),
                    restarted(since("n1", NOW), since("n2", NOW), older("n3")),
                    restarted(older("n1"), bad("n2"), bad("n3")),
                    restarted(older("n1"), since("n2", LONG_AGO, starting), older("n3")),
                    restarted(pod("n1", onNodeRole), since("n2", NOW), older("n3")),
                    restarted(pod("n1", onNodeRole), pod("n2", onNodeRole), older("n3")),
                ],
                [["pod-n1", "pod-n2"], ["pod-n1"], ["pod-n3"], ["pod-n2"], ["pod-n2"], ["pod-n3"], ["pod-n3"]],
            );
        });

        it("removes a pod of a node that does not respond, after the others", () => {
            const nodes = [node("n1"), node("n2"), node("n3", { ready: false })];
            const look = seen(withCredentials, {
                cluster: { nodes, pods: pods(withCredentials, since("n1", NOW), since("n2", NOW), older("n3")) },
            });
            deepStrictEqual((back(look, changed, former) as { do: string; pod: string }).pod, "pod-n3");
        });

        it("then restarts the others, and is over when each pod is from after the change", () =>
            deepStrictEqual(
                [
                    back(inThis(since("n1", NOW), older("n2"), older("n3")), changed, former),
                    back(inThis(since("n1", NOW), since("n2", NOW), since("n3", NOW)), changed, former),
                    back(seen(onNodeRole), changed, former),
                ],
                [
                    { do: "restart", pods: ["pod-n2"], why: "pod-n2 gets the former role again" },
                    { do: "done", why: "the rollout is taken back" },
                    { do: "done", why: "the rollout is taken back" },
                ],
            ));

        it("counts less and less: pods of the association, then those that restart once more", () => {
            const mixed = seen(onNodeRole, {
                cluster: { pods: pods(onNodeRole, pod("n1", withCredentials), pod("n2", onNodeRole, old)) },
            });
            deepStrictEqual(
                [memoryWith({}), changed].map((memory) => podsToReturn({ ...target, association }, mixed, memory)),
                [4, 1],
            );
        });

        it("counts the pods that have not returned", () => {
            const look = inThis(since("n1", NOW), since("n2", seconds(-1)), older("n3"));
            deepStrictEqual(
                [
                    podsToReturn({ ...target, ...former }, look, changed),
                    podsToReturn({ ...target, association: failed }, look, changed),
                    podsToReturn(
                        { ...target, association: undefined, formerRoleArn: FORMER_ROLE },
                        look,
                        memoryWith({}),
                    ),
                    podsToReturn({ ...target, ...former }, seen(onNodeRole), changed),
                ],
                [2, 0, 6, 0],
            );
        });
    });
});
