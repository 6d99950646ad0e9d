import { deepStrictEqual } from "node:assert/strict";
import { formerAnnotations } from "../../../../handover/decide/formerAnnotations";
import {
    carrying,
    FORMER_ROLE,
    onNodeRole,
    pod,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    world,
} from "../support/worlds";

const old = { [ROLE_ARN]: FORMER_ROLE };
const before = { subject, formerAnnotations: old, approvedRoleArns: [ROLE], ownRoleArns: [ROLE] };
const live = (annotations: Record<string, string>) => ({ serviceAccount: { ...serviceAccount, annotations } });

describe("What the service account goes back to", () => {
    it("is what is there, before any role was approved", () => {
        const seen = world(onNodeRole, { cluster: live({ ...old, "pulumi.com/patchForce": "true" }) });
        deepStrictEqual(formerAnnotations(seen, undefined), old);
    });

    it("is nothing without a service account", () => {
        deepStrictEqual(
            formerAnnotations(world(onNodeRole, { cluster: { serviceAccount: undefined } }), undefined),
            {},
        );
    });

    it("is what another owner has written since", () => {
        const otherRole = { [ROLE_ARN]: "theirs" };
        deepStrictEqual(formerAnnotations(world(carrying("theirs"), { cluster: live(otherRole) }), before), otherRole);
    });

    it("is the role approved before, where a Ready pod carries it, whatever another owner has written since", () => {
        const seen = world(carrying(ROLE), { cluster: live({ [ROLE_ARN]: "theirs" }) });
        deepStrictEqual(formerAnnotations(seen, before), subject.annotations);
    });

    it("is the role approved before, where a Ready pod carries it", () => {
        deepStrictEqual(formerAnnotations(world(carrying(ROLE)), before), subject.annotations);
    });

    it("is the role approved before, where one of several pods shows that it works", () => {
        const pods = [pod("n1", onNodeRole), pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE), starting)];
        deepStrictEqual(formerAnnotations(world(onNodeRole, { cluster: { pods } }), before), subject.annotations);
    });

    it("is that role also where its annotation was wiped", () => {
        deepStrictEqual(formerAnnotations(world(carrying(ROLE), { cluster: live({}) }), before), subject.annotations);
    });

    it("is what was there before that role, where no pod has shown it to work", () => {
        const pods = [pod("n1", carrying(ROLE), starting), pod("n2", onNodeRole)];
        deepStrictEqual(formerAnnotations(world(onNodeRole, { cluster: { pods } }), before), old);
    });

    const another = "arn:aws:iam::111122223333:role/another";
    const ownBefore = { ...before, ownRoleArns: [ROLE, FORMER_ROLE] };

    it("is nothing where that was a role of the component's own, which may be deleted", () => {
        deepStrictEqual(formerAnnotations(world(onNodeRole), ownBefore), {});
        deepStrictEqual(formerAnnotations(world(carrying(another)), ownBefore), {});
        const pods = [pod("n1", carrying(FORMER_ROLE), starting)];
        deepStrictEqual(formerAnnotations(world(onNodeRole, { cluster: { pods } }), ownBefore), {});
    });

    it("is that role where a Ready pod shows that it still works", () => {
        const pods = [pod("n1", onNodeRole), pod("n2", carrying(FORMER_ROLE))];
        deepStrictEqual(formerAnnotations(world(onNodeRole, { cluster: { pods } }), ownBefore), old);
    });

    it("is nothing where nothing was there before", () => {
        deepStrictEqual(formerAnnotations(world(onNodeRole), { ...ownBefore, formerAnnotations: {} }), {});
    });
});
