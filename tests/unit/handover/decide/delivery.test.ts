import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    deliverAgainStep,
    describeDelivery,
    isAppliedByAddOn,
    isDelivered,
    isOfAddOn,
    isOwner,
    nextDeliveryStep,
    writersOf,
} from "../../../../handover/decide/delivery";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { Subject } from "../../../../handover/model/subject";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { addOn, EKS, eksAlone, external, LEFT, missing, ofAddOn, ours, ownedBy } from "../support/addOns";
import {
    comparableStep,
    FORMER_ROLE,
    MANAGER,
    memoryWith,
    NOW,
    onNodeRole,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    subject,
    world,
} from "../support/worlds";

const of = (serviceAccount: ServiceAccountSeen | undefined, addOn?: AddOnSeen) =>
    world(onNodeRole, { cluster: { serviceAccount }, account: addOn === undefined ? {} : { addOn } });
const helm = ownedBy(["helm"], []);
const former = { [ROLE_ARN]: FORMER_ROLE };
const nothing = ownedBy([], [], {});
const OTHER = "eks-cni/network/staging/cni";
const regional: Subject = { ...external, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } };

describe("A role", () => {
    const rows: [string, Subject, ServiceAccountSeen, boolean][] = [
        ["is delivered by the component's annotation", subject, ours, true],
        ["is delivered by any annotation if the component annotates", subject, helm, true],
        ["is not delivered without one", subject, nothing, false],
        ["is not delivered by the component's annotation if another writer is to deliver it", external, ours, false],
        ["is delivered by another named writer", external, helm, true],
        ["is delivered by two writers", external, ownedBy([MANAGER, "helm"]), true],
        ["is delivered by the managed add-on", external, eksAlone, true],
        ["is not delivered by what a hand-back has left", external, ownedBy([LEFT]), false],
        ["is not delivered by a writer without a name", external, ownedBy([""]), false],
        ["is not delivered by another component", external, ownedBy([OTHER]), false],
        ["is not delivered by a writer of another role", external, ownedBy(["helm"], [], former), false],
        ["is not delivered without the program's other annotations", regional, helm, false],
        ["is delivered under the component's annotation for the add-on", ofAddOn, ours, true],
        ["is delivered for the add-on by the add-on", ofAddOn, eksAlone, true],
    ];
    for (const [what, who, serviceAccount, expected] of rows) {
        it(what, () => {
            strictEqual(isDelivered(who, of(serviceAccount).cluster), expected);
        });
    }
});

describe("The owners of a role annotation", () => {
    it("are writers by name, besides those of this package", () => {
        deepStrictEqual(writersOf(external, of(ownedBy([MANAGER, "helm", LEFT, "", OTHER, EKS])).cluster), [
            "helm",
            EKS,
        ]);
        deepStrictEqual(writersOf(external, of(undefined).cluster), []);
    });

    it("may be the component", () => {
        strictEqual(isOwner(subject, of(ours).cluster), true);
        strictEqual(isOwner(subject, of(helm).cluster), false);
        strictEqual(isOwner(subject, of(undefined).cluster), false);
    });

    it("may be the add-on, which has to own it by server-side apply", () => {
        strictEqual(isAppliedByAddOn(of(eksAlone).cluster), true);
        strictEqual(isAppliedByAddOn(of(ownedBy([EKS], [])).cluster), false);
        strictEqual(isAppliedByAddOn(of({ uid: "a", annotations: {}, roleArnOwners: [EKS] }).cluster), false);
        strictEqual(isAppliedByAddOn(of(undefined).cluster), false);
    });

    it("may be the add-on alone, or with what a hand-back has left", () => {
        const alone: [readonly string[], boolean][] = [
            [[EKS], true],
            [[EKS, LEFT], true],
            [[LEFT], false],
            [[EKS, "helm"], false],
            [[EKS, MANAGER], false],
            [[], false],
        ];
        deepStrictEqual(
            alone.map(([owners]) => isOfAddOn(of(ownedBy(owners)).cluster)),
            alone.map(([, expected]) => expected),
        );
        strictEqual(isOfAddOn(of(undefined).cluster), false);
    });
});

describe("The wait for another writer", () => {
    const target = { subject: external, record, deliverySeconds: 1200 };
    const begun = memoryWith({ startedAt: NOW });
    const wait = (why: string) => ({ do: "wait", why: `waiting for another writer to deliver ${ROLE}: ${why}` });
    const rows: [string, ReturnType<typeof of>, object, number?][] = [
        ["goes on without an annotation", of(nothing), wait("the service account has no role annotation")],
        [
            "goes on with the annotation of another role",
            of(ownedBy(["helm"], [], former)),
            wait(`the service account is annotated with ${FORMER_ROLE}, which "helm" owns`),
        ],
        [
            "goes on with the component's own annotation",
            of(ours),
            wait(`the service account has this annotation, which "${MANAGER}" owns, and no other writer owns it`),
        ],
        ["goes on until its limit", of(nothing), wait("the service account has no role annotation"), seconds(-1199)],
        [
            "ends at its limit",
            of(nothing),
            {
                refuse: "role-not-delivered",
                seen: `No other writer gave ${ROLE} to the service account within 1200 s: the service account has no role annotation.`,
            },
            seconds(-1200),
        ],
        ["ends when one delivers it", of(helm), { do: "done", why: "helm delivers the role" }],
        ["ends when two deliver it", of(ownedBy(["helm", EKS])), { do: "done", why: "helm, eks delivers the role" }],
        [
            "ends at its limit, too, if one delivers it",
            of(helm),
            { do: "done", why: "helm delivers the role" },
            seconds(-1200),
        ],
        [
            "ends with the release of the component's own annotation",
            of(ownedBy([MANAGER, EKS])),
            {
                do: "releaseServiceAccount",
                leaving: {},
                why: "eks delivers the role: the component releases its own annotation",
            },
        ],
        [
            "needs a service account",
            of(undefined),
            { refuse: "service-account-missing", seen: "There is no service account kube-system/aws-node." },
        ],
        [
            "needs the recorded cluster",
            world(onNodeRole, { cluster: { uid: "another", serviceAccount: helm } }),
            {
                refuse: "cluster-changed",
                seen: "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
            },
        ],
    ];
    for (const [what, seen, step, startedAt = NOW] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextDeliveryStep(target, seen, { ...begun, startedAt })), step);
        });
    }
});

describe("What delivers a role now", () => {
    const rows: [string, Subject, ServiceAccountSeen | undefined, string][] = [
        ["is nothing", external, nothing, "the service account has no role annotation"],
        ["is nothing without the service account", external, undefined, "the service account has no role annotation"],
        [
            "is another role of several owners",
            external,
            ownedBy(["a", "b"], [], former),
            `the service account is annotated with ${FORMER_ROLE}, which "a", "b" own`,
        ],
        [
            "is another role without an owner",
            external,
            ownedBy([], [], former),
            `the service account is annotated with ${FORMER_ROLE}`,
        ],
        [
            "is the role without what the program adds",
            regional,
            helm,
            'the service account has this role, which "helm" owns, but not all annotations of the component\'s output serviceAccountAnnotations',
        ],
    ];
    for (const [what, who, serviceAccount, text] of rows) {
        it(what, () => {
            strictEqual(describeDelivery(who, of(serviceAccount).cluster), text);
        });
    }
});

describe("A role that the service account has lost", () => {
    const annotate = (more: object = {}) => ({
        do: "annotate",
        annotations: { [ROLE_ARN]: ROLE },
        ...more,
        why: "again",
    });
    const forced = annotate({ force: true });
    const lost = ownedBy([EKS], [EKS], former);
    const known = { ...record, addOnRoleArn: FORMER_ROLE };
    const refuse = (code: string, seen: string) => ({ refuse: code, seen });
    const ofAnother = (owner: string) =>
        refuse("annotation-owned-by-another", `The role annotation of kube-system/aws-node belongs to "${owner}".`);
    const rows: [string, Subject, ServiceAccountSeen, AddOnSeen | undefined, object, typeof record?, boolean?][] = [
        ["is annotated again", subject, nothing, undefined, annotate()],
        ["is left to another owner", subject, ownedBy(["helm"], [], former), undefined, ofAnother("helm")],
        ["is left to the add-on unless the component moves away from it", subject, lost, addOn(), ofAnother(EKS)],
        [
            "is left to the other writer that delivers it",
            external,
            nothing,
            undefined,
            refuse(
                "role-not-delivered",
                `The service account no longer gets ${ROLE} from another writer: the service account has no role annotation.`,
            ),
        ],
        ["is annotated over what the add-on has left", ofAddOn, lost, addOn(), forced],
        ["is annotated over what a hand-back has left", ofAddOn, ownedBy([LEFT], [LEFT], former), addOn(), forced],
        ["is annotated again for the add-on that has it", ofAddOn, nothing, addOn(ROLE), annotate()],
        ["is annotated over the role that the add-on had before", ofAddOn, lost, addOn(FORMER_ROLE), forced, known],
        [
            "is annotated over a former role of the component",
            ofAddOn,
            lost,
            addOn(FORMER_ROLE),
            forced,
            { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] },
        ],
        [
            "is not annotated over an unknown role of the add-on",
            ofAddOn,
            lost,
            addOn(FORMER_ROLE),
            refuse(
                "add-on-owns-the-role",
                `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}, which this component does not know.`,
            ),
        ],
        ["is annotated for an add-on that had a role before", ofAddOn, lost, addOn(), forced, known],
        [
            "is annotated for the add-on that has it, whatever the record knows",
            ofAddOn,
            nothing,
            addOn(ROLE),
            annotate(),
            { ...record, approvedRoleArns: [] },
        ],
        ["is annotated without an add-on, too", ofAddOn, nothing, missing, annotate()],
        ["is annotated if EKS was not asked", ofAddOn, nothing, undefined, annotate()],
        [
            "takes the other annotations of the webhook over if the program says so",
            ofAddOn,
            nothing,
            addOn(),
            forced,
            record,
            true,
        ],
        [
            "is taken over from another owner if the program says so",
            ofAddOn,
            ownedBy(["helm"], [], former),
            addOn(),
            forced,
            record,
            true,
        ],
        [
            "is left to another owner beside the add-on",
            ofAddOn,
            ownedBy([EKS, "helm"], [], former),
            addOn(),
            ofAnother("helm"),
        ],
    ];
    for (const [what, who, serviceAccount, seen, step, recorded = record, override] of rows) {
        it(what, () => {
            const target = { subject: who, record: recorded, overrideExistingServiceAccount: override };
            deepStrictEqual(comparableStep(deliverAgainStep(target, of(serviceAccount, seen), "again")), step);
        });
    }
});
