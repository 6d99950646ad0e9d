import { deepStrictEqual } from "node:assert/strict";
import { type HandBackTarget, nextHandBackStep } from "../../../../handover/decide/handBack";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { Memory, Step } from "../../../../handover/model/steps";
import type { ServiceAccountSeen, World } from "../../../../handover/model/world";
import { addOn, both, EKS, eksAlone, LEFT, missing, ofAddOn, ours, ownedBy, unnamed } from "../support/addOns";
import { propagated, release, target as plainTarget, unannotated } from "../support/handBacks";
import {
    carrying,
    comparableStep,
    FORMER_ROLE,
    MANAGER,
    memoryWith,
    NOW,
    nodeRole,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const of = { ...record, addOnDelivered: true };
const target: HandBackTarget = { ...plainTarget, subject: ofAddOn, record: of };
const former = { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE }, record: { ...of, addOnRoleArn: FORMER_ROLE } };
const formerOf = (owners: readonly string[], appliers = owners) =>
    ownedBy(owners, appliers, { [ROLE_ARN]: FORMER_ROLE });
const wait = (why: string) => ({ do: "wait", why });
const own = {
    do: "annotate",
    annotations: { [ROLE_ARN]: ROLE },
    why: "owning the annotation together with the add-on",
};
const restoring = {
    do: "annotate",
    annotations: former.formerAnnotations,
    force: true,
    why: "restoring the annotation from before the hand-over",
};
const givesUp = { update: `the managed add-on gives up ${ROLE}` };
const getsFormer = { update: `the managed add-on gets ${FORMER_ROLE}` };
const removeRole = {
    do: "removeRole",
    why: "the add-on no longer has the role: removing the annotation that it has left",
};
const releaseLeft = {
    do: "releaseLeft",
    why: "eks owns the annotation again: releasing what an earlier hand-back has left",
};
const first = { do: "restart", pods: ["pod-n1"], why: "pod-n1 restarts first" };
const refuse = (code: string, seen: string) => ({ refuse: code, seen });
const outlives = refuse("annotation-owned-by-another", 'The role annotation of kube-system/aws-node belongs to "eks".');

function comparable(step: Step): object {
    return step.do === "updateAddOn" ? { update: step.why } : comparableStep(step);
}

interface Row {
    readonly it: string;
    readonly addOn?: AddOnSeen;
    readonly serviceAccount: ServiceAccountSeen | undefined;
    readonly cluster?: Partial<World["cluster"]>;
    readonly account?: Partial<World["account"]>;
    readonly memory?: Memory;
    readonly more?: Partial<HandBackTarget>;
    readonly step: object;
}

function table(title: string, rows: Row[]): void {
    describe(title, () => {
        for (const { it: what, memory = propagated, more = {}, step, ...seen } of rows) {
            it(what, () => {
                const looked = world(carrying(ROLE), {
                    cluster: { serviceAccount: seen.serviceAccount, ...seen.cluster },
                    account: { ...seen.account, ...(seen.addOn === undefined ? {} : { addOn: seen.addOn }) },
                });
                deepStrictEqual(comparable(nextHandBackStep({ ...target, ...more }, looked, memory)), step);
            });
        }
    });
}

const guard = { injectionGuard: { present: true, inForce: true } };
const given = { addOn: addOn(ROLE), serviceAccount: eksAlone };

table("On the way back, the managed add-on", [
    {
        it: "keeps the role until the node roles hold their policies",
        ...given,
        account: { nodeRoles: [nodeRole({ ...withoutPolicies })] },
        step: {
            do: "attach",
            policies: [{ roleName: "nodes", policyArn: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy" }],
            why: "attaching the recorded policies again to nodes",
        },
    },
    {
        it: "keeps it until IAM enforces them",
        ...given,
        memory: memoryWith({}),
        step: {
            do: "awaitPropagation",
            milliseconds: 120_000,
            why: "waiting 120 s for IAM to enforce the policies of the node roles",
        },
    },
    {
        it: "keeps it until the injection guard is gone",
        ...given,
        cluster: guard,
        step: { do: "removeInjectionGuard", why: "removing the injection guard: pods may use the node role again" },
    },
    { it: "shares its annotation with the component first", ...given, step: own },
    { it: "gives the role up then", addOn: addOn(ROLE), serviceAccount: both, step: givesUp },
    {
        it: "gives it up although it is DEGRADED",
        addOn: addOn(ROLE, { status: "DEGRADED" }),
        serviceAccount: both,
        step: givesUp,
    },
    {
        it: "gives it up at once if the annotation is gone",
        addOn: addOn(ROLE),
        serviceAccount: unannotated,
        step: givesUp,
    },
    {
        it: "gives up a former role of the component as well",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: both,
        more: { record: { ...of, approvedRoleArns: [FORMER_ROLE, ROLE] } },
        step: { update: `the managed add-on gives up ${FORMER_ROLE}` },
    },
    {
        it: "may be busy for a while",
        addOn: addOn(ROLE, { status: "UPDATING" }),
        serviceAccount: both,
        memory: memoryWith({ startedAt: NOW, propagatedAt: NOW }),
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "may not be busy for longer than the limit",
        addOn: addOn(ROLE, { status: "UPDATING" }),
        serviceAccount: both,
        more: { deliverySeconds: 60 },
        step: refuse("add-on-update-failed", "The managed add-on vpc-cni of prod has been UPDATING for 60 s."),
    },
    {
        it: "is waited for while it is busy without the role, since EKS may be about to write the one that goes",
        addOn: addOn(undefined, { status: "UPDATING" }),
        serviceAccount: ours,
        memory: memoryWith({ startedAt: NOW, propagatedAt: NOW }),
        step: wait("the managed add-on is UPDATING"),
    },
    { it: "loses the component's annotation then", addOn: addOn(), serviceAccount: both, step: release({}) },
    { it: "loses what it has left itself", addOn: addOn(), serviceAccount: eksAlone, step: removeRole },
    { it: "loses what it has left when it was deleted", addOn: missing, serviceAccount: eksAlone, step: removeRole },
    {
        it: "loses what it has left together with an earlier hand-back",
        addOn: missing,
        serviceAccount: ownedBy([EKS, LEFT]),
        step: removeRole,
    },
    {
        it: "keeps it while it is busy, since EKS may be removing it",
        addOn: addOn(undefined, { status: "UPDATING" }),
        serviceAccount: eksAlone,
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "does so no longer than the limit",
        addOn: addOn(undefined, { status: "UPDATING" }),
        serviceAccount: eksAlone,
        more: { deliverySeconds: 60 },
        step: refuse("add-on-update-failed", "The managed add-on vpc-cni of prod has been UPDATING for 60 s."),
    },
    {
        it: "may still have the role, which another party gave it",
        addOn: addOn(ROLE),
        serviceAccount: eksAlone,
        more: { record: { ...record, addOnDelivered: false } },
        step: outlives,
    },
    {
        it: "may have left another owner's annotation, which stays",
        addOn: missing,
        serviceAccount: ownedBy([EKS, "helm"]),
        step: refuse(
            "annotation-owned-by-another",
            'The role annotation of kube-system/aws-node belongs to "eks", "helm".',
        ),
    },
    {
        it: "may have left a role of another owner, which stays",
        addOn: missing,
        serviceAccount: formerOf([EKS]),
        step: first,
    },
    {
        it: "keeps a role that it got from another owner",
        addOn: addOn("arn:aws:iam::111122223333:role/theirs"),
        serviceAccount: formerOf([EKS]),
        step: first,
    },
    {
        it: "is not asked of a component that never gave it a role",
        addOn: addOn(ROLE),
        serviceAccount: both,
        more: { record },
        step: release({}),
    },
    {
        it: "is not asked of one that it has left",
        addOn: addOn(ROLE),
        serviceAccount: both,
        more: { record: { ...record, addOnDelivered: false } },
        step: release({}),
    },
    {
        it: "must be known by name",
        addOn: unnamed,
        serviceAccount: both,
        step: refuse("cluster-name-unknown", "The name of the EKS cluster is unknown."),
    },
    { it: "does not matter before EKS was asked", serviceAccount: both, step: release({}) },
    {
        it: "keeps the role while another owner's annotation is restored, and node roles lack the policies",
        addOn: addOn(ROLE),
        serviceAccount: both,
        account: { nodeRoles: [nodeRole({ ...withoutPolicies })] },
        more: {
            formerAnnotations: former.formerAnnotations,
            record: { ...of, nodeRolePolicies: {}, namedNodeRoles: [] },
        },
        step: refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
    },
    {
        it: "gives the role up also without a service account, which EKS would create again with the role",
        addOn: addOn(ROLE),
        serviceAccount: undefined,
        step: givesUp,
    },
    {
        it: "matters no more without a service account and a role",
        addOn: addOn(),
        serviceAccount: undefined,
        step: first,
    },
]);

table("On the way back, the managed add-on that had a role before", [
    {
        it: "gives the component's role up first",
        addOn: addOn(ROLE),
        serviceAccount: both,
        more: former,
        step: givesUp,
    },
    {
        it: "gets the annotation of its former role then",
        addOn: addOn(),
        serviceAccount: both,
        more: former,
        step: restoring,
    },
    {
        it: "gets its former role under that annotation",
        addOn: addOn(),
        serviceAccount: formerOf([MANAGER]),
        more: former,
        step: getsFormer,
    },
    {
        it: "shares that annotation with the component first",
        addOn: addOn(),
        serviceAccount: formerOf([EKS], []),
        more: former,
        step: { ...own, annotations: former.formerAnnotations },
    },
    {
        it: "gets it at once while node roles lack the policies",
        addOn: addOn(ROLE),
        serviceAccount: formerOf([MANAGER]),
        account: { nodeRoles: [nodeRole({ ...withoutPolicies })] },
        more: { ...former, record: { ...former.record, nodeRolePolicies: {} } },
        step: getsFormer,
    },
    {
        it: "gets time to apply it",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([MANAGER]),
        more: former,
        memory: memoryWith({
            propagatedAt: seconds(-60),
            addOnUpdate: { roleArn: FORMER_ROLE, at: seconds(-29), isSuccessful: true, why: "" },
        }),
        step: wait("the add-on has its former role: waiting until EKS owns the annotation"),
    },
    {
        it: "may never apply it",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([MANAGER]),
        more: former,
        memory: memoryWith({
            propagatedAt: seconds(-60),
            addOnUpdate: { roleArn: FORMER_ROLE, at: seconds(-30), isSuccessful: true, why: "" },
        }),
        step: release(former.formerAnnotations),
    },
    {
        it: "is left the annotation once it owns it",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([MANAGER, EKS]),
        more: former,
        step: release(former.formerAnnotations),
    },
    {
        it: "is left it alone",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([EKS, LEFT]),
        more: former,
        step: releaseLeft,
    },
    {
        it: "shares what was left if it does not own it by server-side apply",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([EKS, LEFT], [LEFT]),
        more: former,
        step: first,
    },
    {
        it: "does not get a role back that no longer works",
        addOn: addOn(),
        serviceAccount: both,
        more: { record: former.record },
        step: release({}),
    },
    {
        it: "gets it back as well after an update that left the add-on",
        addOn: addOn(),
        serviceAccount: ours,
        more: { ...former, record: { ...former.record, addOnDelivered: false } },
        step: restoring,
    },
    {
        it: "does not get a role that another owner had annotated",
        addOn: addOn(),
        serviceAccount: formerOf([MANAGER]),
        more: { formerAnnotations: former.formerAnnotations },
        step: release(former.formerAnnotations),
    },
    {
        it: "keeps its former role, which the component has approved as well",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: formerOf([MANAGER, EKS]),
        more: { ...former, record: { ...former.record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
        step: release(former.formerAnnotations),
    },
    {
        it: "keeps another owner's role instead",
        addOn: addOn("arn:aws:iam::111122223333:role/theirs"),
        serviceAccount: formerOf([EKS]),
        more: former,
        step: first,
    },
    {
        it: "is not touched where the role is delivered from elsewhere",
        addOn: addOn(),
        serviceAccount: ours,
        more: { ...former, subject: { ...ofAddOn, delivery: "external" } },
        step: release(former.formerAnnotations),
    },
]);

const ofWriter = { subject: { ...ofAddOn, delivery: "external" as const }, record };
const helm = ownedBy(["helm"], []);
const waitsForHelm = wait(`waiting until helm no longer gives ${ROLE} to the service account`);

table("On the way back, an annotation that EKS has removed with the component's", [
    {
        it: "is restored although the add-on was deleted",
        addOn: missing,
        serviceAccount: unannotated,
        more: former,
        step: restoring,
    },
    {
        it: "is restored if another owner had written it",
        addOn: addOn(),
        serviceAccount: unannotated,
        more: { formerAnnotations: former.formerAnnotations },
        step: restoring,
    },
    { it: "is not restored if there was none", addOn: missing, serviceAccount: unannotated, step: first },
    {
        it: "is not restored if the component has not told the add-on",
        addOn: missing,
        serviceAccount: unannotated,
        more: { ...former, record: { ...former.record, addOnDelivered: false } },
        step: first,
    },
]);

/** Node roles that never had a policy, as on a cluster that eksctl has given a role. */
const withoutRights = {
    account: { nodeRoles: [nodeRole({ ...withoutPolicies })] },
    more: { ...ofWriter, ...former, record: { ...record, nodeRolePolicies: {}, namedNodeRoles: [] } },
};
const unsafe = refuse(
    "node-role-without-permissions",
    "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
);

table("On the way back from another writer to a role of before, which it alone restores, pods", [
    { it: "move if it has restored it", serviceAccount: formerOf(["helm"]), ...withoutRights, step: first },
    {
        it: "do not wait for it while it still delivers the role: it may take that away without restoring the one of before",
        serviceAccount: helm,
        ...withoutRights,
        step: unsafe,
    },
    {
        it: "wait for it while it still delivers the role, if the node roles have the rights",
        serviceAccount: helm,
        more: withoutRights.more,
        step: waitsForHelm,
    },
    {
        it: "get it from the component if that has an annotation of its own",
        serviceAccount: ours,
        ...withoutRights,
        step: release(former.formerAnnotations),
    },
    { it: "do not move to node roles without rights", serviceAccount: unannotated, ...withoutRights, step: unsafe },
    {
        it: "do not move to them under an annotation of a third role",
        serviceAccount: ownedBy(["helm"], [], { [ROLE_ARN]: "arn:aws:iam::111122223333:role/third" }),
        ...withoutRights,
        step: unsafe,
    },
]);

const stillHas = refuse("role-still-delivered", `The managed add-on vpc-cni still has the role ${ROLE}.`);
/** The component has left the add-on, and another program has given it the role again. */
const left = { subject, record: { ...record, addOnDelivered: false } };

table("On the way back, an add-on to which another party has given the role", [
    {
        it: "is waited for although the annotation is gone",
        addOn: addOn(ROLE),
        serviceAccount: unannotated,
        more: ofWriter,
        step: wait(`waiting until the managed add-on no longer has ${ROLE}`),
    },
    {
        it: "is waited for although there is no service account",
        addOn: addOn(ROLE),
        serviceAccount: undefined,
        more: ofWriter,
        step: wait(`waiting until the managed add-on no longer has ${ROLE}`),
    },
    {
        it: "is not waited for longer than the limit",
        addOn: addOn(ROLE),
        serviceAccount: unannotated,
        more: { ...ofWriter, deliverySeconds: 60 },
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-60) }),
        step: stillHas,
    },
    {
        it: "is not waited for if no writer is to let go",
        addOn: addOn(ROLE),
        serviceAccount: unannotated,
        more: left,
        step: stillHas,
    },
    {
        it: "does not matter if it is another role",
        addOn: addOn(FORMER_ROLE),
        serviceAccount: unannotated,
        more: left,
        step: first,
    },
]);

table("On the way back, the component's other annotations", [
    {
        it: "go although it owns no role: the add-on has lost it",
        addOn: addOn(),
        serviceAccount: { ...unannotated, ownSettings: [REGIONAL] },
        step: release({}),
    },
    {
        it: "go although the role is the add-on's alone, which was deleted",
        addOn: missing,
        serviceAccount: { ...eksAlone, ownSettings: [REGIONAL] },
        step: release({}),
    },
]);

table("On the way back, another writer", [
    {
        it: "is waited for while it delivers the role",
        serviceAccount: helm,
        more: ofWriter,
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-1199) }),
        step: waitsForHelm,
    },
    {
        it: "is not waited for longer than the limit",
        serviceAccount: helm,
        more: ofWriter,
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-1200) }),
        step: refuse(
            "role-still-delivered",
            `After 1200 s, the service account kube-system/aws-node still has ${ROLE}, from "helm".`,
        ),
    },
    {
        it: "has the limit of the program",
        serviceAccount: helm,
        more: { ...ofWriter, deliverySeconds: 60 },
        step: refuse(
            "role-still-delivered",
            `After 60 s, the service account kube-system/aws-node still has ${ROLE}, from "helm".`,
        ),
    },
    { it: "is not waited for once it has taken it back", serviceAccount: unannotated, more: ofWriter, step: first },
    {
        it: "is not waited for if it delivers another role",
        serviceAccount: formerOf(["helm"]),
        more: ofWriter,
        step: first,
    },
    {
        it: "may be the add-on, which is waited for while EKS may be removing the role",
        addOn: addOn(undefined, { status: "UPDATING" }),
        serviceAccount: eksAlone,
        more: ofWriter,
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-1199) }),
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "may be the add-on, which is not waited for longer than the limit",
        addOn: addOn(undefined, { status: "UPDATING" }),
        serviceAccount: eksAlone,
        more: { ...ofWriter, deliverySeconds: 60 },
        step: refuse("add-on-update-failed", "The managed add-on vpc-cni of prod has been UPDATING for 60 s."),
    },
    {
        it: "may have left the role with a deleted add-on instead of the one of before",
        addOn: missing,
        serviceAccount: eksAlone,
        more: { ...ofWriter, formerAnnotations: former.formerAnnotations },
        step: restoring,
    },
    {
        it: "may have left the role with a deleted add-on",
        addOn: missing,
        serviceAccount: eksAlone,
        more: ofWriter,
        step: removeRole,
    },
]);
