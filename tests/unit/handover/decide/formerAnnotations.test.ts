import { deepStrictEqual } from "node:assert/strict";
import {
    ApprovedBefore,
    formerAnnotations,
    formerAnnotationsOfSameRole,
} from "../../../../handover/decide/formerAnnotations";
import type { NodeRoleSeen, World } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    inlinePolicy,
    nodeRole,
    onNodeRole,
    pod,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const old = { [ROLE_ARN]: FORMER_ROLE };
const before = { subject, formerAnnotations: old, approvedRoleArns: [ROLE], ownRoleArns: [ROLE] };
const ownBefore = { ...before, ownRoleArns: [ROLE, FORMER_ROLE] };
const live = (annotations: Record<string, string>) => ({ serviceAccount: { ...serviceAccount, annotations } });

const formerOf = (seen: World, earlier: ApprovedBefore | undefined, account = subject.serviceAccount) =>
    formerAnnotations(seen, earlier, account);

describe("What the service account goes back to", () => {
    it("is what is there, before any role was approved", () => {
        const seen = world(onNodeRole, { cluster: live({ ...old, "pulumi.com/patchForce": "true" }) });
        deepStrictEqual(formerOf(seen, undefined), old);
    });

    it("is nothing without a service account", () => {
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { serviceAccount: undefined } }), undefined), {});
    });

    it("is what another owner has written since", () => {
        const otherRole = { [ROLE_ARN]: "theirs" };
        deepStrictEqual(formerOf(world(carrying("theirs"), { cluster: live(otherRole) }), before), otherRole);
    });

    it("is the role approved before, where a Ready pod carries it, whatever another owner has written since", () => {
        const seen = world(carrying(ROLE), { cluster: live({ [ROLE_ARN]: "theirs" }) });
        deepStrictEqual(formerOf(seen, before), subject.annotations);
    });

    it("is the role before that one, to which a rollout has returned, whatever another owner has written since", () => {
        const seen = world(carrying(FORMER_ROLE), { cluster: live({ [ROLE_ARN]: "theirs" }) });
        deepStrictEqual(formerOf(seen, before), old);
        deepStrictEqual(formerOf(seen, ownBefore), old);
    });

    it("is the role approved before rather than the one before it, where Ready pods carry both", () => {
        const pods = [pod("n1", carrying(FORMER_ROLE)), pod("n2", carrying(ROLE))];
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { pods } }), before), subject.annotations);
    });

    it("is the role approved before, where a Ready pod carries it", () => {
        deepStrictEqual(formerOf(world(carrying(ROLE)), before), subject.annotations);
    });

    it("is the role approved before, where one of several pods shows that it works", () => {
        const pods = [pod("n1", onNodeRole), pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE), starting)];
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { pods } }), before), subject.annotations);
    });

    it("is that role also where its annotation was wiped", () => {
        deepStrictEqual(formerOf(world(carrying(ROLE), { cluster: live({}) }), before), subject.annotations);
    });

    it("is what was there before that role, where no pod has shown it to work", () => {
        const pods = [pod("n1", carrying(ROLE), starting), pod("n2", onNodeRole)];
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { pods } }), before), old);
    });

    const another = "arn:aws:iam::111122223333:role/another";

    it("is nothing after an association, whatever was there before it: the pods come from the node roles", () => {
        const associated = { ...subject, delivery: "podIdentity" as const, annotations: {} };
        const existing = { ...before, subject: associated, approvedRoleArns: [FORMER_ROLE, ROLE], ownRoleArns: [] };
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: live({}) }), existing), {});
        // Another party's annotation had no effect beside the association, and gives the pods its role from now on.
        const otherRole = { [ROLE_ARN]: another };
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: live(otherRole) }), existing), otherRole);
        // A move to the association that was killed has not reached these pods.
        deepStrictEqual(formerOf(world(carrying(FORMER_ROLE), { cluster: live({}) }), existing), old);
    });

    it("is nothing where that was a role of the component's own, which may be deleted", () => {
        deepStrictEqual(formerOf(world(onNodeRole), ownBefore), {});
        deepStrictEqual(formerOf(world(carrying(another)), ownBefore), {});
        const pods = [pod("n1", carrying(FORMER_ROLE), starting)];
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { pods } }), ownBefore), {});
    });

    it("is that role where a Ready pod shows that it still works", () => {
        const pods = [pod("n1", onNodeRole), pod("n2", carrying(FORMER_ROLE))];
        deepStrictEqual(formerOf(world(onNodeRole, { cluster: { pods } }), ownBefore), old);
    });

    it("is nothing where nothing was there before", () => {
        deepStrictEqual(formerOf(world(onNodeRole), { ...ownBefore, formerAnnotations: {} }), {});
    });

    describe("of another service account", () => {
        const account = { ...subject.serviceAccount, name: "another" };

        it("is nothing, since the former roles do not trust it", () => {
            deepStrictEqual(formerOf(world(carrying(ROLE)), before, account), {});
            deepStrictEqual(formerOf(world(onNodeRole), before, account), {});
        });

        it("is what another owner has written there", () => {
            const theirs = { [ROLE_ARN]: "theirs" };
            deepStrictEqual(formerOf(world(carrying(ROLE), { cluster: live(theirs) }), before, account), theirs);
        });
    });
});

describe("What the service account goes back to after a change of the annotations of the same role", () => {
    const recorded = { ...record, nodeRolePolicies: { nodes: ["cni"] } };
    const role = (more: Partial<NodeRoleSeen> = {}) => nodeRole({ name: "nodes", ...withoutPolicies, ...more });
    const seen = (annotations: Record<string, string>, of: NodeRoleSeen, credentials = carrying(ROLE)) =>
        world(credentials, { cluster: live(annotations), account: { nodeRoles: [of] } });
    const now = { [ROLE_ARN]: ROLE, "eks.amazonaws.com/token-expiration": "7200" };
    const former = (of: World, account = subject.serviceAccount) =>
        formerAnnotationsOfSameRole(of, { ...before, record: recorded }, account);

    it("is the live annotations, if the pods rely on the role", () => {
        deepStrictEqual(former(seen(now, role())), now);
    });

    it("is the annotations of the last update, if these were wiped", () => {
        deepStrictEqual(former(seen({}, role())), subject.annotations);
        deepStrictEqual(former(seen({ [ROLE_ARN]: "theirs" }, role())), subject.annotations);
    });

    it("is what was there before the role, if pods may use the node role", () => {
        const holds = role({ cniPolicies: [{ arn: "cni", kind: "cni", sufficient: false }] });
        deepStrictEqual(former(seen(now, holds)), old);
        const sufficient = role({ cniPolicies: [{ arn: "more", kind: "cni", sufficient: true }] });
        deepStrictEqual(former(seen(now, sufficient)), old);
        deepStrictEqual(former(seen(now, role({ inlineCniPolicies: [inlinePolicy("more", true)] }))), old);
        deepStrictEqual(former(seen(now, role({ inlineCniPolicies: [inlinePolicy("less")] }))), now);
        deepStrictEqual(former(seen(now, role({ exists: false }))), old);
        deepStrictEqual(former(seen(now, role({ name: "others" }))), old);
    });

    it("is what was there before the role, if no pod works with it", () => {
        deepStrictEqual(former(seen(now, role(), onNodeRole)), old);
        const pods = [pod("n1", carrying(ROLE), starting)];
        const cluster = { ...live(now), pods };
        deepStrictEqual(former(world(onNodeRole, { cluster, account: { nodeRoles: [role()] } })), old);
    });

    describe("for another service account", () => {
        const account = { ...subject.serviceAccount, name: "another" };
        const holds = role({ cniPolicies: [{ arn: "cni", kind: "cni", sufficient: false }] });

        it("is nothing, since the roles from before may not trust it", () => {
            deepStrictEqual(former(seen({}, holds), account), {});
        });

        it("is nothing, if a run that was killed has annotated it with one of the component's roles", () => {
            deepStrictEqual(former(seen(now, holds), account), {});
        });

        it("is what another owner has written there", () => {
            const theirs = { [ROLE_ARN]: "theirs" };
            deepStrictEqual(former(seen(theirs, holds), account), theirs);
        });

        it("is the annotations of the role, if the pods rely on it", () => {
            deepStrictEqual(former(seen(now, role()), account), now);
            deepStrictEqual(former(seen({}, role()), account), subject.annotations);
        });
    });
});
