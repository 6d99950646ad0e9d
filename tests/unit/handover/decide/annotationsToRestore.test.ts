import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    annotationsToRestore,
    mayRemoveGuard,
    type Restorable,
} from "../../../../handover/decide/annotationsToRestore";
import type { NodeRoleSeen, ServiceAccountSeen, World } from "../../../../handover/model/world";
import { both, EKS, eksAlone, eksUpdated, external, ofAddOn, ours, ownedBy } from "../support/addOns";
import { inForce } from "../support/detachments";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    nodeRole,
    NOW,
    onNodeRole,
    OTHER_POLICY,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    seconds,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const look = (at: number, nodeRoles: readonly NodeRoleSeen[] = [nodeRole()], roleArns = [ROLE]): World =>
    world(carrying(ROLE), { at, cluster: { injectionGuard: { ...inForce, roleArns } }, account: { nodeRoles } });
const kept = { [ROLE_ARN]: ROLE };
const former = { [ROLE_ARN]: FORMER_ROLE };
const first = look(NOW);
const last = look(seconds(30));

describe("The injection guard may be removed to take a rollout back", () => {
    const rows: [string, World | undefined, World | undefined, boolean][] = [
        ["if each node role has had its policies for half a minute", first, last, true],
        ["not before: IAM may show a detachment by an earlier run late", first, look(seconds(29)), false],
        ["not if the run has seen nothing", undefined, last, false],
        ["not without a last look", first, undefined, false],
        ["not if a policy had left at first", look(NOW, [nodeRole(withoutPolicies)]), last, false],
        [
            "not if a policy has left since",
            first,
            look(seconds(30), [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })]),
            false,
        ],
        [
            "whatever a node role lacks that no longer exists",
            first,
            look(seconds(30), [nodeRole({ exists: false, ...withoutPolicies })]),
            true,
        ],
    ];
    const both = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] } };
    for (const [what, one, other, expected] of rows) {
        it(what, () => strictEqual(mayRemoveGuard(both, one, other), expected));
    }

    it("not if one of several policies on record has left", () => {
        const two = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } };
        strictEqual(mayRemoveGuard(two, first, last), false);
    });
});

describe("The annotations of a rollout that fails under the injection guard", () => {
    const target = {
        record,
        subject,
        formerAnnotations: {},
        isRepair: true,
        isReplacing: false,
        iamPropagationSeconds: 120,
    };

    it("go back to those of before if the guard may be removed", () => {
        deepStrictEqual(annotationsToRestore(target, first, last), {});
    });

    it("stay if it may not", () => {
        deepStrictEqual(annotationsToRestore(target, first, look(seconds(29))), kept);
        const detached = look(seconds(30), [nodeRole(withoutPolicies)]);
        deepStrictEqual(annotationsToRestore(target, first, detached), kept);
    });

    it("stay if another cluster's run had detached the policies before this component saw the node role", () => {
        const of = { ...record, nodeRolePolicies: {}, detachedBefore: { nodes: [CNI_POLICY] } };
        const [from, to] = [look(NOW, [nodeRole(withoutPolicies)]), look(seconds(30), [nodeRole(withoutPolicies)])];
        deepStrictEqual(annotationsToRestore({ ...target, record: of }, from, to), kept);
        strictEqual(mayRemoveGuard(of, from, to), false);
    });

    it("go back to another approved role that the guard admits, before it is removed", () => {
        const of = { ...target, record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } };
        const admits = look(seconds(30), [nodeRole()], [ROLE, FORMER_ROLE]);
        deepStrictEqual(annotationsToRestore(of, first, admits), { [ROLE_ARN]: FORMER_ROLE });
    });

    it("go back to no other role after a move from another service account, which it may trust alone", () => {
        const moved = { ...subject, formerServiceAccounts: [{ namespace: "kube-system", name: "before" }] };
        const of = { ...target, subject: moved, record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } };
        const admits = look(seconds(30), [nodeRole()], [ROLE, FORMER_ROLE]);
        deepStrictEqual(annotationsToRestore(of, first, admits), {});
        deepStrictEqual(annotationsToRestore(of, first, look(seconds(29), [nodeRole()], [ROLE, FORMER_ROLE])), kept);
    });
});

describe("The annotations of a rollout that fails while another writer delivers the role", () => {
    const target = {
        record,
        subject: external,
        formerAnnotations: former,
        isRepair: false,
        isReplacing: false,
        iamPropagationSeconds: 120,
    };
    const of = (serviceAccount: ServiceAccountSeen) => world(carrying(ROLE), { cluster: { serviceAccount } });
    const rows: [string, Restorable["subject"], World | undefined, object][] = [
        ["stay as that writer has them", external, of(ownedBy(["helm"], [])), kept],
        ["stay if the run has seen nothing", external, undefined, kept],
        ["are none if that writer has taken the role back", external, of(ownedBy([], [], {})), {}],
        ["stay as the add-on has them", ofAddOn, of(eksAlone), kept],
        ["stay while the component shares them with the add-on", ofAddOn, of(both), kept],
        [
            "are none if another role has taken the place of the add-on's",
            ofAddOn,
            of(ownedBy([EKS], [EKS], former)),
            {},
        ],
        ["go back to those of before while the add-on does not own them", ofAddOn, of(ours), former],
        ["go back if the add-on has written them by an update", ofAddOn, of(eksUpdated), former],
    ];
    for (const [what, who, last, expected] of rows) {
        it(what, () => deepStrictEqual(annotationsToRestore({ ...target, subject: who }, of(ours), last), expected));
    }
});

describe("A rollout that fails on node roles without the policies", () => {
    const target: Restorable = {
        record,
        subject,
        formerAnnotations: {},
        isRepair: false,
        isReplacing: false,
        iamPropagationSeconds: 120,
    };
    const detached = { account: { nodeRoles: [nodeRole(withoutPolicies)] } };
    const more = nodeRole({ name: "more", instancesOfCluster: ["i-n3"] });
    const relying = world(carrying(ROLE), detached);
    const holding = world(carrying(ROLE));
    const lost = world(onNodeRole, detached);
    const oneIsLeft = world(onNodeRole, {
        account: {
            roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "more" },
            nodeRoles: [nodeRole(withoutPolicies), more],
        },
    });
    const noNodes = world(onNodeRole, { cluster: { nodes: [] }, ...detached });
    const rows: [string, Partial<Restorable>, World | undefined, World | undefined, object][] = [
        ["keeps the role's annotations where pods work with it", {}, relying, relying, kept],
        ["keeps them for a run that has seen nothing", {}, undefined, undefined, kept],
        [
            "restores the former ones for such a run if the component detaches nothing",
            { record: { ...record, namedNodeRoles: [] } },
            undefined,
            undefined,
            {},
        ],
        ["restores those of a former role", { formerAnnotations: former }, undefined, undefined, former],
        ["restores the former ones if the policies left after the first look", {}, holding, lost, {}],
        ["keeps the role's as a repair, though no pod works with it", { isRepair: true }, holding, lost, kept],
        ["restores the former ones as a repair without a last look", { isRepair: true }, holding, undefined, {}],
        ["restores them as a repair if one node role holds its policies", { isRepair: true }, holding, oneIsLeft, {}],
        ["restores them as a repair if no node is left", { isRepair: true }, holding, noNodes, {}],
    ];
    for (const [what, changes, one, other, expected] of rows) {
        it(what, () => deepStrictEqual(annotationsToRestore({ ...target, ...changes }, one, other), expected));
    }

    describe("which the run has attached again", () => {
        const after = (more: NodeRoleSeen[] = []) => look(seconds(120), [nodeRole(), ...more]);
        const unguarded = (of: World): World => ({
            ...of,
            cluster: { ...of.cluster, injectionGuard: { present: false, inForce: false } },
        });
        const given: [string, World, number | undefined, object][] = [
            ["restores the former ones once IAM has had its time", unguarded(after()), NOW, {}],
            ["keeps the role's before that", unguarded(after()), NOW + 1, kept],
            ["keeps them if another owner has attached them", unguarded(after()), undefined, kept],
            ["keeps them if one has left again", unguarded(look(seconds(120), [nodeRole(withoutPolicies)])), NOW, kept],
            ["keeps them under the injection guard, on which pods relied", after(), NOW, kept],
        ];
        for (const [what, other, attachedAt, expected] of given) {
            it(what, () => deepStrictEqual(annotationsToRestore(target, relying, other, attachedAt), expected));
        }
    });
});

/** Both roles are the component's own, so that the engine deletes the former one once the pods have moved. */
const replacing: Restorable = {
    subject,
    record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE], ownRoleArns: [FORMER_ROLE, ROLE], namedNodeRoles: [] },
    formerAnnotations: former,
    isRepair: false,
    isReplacing: true,
    iamPropagationSeconds: 120,
};

describe("A rollout that fails restores", () => {
    const rows: [string, Partial<Restorable>, World | undefined, object][] = [
        ["the annotation of the role that it replaces", {}, world(onNodeRole), former],
        [
            "it where a Ready pod shows it only now, since the cluster had none before",
            { formerAnnotations: {} },
            oneCarries(true),
            former,
        ],
        ["no role that only a pod that is not Ready carries", { formerAnnotations: {} }, oneCarries(false), {}],
        [
            "no role that was not approved, although a Ready pod carries it",
            { formerAnnotations: {}, record: { ...replacing.record, approvedRoleArns: [ROLE] } },
            oneCarries(true),
            {},
        ],
        [
            "no role of another service account",
            {
                formerAnnotations: {},
                subject: { ...subject, formerServiceAccounts: [{ namespace: "n", name: "other" }] },
            },
            oneCarries(true),
            {},
        ],
        [
            "no role that Ready pods carry, if the state has no rollout of it: it may never have worked",
            { formerAnnotations: {}, isReplacing: false },
            oneCarries(true),
            {},
        ],
        [
            "the annotations of before where a Ready pod carries another approved role",
            {
                formerAnnotations: { [ROLE_ARN]: "of another owner" },
                record: { ...replacing.record, approvedRoleArns: ["of another owner", FORMER_ROLE, ROLE] },
            },
            oneCarries(true),
            { [ROLE_ARN]: "of another owner" },
        ],
        ["it also where the run has seen nothing", { isReplacing: false }, undefined, former],
        ["it after that where a Ready pod carries this role", { isReplacing: false }, oneCarries(true), former],
        ["no role that may be deleted by now", { isReplacing: false }, world(onNodeRole), {}],
        ["no such role where only a pod that is not Ready carries it", { isReplacing: false }, oneCarries(false), {}],
        ["no such role as a repair", { isReplacing: false, isRepair: true }, world(onNodeRole), {}],
        [
            "other annotations of the same role, though no Ready pod carries it",
            { isReplacing: false, formerAnnotations: kept },
            world(onNodeRole),
            kept,
        ],
        [
            "the role of another owner, which the engine does not delete",
            { isReplacing: false, record: { ...replacing.record, ownRoleArns: [ROLE] } },
            world(onNodeRole),
            former,
        ],
    ];
    for (const [what, changes, first, expected] of rows) {
        it(what, () => {
            deepStrictEqual(annotationsToRestore({ ...replacing, ...changes }, first, first), expected);
        });
    }
});

describe("Of several approved roles that Ready pods carry, a rollout that fails restores", () => {
    it("the last one", () => {
        const approvedRoleArns = ["older", FORMER_ROLE, ROLE];
        const target = { ...replacing, formerAnnotations: {}, record: { ...replacing.record, approvedRoleArns } };
        const carriers = [pod("n1", carrying(FORMER_ROLE)), pod("n2", carrying("older"))];
        const seen = world(onNodeRole, { cluster: { pods: pods(onNodeRole, ...carriers) } });
        deepStrictEqual(annotationsToRestore(target, seen, seen), former);
    });
});

function oneCarries(ready: boolean): World {
    const carrier = pod("n1", carrying(FORMER_ROLE), ready ? {} : { ready, readySince: undefined });
    return world(onNodeRole, { cluster: { pods: pods(onNodeRole, carrier) } });
}
