import { deepStrictEqual } from "node:assert/strict";
import type { HandBackTarget } from "../../../../handover/decide/handBack";
import { asSeenByMove, nextLeavePodIdentityStep } from "../../../../handover/decide/leavePodIdentity";
import { associationStep } from "../../../../handover/decide/otherDelivery";
import { nextCanaryStep } from "../../../../handover/decide/canary";
import { nextDetachmentStep } from "../../../../handover/decide/detachment";
import type { Memory } from "../../../../handover/model/steps";
import type { OtherCarrier, World } from "../../../../handover/model/world";
import { target as detaching } from "../support/detachments";
import { ATTACH, AWAIT_PROPAGATION, wait } from "../support/handBacks";
import { associated, associations, own, record as delivered, seen, withCredentials } from "../support/podIdentity";
import { target as rolling } from "../support/rollouts";
import {
    carrying,
    comparableStep,
    daemonSet,
    FORMER_ROLE,
    fresh,
    LONG_AGO,
    MANAGER,
    memoryWith,
    node,
    nodeRole,
    onNodeRole,
    otherAssociated,
    otherCarrier,
    pod,
    pods,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    subject,
    withoutPolicies,
} from "../support/worlds";

const record = { ...delivered, approvedRoleArns: [ROLE, FORMER_ROLE] };
const annotated = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };
const target: HandBackTarget = {
    subject: annotated,
    leaving: associated,
    record,
    iamPropagationSeconds: 120,
    formerAnnotations: {},
    canarySeconds: 300,
};
const begun = memoryWith({ startedAt: LONG_AGO, propagatedAt: seconds(-60) });
const guard = { present: true, inForce: true, roleArns: [] };
const skipping = { ...daemonSet, skipsContainers: true as const };
const none = { associations: associations() };
const moved = { daemonSet: skipping };

const onDelete = { ...skipping, updateStrategy: "OnDelete" as const };
const unready = { ready: false, readySince: undefined, unreadySince: LONG_AGO };

const SKIP = {
    do: "skipContainers",
    containers: Object.keys(daemonSet.images).sort(),
    why: "excluding the containers of the pod template from the webhook: the pods restart with the roles of their nodes",
};

const rows: [string, World, object, Memory?][] = [
    [
        "refuses on another cluster",
        seen(withCredentials, { cluster: { uid: "other" } }),
        {
            refuse: "cluster-changed",
            seen: "The kubeconfig points to a cluster whose kube-system namespace has the UID other. The hand-over began on the cluster with the UID cluster.",
        },
    ],
    [
        "attaches the policies first",
        seen(withCredentials, {
            cluster: { injectionGuard: guard },
            account: { nodeRoles: [nodeRole(withoutPolicies)] },
        }),
        ATTACH,
    ],
    ["waits for IAM", seen(withCredentials, { cluster: { injectionGuard: guard } }), AWAIT_PROPAGATION, fresh],
    [
        "removes the guard",
        seen(withCredentials, { cluster: { injectionGuard: guard } }),
        {
            do: "removeInjectionGuard",
            why: "removing the injection guard: the pods go over the node roles, which hold their policies",
        },
    ],
    ["then excludes the containers of the template", seen(withCredentials), SKIP],
    [
        "restarts one pod first",
        seen(withCredentials, { cluster: { ...moved, daemonSet: { ...skipping, updateStrategy: "OnDelete" } } }),
        { do: "restart", pods: ["pod-n1"], why: "pod-n1 restarts first" },
    ],
    [
        "deletes the association once no pod has its credentials, and leaves those with web identity as they are",
        seen(onNodeRole, { cluster: { ...moved, pods: pods(onNodeRole, pod("n2", carrying(ROLE))) } }),
        {
            do: "deleteAssociation",
            associationId: "a-1",
            clusterName: "prod",
            why: "no pod has credentials of the Pod Identity association: deleting it",
        },
    ],
    [
        "keeps the association while pods of another DaemonSet have its credentials",
        seen(onNodeRole, {
            cluster: {
                ...moved,
                otherCarriers: [otherAssociated("arm-1", 0), otherCarrier("arm-2", ROLE)],
            },
        }),
        {
            refuse: "role-still-carried",
            seen: "Other pods may carry a role that is about to be deleted: arm-1.",
        },
    ],
    [
        "deletes it if those of another DaemonSet have web identity, which needs none",
        seen(onNodeRole, { cluster: { ...moved, otherCarriers: [otherCarrier("arm-2", ROLE)] } }),
        {
            do: "deleteAssociation",
            associationId: "a-1",
            clusterName: "prod",
            why: "no pod has credentials of the Pod Identity association: deleting it",
        },
    ],
    [
        "moves nothing while the association has a role of another party, and names the role that it had",
        seen(withCredentials, {
            cluster: { injectionGuard: guard },
            account: { associations: associations({ ...own, roleArn: "arn:theirs" }) },
        }),
        {
            refuse: "association-differs",
            seen: "The Pod Identity association of the service account kube-system/aws-node has the role arn:theirs, which this component never gave it.",
        },
    ],
    [
        "is done then, with the template as it is, and with the component's fields of the DaemonSet",
        seen(onNodeRole, {
            cluster: { ...moved, daemonSet: { ...skipping, patchFieldManager: MANAGER } },
            account: none,
        }),
        { do: "done", why: "3 pods use their former credentials again; none carries the role" },
    ],
    [
        "has nothing to move without an association, and excludes nothing",
        seen(carrying(ROLE), { account: none }),
        { do: "done", why: "no pod has credentials of a Pod Identity association, and there is none" },
    ],
    [
        "does not wait for pods whose web identity does not work, after a rollout that failed has deleted the association",
        seen(carrying(ROLE), {
            cluster: { pods: pods(carrying(ROLE), pod("n2", carrying(ROLE), unready)) },
            account: none,
        }),
        { do: "done", why: "no pod has credentials of a Pod Identity association, and there is none" },
    ],
    [
        "restarts a pod whose web identity does not work onto its node's role, as the template has it by then",
        seen(onNodeRole, {
            cluster: { ...moved, daemonSet: onDelete, pods: pods(onNodeRole, pod("n2", carrying(ROLE), unready)) },
        }),
        { do: "restart", pods: ["pod-n2"], why: `pod-n2 carries ${ROLE}` },
    ],
    [
        "waits while the webhook may still give the credentials of an association that is gone",
        seen(carrying(ROLE), { account: none }),
        wait(
            "no pod has credentials of a Pod Identity association, and there is none; watching for up to 20 s for pods that still get the role from the webhook's cache",
        ),
        memoryWith({ startedAt: seconds(-19), propagatedAt: seconds(-60) }),
    ],
    [
        "still waits for pods on the node roles, which the template has moved there",
        seen(onNodeRole, {
            cluster: { ...moved, pods: pods(onNodeRole, pod("n2", onNodeRole, unready)) },
            account: none,
        }),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
    ],
];

describe("A move from Pod Identity, before the service account is annotated,", () => {
    for (const [title, world, expected, memory = begun] of rows) {
        it(title, () => deepStrictEqual(comparableStep(nextLeavePodIdentityStep(target, world, memory)), expected));
    }
});

describe("A move from Pod Identity, after the service account is annotated,", () => {
    const account = { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: [MANAGER] };
    const world = (more: Parameters<typeof seen>[1] = {}, credentials = onNodeRole) =>
        seen(credentials, {
            ...more,
            cluster: { ...moved, serviceAccount: account, ...more.cluster },
            account: { ...none, ...more.account },
        });
    const rollout = { ...rolling, subject: annotated, record, serviceAccountUid: undefined };
    const step = (of: World, memory: Memory) => comparableStep(nextCanaryStep(rollout, of, memory));

    it("waits until the webhook forgets the association, and then no longer excludes the containers", () => {
        deepStrictEqual(
            [seconds(-29), seconds(-30)].map((startedAt) => step(world(), memoryWith({ startedAt }))),
            [
                wait("waiting until the webhook forgets the Pod Identity association, and knows the annotation"),
                {
                    do: "unskipContainers",
                    why: "the pod template no longer excludes its containers from the webhook: the DaemonSet's rolling update restarts the pods",
                },
            ],
        );
    });

    it("restarts nothing while an association exists", () => {
        deepStrictEqual(
            [associations(own), associations()].map(
                (seenAssociations) =>
                    associationStep(annotated, world({ account: { associations: seenAssociations } }))?.do,
            ),
            ["refuse", undefined],
        );
    });

    it("creates the guard again only once each pod has the role", () => {
        const verifying = { ...detaching, subject: annotated, record, canarySeconds: 1e9 };
        const next = (of: World) => comparableStep(nextDetachmentStep(verifying, of, fresh));
        const of = (...all: World["cluster"]["pods"]) => world({ cluster: { daemonSet, pods: all } });
        deepStrictEqual(
            [next(of(...pods(carrying(FORMER_ROLE), pod("n2", onNodeRole)))), next(of(...pods(carrying(FORMER_ROLE))))],
            [
                { do: "restart", pods: ["pod-n2"], why: "pod-n2 carries no role of its own" },
                {
                    do: "createInjectionGuard",
                    roleArns: [FORMER_ROLE],
                    why: "creating the injection guard guard: from now on it refuses new pods without the role",
                },
            ],
        );
    });
});

describe("The world as a move from Pod Identity sees it", () => {
    const credentialsOf = ({ cluster }: World) => cluster.pods.map(({ credentials }) => credentials.kind);

    it("counts pods with web identity as moved, unless they do not start on a node that responds", () => {
        const look = seen(onNodeRole, {
            cluster: {
                nodes: [node("n1"), node("n2"), node("n3", { ready: false })],
                pods: [
                    pod("n1", carrying(ROLE)),
                    pod("n2", carrying(ROLE), unready),
                    pod("n3", carrying(ROLE), unready),
                    pod("n1", withCredentials),
                ],
            },
        });
        deepStrictEqual(credentialsOf(asSeenByMove(look)), [
            "nodeRole",
            "webIdentity",
            "nodeRole",
            "containerCredentials",
        ]);
    });

    it("has the pods of other DaemonSets that have the association's credentials, and no others", () => {
        const others = (...otherCarriers: OtherCarrier[]) =>
            asSeenByMove(seen(withCredentials, { cluster: { otherCarriers } })).cluster.otherCarriers?.map(
                ({ name }) => name,
            );
        const { name, ...rest } = otherAssociated("arm", LONG_AGO);
        deepStrictEqual(
            [others({ name, ...rest }, otherCarrier("x86", ROLE)), others(otherCarrier("x86", ROLE))],
            [[name], []],
        );
        deepStrictEqual("otherCarriers" in asSeenByMove(seen(withCredentials)).cluster, false);
    });
});
