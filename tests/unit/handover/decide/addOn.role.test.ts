import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { nextAddOnRoleStep } from "../../../../handover/decide/addOnGetsRole";
import { type AddOnTarget } from "../../../../handover/decide/addOnSteps";
import { hadAddOn } from "../../../../handover/decide/handBackAddOn";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { Memory, Step } from "../../../../handover/model/steps";
import type { ClusterSeen } from "../../../../handover/model/world";
import {
    addOn,
    both,
    EKS,
    eksAlone,
    eksUpdated,
    LEFT,
    missing,
    ofAddOn,
    ours,
    ownedBy,
    unnamed,
    unreadAddOn,
} from "../support/addOns";
import {
    carrying,
    comparableStep,
    FORMER_ROLE,
    LONG_AGO,
    MANAGER,
    memoryWith,
    NOW,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    world,
} from "../support/worlds";

const target: AddOnTarget = { subject: ofAddOn, record: { ...record, addOnDelivered: true }, deliverySeconds: 1200 };
/** A run that has just begun. */
const begun = memoryWith({ startedAt: NOW });
/** One that has waited for as long as EKS may take to apply a role. */
const waited = memoryWith({ startedAt: seconds(-30) });
const wait = (why: string) => ({ do: "wait", why });
const own = {
    do: "annotate",
    annotations: { [ROLE_ARN]: ROLE },
    why: "owning the annotation together with the add-on",
};
const again = {
    do: "annotate",
    annotations: { [ROLE_ARN]: ROLE },
    why: "the service account has lost its annotation: annotating it again",
};
const release = {
    do: "releaseServiceAccount",
    leaving: {},
    why: "the add-on owns the annotation: the component releases its own part",
};
const DONE = { do: "done", why: "the add-on has the role, and owns the annotation" };
const stays = {
    do: "done",
    why: "the add-on has the role; EKS does not own the annotation by server-side apply, so the component keeps its own",
};
const unannotated = ownedBy([], [], {});
const update = (why: string) => ({ update: why });

/** The request token has tests of its own. */
function comparable(step: Step): object {
    return step.do === "updateAddOn" ? { update: step.why } : comparableStep(step);
}

const failed = (roleArn: string | undefined) =>
    memoryWith({
        startedAt: NOW,
        addOnUpdate: { roleArn, at: NOW, isSuccessful: false, why: "the update u-1 is Failed: no" },
    });
const updated = (at: number) =>
    memoryWith({ startedAt: LONG_AGO, addOnUpdate: { roleArn: ROLE, at, isSuccessful: true, why: "" } });

type Row = [
    what: string,
    addOn: Parameters<typeof addOn> | ReturnType<typeof addOn> | undefined,
    cluster: Partial<ClusterSeen>,
    step: object,
    memory?: Memory,
    more?: Partial<AddOnTarget>,
];

const gets = update(`the managed add-on gets ${ROLE}`);
const refused = (refuse: string, seen: string) => ({ refuse, seen });

const rows: Row[] = [
    ["gets the role that the component annotates", [], { serviceAccount: ours }, gets],
    ["is annotated by the component first", [], { serviceAccount: eksAlone }, own],
    ["is annotated again first if the value is gone", [], { serviceAccount: unannotated }, again],
    [
        "is annotated again if another value has taken its place",
        [],
        { serviceAccount: ownedBy([EKS], [EKS], { [ROLE_ARN]: FORMER_ROLE }) },
        { ...again, force: true },
    ],
    [
        "leaves an annotation to another owner",
        [],
        { serviceAccount: ownedBy(["helm"], [], { [ROLE_ARN]: FORMER_ROLE }) },
        refused("annotation-owned-by-another", 'The role annotation of kube-system/aws-node belongs to "helm".'),
    ],
    [
        "waits for an update of before",
        [undefined, { status: "UPDATING" }],
        { serviceAccount: ours },
        wait("the managed add-on is UPDATING"),
    ],
    [
        "waits until it is created",
        [undefined, { status: "CREATING" }],
        { serviceAccount: ours },
        wait("the managed add-on is CREATING"),
    ],
    [
        "waits until it is deleted",
        [undefined, { status: "DELETING" }],
        { serviceAccount: ours },
        wait("the managed add-on is DELETING"),
    ],
    [
        "does not wait longer than its limit",
        [undefined, { status: "UPDATING" }],
        { serviceAccount: ours },
        refused("add-on-update-failed", "The managed add-on vpc-cni of prod has been UPDATING for 1200 s."),
        memoryWith({ startedAt: seconds(-1200) }),
    ],
    [
        "waits until then",
        [undefined, { status: "UPDATING" }],
        { serviceAccount: ours },
        wait("the managed add-on is UPDATING"),
        memoryWith({ startedAt: seconds(-1199) }),
    ],
    ...["ACTIVE", "DEGRADED", "UPDATE_FAILED", "CREATE_FAILED", "DELETE_FAILED"].map((status): Row => [
        `gets the role although it is ${status}`,
        [undefined, { status }],
        { serviceAccount: ours },
        gets,
    ]),
    [
        "is not asked again after EKS has failed",
        [undefined, { status: "UPDATE_FAILED", health: ["AccessDenied: no"] }],
        { serviceAccount: ours },
        refused(
            "add-on-update-failed",
            "EKS did not carry out an update of the managed add-on vpc-cni of prod: the update u-1 is Failed: no. The add-on's health issues: AccessDenied: no.",
        ),
        failed(ROLE),
    ],
    ["is asked after EKS has failed to take another role away", [], { serviceAccount: ours }, gets, failed(undefined)],
    [
        "may show an update late",
        [],
        { serviceAccount: ours },
        wait("EKS does not show the update of the add-on yet"),
        updated(seconds(-29)),
    ],
    ["is asked again if it never shows the update", [], { serviceAccount: ours }, gets, updated(seconds(-30))],
    [
        "has the role after a failed update all the same",
        [ROLE, { status: "DEGRADED" }],
        { serviceAccount: both },
        release,
        failed(ROLE),
    ],
    [
        "changes from its former role at once if that could not go first",
        [FORMER_ROLE],
        { serviceAccount: ours },
        gets,
        begun,
        { record: { ...record, addOnRoleArn: FORMER_ROLE } },
    ],
    [
        "changes from a former role of the component at once as well",
        [FORMER_ROLE],
        { serviceAccount: ours },
        gets,
        begun,
        { record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
    ],
    [
        "gets the role although it had another one before, and has none now",
        [],
        { serviceAccount: ours },
        gets,
        begun,
        { record: { ...record, addOnRoleArn: FORMER_ROLE } },
    ],
    [
        "keeps the role of this update, whatever the record knows",
        [ROLE],
        { serviceAccount: eksAlone },
        DONE,
        begun,
        { record: { ...record, approvedRoleArns: [] } },
    ],
    [
        "keeps a role that the record does not know",
        [FORMER_ROLE],
        { serviceAccount: ours },
        refused(
            "add-on-owns-the-role",
            `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}, which this component does not know.`,
        ),
    ],
    ["is left the annotation once EKS has applied it", [ROLE], { serviceAccount: both }, release],
    [
        "is left the role alone if the program has other annotations",
        [ROLE],
        { serviceAccount: ownedBy([MANAGER, EKS], [MANAGER, EKS], { [ROLE_ARN]: ROLE, [REGIONAL]: "true" }) },
        {
            do: "annotate",
            annotations: { [REGIONAL]: "true" },
            why: "the add-on owns the annotation: the component releases its own part",
        },
        begun,
        { subject: { ...ofAddOn, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } } },
    ],
    ["has all of it then", [ROLE], { serviceAccount: eksAlone }, DONE],
    [
        "has what a hand-back has left as well",
        [ROLE],
        { serviceAccount: ownedBy([EKS, LEFT]) },
        {
            do: "releaseLeft",
            why: "eks owns the annotation again: releasing what an earlier hand-back has left",
        },
    ],
    [
        "gets time to apply the role",
        [ROLE],
        { serviceAccount: ours },
        wait("the add-on has the role: waiting until EKS owns the annotation"),
        memoryWith({ startedAt: seconds(-29) }),
    ],
    ["may never apply it", [ROLE], { serviceAccount: ours }, stays, waited],
    ["may write it by an update", [ROLE], { serviceAccount: eksUpdated }, stays, waited],
    [
        "gets that time after each update",
        [ROLE],
        { serviceAccount: eksUpdated },
        wait("the add-on has the role: waiting until EKS owns the annotation"),
        updated(seconds(-29)),
    ],
    [
        "must not keep it by an update alone",
        [ROLE],
        { serviceAccount: ownedBy([EKS], []) },
        { ...own, why: "EKS does not own the annotation by server-side apply: owning it, too" },
        waited,
    ],
    [
        "may lose it with the component's release",
        [ROLE],
        { serviceAccount: unannotated },
        again,
        memoryWith({ releases: 1 }),
    ],
    ["is left it once more then", [ROLE], { serviceAccount: both }, release, memoryWith({ releases: 1 })],
    [
        "is not left it a third time",
        [ROLE],
        { serviceAccount: both },
        {
            do: "done",
            why: "the add-on has the role; the annotation was lost with the component's release, so the component keeps its own",
        },
        memoryWith({ releases: 2 }),
    ],
    [
        "has the role before an update of before has ended",
        [ROLE, { status: "UPDATING" }],
        { serviceAccount: both },
        wait("the managed add-on is UPDATING"),
    ],
    ["may be missing", missing, {}, refused("add-on-missing", "The cluster prod has no managed add-on vpc-cni.")],
    [
        "may have been deleted with the service account",
        missing,
        { serviceAccount: undefined },
        refused("add-on-missing", "The cluster prod has no managed add-on vpc-cni."),
    ],
    ["may have no known name", unnamed, {}, refused("cluster-name-unknown", "The name of the EKS cluster is unknown.")],
    [
        "may be unread",
        unreadAddOn("denied"),
        {},
        refused("other-delivery-unread", "AWS rejected eks:DescribeAddon: no"),
    ],
    [
        "may not be known to EKS",
        unreadAddOn("unsupported"),
        {},
        refused("other-delivery-unread", "EKS does not know eks:DescribeAddon: no"),
    ],
    ["may not have been looked at", undefined, {}, wait("EKS was not asked for the add-on yet")],
    [
        "must be of the recorded cluster",
        [],
        { uid: "another" },
        refused(
            "cluster-changed",
            "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
        ),
    ],
    [
        "needs its service account",
        [],
        { serviceAccount: undefined },
        refused("service-account-missing", "There is no service account kube-system/aws-node."),
    ],
];

describe("The managed add-on, once every pod carries the role,", () => {
    for (const [what, given, cluster, step, memory = begun, more = {}] of rows) {
        it(what, () => {
            const seen = Array.isArray(given) ? addOn(...given) : given;
            const of = world(carrying(ROLE), { cluster, account: seen === undefined ? {} : { addOn: seen } });
            deepStrictEqual(comparable(nextAddOnRoleStep({ ...target, ...more }, of, memory)), step);
        });
    }
});

describe("A record of the managed add-on", () => {
    it("says whether fields of it may still keep a role of the component, or its own", () => {
        const rows: [Partial<HandOverRecord>, boolean][] = [
            [{}, false],
            [{ addOnDelivered: true }, true],
            [{ addOnDelivered: false }, true],
            [{ addOnRoleArn: FORMER_ROLE }, true],
            [{ addOnDelivered: false, addOnRoleArn: FORMER_ROLE }, true],
        ];
        deepStrictEqual(
            rows.map(([more]) => hadAddOn({ ...record, ...more })),
            rows.map(([, expected]) => expected),
        );
    });
});

describe("The request to EKS", () => {
    const request = (more: Parameters<typeof addOn>[1] = {}, of: Partial<AddOnTarget> = {}, memory = begun) => {
        const of_ = world(carrying(ROLE), {
            cluster: { serviceAccount: ours },
            account: { addOn: addOn(undefined, more) },
        });
        const step = nextAddOnRoleStep({ ...target, ...of }, of_, memory);
        return step.do === "updateAddOn" ? step.update : undefined;
    };

    it("states the role, and the configuration as read", () => {
        const { clientRequestToken, ...rest } = request() ?? {};
        deepStrictEqual(rest, { clusterName: "prod", roleArn: ROLE, configurationValues: '{"env":{}}' });
        strictEqual(clientRequestToken?.length, 32);
        strictEqual(request({ configurationValues: undefined })?.configurationValues, undefined);
    });

    it("is followed for as long as the program says", () => {
        const seen = world(carrying(ROLE), {
            cluster: { serviceAccount: ours },
            account: { addOn: addOn(undefined) },
        });
        const step = nextAddOnRoleStep({ ...target, deliverySeconds: 77 }, seen, begun);
        strictEqual(step.do === "updateAddOn" ? step.limitSeconds : step.do, 77);
    });

    it("is another one for another role", () => {
        const tokens = [ROLE, FORMER_ROLE].map((roleArn) => {
            const annotations = { [ROLE_ARN]: roleArn };
            const seen = world(carrying(roleArn), {
                cluster: { serviceAccount: ownedBy([MANAGER], [MANAGER], annotations) },
                account: { addOn: addOn() },
            });
            const step = nextAddOnRoleStep({ ...target, subject: { ...ofAddOn, roleArn, annotations } }, seen, begun);
            return step.do === "updateAddOn" ? step.update.clientRequestToken : step.do;
        });
        deepStrictEqual(
            tokens.map((token) => token.length),
            [32, 32],
        );
        notStrictEqual(tokens[0], tokens[1]);
    });

    it("is the same within a run, and another one in the next run, or once the add-on or the record has changed", () => {
        const token = request()?.clientRequestToken;
        strictEqual(request()?.clientRequestToken, token);
        strictEqual(request({}, {}, memoryWith({ startedAt: NOW, propagatedAt: NOW }))?.clientRequestToken, token);
        notStrictEqual(request({}, {}, memoryWith({ startedAt: NOW + 1 }))?.clientRequestToken, token);
        notStrictEqual(request({ modifiedAt: 2 })?.clientRequestToken, token);
        notStrictEqual(request({}, { record: { ...record, approvals: 1 } })?.clientRequestToken, token);
        notStrictEqual(
            request(
                {},
                {
                    record: { ...record, clusterUid: "cluster" },
                    subject: { ...ofAddOn, fieldManager: "eks-cni/a/b/c" },
                },
            )?.clientRequestToken,
            token,
        );
    });
});
