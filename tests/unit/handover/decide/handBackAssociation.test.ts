import { deepStrictEqual } from "node:assert/strict";
import type { HandBackTarget } from "../../../../handover/decide/handBack";
import {
    deleteAssociationStep,
    foreignAssociationStep,
    forgetAssociationStep,
    leaveAssociationStep,
    ownAssociation,
} from "../../../../handover/decide/handBackAssociation";
import { type AssociationsSeen } from "../../../../handover/model/association";
import { refusals } from "../../../../handover/model/refusals";
import type { ClusterSeen } from "../../../../handover/model/world";
import {
    associated,
    associations,
    handBackTarget as target,
    own,
    record,
    seen,
    withCredentials,
} from "../support/podIdentity";
import {
    carrying,
    daemonSet,
    FORMER_ROLE,
    fresh,
    NOW,
    onNodeRole,
    pod,
    pods,
    record as neverAssociated,
    subject,
    world,
} from "../support/worlds";

const withoutRecord: HandBackTarget = { ...target, record: neverAssociated };
/** Younger than the pods, which may still have the component's role. */
const theirs = associations({ ...own, roleArn: FORMER_ROLE, modifiedAt: NOW });
const call = (cause: "denied" | "unsupported") => ({
    action: "eks:ListPodIdentityAssociations",
    cause,
    why: "no",
});
const unread = (cause: "denied" | "unsupported"): AssociationsSeen => ({ is: "unread", call: call(cause) });
const notAsked = (cluster: Partial<ClusterSeen> = {}) => world(withCredentials, { cluster });
const skipping = { ...daemonSet, skipsContainers: true as const };
const code = (step: ReturnType<typeof foreignAssociationStep>) =>
    step?.do === "refuse" ? step.refusal.code : step?.do;

describe("Another party's role in the association, in a hand-back", () => {
    const look = (
        cluster: Partial<ClusterSeen> = {},
        credentials: typeof withCredentials | typeof onNodeRole = withCredentials,
    ) => seen(credentials, { cluster, account: { associations: theirs } });
    const cases: [string, string | undefined, ReturnType<typeof foreignAssociationStep>][] = [
        [
            "stops it while a pod may have the component's role",
            "association-differs",
            foreignAssociationStep(target, look()),
        ],
        [
            "stops it for a single such pod",
            "association-differs",
            foreignAssociationStep(target, look({ pods: pods(onNodeRole, pod("n2", withCredentials)) }, onNodeRole)),
        ],
        [
            "stops it while the template still excludes its containers",
            "association-differs",
            foreignAssociationStep(target, look({ daemonSet: skipping }, onNodeRole)),
        ],
        ["is left to it if no pod restarts", undefined, foreignAssociationStep(target, look({}, onNodeRole))],
        [
            "is left to it without a DaemonSet and pods",
            undefined,
            foreignAssociationStep(target, look({ daemonSet: undefined, pods: [] })),
        ],
        [
            "is none of a component that never had an association",
            undefined,
            foreignAssociationStep(withoutRecord, look()),
        ],
        ["is none with the annotation", undefined, foreignAssociationStep({ ...target, subject }, look())],
        ["is not known before a look", undefined, foreignAssociationStep(target, notAsked())],
        [
            "stops a move while a pod needs another identity",
            "association-differs",
            foreignAssociationStep(
                { ...target, subject, leaving: associated },
                look({ pods: pods(carrying(FORMER_ROLE)) }),
            ),
        ],
        [
            "stops no move whose pods use the node roles",
            undefined,
            foreignAssociationStep({ ...target, subject, leaving: associated }, look({}, onNodeRole)),
        ],
    ];
    for (const [title, expected, step] of cases) {
        it(title, () => deepStrictEqual(code(step), expected));
    }
});

describe("The association of a component, in a hand-back", () => {
    const deletion = {
        do: "deleteAssociation",
        why: "no pod has credentials of the Pod Identity association: deleting it",
        clusterName: "prod",
        associationId: "a-1",
    };
    const unskip = { daemonSet: skipping };

    it("is left over the pod template, if it is known and there is a DaemonSet", () => {
        const leave = (account: AssociationsSeen, cluster: Partial<ClusterSeen> = {}) =>
            code(leaveAssociationStep(target, seen(withCredentials, { cluster, account: { associations: account } })));
        deepStrictEqual(
            [
                leave(associations(own)),
                leave(associations(own), { daemonSet: undefined }),
                leave(associations(own), unskip),
                code(leaveAssociationStep(target, notAsked())),
                leave({ is: "unnamed", why: "no name" }),
            ],
            ["skipContainers", undefined, undefined, undefined, "cluster-name-unknown"],
        );
    });

    it("stops the hand-back if it cannot be read, with the call, and says whether that was denied", () => {
        const leave = (of: HandBackTarget, account: AssociationsSeen) =>
            leaveAssociationStep(of, seen(withCredentials, { account: { associations: account } }));
        deepStrictEqual(
            [
                leave(target, unread("denied")),
                leave(target, unread("unsupported")),
                leave(withoutRecord, unread("denied")),
            ],
            [
                { do: "refuse", refusal: refusals.otherDeliveryDenied([call("denied")], associated) },
                { do: "refuse", refusal: refusals.otherDeliveryUnsupported([call("unsupported")], associated) },
                undefined,
            ],
        );
    });

    it("is deleted, and then the template no longer excludes its containers", () => {
        const begun = { ...fresh, startedAt: 0 };
        deepStrictEqual(
            [
                deleteAssociationStep(target, seen(onNodeRole)),
                deleteAssociationStep(withoutRecord, seen(onNodeRole)),
                deleteAssociationStep(target, notAsked()),
                forgetAssociationStep(target, seen(onNodeRole), begun),
                forgetAssociationStep(withoutRecord, seen(onNodeRole, { cluster: unskip }), begun),
                code(
                    forgetAssociationStep(
                        target,
                        seen(onNodeRole, { cluster: unskip, account: { associations: associations() } }),
                        begun,
                    ),
                ),
                forgetAssociationStep(
                    target,
                    seen(onNodeRole, { cluster: { daemonSet: undefined }, account: { associations: associations() } }),
                    begun,
                ),
            ],
            [deletion, undefined, undefined, deletion, undefined, "unskipContainers", undefined],
        );
    });

    it("is known only after a look that has seen it", () =>
        deepStrictEqual(
            [undefined, unread("denied"), associations(), theirs, associations(own)].map((one) =>
                ownAssociation(record, one),
            ),
            [undefined, undefined, undefined, undefined, { ...own, clusterName: "prod" }],
        ));
});
