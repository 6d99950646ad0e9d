import { deepStrictEqual } from "node:assert/strict";
import { addOnGivesUpStep, type GivingUpTarget } from "../../../../handover/decide/addOnGivesUp";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { Memory, Step } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import {
    addOn,
    both,
    EKS,
    eksAlone,
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
    MANAGER,
    memoryWith,
    nodeRole,
    OTHER_POLICY,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    withoutPolicies,
    world,
} from "../support/worlds";

const target: GivingUpTarget = {
    subject: ofAddOn,
    record: { ...record, addOnDelivered: true },
    deliverySeconds: 1200,
    iamPropagationSeconds: 120,
    givesUp: (roleArn) => roleArn === FORMER_ROLE,
    keeping: { [ROLE_ARN]: FORMER_ROLE },
};
const propagated = memoryWith({ propagatedAt: seconds(-60) });
const formerOf = (owners: readonly string[]) => ownedBy(owners, owners, { [ROLE_ARN]: FORMER_ROLE });
const wait = (why: string) => ({ do: "wait", why });
const AWAIT_PROPAGATION = {
    do: "awaitPropagation",
    milliseconds: 120_000,
    why: "waiting 120 s for IAM to enforce the policies of the node roles",
};
const own = (annotations: object) => ({
    do: "annotate",
    annotations,
    why: "owning the annotation together with the add-on",
});
const again = {
    do: "annotate",
    annotations: { [ROLE_ARN]: FORMER_ROLE },
    why: "the annotation is gone with the add-on's role: writing it again",
};
const NOTHING = {};

interface Row {
    readonly it: string;
    readonly addOn: AddOnSeen | undefined;
    readonly cluster?: Partial<World["cluster"]>;
    readonly account?: Partial<World["account"]>;
    readonly memory?: Memory;
    readonly more?: Partial<GivingUpTarget>;
    readonly step: object;
}

const givesUp = { update: `the managed add-on gives up ${FORMER_ROLE}`, roleArn: undefined };

function comparable(step: Step | undefined): object {
    return step?.do === "updateAddOn"
        ? { update: step.why, roleArn: step.update.roleArn }
        : step === undefined
          ? NOTHING
          : comparableStep(step);
}

const unpermitted = { nodeRoles: [nodeRole({ ...withoutPolicies })] };
/** A policy of the user's own that may suffice. */
const ownPolicy = {
    nodeRoles: [nodeRole({ cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: false }] })],
};
const insufficient = { nodeRoles: [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })] };

const rows: Row[] = [
    {
        it: "waits until IAM enforces the policies of the node roles",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        memory: memoryWith({}),
        step: AWAIT_PROPAGATION,
    },
    {
        it: "waits again after a later attachment",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        memory: memoryWith({ propagatedAt: seconds(-60), attachedAt: seconds(-30) }),
        step: AWAIT_PROPAGATION,
    },
    {
        it: "is preceded by a second owner of the same annotations",
        addOn: addOn(FORMER_ROLE),
        cluster: {
            serviceAccount: ownedBy([EKS], [EKS], { [ROLE_ARN]: FORMER_ROLE, [REGIONAL]: "true", "pulumi.com/a": "b" }),
        },
        step: own({ [ROLE_ARN]: FORMER_ROLE, [REGIONAL]: "true" }),
    },
    {
        it: "is preceded by the annotation of before if there is none",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "goes on without any annotation if none is known",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        more: { keeping: undefined },
        step: givesUp,
    },
    {
        it: "is an update without the role",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS, ours.roleArnOwners[0] ?? ""]) },
        step: givesUp,
    },
    {
        it: "waits for an update of before",
        addOn: addOn(FORMER_ROLE, { status: "UPDATING" }),
        cluster: { serviceAccount: formerOf([EKS, ours.roleArnOwners[0] ?? ""]) },
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "does not count the wait for IAM as a wait for EKS",
        addOn: addOn(FORMER_ROLE, { status: "UPDATING" }),
        cluster: { serviceAccount: formerOf([EKS, ours.roleArnOwners[0] ?? ""]) },
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-1199) }),
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "ends after that time",
        addOn: addOn(FORMER_ROLE, { status: "UPDATING" }),
        cluster: { serviceAccount: formerOf([EKS, ours.roleArnOwners[0] ?? ""]) },
        memory: memoryWith({ startedAt: seconds(-5000), propagatedAt: seconds(-1200) }),
        step: {
            refuse: "add-on-update-failed",
            seen: "The managed add-on vpc-cni of prod has been UPDATING for 1200 s.",
        },
    },
    { it: "leaves a role that stays", addOn: addOn(ROLE), cluster: { serviceAccount: eksAlone }, step: NOTHING },
    {
        it: "waits until EKS has finished an update that it already shows",
        addOn: addOn(undefined, { status: "UPDATING" }),
        cluster: { serviceAccount: both },
        step: wait("the managed add-on is UPDATING"),
    },
    {
        it: "waits until EKS has finished an update that may yet give it another role",
        addOn: addOn(ROLE, { status: "UPDATING" }),
        cluster: { serviceAccount: both },
        step: wait("the managed add-on is UPDATING"),
    },
    { it: "is over when the add-on has none", addOn: addOn(), cluster: { serviceAccount: both }, step: NOTHING },
    {
        it: "must not happen while a node role lacks the policies",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: unpermitted,
        step: NOTHING,
    },
    {
        it: "is refused there if the add-on gets no other role, or it would keep one that goes",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: unpermitted,
        more: { frees: true },
        step: {
            refuse: "node-role-without-permissions",
            seen: "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        },
    },
    {
        it: "is not refused there for a role that stays",
        addOn: addOn(ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: unpermitted,
        more: { frees: true },
        step: NOTHING,
    },
    {
        it: "may happen under the injection guard all the same, which lets no pod start without the role",
        addOn: addOn(FORMER_ROLE),
        cluster: {
            serviceAccount: formerOf([EKS]),
            injectionGuard: { present: true, inForce: true, roleArns: [FORMER_ROLE] },
        },
        account: unpermitted,
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "must not happen under a guard that is not in force",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]), injectionGuard: { present: true, inForce: false } },
        account: unpermitted,
        step: NOTHING,
    },
    {
        it: "does not look at node roles without nodes",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: insufficient,
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "is followed by the annotation if EKS has removed it",
        addOn: addOn(),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        step: again,
    },
    {
        it: "is followed by it after a deletion of the add-on, too",
        addOn: missing,
        cluster: { serviceAccount: ownedBy([], [], {}) },
        step: again,
    },
    {
        it: "writes no annotation that the component has not delivered",
        addOn: addOn(),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        more: { record },
        step: NOTHING,
    },
    {
        it: "writes none if the add-on has another role",
        addOn: addOn(ROLE),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        step: NOTHING,
    },
    {
        it: "writes none if none is known",
        addOn: addOn(),
        cluster: { serviceAccount: ownedBy([], [], {}) },
        more: { keeping: undefined },
        step: NOTHING,
    },
    { it: "is over without an add-on", addOn: missing, cluster: { serviceAccount: ours }, step: NOTHING },
    {
        it: "needs the name of the cluster",
        addOn: unnamed,
        step: { refuse: "cluster-name-unknown", seen: "The name of the EKS cluster is unknown." },
    },
    { it: "is over if no run depends on the add-on", addOn: undefined, step: NOTHING },
    {
        it: "needs an answer of EKS",
        addOn: unreadAddOn("denied"),
        step: { refuse: "other-delivery-unread", seen: "AWS rejected eks:DescribeAddon: no" },
    },
    {
        it: "goes on without the service account, so that the write names what is missing",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: undefined },
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "is over when the add-on has none, whichever roles it is to give up",
        addOn: addOn(),
        cluster: { serviceAccount: both },
        more: { givesUp: () => true },
        step: NOTHING,
    },
    {
        it: "is not refused when the add-on has none, whichever roles it is to give up",
        addOn: addOn(),
        cluster: { serviceAccount: both },
        account: unpermitted,
        more: { givesUp: () => true, frees: true },
        step: NOTHING,
    },
    {
        it: "must not happen while nodes have a role that was deleted",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: { nodeRoles: [nodeRole({ ...withoutPolicies, exists: false })] },
        step: NOTHING,
    },
    {
        it: "is refused there, with the role that was deleted",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: { nodeRoles: [nodeRole({ ...withoutPolicies, exists: false })] },
        more: { frees: true },
        step: {
            refuse: "node-role-without-permissions",
            seen: "Nodes run with nodes, which does not exist in IAM any more.",
        },
    },
    {
        it: "does not look at the role of a node whose instance is about to end",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: {
            ...unpermitted,
            leavingInstances: { "i-n1": "shutting-down", "i-n2": "terminated", "i-n3": "shutting-down" },
        },
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "trusts a recorded policy of the user's own, though IAM does not say that it suffices",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: ownPolicy,
        more: { record: { ...target.record, nodeRolePolicies: { nodes: [OTHER_POLICY] } } },
        step: own({ [ROLE_ARN]: FORMER_ROLE }),
    },
    {
        it: "does not trust such a policy of a node role that the record does not have",
        addOn: addOn(FORMER_ROLE),
        cluster: { serviceAccount: formerOf([EKS]) },
        account: ownPolicy,
        more: { record: { ...target.record, nodeRolePolicies: {} } },
        step: NOTHING,
    },
];

const freeing = { frees: true };
const left = formerOf([EKS, MANAGER]);
const removal = {
    do: "removeRole",
    why: "the add-on has left its part of the annotation: writing the annotation again without it",
};

/** What EKS still owns would conflict with the next value. */
const rowsOfFreeing: Row[] = [
    {
        it: "removes the annotation that the add-on still owns beside the component",
        addOn: addOn(),
        cluster: { serviceAccount: left },
        step: removal,
    },
    {
        it: "removes it after a deletion of the add-on, too",
        addOn: missing,
        cluster: { serviceAccount: left },
        step: removal,
    },
    {
        it: "removes what an earlier hand-back has left for the add-on",
        addOn: addOn(),
        cluster: { serviceAccount: formerOf([MANAGER, LEFT]) },
        step: removal,
    },
    {
        it: "is over for the component's own",
        addOn: addOn(),
        cluster: { serviceAccount: formerOf([MANAGER]) },
        step: NOTHING,
    },
    { it: "leaves the annotation of another role", addOn: addOn(), cluster: { serviceAccount: both }, step: NOTHING },
    {
        it: "leaves it while pods could start on node roles without the policies",
        addOn: addOn(),
        cluster: { serviceAccount: left },
        account: unpermitted,
        step: NOTHING,
    },
    {
        it: "leaves it if the component need not own it alone",
        addOn: addOn(),
        cluster: { serviceAccount: left },
        more: { frees: false },
        step: NOTHING,
    },
];

function table(title: string, of: readonly Row[], base: Partial<GivingUpTarget>): void {
    describe(title, () => {
        for (const { it: what, addOn: seen, cluster = {}, account = {}, memory = propagated, more = {}, step } of of) {
            it(what, () => {
                const looked = world(carrying(FORMER_ROLE), {
                    cluster,
                    account: { ...account, ...(seen === undefined ? {} : { addOn: seen }) },
                });
                const given = { ...target, ...base, ...more };
                deepStrictEqual(comparable(addOnGivesUpStep(given, looked, memory)), step);
            });
        }
    });
}

table("The release of a role by the managed add-on", rows, {});
table("The release to the component alone", rowsOfFreeing, freeing);
