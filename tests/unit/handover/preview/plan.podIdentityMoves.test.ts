import { deepStrictEqual, match } from "node:assert/strict";
import type { Subject } from "../../../../handover/model/subject";
import { planHandOver } from "../../../../handover/preview/plan";
import { associated, associations, own, record as delivered, seen, withCredentials } from "../support/podIdentity";
import { planInputs } from "../support/plans";
import { passingPreflight } from "../support/preflights";
import {
    carrying,
    daemonSet,
    FORMER_ROLE,
    nodeRole,
    record,
    ROLE,
    serviceAccount,
    subject,
    withoutPolicies,
} from "../support/worlds";

const detached = { nodeRoles: [nodeRole(withoutPolicies)] };
const otherDelivery = {
    clusterName: "prod",
    addOnRoleArn: undefined,
    podIdentityRoleArns: [ROLE],
    unread: [],
};
const former = { policiesAdded: [], policiesRemoved: [] };

/** The pods have the former role by the annotation, under the injection guard. */
const annotatedWorld = seen(carrying(FORMER_ROLE), {
    cluster: {
        serviceAccount: { ...serviceAccount, annotations: { "eks.amazonaws.com/role-arn": FORMER_ROLE } },
        injectionGuard: { present: true, inForce: true, roleArns: [FORMER_ROLE] },
    },
    account: { ...detached, associations: associations() },
});

/** The codes of the lines. */
const codes = (lines: readonly string[]) => lines.map((line) => /^\[[a-z-]+\]/.exec(line)?.[0]);

describe("The plan of a move", () => {
    it("to Pod Identity attaches, associates, moves the pods and detaches", () => {
        const { changes, refusals } = planHandOver({
            ...planInputs,
            former: { ...former, record: { ...record, approvedRoleArns: [FORMER_ROLE] } },
            preflight: { ...passingPreflight, subject: associated, world: annotatedWorld },
        });
        deepStrictEqual(
            [codes(changes), refusals],
            [["[attach]", "[attach]", "[associate]", "[canary]", "[restart]", "[detach]"], []],
        );
    });

    it("to Pod Identity stops where a node role lacks the policies, and none is recorded", () => {
        const unrecorded = { ...record, approvedRoleArns: [FORMER_ROLE], nodeRolePolicies: {}, namedNodeRoles: [] };
        const preflight = { ...passingPreflight, subject: associated, world: annotatedWorld };
        const plan = planHandOver({ ...planInputs, former: { ...former, record: unrecorded }, preflight });
        deepStrictEqual([plan.refusals.map(({ code }) => code), plan.changes], [["node-role-without-permissions"], []]);
        const stays = {
            ...former,
            record: { ...unrecorded, podIdentityDelivered: true as const, approvedRoleArns: [ROLE] },
        };
        deepStrictEqual(planHandOver({ ...planInputs, former: stays, preflight }).refusals, []);
    });

    it("from Pod Identity says that the pods restart twice, by the rolling update at last, and takes the association for its own", () => {
        const world = seen(withCredentials, {
            cluster: { injectionGuard: { present: true, inForce: true, roleArns: [] }, daemonSet },
            account: { ...detached, associations: associations(own), otherDelivery },
        });
        const { changes, refusals } = planHandOver({
            ...planInputs,
            former: { ...former, record: delivered },
            preflight: {
                ...passingPreflight,
                subject: {
                    ...subject,
                    roleArn: FORMER_ROLE,
                    annotations: { "eks.amazonaws.com/role-arn": FORMER_ROLE },
                },
                otherDelivery,
                world,
            },
        });
        deepStrictEqual(
            refusals.map(({ seen: what }) => what),
            [],
        );
        deepStrictEqual(codes(changes), ["[attach]", "[attach]", "[restart]", "[annotate]", "[guard]", "[detach]"]);
        deepStrictEqual(
            changes[2],
            "[restart] 3 pods restart with the roles of their nodes, and the Pod Identity association is deleted. Once the service account is annotated, they restart once more.",
        );
    });

    describe("after the stack has left Pod Identity, whose association its record keeps", () => {
        const annotated = {
            ...subject,
            roleArn: FORMER_ROLE,
            annotations: { "eks.amazonaws.com/role-arn": FORMER_ROLE },
        };
        /** Another party has associated the service account since then. */
        const world = seen(withCredentials, {
            cluster: { injectionGuard: { present: true, inForce: true, roleArns: [] }, daemonSet },
            account: { ...detached, associations: associations(own), otherDelivery },
        });
        const after = (before: Subject) =>
            planHandOver({
                ...planInputs,
                former: { ...former, record: delivered, subject: before },
                preflight: { ...passingPreflight, subject: annotated, otherDelivery, world },
            });

        it("takes no association for its own, as the update", () => {
            const { changes, refusals } = after(annotated);
            const reasons = new Set(refusals.map(({ code }) => code));
            deepStrictEqual([changes, [...reasons]], [[], ["pod-identity-association", "other-credentials"]]);
        });

        it("takes it for its own where the move was interrupted", () => {
            const { changes, refusals } = after(associated);
            deepStrictEqual(
                [codes(changes), refusals],
                [["[attach]", "[attach]", "[restart]", "[annotate]", "[guard]", "[detach]"], []],
            );
        });

        it("attaches the policies again on the way back to Pod Identity", () => {
            const { changes, refusals } = planHandOver({
                ...planInputs,
                former: { ...former, record: delivered, subject: annotated },
                preflight: {
                    ...passingPreflight,
                    subject: associated,
                    world: annotatedWorld,
                },
            });
            deepStrictEqual(
                [codes(changes), refusals],
                [["[attach]", "[attach]", "[associate]", "[canary]", "[restart]", "[detach]"], []],
            );
        });
    });

    it("from Pod Identity to another writer is refused in the preview, too, and nothing else is", () => {
        const plan = planHandOver({
            ...planInputs,
            former: { ...former, record: delivered, subject: associated },
            // The update stops before it looks at the DaemonSet.
            preflight: {
                ...passingPreflight,
                subject: { ...subject, delivery: "external" },
                world: seen(withCredentials, { cluster: { daemonSet: undefined } }),
            },
        });
        deepStrictEqual(
            { ...plan, refusals: plan.refusals.map(({ code }) => code) },
            { refusals: ["delivery-not-changed"], changes: [], remaining: [] },
        );
    });

    it("from the managed add-on to Pod Identity says that the add-on gives up its role last", () => {
        const addOn = {
            is: "there",
            clusterName: "prod",
            status: "ACTIVE",
            roleArn: FORMER_ROLE,
            configurationValues: undefined,
            health: [],
            modifiedAt: undefined,
        } as const;
        const ofAddOn = { ...otherDelivery, addOnRoleArn: FORMER_ROLE, podIdentityRoleArns: [] };
        const world = seen(carrying(FORMER_ROLE), {
            cluster: {
                serviceAccount: {
                    ...serviceAccount,
                    annotations: { "eks.amazonaws.com/role-arn": FORMER_ROLE },
                    roleArnOwners: ["eks"],
                },
                injectionGuard: { present: true, inForce: true, roleArns: [FORMER_ROLE] },
            },
            account: { ...detached, associations: associations(), addOn, otherDelivery: ofAddOn },
        });
        const { changes, refusals } = planHandOver({
            ...planInputs,
            former: { ...former, record: { ...record, approvedRoleArns: [FORMER_ROLE], addOnDelivered: true } },
            preflight: {
                ...passingPreflight,
                subject: { ...associated, addOnDelivered: true },
                otherDelivery: ofAddOn,
                world,
            },
        });
        deepStrictEqual(
            [codes(changes), refusals],
            [["[attach]", "[attach]", "[associate]", "[canary]", "[restart]", "[add-on]", "[detach]"], []],
        );
        match(changes[5] ?? "", /Once every pod has the credentials of the association, .* gives up \S+role\/eksctl\./);
    });

    it("from Pod Identity to the managed add-on says that the pods restart twice, and that the add-on gets the role", () => {
        const world = seen(withCredentials, {
            cluster: { injectionGuard: { present: true, inForce: true, roleArns: [] }, daemonSet },
            account: {
                ...detached,
                associations: associations(own),
                otherDelivery,
                addOn: {
                    is: "there",
                    clusterName: "prod",
                    status: "ACTIVE",
                    roleArn: undefined,
                    configurationValues: undefined,
                    health: [],
                    modifiedAt: undefined,
                },
            },
        });
        const { changes, refusals } = planHandOver({
            ...planInputs,
            former: { ...former, record: delivered },
            preflight: {
                ...passingPreflight,
                subject: {
                    ...subject,
                    delivery: "eksAddon",
                    roleArn: FORMER_ROLE,
                    annotations: { "eks.amazonaws.com/role-arn": FORMER_ROLE },
                },
                otherDelivery,
                world,
            },
        });
        deepStrictEqual(
            [codes(changes), refusals],
            [["[attach]", "[attach]", "[restart]", "[annotate]", "[add-on]", "[guard]", "[detach]"], []],
        );
    });
});
